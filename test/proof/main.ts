/**
 * `npm run proof`: everything that takes longer than a test may, on every core of the machine, with figures. Exit code 1
 * if anything fails.
 *
 *   --nightly                                   as much as one night is given
 *   --only=PART[,PART…]                         these parts of it
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
  const jobs: Job[] = asked.flatMap((part) => part.tasks(scale, seeds).map((task) => ({ part: part.name, task })));
  const tallies = new Map<string, Tally>(asked.map((part) => [part.name, { figures: {}, failures: [], passed: 0 }]));
  const count = jobs.length;
  let shown = 0;
  const workers = Array.from({ length: Math.min(8, availableParallelism()) }, () => startWorker());
  await Promise.all(
    workers.map(async (worker) => {
      for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
        const { figures, failure } = await ask(worker, job);
        const tally = tallies.get(job.part) as Tally;
        tally.figures = sum(tally.figures, figures);
        if (failure === null) tally.passed++;
        else tally.failures.push(failure);
        if (failure !== null) console.log(`FAILED ${job.part}: ${failure}`);
        if (Date.now() - shown < 20_000) continue;
        shown = Date.now();
        console.log(`${seconds(shown).padStart(6)}  ${count - jobs.length} of ${count} pieces`);
      }
      worker.disconnect();
    }),
  );
  report(asked, tallies, scale);
}

function report(asked: readonly Part[], tallies: ReadonlyMap<string, Tally>, scale: Scale): void {
  let [passed, failed] = [0, 0];
  for (const part of asked) {
    const tally = tallies.get(part.name) as Tally;
    const { lines, failures } = part.report(tally.figures, scale);
    console.log(`\n${lines.map((line, index) => `${(index === 0 ? part.name : '').padEnd(10)}${line}`).join('\n')}`);
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
  const execArgv = ['--max-old-space-size=8192'];
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
