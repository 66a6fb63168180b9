/**
 * `npm run proof`: storms and explorations on every core of the machine, with figures. Exit code 1 if anything fails.
 *
 *   --seeds=N                                   how many storms (default 5000)
 *   --storm=SEED,NODES,ACTIONS,RESTARTS,VARIED  one storm, with its trace
 */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { storm } from '../sim/storm.js';
import { explorations, none, type Outcome, run, storms, sum, type Task } from './tasks.js';

const begun = Date.now();
const [mode = ''] = process.argv.slice(2);
if (mode === 'worker') work();
else if (mode.startsWith('--storm=')) traceOne(mode.slice('--storm='.length));
else await prove(Number(/^--seeds=(\d+)$/.exec(mode)?.[1] ?? 5000));

async function prove(seeds: number): Promise<void> {
  const explored = explorations();
  const [exploring, storming] = [[...explored], storms(seeds)];
  const tasks: Task[] = [...exploring, ...storming];
  const results: { task: Task; outcome: Outcome }[] = [];
  let shown = 0;
  const workers = Array.from({ length: Math.min(8, availableParallelism()) }, () => startWorker());
  await Promise.all(
    workers.map(async (worker) => {
      for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
        const outcome = await ask(worker, task);
        results.push({ task, outcome });
        if (outcome.failure !== null) console.log(`FAILED ${outcome.failure}`);
        if (Date.now() - shown < 20_000) continue;
        shown = Date.now();
        console.log(
          `${((shown - begun) / 1000).toFixed(0).padStart(5)} s  ${results.length} of ${results.length + tasks.length} portions`,
        );
      }
      worker.disconnect();
    }),
  );
  report(results);
}

function report(results: readonly { task: Task; outcome: Outcome }[]): void {
  const of = (kind: Task['kind']): Outcome =>
    results.filter(({ task }) => task.kind === kind).reduce((total, { outcome }) => sum(total, outcome), none());
  const [stormed, explored] = [of('storms'), of('explore')];
  const figure = (value: number): string => Math.round(value).toLocaleString('en-US');
  console.log(`
storms    ${figure(stormed.seeds)} seeds, ${figure(stormed.steps)} steps, ${figure(stormed.virtualMs / 3_600_000)} simulated hours
          ${figure(stormed.accepted)} packets accepted, ${figure(stormed.delivered)} delivered, ${figure(stormed.reported)} reported`);
  for (const [name, count] of Object.entries(stormed.fired).sort())
    console.log(`          ${name.padEnd(28)} ${figure(count).padStart(9)}`);
  const complete = results.filter(({ task, outcome }) => task.kind === 'explore' && outcome.complete).length;
  const scopes = results.filter(({ task }) => task.kind === 'explore').length;
  console.log(
    `explorer  ${figure(explored.states)} states, ${figure(explored.steps)} steps; ${complete} of ${scopes} scopes to their end`,
  );
  console.log(`in ${((Date.now() - begun) / 1000).toFixed(0)} s`);
  const failed = results.filter(({ outcome }) => outcome.failure !== null).length;
  console.log(`${results.length - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || results.length === 0 ? 1 : 0;
}

function startWorker(): ChildProcess {
  return fork(fileURLToPath(import.meta.url), ['worker'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

function ask(worker: ChildProcess, task: Task): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null): void =>
      reject(new Error(`a worker ended with ${code} at ${JSON.stringify(task)}`));
    worker.once('exit', gone);
    worker.once('message', (outcome) => {
      worker.off('exit', gone);
      resolve(outcome as Outcome);
    });
    worker.send(task);
  });
}

function work(): void {
  process.on('message', (task) => process.send?.(run(task as Task)));
}

function traceOne(text: string): void {
  const [seed = 0, nodes = 3, actions = 300, restarts = 0, varied = 0] = text.split(',').map(Number);
  storm({ seed, nodes, actions, restarts: restarts === 1, varied: varied === 1, trace: console.log });
}
