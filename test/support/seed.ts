/** Chance that can be repeated: `TEST_SEED=… vitest run …` gives the run that failed. */
import { onTestFailed } from 'vitest';
import { Random } from '../../src/testing/random.js';

/** A generator for the running test; its seed is printed when the test fails. */
export function seeded(): Random {
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 32));
  onTestFailed(() => console.error(`repeat with TEST_SEED=${seed}`));
  return new Random(seed);
}

/** How long and how often: small numbers for every day, the full ones with TEST_SCALE=full. */
export function scaled<T>(everyDay: T, full: T): T {
  return process.env.TEST_SCALE === 'full' ? full : everyDay;
}
