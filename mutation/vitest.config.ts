/**
 * The tests that mutants have to survive: the quick ones of the two rooms and a few storms, in one thread that loads the
 * sources once for all of them, since a mutant must be done with in a second.
 */
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longer than a moment, the longest last: the first test that fails is the last that runs. */
const LATE = [
  'decoder',
  'frame',
  'vectors',
  'mesh',
  'renewal',
  'links',
  'send-buffer',
  'writer',
  'text',
  'keys',
  'properties',
  'storm',
];

class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => LATE.findIndex((name) => moduleId.includes(`${name}.test.`));
    return [...files].sort((a, b) => rank(a) - rank(b) || a.moduleId.localeCompare(b.moduleId));
  }
}

export default defineConfig({
  test: {
    include: ['test/{protocol,codec}/**/*.test.ts', 'test/sim/storm.test.ts'],
    // Comparisons with other people's codecs, and random bytes: storms, for all that they are in this room.
    exclude: ['test/codec/{others,fuzz}.test.ts'],
    setupFiles: ['mutation/quick.ts'],
    sequence: { sequencer: QuickFirst },
    isolate: false,
    testTimeout: 30_000,
  },
});
