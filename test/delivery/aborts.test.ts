import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onAbort } from '../../src/delivery/aborts.js';

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length;
}

describe('a signal', () => {
  it('has one listener for all that wait for it, and none once none does', () => {
    const { signal } = new AbortController();
    const run = (): void => undefined;
    const forgets = Array.from({ length: 50 }, () => onAbort(signal, run));
    expect(listeners(signal)).toBe(1);
    for (const [index, forget] of forgets.entries()) {
      expect(listeners(signal)).toBe(1);
      forget();
      // Twice does no harm to the others.
      if (index < 49) forget();
    }
    expect(listeners(signal)).toBe(0);
    onAbort(signal, run);
    expect(listeners(signal)).toBe(1);
  });

  it('calls each that still waits, once, in order', () => {
    const controller = new AbortController();
    const called: number[] = [];
    const forgets = [1, 2, 3, 4].map((number) => onAbort(controller.signal, () => called.push(number)));
    forgets[1]?.();
    controller.abort();
    controller.abort();
    forgets[0]?.();
    expect(called).toEqual([1, 3, 4]);
    expect(listeners(controller.signal)).toBe(0);
  });

  it('need not be there', () => {
    expect(() => onAbort(undefined, () => expect.fail())()).not.toThrow();
  });
});
