/** Fuzzing for hours: a process for each core, pieces of all targets in turn, and a file that says where to go on. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keep } from './corpus.js';
import type { Failure } from './engine.js';
import { type Piece, type Result, runPiece } from './pieces.js';
import type { Target } from './target.js';

const STATE = join('.cache', 'fuzz', 'state.json');
/** The proof has the seeds from 50 million on. */
const FIRST_SEED = 100_000_000;

/** For each target the seed of its next piece. */
type State = Record<string, number>;

/** Fuzzes for so many hours, then says what was done. Pieces under way are finished. */
export async function night(targets: readonly Target[], hours: number, keeps: boolean): Promise<void> {
  if (!(hours > 0)) throw new Error('--hours is how many hours, such as 8 or 0.1');
  const end = Date.now() + hours * 3_600_000;
  const state = readState();
  const tallies = new Map(
    targets.map(({ name }) => [name, { cases: 0, failures: 0, classes: new Map<string, number>() }]),
  );
  const seedOf = ({ name }: Target): number => state[name] ?? FIRST_SEED;
  const next = (): Piece => {
    // Whose turn it is follows from what was done: many short runs do the same as a long one.
    const target = targets.reduce((least, each) => (seedOf(each) < seedOf(least) ? each : least));
    const seed = seedOf(target);
    state[target.name] = seed + 1;
    return { target: target.name, seed, cases: target.piece };
  };
  const one = async (): Promise<void> => {
    const worker = startWorker();
    while (Date.now() < end) {
      const piece = next();
      const result = await ask(worker, piece);
      const tally = tallies.get(piece.target);
      if (tally === undefined) continue;
      tally.cases += result.cases;
      for (const [name, count] of Object.entries(result.classes)) {
        tally.classes.set(name, (tally.classes.get(name) ?? 0) + count);
      }
      if (result.report !== null) {
        tally.failures++;
        console.log(`FAILED ${result.report}`);
        if (keeps && result.failure !== null) console.log(`kept in ${keepFailure(result.failure)}`);
      }
      // Pieces that others have under way are lost if this process is killed: a few seeds are never run.
      writeState(state);
    }
    worker.disconnect();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, one));
  let failed = 0;
  for (const [name, { cases, failures, classes }] of tallies) {
    failed += failures;
    const seen = [...classes].map(([outcome, count]) => `${outcome} ${count}`).join(', ');
    console.log(`${name.padEnd(10)}${cases} cases, ${failures} failed: ${seen}`);
  }
  process.exitCode = failed > 0 ? 1 : 0;
}

/** In a process of its own: does the pieces that it is sent. */
export function work(): void {
  process.on('message', (piece) => {
    const result = runPiece(piece as Piece);
    const { failure } = result;
    // As text: what processes send each other is JSON.
    process.send?.({ ...result, failure: failure && { ...failure, input: [...failure.input] } });
  });
}

function startWorker(): ChildProcess {
  const main = join(dirname(fileURLToPath(import.meta.url)), 'main.js');
  return fork(main, ['--worker'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

function ask(worker: ChildProcess, piece: Piece): Promise<Result> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null): void =>
      reject(new Error(`a process ended with ${code} at ${JSON.stringify(piece)}`));
    worker.once('exit', gone);
    worker.once('message', (result) => {
      worker.off('exit', gone);
      resolve(result as Result);
    });
    worker.send(piece);
  });
}

function keepFailure({ target, input, why }: Failure): string {
  return keep(target, Uint8Array.from(input), why.split('\n')[0] ?? '');
}

function readState(): State {
  try {
    return JSON.parse(readFileSync(STATE, 'utf8')) as State;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

function writeState(state: State): void {
  mkdirSync(dirname(STATE), { recursive: true });
  // Never half written, whenever this process is ended.
  writeFileSync(`${STATE}.new`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${STATE}.new`, STATE);
}
