import { expect, it } from 'vitest';
import { Ranges } from './ranges.js';

function ranges(...all: readonly [number, number][]): Ranges {
  const made = new Ranges();
  for (const [first, last] of all) made.add(first, last);
  return made;
}

it('grows upwards only', () => {
  const set = ranges([0, 2], [3, 5], [9, 9]);
  expect([set.toString(), set.count, set.highest]).toEqual(['0 to 5, 9', 7, 9]);
  expect([set.add(9), set.add(4), set.add(12, 11), set.add(10)]).toEqual([false, false, false, true]);
  expect([0, 5, 6, 8, 9, 10, 11].map((number) => set.has(number))).toEqual([
    true,
    true,
    false,
    false,
    true,
    true,
    false,
  ]);
  expect(new Ranges().highest).toBe(-1);
});

it('knows what two have in common', () => {
  expect(
    ranges([0, 5], [8, 12])
      .common(ranges([3, 9], [11, 20]))
      .toString(),
  ).toBe('3 to 5, 8 to 9, 11 to 12');
  expect(ranges([0, 5]).common(ranges([6, 9])).count).toBe(0);
});

it('knows what is missing from all', () => {
  expect(Ranges.missing(10, [ranges([1, 2]), ranges([2, 4], [9, 30])]).toString()).toBe('0, 5 to 8');
  expect(Ranges.missing(5, [ranges([0, 7])]).count).toBe(0);
  expect(Ranges.missing(3, []).toString()).toBe('0 to 2');
});
