import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget, OWN, OWN_PART } from '../../src/protocol/budget.js';

const MiB = 1024 * 1024;

/** Peers that take what there is room for. */
class Holders {
  readonly budget: Budget;
  readonly peers = new Map<string, { session: { outstanding: number } }>();

  constructor(total: number, ...ids: string[]) {
    this.budget = new Budget(total);
    for (const id of ids) this.join(id);
  }

  join(id: string): void {
    this.peers.set(id, { session: { outstanding: 0 } });
  }

  leave(id: string): void {
    this.budget.change(this.of(id), 0);
    this.peers.delete(id);
  }

  of(id: string): number {
    return this.peers.get(id)?.session.outstanding ?? 0;
  }

  take(id: string, more: number): boolean {
    const before = this.of(id);
    if (!this.budget.fits(before, more, this.peers)) return false;
    this.budget.change(before, before + more);
    this.peers.set(id, { session: { outstanding: before + more } });
    return true;
  }

  fill(id: string, step: number): number {
    while (this.take(id, step));
    return this.of(id);
  }
}

describe('what is there for all peers', () => {
  it('is all for one that is alone, and no more than that', () => {
    expect(new Holders(MiB, 'a').fill('a', 1000)).toBeGreaterThan(MiB - 1000);
    expect(new Holders(MiB, 'a').fill('a', 1000)).toBeLessThanOrEqual(MiB);
  });

  it('takes what has almost its size when nothing else is on its way', () => {
    for (const size of [900, 950, 999, 1000, 1001]) expect(new Holders(1000, 'a', 'b').take('a', size)).toBe(true);
  });

  it('takes what is larger than it when nothing else is on its way', () => {
    const holders = new Holders(1000, 'a', 'b');
    expect(holders.take('a', 5000)).toBe(true);
    expect(holders.take('b', 100)).toBe(false);
    holders.budget.change(5000, 0);
    expect(holders.take('b', 100)).toBe(true);
  });

  it('is never all for one packet, however large: beside it each other has its own, and no more', () => {
    for (const size of [999, 1000, 1001, 5000]) {
      const holders = new Holders(1000, 'a', 'b', 'c');
      const own = Math.floor((1000 * OWN_PART) / 3);
      expect(holders.take('a', size)).toBe(true);
      expect([holders.fill('b', 1), holders.fill('c', 1), holders.take('a', 1)]).toEqual([own, own, false]);
    }
  });

  it('is as large as ever when what was larger has been had, though others are still on their way', () => {
    const holders = new Holders(1000, 'a', 'b', 'c');
    holders.take('a', 5000);
    holders.take('b', 10);
    holders.leave('a');
    expect(holders.fill('c', 1)).toBeLessThanOrEqual(990);
    holders.join('d');
    expect(holders.budget.outstanding + holders.fill('d', 1)).toBeLessThanOrEqual(1000);
  });

  it('is never all for those who do not read: each has its own, though it is the last to come', () => {
    const hogs = Array.from({ length: 40 }, (_, i) => `hog ${i}`);
    const holders = new Holders(256 * MiB, ...hogs, 'healthy');
    for (const hog of hogs) while (holders.of(hog) < 16 * MiB && holders.take(hog, 10_000));
    expect(holders.budget.outstanding).toBeGreaterThan(0.9 * 256 * MiB);
    expect(holders.fill('healthy', 1000)).toBeGreaterThan(OWN - 1000);
    holders.join('new');
    expect(holders.fill('new', 1000)).toBeGreaterThan(OWN - 1000);
  });

  it('is shared by more than there are parts of that size for: then all have less', () => {
    const ids = Array.from({ length: 4000 }, (_, i) => `peer ${i}`);
    const holders = new Holders(64 * MiB, ...ids);
    holders.fill('peer 0', 100_000);
    for (const id of ids.slice(1)) expect(holders.take(id, 900)).toBe(true);
  });

  it('is bounded, and each has its own, whatever comes, goes and is had', () => {
    const step = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      what: fc.constantFrom('join', 'leave', 'take', 'take', 'take', 'had'),
      size: fc.oneof(fc.nat(50), fc.nat(1500)),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const total = 10_000;
        const holders = new Holders(total, 'a');
        for (const { id, what, size } of steps) {
          if (what === 'leave') holders.leave(id);
          if (what === 'join' && !holders.peers.has(id)) holders.join(id);
          if (!holders.peers.has(id)) continue;
          const before = holders.of(id);
          if (what === 'had') {
            holders.budget.change(before, Math.max(0, before - size));
            holders.peers.set(id, { session: { outstanding: Math.max(0, before - size) } });
          }
          if (what === 'take') holders.take(id, size);
          const sum = [...holders.peers.values()].reduce((all, { session }) => all + session.outstanding, 0);
          expect(holders.budget.outstanding).toBe(sum);
          expect(sum).toBeLessThanOrEqual(total);
          const own = Math.floor((total * OWN_PART) / holders.peers.size);
          const beyond = [...holders.peers.values()].map(({ session }) => Math.max(0, session.outstanding - own));
          const borrowed = beyond.reduce((all, each) => all + each, 0);
          // Who came when others had all finds what these leave.
          if (borrowed <= total * (1 - OWN_PART) && holders.of(id) + 1 <= own)
            expect(holders.budget.fits(holders.of(id), 1, holders.peers)).toBe(true);
        }
      }),
    );
  });
});
