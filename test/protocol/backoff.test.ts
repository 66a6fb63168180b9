import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoff } from '../../src/protocol/backoff.js';

const policy = { attempts: Number.POSITIVE_INFINITY, minDelay: 100, maxDelay: 10_000 };
const most = 1 - Number.EPSILON;

describe('backoff', () => {
  it('makes the first attempt at once', () => {
    for (const random of [0, 0.5, most]) {
      expect(backoff(1, policy, random)).toBe(0);
      expect(backoff(0, policy, random)).toBe(0);
    }
  });

  it('doubles its bound from minDelay up to maxDelay', () => {
    const bounds = [2, 3, 4, 5, 6, 7, 8, 9, 10].map((attempt) => Math.round(backoff(attempt, policy, most)));
    expect(bounds).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
  });

  it('is uniform from 0 to its bound', () => {
    expect(backoff(6, policy, 0)).toBe(0);
    expect(backoff(6, policy, 0.25)).toBe(400);
    expect(backoff(6, policy, 0.5)).toBe(800);
  });

  it('stays a finite number within its bounds, whatever the attempt', () => {
    const delay = fc.nat(2 ** 31 - 1);
    const random = fc.double({ min: 0, max: most, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 53 - 1 }), delay, delay, random, (attempt, a, b, chance) => {
        const given = { attempts: 1, minDelay: Math.min(a, b), maxDelay: Math.max(a, b) };
        const wait = backoff(attempt, given, chance);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(given.maxDelay);
      }),
    );
  });

  it('waits not at all when minDelay is 0', () => {
    expect(backoff(50, { ...policy, minDelay: 0 }, most)).toBe(0);
  });
});
