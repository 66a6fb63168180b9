import { defineConfig } from 'vitest/config';

const tests = (room: string): string => `test/${room}/**/*.test.ts`;
/** Rooms of the pure core and of what simulates it: no file there leaves anything behind, so they share a process. */
const PURE = ['codec', 'protocol', 'delivery', 'testing', 'sim', 'explore', 'golden', 'mutants'].map(tests);
/** Mocks a part of the core, which must be another one for the others. */
const MOCKS = 'test/sim/failure.test.ts';

export default defineConfig({
  test: {
    setupFiles: ['test/support/properties.ts'],
    testTimeout: 30_000,
    maxWorkers: 2,
    coverage: { include: ['src/**'] },
    projects: [
      { extends: true, test: { name: 'pure', include: PURE, exclude: [MOCKS], isolate: false } },
      { extends: true, test: { name: 'mocked', include: [MOCKS] } },
      {
        extends: true,
        test: {
          name: 'real',
          include: [tests('**')],
          exclude: PURE,
          typecheck: { enabled: true, include: ['test/types/**/*.test-d.ts'], tsconfig: './tsconfig.json' },
        },
      },
    ],
  },
});
