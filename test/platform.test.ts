import { expect, it } from 'vitest';
import { system } from '../src/platform.js';

it('calls back in time, after a turn, or not at all when it is told so', async () => {
  const called: string[] = [];
  const begun = system.now();
  await new Promise<void>((resolve) => {
    system.clearTimeout(system.setTimeout(() => called.push('cleared timeout'), 0));
    system.clearImmediate(system.setImmediate(() => called.push('cleared immediate')));
    system.setImmediate(() => called.push('immediate'));
    system.setTimeout(() => {
      called.push('timeout');
      resolve();
    }, 20);
    called.push('first');
  });
  expect(called).toEqual(['first', 'immediate', 'timeout']);
  // Timers of Node may ring up to a millisecond early.
  expect(system.now() - begun).toBeGreaterThan(18);
});

it('throws dice', () => {
  const many = Array.from({ length: 1000 }, () => system.random());
  expect(many.every((value) => value >= 0 && value < 1)).toBe(true);
  expect(new Set(many).size).toBeGreaterThan(990);
  expect(system.randomBytes(8)).toHaveLength(8);
  expect(system.randomBytes(8)).not.toEqual(system.randomBytes(8));
});
