/** The conversation that other runtimes have in the proof, with the runtime of the tests. */
import { expect, it } from 'vitest';
import { HERE } from './runtimes.js';
import { MODES, talk } from './talk.js';

it.each(MODES)('packets of every kind go there and back, cut off again and again: %s', async (mode) => {
  const { packets, cuts, refused } = await talk(HERE, mode);
  expect(refused).toBeNull();
  expect(packets).toBe(4000);
  expect(cuts).toBeGreaterThan(0);
});
