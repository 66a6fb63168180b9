import { expect, it } from 'vitest';
import { plot } from './plot.js';
import { byNode, csvLine, type Sample, trend } from './samples.js';

function sample(time: number, heap: number, node = 'a', life = 1): Sample {
  return { time, node, life, heap, rss: 2 * heap, descriptors: 20 };
}

it('finds the line that fits best', () => {
  const risen = [0, 10, 20, 30].map((time) => sample(time, 5_000_000 + 1000 * time));
  expect(trend(risen, 'heap')).toEqual({ slope: 1000, start: 5_000_000 });
  expect(trend(risen, 'rss').slope).toBe(2000);
  expect(trend(risen, 'descriptors')).toEqual({ slope: 0, start: 20 });
  // Up and down in equal measure.
  const level = [sample(0, 100), sample(1, 200), sample(2, 200), sample(3, 100)];
  expect(trend(level, 'heap').slope).toBe(0);
  expect(trend([], 'heap')).toEqual({ slope: 0, start: 0 });
});

it('keeps samples by node, and writes them', () => {
  const samples = [sample(0, 1), sample(0, 2, 'b'), sample(1, 3)];
  expect([...byNode(samples)].map(([node, own]) => [node, own.length])).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
  expect(csvLine(sample(1.5, 7))).toBe('1.5,a,1,7,14,20\n');
});

it('plots a line for each process, and the trend of those that lived through', () => {
  const samples = [
    ...[0, 5, 10].map((time) => sample(time, 1e6)),
    sample(0, 1e6, 'b'),
    sample(5, 1e6, 'b', 2),
    sample(10, 1e6, 'b', 2),
  ];
  const svg = plot(samples, 0);
  // Three measures: one line for the one life of `a`, two for those of `b`, whose first is a dot too.
  expect(svg.match(/<polyline/g)).toHaveLength(3 * 3);
  expect(svg.match(/<circle/g)).toHaveLength(3);
  expect(svg.match(/stroke-dasharray/g)).toHaveLength(3);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  // The first panel's line of `a` is level, from the left edge to the right.
  expect(svg).toMatch(/points="70,(\d+(?:\.\d)?) 430,\1 790,\1"/);
  expect(plot([], 0)).not.toMatch(/NaN|Infinity/);
});
