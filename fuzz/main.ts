/**
 * `npm run fuzz`: all targets in turn on every core, for an hour or as long as is said, from where the last run stopped.
 *
 *   --hours=N                       how long; a fraction will do
 *   --target=NAME                   this target only
 *   --keep                          what fails is written to fuzz/corpus
 *   --seed=SEED --cases=N           these cases of the target, here and now
 *   --input=HEX, --input=@FILE      this input of the target
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fromHex, keep } from './corpus.js';
import { faultOf } from './engine.js';
import { night, work } from './night.js';
import { runPiece } from './pieces.js';
import { targetNamed, targets } from './targets.js';

const { values: given } = parseArgs({
  options: {
    hours: { type: 'string', default: '1' },
    target: { type: 'string' },
    keep: { type: 'boolean', default: false },
    seed: { type: 'string' },
    cases: { type: 'string' },
    input: { type: 'string' },
    worker: { type: 'boolean', default: false },
  },
});
const chosen = given.target === undefined ? targets : [targetNamed(given.target)];

if (given.worker) work();
else if (given.input !== undefined) repeatInput(given.input);
else if (given.seed !== undefined) repeatSeed(Number(given.seed), given.cases);
else await night(chosen, Number(given.hours), given.keep);

function repeatInput(text: string): void {
  const hex = text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text;
  const target = only();
  const input = fromHex(hex, '--input');
  const fault = faultOf(target, input);
  console.log(fault === null ? `${target.name}: ${target.run(input)}` : `${target.name}: ${fault.stack}`);
  process.exitCode = fault === null ? 0 : 1;
}

function repeatSeed(seed: number, cases: string | undefined): void {
  const target = only();
  const { report, failure, ...run } = runPiece({
    ...{ target: target.name, seed, cases: cases === undefined ? target.piece : Number(cases) },
  });
  console.log(run);
  if (report !== null) console.log(`FAILED ${report}`);
  if (failure !== null && given.keep) console.log(`kept in ${keep(target.name, failure.input, headline(failure.why))}`);
  process.exitCode = report === null ? 0 : 1;
}

function only(): (typeof targets)[number] {
  if (given.target === undefined) throw new Error('--input and --seed are for one --target');
  return targetNamed(given.target);
}

function headline(why: string): string {
  return why.split('\n')[0] ?? '';
}
