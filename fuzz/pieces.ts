/**
 * Fuzzing in pieces, which processes share: so many cases of a target from one seed. And what is said of a failure: enough
 * to repeat it with one command.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCorpus, toHex } from './corpus.js';
import { type Failure, fuzz, type Run } from './engine.js';
import { targetNamed } from './targets.js';

export interface Piece {
  readonly target: string;
  readonly seed: number;
  readonly cases: number;
}

/** Bytes by which a process may grow over a piece: what is compiled meanwhile, and the inputs that are kept. */
const MOST_GROWTH = 48 * 1024 * 1024;
/** Longer inputs are repeated from a file. */
const LONGEST_ARGUMENT = 1000;

export interface Result extends Run {
  /** What failed, and how to repeat it; null if nothing did. */
  readonly report: string | null;
}

export function runPiece({ target: name, seed, cases }: Piece): Result {
  const target = targetNamed(name);
  const corpus = readCorpus(name).map(({ input }) => input);
  const run = fuzz(target, corpus, seed, cases);
  const { failure, growth } = run;
  if (failure !== null) return { ...run, report: describe(failure) };
  if (growth <= MOST_GROWTH) return { ...run, report: null };
  const grown = `${name}: ${growth} bytes more are held after ${cases} cases of seed ${seed}`;
  return {
    ...run,
    report: `${grown}\nrepeat it with: npm run fuzz -- --target=${name} --seed=${seed} --cases=${cases}`,
  };
}

export function describe({ target, seed, number, input, why }: Failure): string {
  const hex = toHex(input);
  const fixed = why.startsWith('only after');
  const again = fixed ? `--seed=${seed} --cases=${number + 1}` : `--input=${shortOrFile(target, seed, number, hex)}`;
  return [
    `${target}: ${why}`,
    `seed ${seed}, case ${number}, input ${hex.slice(0, LONGEST_ARGUMENT)}${hex.length > LONGEST_ARGUMENT ? '…' : ''}`,
    `repeat it with: npm run fuzz -- --target=${target} ${again}`,
  ].join('\n');
}

function shortOrFile(target: string, seed: number, number: number, hex: string): string {
  if (hex.length <= LONGEST_ARGUMENT) return hex;
  const folder = join('.cache', 'fuzz', 'failures');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${target}-${seed}-${number}.hex`);
  writeFileSync(file, `${hex}\n`);
  return `@${file}`;
}
