/** Pictures of anything are well-formed: of nothing, of one value, of values that a logarithm has no place for. */
import { expect, it } from 'vitest';
import { type Bars, bars, type Lines, lines } from '../../bench/report/svg.js';
import { tagsOf } from './xml.js';

const BARS: Omit<Bars, 'groups'> = { title: 'a <title> & "more"', format: String, reference: 1 };
const LINES: Omit<Lines, 'points' | 'lines'> = {
  title: 'x',
  xTitle: 'x',
  yTitle: 'y',
  formatX: String,
  formatY: String,
};

it('bars begin at the reference: to the right for more, to the left for less', () => {
  const of = (value: number): { x: number; width: number } => {
    const values = [0.5, 1, 2].map((each) => ({ label: `${each}`, value: each, own: false }));
    const svg = bars({ ...BARS, groups: [{ label: '', bars: values }] });
    const [, x, width] =
      [...svg.matchAll(/<rect [^>]*x="([\d.]+)"[^>]*width="([\d.]+)"/g)][[0.5, 1, 2].indexOf(value)] ?? [];
    return { x: Number(x), width: Number(width) };
  };
  expect(of(0.5).x + of(0.5).width).toBeCloseTo(of(2).x);
  expect(of(0.5).width).toBeCloseTo(of(2).width);
});

it.each([[[]], [[1]], [[0]], [[0, 3]], [[-1, 1e-9, 1e9]]])('bars of %j', (values) => {
  const group = { label: 'a & b', bars: values.map((value) => ({ label: '<x>', value, own: true })) };
  expect(tagsOf(bars({ ...BARS, groups: [group] }))).toContain('line');
});

it.each([
  [[], []],
  [[1], [5]],
  [
    [1, 10, 100],
    [5, null, 7],
  ],
  [
    [1, 10],
    [null, null],
  ],
  [
    [1, 10],
    [0, 3],
  ],
])('lines over %j of %j', (points, values) => {
  const svg = lines({ ...LINES, points, lines: [{ label: 'one & two', own: true, values }] });
  expect(tagsOf(svg)).toContain('path');
});

it('a missing value is a gap, not a line across it', () => {
  const svg = lines({
    ...LINES,
    points: [1, 10, 100, 1000],
    lines: [{ label: '', own: true, values: [1, null, 3, 4] }],
  });
  expect(/ d="([^"]*)"/.exec(svg)?.[1]?.replace(/[\d. ]+/g, '')).toBe('MML');
});

it('is read on light and on dark', () => {
  expect(bars({ ...BARS, groups: [] })).toContain('prefers-color-scheme: dark');
});
