/**
 * A share of the fuzzing: the whole corpus, and a few thousand new cases of each target. `TEST_SEED=… npm run test:unit --
 * test/fuzz` gives the run that failed; `npm run fuzz` is the whole.
 */
import { describe, expect, it } from 'vitest';
import { readCorpus, toHex } from '../../fuzz/corpus.js';
import { fuzz } from '../../fuzz/engine.js';
import { describe as describeFailure } from '../../fuzz/pieces.js';
import { targets } from '../../fuzz/targets.js';
import { seeded } from '../support/seed.js';

/** Cases that take about half a second. */
const SHARES: Readonly<Record<string, number>> = { handshake: 300, link: 300, learnt: 150 };
const SHARE = 3000;

describe.each(targets)('$name', (target) => {
  const corpus = readCorpus(target.name);

  it('does with the whole corpus what it must', () => {
    expect(corpus.length).toBeGreaterThan(1);
    for (const { input, what } of corpus) {
      try {
        target.run(input);
      } catch (error) {
        throw new Error(`${what}: ${toHex(input)}`, { cause: error });
      }
    }
  });

  it('does so with inputs mutated from it, and with new ones', () => {
    const cases = SHARES[target.name] ?? SHARE;
    const seed = seeded().below(2 ** 31);
    const run = fuzz(
      target,
      corpus.map(({ input }) => input),
      seed,
      cases,
    );
    if (run.failure !== null) throw new Error(describeFailure(run.failure));
    expect(run.cases).toBe(cases);
    expect(Object.keys(run.classes).length).toBeGreaterThan(1);
  });
});
