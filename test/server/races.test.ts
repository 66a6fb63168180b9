/** Pairs of nodes that dial each other at the same moment: one link remains, the same for both. */
import { expect, it } from 'vitest';
import { Server } from '../../src/index.js';
import type { Random } from '../../src/testing/random.js';
import { tcp } from '../../src/transports/tcp.js';
import { type Counts, counting } from '../support/counting.js';
import { eventually, heard, Log, packets, within } from '../support/events.js';
import { scaled, seeded } from '../support/seed.js';

interface Side {
  readonly node: Server<string>;
  readonly counts: Counts;
  readonly log: Log<string>;
  readonly got: string[];
  readonly uri: string;
}

async function side(id: string): Promise<Side> {
  const { transport, counts } = counting(tcp());
  const made = new Server<string>(id, { transports: [transport], closeTimeout: 1000 });
  const [uri] = await heard(made, 'listening');
  return { node: made, counts, log: new Log(made), got: packets(made), uri };
}

async function race(number: number, random: Random): Promise<void> {
  // Either may be the one that decides.
  const names = random.chance(0.5) ? ['a', 'b'] : ['b', 'a'];
  const [left, right] = await Promise.all(
    names.map((name) => side(`${name}${number}`)) as [Promise<Side>, Promise<Side>],
  );
  try {
    const extra = random.chance(0.2) ? [left.node.connect(right.uri)] : [];
    // At the same moment, or a turn of the loop apart.
    const first = left.node.connect(right.uri);
    for (let turns = random.below(3); turns > 0; turns--) await new Promise(setImmediate);
    await within(Promise.all([first, right.node.connect(left.uri), ...extra]), `race ${number}`);
    await within(
      Promise.all([left.node.deliver(right.node.id, 'to the right'), right.node.deliver(left.node.id, 'to the left')]),
      `both ways of race ${number}`,
    );
    await eventually(() => left.counts.open === 1 && right.counts.open === 1, `one connection in race ${number}`);
    // Each has one socket, and the two belong together: had each another, the other end of both would be closed.
    for (const each of [left, right]) expect(each.log.names).toEqual(['connect']);
    expect([left.got, right.got]).toEqual([['to the left'], ['to the right']]);
    expect(left.counts.dialled + right.counts.dialled).toBeLessThanOrEqual(4 + extra.length);
  } finally {
    await Promise.all([left.node.close(), right.node.close()]);
  }
  expect([left.counts.open, right.counts.open]).toEqual([0, 0]);
}

it(
  'races of simultaneous dials all end with exactly one link',
  async () => {
    const random = seeded();
    const races = scaled(1000, 10_000);
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < races) await race(next++, random);
    };
    await Promise.all(Array.from({ length: 16 }, lane));
    expect(next).toBe(races);
  },
  scaled(60_000, 600_000),
);

it(
  'nodes that all dial all at once end as a full mesh, with one connection for each pair',
  async () => {
    const size = scaled(16, 50);
    const sides = await Promise.all(Array.from({ length: size }, (_, i) => side(`node-${i}`)));
    try {
      const dials = sides.flatMap((from) =>
        sides.filter((to) => to !== from).map((to) => within(from.node.connect(to.uri), 'a link', 30_000)),
      );
      await Promise.all(dials);
      const settled = (): boolean => sides.every(({ counts }) => counts.open === size - 1);
      await eventually(settled, 'one connection for each pair', 30_000);
      for (const { node, log, counts } of sides) {
        expect(node.connections().length).toBe(size - 1);
        expect(log.names).toEqual(Array(size - 1).fill('connect'));
        // Nobody dials anew what was a duplicate.
        expect(counts.dialled).toBe(size - 1);
      }
      const [first] = sides;
      expect(first?.node.send(first.node.connections(), 'to all')).toBe(size - 1);
      await first?.node.flush();
      for (const { got } of sides.slice(1)) expect(got).toEqual(['to all']);
    } finally {
      await Promise.all(sides.map(({ node }) => node.close()));
    }
    for (const { counts } of sides) expect(counts.open).toBe(0);
  },
  scaled(60_000, 300_000),
);
