import { describe, expect, it } from 'vitest';
import { Random } from '../../src/testing/random.js';

describe('chance from a seed', () => {
  it('is the same for the same seed, and another for another', () => {
    const [first, second, other] = [7, 7, 8].map((seed) => {
      const random = new Random(seed);
      return Array.from({ length: 100 }, () => random.next());
    });
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('is spread evenly, within its bounds', () => {
    const random = new Random(1);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) {
      const number = random.below(10);
      counts[number] = (counts[number] ?? Number.NaN) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
    const heads = Array.from({ length: 10_000 }, () => random.chance(0.25)).filter(Boolean).length;
    expect(Math.abs(heads - 2500)).toBeLessThan(250);
  });

  it('picks every item sooner or later', () => {
    const random = new Random(2);
    expect(new Set(Array.from({ length: 200 }, () => random.pick(['a', 'b', 'c'])))).toEqual(new Set(['a', 'b', 'c']));
  });
});
