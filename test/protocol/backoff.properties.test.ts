/** Laws of the delays before attempts, for any policy. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoff } from '../../src/protocol/backoff.js';

const delay = fc.oneof(fc.nat(1000), fc.nat(2 ** 31 - 1));
const policies = fc
  .tuple(delay, delay)
  .map(([a, b]) => ({ attempts: Number.POSITIVE_INFINITY, minDelay: Math.min(a, b), maxDelay: Math.max(a, b) }));
const attempts = fc.oneof(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 2, max: 2 ** 53 - 2 }));
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
/** What chance approaches and never is. */
const ALL = 1;

it('the bound never falls from one attempt to the next, and at most doubles', () => {
  fc.assert(
    fc.property(policies, attempts, (policy, attempt) => {
      const [bound, next] = [backoff(attempt, policy, ALL), backoff(attempt + 1, policy, ALL)];
      expect(next).toBeGreaterThanOrEqual(bound);
      expect(next).toBeLessThanOrEqual(2 * bound);
    }),
  );
});

it('the bound begins at minDelay, and ends at maxDelay unless there is no delay at all', () => {
  fc.assert(
    fc.property(policies, (policy) => {
      expect(backoff(2, policy, ALL)).toBe(policy.minDelay);
      expect(backoff(2 + 31, policy, ALL)).toBe(policy.minDelay === 0 ? 0 : policy.maxDelay);
    }),
  );
});

it('chance covers everything from 0 to the bound, evenly', () => {
  fc.assert(
    fc.property(policies, attempts, chance, chance, (policy, attempt, one, other) => {
      const bound = backoff(attempt, policy, ALL);
      expect(backoff(attempt, policy, 0)).toBe(0);
      expect(backoff(attempt, policy, one)).toBeCloseTo(one * bound, 3);
      if (one < other) expect(backoff(attempt, policy, one)).toBeLessThanOrEqual(backoff(attempt, policy, other));
    }),
  );
});
