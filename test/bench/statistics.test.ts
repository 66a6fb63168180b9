/** The arithmetic of the report, by hand. */
import { describe, expect, it } from 'vitest';
import { advantage, median, medianAdvantage, spread } from '../../bench/statistics.js';

describe('median', () => {
  it('is the middle one of an odd number, whatever their order', () => expect(median([9, 1, 5])).toBe(5));
  it('is between the two in the middle of an even number', () => expect(median([4, 1, 10, 2])).toBe(3));
  it('orders numbers as numbers', () => expect(median([10, 9, 100])).toBe(10));
  it('leaves what it is given as it is', () => {
    const given = [3, 1, 2];
    median(given);
    expect(given).toEqual([3, 1, 2]);
  });
  it('of nothing is refused', () => expect(() => median([])).toThrow(RangeError));
});

describe('spread', () => {
  it('is a part of the median', () => expect(spread([90, 100, 120])).toBeCloseTo(0.3));
  it('is 0 around 0', () => expect(spread([-1, 0, 1])).toBe(0));
});

describe('advantage', () => {
  it('is above 1 for more where more is better', () => expect(advantage(30, 20, 'more')).toBe(1.5));
  it('is above 1 for less where less is better', () => expect(advantage(20, 30, 'less')).toBe(1.5));
  it('does not divide by nothing, nor into it', () => {
    expect(advantage(1, 0, 'more')).toBeNull();
    expect(advantage(0, 1, 'less')).toBeNull();
  });
});

describe('medianAdvantage', () => {
  it('compares within rounds: a slow round that strikes both changes nothing', () => {
    expect(medianAdvantage([200, 20, 200], [100, 10, 100], 'more')).toBe(2);
  });
  it('is not the ratio of medians', () => expect(medianAdvantage([1, 2, 9], [1, 4, 3], 'more')).toBe(1));
  it('refuses what was not measured together', () => {
    expect(() => medianAdvantage([1, 2], [1], 'more')).toThrow(RangeError);
  });
});
