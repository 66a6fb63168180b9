/** Wishes for a peer that this side is just leaving. */
import { afterEach, describe, expect, it } from 'vitest';
import { Simulation } from '../../src/testing/simulation.js';

const open: Simulation[] = [];

afterEach(async () => {
  for (const sim of open.splice(0)) await sim.close();
});

/** `a` leaves `b`, whose application takes its time: what was sent is still on its way. */
async function leaving(attempts: number, seed = 3, closeTimeout = 5000) {
  const sim = new Simulation({ seed });
  open.push(sim);
  const a = sim.server<number>('a', { reconnect: attempts, closeTimeout });
  const b = sim.server<number>('b');
  const had: number[] = [];
  const told: string[] = [];
  a.on('connect', () => told.push('connect'));
  a.on('disconnect', (_id, reason) => told.push(`disconnect ${reason}`));
  a.on('reconnecting', () => told.push('reconnecting'));
  await sim.until(a.connect('sim://b'));
  const listen = (): void => {
    b.on('message', (_id, packet) => had.push(packet));
  };
  for (const n of [1, 2, 3]) a.send('b', n);
  await sim.run(50);
  const left = a.disconnect('b');
  return { sim, a, b, had, told, listen, left };
}

describe('connect while a disconnect is still flushing', () => {
  it.each([0, 1, 5])('resolves when the peer can be sent to again (%i attempts)', async (attempts) => {
    const { sim, a, had, told, listen, left } = await leaving(attempts);
    const connected = a.connect('sim://b').then((id) => {
      told.push('resolved');
      expect(a.send(id, 4)).toBe(true);
    });
    await sim.run(100);
    expect(told).toEqual(['connect']);
    listen();
    await sim.until(connected);
    await left;
    await sim.until(a.flush());
    expect(told).toEqual(['connect', 'disconnect local', 'connect', 'resolved']);
    expect(had).toEqual([1, 2, 3, 4]);
    expect([a.connections(), a.isKept('b')]).toEqual([['b'], true]);
  });

  it.each([18, 19, 20, 21])('does not outlive a disconnect that comes after it (%i ms)', async (ms) => {
    const sim = new Simulation({ seed: 0 });
    open.push(sim);
    const a = sim.server('a', { reconnect: 3 });
    sim.server('b').on('message', () => undefined);
    // The handshake of the one is done but for the last word, and the other is a duplicate of it.
    const connected = Promise.all([a.connect('sim://b'), a.connect('sim://b')]);
    await sim.run(ms);
    const left = a.disconnect('b');
    expect(await sim.until(connected)).toEqual(['b', 'b']);
    await sim.until(left);
    await sim.run(20_000);
    expect(a.connections()).toEqual([]);
  });

  it('may be given up, and then the peer is gone', async () => {
    const { sim, a, told, listen } = await leaving(1);
    const controller = new AbortController();
    const connected = a.connect('sim://b', { signal: controller.signal }).catch((error: unknown) => error);
    await sim.run(100);
    controller.abort();
    expect(await sim.until(connected)).toMatchObject({ code: 'ERR_ABORTED' });
    listen();
    await sim.run(20_000);
    expect(told).toEqual(['connect', 'disconnect local']);
    expect([a.connections(), a.isKept('b')]).toEqual([[], false]);
  });

  it('that fails meanwhile leaves the peer to go', async () => {
    const { sim, a, told, listen } = await leaving(1, 3, 20_000);
    const connected = a.connect('sim://b').catch((error: unknown) => error);
    // Its handshake breaks, and the link that is being left with it: that is won back, to flush what is left.
    let cut = 0;
    await sim.until(() => {
      // With the one that is dialled there are two.
      cut = sim.network.halfOpen('b', 'a');
      return cut === 2;
    });
    expect(await sim.until(connected)).toMatchObject({ side: 'remote' });
    listen();
    await sim.run(60_000);
    expect([a.connections(), a.isKept('b')]).toEqual([[], false]);
    expect(told[1]).toMatch(/disconnect|reconnecting/);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('comes to an end when the link breaks meanwhile (%i)', async (seed) => {
    const { sim, a, told, listen } = await leaving(3, seed);
    const connected = a.connect('sim://b').then((id) => a.send(id, 4));
    await sim.run(seed);
    sim.network.cut('a', 'b');
    await sim.run(30 * seed);
    listen();
    expect(await sim.until(connected)).toBe(true);
    expect(told.at(-1)).toBe('connect');
    expect(told).toContain('disconnect local');
    await sim.until(a.flush());
  });

  it('rejects when the peer is gone by then', async () => {
    const { sim, a, told } = await leaving(2);
    const connected = a.connect('sim://b').catch((error: unknown) => error);
    await sim.run(100);
    sim.crash('b');
    expect(await sim.until(connected)).toMatchObject({ code: 'ERR_REFUSED' });
    await sim.run(20_000);
    expect(told.at(-1)).toBe('disconnect unreachable');
    expect([a.connections(), a.isKept('b')]).toEqual([[], false]);
  });
});
