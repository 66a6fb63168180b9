import { describe, expect, it } from 'vitest';
import { Segment } from '../../src/protocol/segment.js';
import { Spares } from '../../src/protocol/spares.js';

const MiB = 1024 * 1024;

function spares(...sizes: number[]): Spares {
  const all = new Spares();
  for (const size of sizes) all.keep(new Segment(new Uint8Array(size), 0, false));
  return all;
}

describe('spare memory', () => {
  it('is given once, that kept last first, and only where there is room enough', () => {
    const all = spares(200, 100, 50);
    expect([100, 100, 100, 10, 10].map((size) => all.take(size)?.bytes.length ?? null)).toEqual([
      100,
      200,
      null,
      50,
      null,
    ]);
  });

  it('is let go of beside nothing outstanding, and beside something up to a mebibyte more', () => {
    const all = spares(MiB, MiB, MiB);
    expect(all.trim(MiB)).toBe(false);
    expect([all.take(1), all.take(1), all.take(1)].map((segment) => segment !== null)).toEqual([true, true, false]);
    const idle = spares(100, 100);
    expect(idle.trim(0)).toBe(true);
    expect(idle.take(1)).toBe(null);
  });
});
