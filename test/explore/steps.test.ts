import { describe, expect, it } from 'vitest';
import { Steps } from './steps.js';

function graph(edges: readonly [number, number][], rests: readonly number[]): Steps {
  const steps = new Steps();
  for (const [from, to] of edges) steps.add(from, to);
  for (const state of rests) steps.rest(state);
  return steps;
}

describe('steps without faults', () => {
  it('all lead to rest', () => {
    const steps = graph([[0, 1], [0, 2], [1, 3], [2, 3]], [3]); // biome-ignore format: a drawing
    expect([steps.stuck(4), steps.circle(4)]).toEqual([-1, []]);
  });

  it('do not lead to rest from one state', () => {
    expect(graph([[0, 1], [0, 2], [2, 3]], [1]).stuck(4)).toBe(2); // biome-ignore format: a drawing
  });

  it('can lead to rest and yet go on for ever', () => {
    const steps = graph([[0, 1], [1, 2], [2, 3], [3, 1], [3, 4]], [4]); // biome-ignore format: a drawing
    expect(steps.stuck(5)).toBe(-1);
    expect(steps.circle(5).sort()).toEqual([1, 2, 3]);
  });

  it('are many', () => {
    const edges = Array.from({ length: 20_000 }, (_, index): [number, number] => [index, index + 1]);
    const steps = graph(edges, [20_000]);
    expect([steps.stuck(20_001), steps.circle(20_001)]).toEqual([-1, []]);
    steps.add(20_000, 20_000);
    expect(steps.circle(20_001)).toEqual([20_000]);
  });
});
