/** Packets that are of use for a while only, between servers in virtual time. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Server, ServerOptions } from '../../src/index.js';
import { Simulation } from '../../src/testing/simulation.js';
import { heard } from '../support/events.js';

const open: Simulation[] = [];

afterEach(async () => {
  for (const sim of open.splice(0)) await sim.close();
});

/** `a` keeps `b`. What `b` gets, and what `a` hears that was not sent in time. */
async function linked(options: ServerOptions = {}) {
  const sim = new Simulation();
  open.push(sim);
  const patient = {
    reconnect: { attempts: Number.POSITIVE_INFINITY, maxDelay: 500 },
    resumeWindow: 600_000,
    ...options,
  };
  const a: Server = sim.server('a', patient);
  const b: Server = sim.server('b', patient);
  const got: unknown[] = [];
  const late: unknown[] = [];
  b.on('message', (_, packet) => got.push(packet));
  a.on('expired', (id, packets) => late.push([id, ...packets]));
  await sim.until(a.connect('sim://b'));
  return { sim, a, b, got, late };
}

/** Nobody gets through, and the link is lost. */
async function apart(sim: Simulation, a: Server): Promise<void> {
  sim.network.cut('a', 'b');
  sim.network.partition('a', 'b');
  await sim.until(heard(a, 'reconnecting'));
}

/** Until nothing more is accepted. */
function fill(a: Server, options = {}): void {
  for (const size of [500, 0]) while (a.send('b', Buffer.alloc(size), options));
}

describe('a packet with a ttl', () => {
  it('is not sent any more when that is over, and `expired` tells it then', async () => {
    const { sim, a, got, late } = await linked();
    await apart(sim, a);
    expect(a.send('b', 'stale', { ttl: 1000 })).toBe(true);
    expect(a.send(['b'], 'stale too', { ttl: 1000, urgent: true })).toBe(1);
    expect(a.send('b', 'fresh', { ttl: 60_000 })).toBe(true);
    expect(a.send('b', 'kept')).toBe(true);
    await sim.run(990);
    expect(late).toEqual([]);
    await sim.run(50);
    expect(late).toEqual([
      ['b', 'stale'],
      ['b', 'stale too'],
    ]);
    sim.network.heal();
    await sim.until(() => got.length === 2);
    expect(got).toEqual(['fresh', 'kept']);
    await sim.run(120_000);
    expect([got.length, late.length]).toEqual([2, 2]);
  });

  it('rejects its deliver, and no other', async () => {
    const { sim, a, got } = await linked();
    await apart(sim, a);
    const before = a.deliver('b', 'before');
    const stale = a.deliver('b', 'stale', { ttl: 200 });
    const behind = a.deliver('b', 'behind');
    const all = a.flush('b');
    await expect(sim.until(stale)).rejects.toMatchObject({ code: 'ERR_EXPIRED', uncertain: false, side: 'remote' });
    sim.network.heal();
    await sim.until(Promise.all([before, behind, all]));
    expect(got).toEqual(['before', 'behind']);
  });

  it('ends a flush that waits for it alone', async () => {
    const { sim, a } = await linked();
    await apart(sim, a);
    a.send('b', 'stale', { ttl: 300 });
    const { now } = sim;
    await sim.until(a.flush('b'));
    expect(sim.now - now).toBeGreaterThanOrEqual(300);
    expect(sim.now - now).toBeLessThan(400);
  });

  it('counts while `deliver` waits for room, where nobody is told by `expired`', async () => {
    const { sim, a, b, late, got } = await linked({ window: 4096 });
    b.removeAllListeners('message');
    fill(a);
    const stale = a.deliver('b', 'stale', { ttl: 200 });
    const fresh = a.deliver('b', 'fresh', { ttl: 20_000 });
    await expect(sim.until(stale)).rejects.toMatchObject({ code: 'ERR_EXPIRED', uncertain: false });
    b.on('message', (_, packet) => got.push(packet));
    await sim.until(fresh);
    expect(got.at(-1)).toBe('fresh');
    expect(late).toEqual([]);
  });

  it('can be given up by a signal before', async () => {
    const { sim, a, b } = await linked({ window: 4096 });
    b.removeAllListeners('message');
    fill(a);
    const controller = new AbortController();
    const given = a.deliver('b', 'given up', { ttl: 60_000, signal: controller.signal });
    controller.abort();
    await expect(sim.until(given)).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await sim.until(a.close());
  });

  it('frees room for those who were refused', async () => {
    const { sim, a } = await linked({ window: 4096 });
    await apart(sim, a);
    fill(a, { ttl: 500 });
    let drained = 0;
    a.on('drain', () => drained++);
    await sim.run(600);
    expect(drained).toBe(1);
    expect(a.send('b', Buffer.alloc(500))).toBe(true);
  });

  it('does not wait behind others for longer, on a slow line', async () => {
    const { sim, a, got, late } = await linked({ window: 8 * 1024 * 1024 });
    sim.network.limit('a', 'b', 100_000);
    a.send('b', Buffer.alloc(2_000_000));
    a.send('b', 'stale', { ttl: 1000 });
    a.send('b', 'last');
    await sim.until(() => got.length === 2);
    expect(got[1]).toBe('last');
    expect(late).toEqual([['b', 'stale']]);
  });

  it('is not waited for by `close`', async () => {
    const { sim, a, late } = await linked();
    await apart(sim, a);
    a.send('b', 'stale', { ttl: 1000 });
    const { now } = sim;
    await sim.until(a.close());
    expect(late).toEqual([['b', 'stale']]);
    expect(sim.now - now).toBeLessThan(3000);
  });
});

describe('a ttl', () => {
  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '5', null, true])('of %s is refused', async (ttl) => {
    const { sim, a, got } = await linked();
    const misuse = expect.objectContaining({ code: 'ERR_ARGUMENT', message: expect.stringContaining('ttl must be') });
    const options = { ttl } as { ttl: number };
    expect(() => a.send('b', 1, options)).toThrow(misuse);
    expect(() => a.send(['b'], 1, options)).toThrow(misuse);
    expect(() => a.deliver('b', 1, options)).toThrow(misuse);
    await sim.run(100);
    expect(got).toEqual([]);
  });

  it('that is undefined is none', async () => {
    const { sim, a, got } = await linked();
    a.send('b', 1, { ttl: undefined });
    await sim.until(a.deliver('b', 2, { ttl: 2 ** 31 - 1 }));
    expect(got).toEqual([1, 2]);
  });
});
