import { expect, it, vi } from 'vitest';
import { announce } from '../../src/delivery/announce.js';
import * as errors from '../../src/errors.js';

it('has been heard unless the emitter says that nobody listens, also where a listener throws', () => {
  const later = vi.spyOn(errors, 'throwLater').mockReturnValue(undefined);
  const asked: unknown[] = [];
  const by = (answer: () => unknown): boolean =>
    announce({ emit: (...args) => asked.push(args) > 0 && (answer() as boolean) }, 'p', 7);
  expect([by(() => true), by(() => undefined), by(() => false)]).toEqual([true, true, false]);
  expect(asked).toEqual(Array(3).fill(['message', 'p', 7]));
  const error = new Error('of a listener');
  const thrown = by(() => {
    throw error;
  });
  expect([thrown, later.mock.calls]).toEqual([true, [[error]]]);
  later.mockRestore();
});
