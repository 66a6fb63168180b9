/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: ['src/{protocol,codec}/*.ts'],
  plugins: ['@stryker-mutator/vitest-runner'],
  testRunner: 'vitest',
  vitest: { configFile: 'mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  // A mutant's run is short, so what is added counts more than what is multiplied.
  timeoutMS: 10_000,
  timeoutFactor: 2,
  ignorePatterns: ['**', '!src/**', '!test/**', '!mutation/*', '!package.json', '!tsconfig.json'],
  tempDirName: '.cache/mutation/sandbox',
  incremental: true,
  incrementalFile: '.cache/mutation/incremental.json',
  reporters: ['clear-text', 'json', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: '.cache/mutation/mutation.json' },
  allowConsoleColors: false,
  allowEmpty: true,
};
