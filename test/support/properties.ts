/** Runs before each test file: `TEST_SEED=…` repeats the run of every property that printed that seed. */
if (process.env.TEST_SEED !== undefined) {
  const { configureGlobal } = await import('fast-check');
  configureGlobal({ seed: Number(process.env.TEST_SEED) });
}
