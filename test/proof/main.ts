/**
 * `npm run proof`: everything that takes longer than a test may, on every core of the machine, with figures. Exit code 1
 * if anything fails.
 *
 *   --nightly                                   as much as one night is given
 *   --only=PART[,PART…]                         these parts of it
 *   --minutes=N                                 no piece begins later than that
 *   --piece=NAME                                of parts whose pieces have names, those of this name
 *   --first=SEED, --seeds=N                     other seeds, another number of them
 *   --storm=SEED,NODES,ACTIONS,RESTARTS,VARIED,PACE  one storm, with its trace
 *   --script=SCRIPT, --script=FILE              the same, step by step, as a failure prints it
 */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Outcome, Part, Scale, Seeds } from './part.js';
import { sum } from './part.js';
import { parts } from './parts.js';
import { traceScript, traceStorm } from './storms.js';

interface Job {
  readonly part: string;
  readonly task: object;
}

interface Tally {
  figures: Record<string, number>;
  readonly failures: string[];
  passed: number;
}

const begun = Date.now();
const { values: given } = parseArgs({
  options: {
    nightly: { type: 'boolean', default: false },
    only: { type: 'string' },
    minutes: { type: 'string', default: 'Infinity' },
    piece: { type: 'string' },
    first: { type: 'string' },
    seeds: { type: 'string' },
    storm: { type: 'string' },
    script: { type: 'string' },
    worker: { type: 'boolean', default: false },
  },
});
if (given.worker) work();
else if (given.storm !== undefined) process.exitCode = traceStorm(given.storm) ? 0 : 1;
else if (given.script !== undefined) process.exitCode = traceScript(given.script) ? 0 : 1;
else await prove(given.nightly ? 'nightly' : 'proof', chosen(given.only), seedsOf(given.first, given.seeds));

async function prove(scale: Scale, asked: readonly Part[], seeds: Seeds): Promise<void> {
  const tallies = new Map<string, Tally>(asked.map((part) => [part.name, { figures: {}, failures: [], passed: 0 }]));
  const cores = Math.min(8, availableParallelism());
  const [waiting, busy] = [true, false].map((waits) => asked.filter((part) => (part.lanes !== undefined) === waits));
  // Parts that wait have processes of their own, so that those that compute have all cores meanwhile.
  const queues = [
    { jobs: (busy ?? []).flatMap((part) => jobsOf(part, scale, seeds, tallies)), processes: cores },
    ...(waiting ?? []).map((part) => ({ jobs: jobsOf(part, scale, seeds, tallies), processes: part.lanes ?? 1 })),
  ];
  const count = queues.reduce((sum, { jobs }) => sum + jobs.length, 0);
  const impossible = [...tallies.values()].some(({ failures }) => failures.length > 0);
  if (given.piece !== undefined && count === 0 && !impossible) {
    throw new Error(`--piece=${given.piece}: there is none of this name`);
  }
  let [shown, done] = [0, 0];
  const serve = async (worker: ChildProcess, jobs: Job[]): Promise<void> => {
    for (let job = next(jobs); job !== undefined; job = next(jobs)) {
      const { figures, failure } = await ask(worker, job);
      done++;
      const tally = tallies.get(job.part) as Tally;
      tally.figures = sum(tally.figures, figures);
      if (failure === null) tally.passed++;
      else tally.failures.push(failure);
      if (failure !== null) console.log(`FAILED ${job.part}: ${failure}`);
      if (Date.now() - shown < 20_000) continue;
      shown = Date.now();
      console.log(`${seconds(shown).padStart(6)}  ${done} of ${count} pieces`);
    }
    worker.disconnect();
  };
  await Promise.all(
    queues.flatMap(({ jobs, processes }) =>
      Array.from({ length: Math.min(processes, jobs.length) }, () => serve(startWorker(), jobs)),
    ),
  );
  const left = queues.reduce((sum, { jobs }) => sum + jobs.length, 0);
  if (left > 0) console.log(`\nafter ${given.minutes} minutes, ${left} of ${count} pieces were not begun`);
  report(asked, tallies, scale, given.piece === undefined && left === 0);
}

/** The next piece, unless it is too late to begin one. */
function next(jobs: Job[]): Job | undefined {
  return Date.now() - begun < Number(given.minutes) * 60_000 ? jobs.shift() : undefined;
}

function jobsOf(part: Part, scale: Scale, seeds: Seeds, tallies: ReadonlyMap<string, Tally>): Job[] {
  try {
    part.prepare?.();
  } catch (error) {
    const failure = `none of it was run: ${String(error)}`;
    console.log(`FAILED ${part.name}: ${failure}`);
    tallies.get(part.name)?.failures.push(failure);
    return [];
  }
  const tasks = part.tasks(scale, seeds) as readonly { readonly piece?: string }[];
  const wanted = tasks.filter(({ piece }) => given.piece === undefined || piece === given.piece);
  return wanted.map((task) => ({ part: part.name, task }));
}

/** @param whole - everything was asked for and done: what each part must come to holds */
function report(asked: readonly Part[], tallies: ReadonlyMap<string, Tally>, scale: Scale, whole: boolean): void {
  let [passed, failed] = [0, 0];
  for (const part of asked) {
    const tally = tallies.get(part.name) as Tally;
    const { lines, failures: missing } = part.report(tally.figures, scale);
    const failures = whole ? missing : [];
    console.log(`\n${lines.map((line, index) => `${(index === 0 ? part.name : '').padEnd(12)}${line}`).join('\n')}`);
    for (const failure of failures) console.log(`FAILED ${part.name}: ${failure}`);
    passed += tally.passed;
    failed += tally.failures.length + failures.length;
  }
  console.log(`\nin ${seconds(Date.now())}`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

function chosen(only: string | undefined): readonly Part[] {
  if (only === undefined) return parts;
  return only.split(',').map((name) => {
    const part = parts.find((each) => each.name === name);
    if (part === undefined)
      throw new Error(`--only=${name}: the parts are ${parts.map((each) => each.name).join(', ')}`);
    return part;
  });
}

function seedsOf(first: string | undefined, count: string | undefined): Seeds {
  const number = (text: string | undefined): number | null => (text === undefined ? null : Number(text));
  return { first: number(first), count: number(count) };
}

function startWorker(): ChildProcess {
  // An exploration of many millions of states takes memory.
  // Storms leave much behind that is soon forgotten: with room for it they take a fifth less time.
  const execArgv = ['--max-old-space-size=8192', '--max-semi-space-size=32'];
  return fork(fileURLToPath(import.meta.url), ['--worker'], {
    execArgv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

function ask(worker: ChildProcess, job: Job): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null): void =>
      reject(new Error(`a worker ended with ${code} at ${JSON.stringify(job)}`));
    worker.once('exit', gone);
    worker.once('message', (outcome) => {
      worker.off('exit', gone);
      resolve(outcome as Outcome);
    });
    worker.send(job);
  });
}

function work(): void {
  process.on('message', (job) => {
    void runJob(job as Job).then((outcome) => process.send?.(outcome));
  });
  // Whoever gave the work is done, or gone.
  process.on('disconnect', () => process.exit());
}

async function runJob({ part: name, task }: Job): Promise<Outcome> {
  const part = parts.find((each) => each.name === name) as Part;
  try {
    return await part.run(task);
  } catch (error) {
    const why = error instanceof Error ? error.stack : String(error);
    return { figures: {}, failure: `${why}\nin the piece ${JSON.stringify(task)}` };
  }
}

function seconds(until: number): string {
  return `${((until - begun) / 1000).toFixed(0)} s`;
}
