/** Peers that come and go for ever: nothing is left of those that went. */
import { expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { scaled } from '../support/seed.js';

interface State {
  /** Bytes in use after a collection. */
  readonly heap: number;
  readonly descriptors: number;
  readonly resources: number;
}

const CYCLES = scaled(1000, 100_000);

it('connects and disconnects leave heap and descriptors flat', { timeout: scaled(60_000, 900_000) }, async () => {
  const child = new Child('churning.mjs', [String(CYCLES)]);
  const states: State[] = [];
  for (let i = 0; i < 3; i++) states.push(await child.says<State>(scaled(50_000, 800_000)));
  const [, warm, last] = states as [State, State, State];
  console.log(
    `${CYCLES} cycles: heap ${warm.heap} → ${last.heap}, descriptors ${warm.descriptors} → ${last.descriptors}`,
  );
  expect(last.descriptors).toBeLessThanOrEqual(warm.descriptors);
  expect(last.resources).toBeLessThanOrEqual(warm.resources);
  expect(last.heap - warm.heap).toBeLessThan(2_000_000);
});
