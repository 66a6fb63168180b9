/** A peer that was let go does not come back by itself: what was on its way to it is called off. */
import { describe, expect, it } from 'vitest';
import { Simulation } from '../../src/testing/simulation.js';

/** One keeps the other and lets it go after `before`. How often it, and the other, are connected again then. */
async function again(
  seed: number,
  options: { readonly maxLinkAge?: number },
  before: (sim: Simulation, own: string, other: string) => Promise<unknown>,
): Promise<number> {
  const sim = new Simulation({ seed, latency: [5, 5] });
  const [own, other] = seed % 2 === 0 ? (['a', 'b'] as const) : (['b', 'a'] as const);
  const node = sim.server(own, { reconnect: true, ...options });
  const there = sim.server(other);
  await sim.run(10);
  await sim.until(node.connect(`sim://${other}`));
  await before(sim, own, other);
  await sim.until(node.disconnect(other));
  let count = 0;
  for (const each of [node, there]) each.on('connect', () => count++);
  // The other may have heard nothing, and holds its session for as long as it was asked to.
  await sim.run(15_000);
  expect([...node.connections(), ...there.connections()]).toEqual([]);
  expect(sim.network.cut(own, other)).toBe(0);
  await sim.close();
  return count;
}

describe('who is let go', () => {
  it('while its link is being won back stays away', async () => {
    const counts: number[] = [];
    for (let seed = 0; seed < 40; seed++) {
      counts.push(
        await again(seed, {}, async (sim, own, other) => {
          sim.network.cut(own, other);
          await sim.until(() => sim.trace.some((line) => line.includes('reconnecting')));
          await sim.run(seed / 2);
        }),
      );
    }
    expect(counts.filter((count) => count > 0)).toEqual([]);
  });

  it('while its link is tested is not met by that test', async () => {
    const counts: number[] = [];
    for (let seed = 0; seed < 60; seed++) {
      const sim = new Simulation({ seed, latency: [20, 20] });
      const [own, other] = seed % 2 === 0 ? (['a', 'b'] as const) : (['b', 'a'] as const);
      const timing = { timeout: 2000, heartbeat: 500 };
      const node = sim.server(own, { ...timing, closeTimeout: 300 });
      const there = sim.server(other, timing);
      await sim.until(node.connect(`sim://${other}`));
      await sim.run(100);
      sim.network.halfOpen(other, own);
      node.send(other, 'not acknowledged');
      await sim.run(1900 + seed * 5);
      await sim.until(node.disconnect(other));
      let count = 0;
      for (const each of [node, there]) each.on('connect', () => count++);
      await sim.run(8000);
      counts.push(count);
      await sim.close();
    }
    expect(counts.filter((count) => count > 0)).toEqual([]);
  });

  it('while its link is being replaced stays away', async () => {
    const counts: number[] = [];
    for (let seed = 0; seed < 80; seed++) {
      counts.push(await again(seed, { maxLinkAge: 1000 }, (sim) => sim.run(870 + seed * 2)));
    }
    expect(counts.filter((count) => count > 0)).toEqual([]);
  });
});

describe('who leaves while its link is replaced', () => {
  it.each([
    ['disconnects', 'a'],
    ['disconnects', 'b'],
    ['closes', 'a'],
    ['closes', 'b'],
  ] as const)('%s: %s, and what the other had sent until then has arrived', async (how, own) => {
    const other = own === 'a' ? 'b' : 'a';
    for (let seed = 0; seed < 60; seed++) {
      const sim = new Simulation({ seed, latency: [20, 20] });
      const [node, there] = [own, other].map((id) => sim.server(id, { maxLinkAge: 1000 }));
      if (node === undefined || there === undefined) throw new Error('no nodes');
      const got: unknown[] = [];
      const lost: unknown[] = [];
      node.on('message', (_, packet) => got.push(packet));
      there.on('undelivered', (...what) => lost.push(what));
      await sim.until(node.connect(`sim://${other}`));
      await sim.until(() => there.connections().length > 0);
      let sent = 0;
      for (let ms = 0; ms < 700 + 5 * seed; ms += 5) {
        if (there.send(own, sent)) sent++;
        await sim.run(5);
      }
      await sim.until(how === 'closes' ? node.close() : node.disconnect(other));
      await sim.run(15_000);
      expect([seed, lost, got.length]).toEqual([seed, [], sent]);
      await sim.close();
    }
  });
});

it('who said goodbye and is let go when what was left is sent again is waited for, not the goodbye before', async () => {
  const sim = new Simulation({ seed: 1 });
  const node = sim.server('a', { reconnect: true });
  const there = sim.server('b', { closeTimeout: 300 });
  const events: string[] = [];
  node.on('disconnect', (id, reason) => events.push(`disconnect ${id} ${reason}`));
  let gone: Promise<unknown> | null = null;
  node.on('undelivered', (id, { uncertain, unsent }) => {
    events.push('undelivered');
    if (gone !== null) return;
    for (const packet of [...uncertain, ...unsent]) node.send(id, packet);
    gone = node.disconnect(id).then(() => events.push('resolved'));
  });
  await sim.until(node.connect('sim://b'));
  node.send('b', 'x');
  await sim.run(100);
  // Nobody listens there, so it ends with the packet outstanding, which waits there too.
  void there.disconnect('a');
  await sim.until(() => gone !== null);
  there.on('message', (_, packet) => events.push(`message ${String(packet)}`));
  await sim.run(20_000);
  expect(events).toEqual(['undelivered', 'message x', 'message x', 'disconnect b local', 'resolved']);
  await sim.close();
});
