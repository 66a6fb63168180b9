import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Continuity } from '../../src/cli/demo-continuity.js';

function check(numbers: readonly number[]): ReturnType<Continuity['findings']> {
  const continuity = new Continuity();
  for (const number of numbers) continuity.receive(number, true);
  return continuity.findings();
}

const clean = { missing: 0, duplicated: 0, reordered: 0, altered: 0 };

describe('Continuity', () => {
  it.each([
    ['nothing', [], { ...clean, end: 0 }],
    ['all in order', [0, 1, 2], { ...clean, end: 3 }],
    ['one missing', [0, 2], { ...clean, end: 3, missing: 1 }],
    ['the first missing', [2], { ...clean, end: 3, missing: 2 }],
    ['one twice', [0, 1, 1], { ...clean, end: 2, duplicated: 1 }],
    ['one late', [0, 2, 1], { ...clean, end: 3, reordered: 1 }],
    ['one late, twice', [1, 0, 0], { ...clean, end: 2, reordered: 1, duplicated: 1 }],
  ])('finds %s', (_what, numbers, findings) => {
    expect(check(numbers)).toEqual(findings);
  });

  it('counts what was altered', () => {
    const continuity = new Continuity();
    continuity.receive(0, false);
    expect(continuity.findings()).toEqual({ ...clean, end: 1, altered: 1 });
  });

  it('agrees with a list of what came, whatever came', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), (numbers) => {
        const { end, missing, duplicated, reordered } = check(numbers);
        const distinct = new Set(numbers);
        expect(end).toBe(numbers.length === 0 ? 0 : Math.max(...numbers) + 1);
        expect(missing).toBe(end - distinct.size);
        expect(duplicated).toBe(numbers.length - distinct.size);
        const late = numbers.filter(
          (number, at) => numbers.indexOf(number) === at && numbers.slice(0, at).some((n) => n > number),
        );
        expect(reordered).toBe(late.length);
      }),
    );
  });
});
