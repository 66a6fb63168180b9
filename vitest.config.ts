import { defineConfig } from 'vitest/config';

const tests = (room: string): string => `test/${room}/**/*.test.ts`;
/** Rooms of the pure core and of what simulates it: no file there leaves anything behind, so they share a process. */
const PURE = ['codec', 'protocol', 'delivery', 'testing', 'sim', 'explore', 'golden', 'mutants'].map(tests);
/** Rooms whose nodes live in processes of their own, or that have none: they share a process too. */
const APART = ['bench', 'cli', 'docs', 'fuzz', 'package', 'runtimes'].map(tests);
/** Mocks a part of the core, which must be another one for the others. */
const MOCKS = 'test/sim/failure.test.ts';
/** The core computes, on the two cores that are asked for; what comes after it often waits, and leaves room for a third. */
const COMPUTING = { maxWorkers: 2, sequence: { groupOrder: 0 } };
const WAITING = { maxWorkers: 3, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    setupFiles: ['test/support/properties.ts'],
    testTimeout: 30_000,
    coverage: { include: ['src/**'] },
    projects: [
      { extends: true, test: { name: 'pure', include: PURE, exclude: [MOCKS], isolate: false, ...COMPUTING } },
      { extends: true, test: { name: 'apart', include: APART, isolate: false, ...WAITING } },
      { extends: true, test: { name: 'mocked', include: [MOCKS], ...WAITING } },
      {
        extends: true,
        test: {
          name: 'real',
          include: [tests('**')],
          exclude: [...PURE, ...APART],
          typecheck: { enabled: true, include: ['test/types/**/*.test-d.ts'], tsconfig: './tsconfig.json' },
          ...WAITING,
        },
      },
    ],
  },
});
