import { describe, expect, it } from 'vitest';
import { actionOf } from './actions.js';
import { formatScript, parseScript } from './script.js';
import { drawStorm, play } from './storm.js';

const kind = { nodes: 3, actions: 50, restarts: true, pace: 'brisk' } as const;

describe('a script', () => {
  it.each([false, true])('is the same after it was text (different options: %s)', (varied) => {
    const script = drawStorm({ seed: 5, ...kind, varied });
    const text = formatScript(script);
    expect(text).toMatch(/^5 abc\/3 [a-z0-9.+ -]+$/);
    expect(parseScript(text)).toEqual(script);
  });

  it('does without the steps that were left out, and the others do what they did', () => {
    const steps = Array.from({ length: 20 }, (_, dice) => ({ action: 'clog', dice, wait: 10 }));
    const done = (left: typeof steps): string[] => {
      const lines: string[] = [];
      play({ seed: 1, crowd: 3, ids: ['a', 'b', 'c'], options: null, steps: left }, 1e6, (line) => lines.push(line));
      return lines.flatMap((line) => /. to ., for \d+ ms/.exec(line) ?? []);
    };
    const all = done(steps);
    const some = done(steps.filter((_, index) => index % 2 === 0));
    expect(some.length).toBeGreaterThan(3);
    expect(some.length).toBeLessThan(all.length);
    for (const line of some) expect(all).toContain(line);
  });

  it.each(['', '5', '5 abd/3', 'x ab/2', '5 ab/2 reset', '5 ab/2 reset.1+x'])('%j is none', (text) => {
    expect(() => parseScript(text)).toThrow(/script/);
  });

  it('of an action that there is not is refused', () => {
    expect(() => actionOf('levitate')).toThrow('levitate');
  });
});
