/** What a test can do to the network, felt by real servers: by what they tell, and by the counts. */
import { afterEach, describe, expect, it } from 'vitest';
import { Simulation } from '../../src/testing/simulation.js';

const open: Simulation[] = [];

afterEach(async () => {
  for (const sim of open.splice(0)) await sim.close();
});

/** Two servers that keep each other, what each was sent, and what else they told. */
async function linked() {
  const sim = new Simulation({ seed: 11 });
  open.push(sim);
  const got: Record<string, number[]> = { a: [], b: [] };
  const [a, b] = ['a', 'b'].map((id) => {
    const server = sim.server<number>(id, { reconnect: true });
    return server.on('message', (_sender, packet) => got[id]?.push(packet));
  }) as [ReturnType<typeof sim.server<number>>, ReturnType<typeof sim.server<number>>];
  await sim.until(Promise.all([a.connect('sim://b'), b.connect('sim://a')]));
  await sim.run(100);
  /** Events since here, as `id event`. */
  const from = sim.trace.length;
  const told = (what: RegExp): string[] =>
    sim.trace.slice(from).flatMap((line) => {
      const [, id, event = ''] = /^ *[\d.]+ {2}(\w+) (\w+)/.exec(line) ?? [];
      return what.test(event) ? [`${String(id)} ${event}`] : [];
    });
  return { sim, a, b, got, told, faults: sim.network };
}

describe('a partition', () => {
  it('is felt by both sides, and nothing is lost when it is over in time', async () => {
    const { sim, a, b, got, told, faults } = await linked();
    faults.partition('a', 'b');
    a.send('b', 1);
    b.send('a', 2);
    await sim.run(4000);
    expect(got).toEqual({ a: [], b: [] });
    faults.heal('a', 'b');
    await sim.run(1000);
    expect(got).toEqual({ a: [2], b: [1] });
    expect(told(/./).sort()).toEqual(['a message', 'b message']);
    expect(sim.counts.get('partition')).toBe(2);
  });

  it('of one way lets the other through', async () => {
    const { sim, a, b, got, faults } = await linked();
    faults.partition('a', 'b', { oneWay: true });
    a.send('b', 1);
    b.send('a', 2);
    await sim.run(3000);
    expect(got).toEqual({ a: [2], b: [] });
    expect(sim.counts.get('one-way partition')).toBeGreaterThan(0);
  });

  it('may be between groups', async () => {
    const { sim, a, b, faults } = await linked();
    const c = sim.server('c', { reconnect: true });
    await sim.until(Promise.all([c.connect('sim://a'), c.connect('sim://b')]));
    faults.partition(['a', 'b'], 'c');
    const peers = (): string => [a, b].map((each) => each.connections().join()).join(' ');
    await sim.until(() => peers() === 'b a', 120_000);
    faults.heal();
    await sim.until(() => peers() === 'b,c a,c', 120_000);
  });
});

it('ways are healed between two sides, or all of them', async () => {
  const { sim, a, faults } = await linked();
  sim.server('c');
  faults.partition('a', 'c');
  expect(() => (faults.heal as (id: string) => void).call(faults, 'b')).toThrow(RangeError);
  const connected = a.connect('sim://c');
  await expect(sim.until(connected, 3000)).rejects.toThrow(/did not settle/);
  faults.heal();
  await sim.until(connected);
});

describe('connections', () => {
  it('are counted once, whichever side they are seen from', async () => {
    const { faults } = await linked();
    expect(faults.cut(['a', 'b'], ['a', 'b'])).toBe(1);
  });

  it('that are cut are replaced, and nothing is lost', async () => {
    const { sim, a, got, told, faults } = await linked();
    for (let i = 0; i < 20; i++) {
      a.send('b', i);
      expect(faults.cut('b', 'a')).toBe(1);
      await sim.until(() => faults.cut('a', 'b') === 0);
      await sim.run(1000);
    }
    expect(got.b).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(told(/connect$/)).not.toContain('a disconnect');
    expect(told(/^reconnect$/).length).toBeGreaterThan(20);
    expect(sim.counts.get('reset')).toBeGreaterThanOrEqual(20);
  });

  it('that are ended in good order are replaced as well', async () => {
    const { sim, a, got, told, faults } = await linked();
    a.send('b', 1);
    expect(faults.end('a', 'b')).toBe(1);
    await sim.run(1000);
    expect([got.b, told(/^reconnect$/).sort()]).toEqual([[1], ['a reconnect', 'b reconnect']]);
    expect(sim.counts.get('orderly close')).toBe(1);
  });

  it.each([
    [['a', 'b'], false, 'half-open one way'],
    [['b', 'a'], false, 'half-open one way'],
    [['a', 'b'], true, 'half-open both ways'],
  ] as const)('half-open from %j (both ways: %s) are found out', async ([from, to], bothWays, name) => {
    const { sim, a, b, got, told, faults } = await linked();
    expect(faults.halfOpen(from, to, { bothWays })).toBe(1);
    a.send('b', 1);
    b.send('a', 2);
    await sim.run(200);
    expect([got.a, got.b]).toEqual([from === 'b' || bothWays ? [] : [2], from === 'a' || bothWays ? [] : [1]]);
    await sim.run(12_000);
    expect(got).toEqual({ a: [2], b: [1] });
    expect(told(/^reconnect$/)).toContain('a reconnect');
    expect(sim.counts.get(name)).toBeGreaterThan(0);
  });

  it('with a corrupted frame are dropped, and nothing is lost', async () => {
    const { sim, a, got, told, faults } = await linked();
    expect(faults.corrupt('b', 'a')).toBe(1);
    a.send('b', 1);
    await sim.run(5000);
    a.send('b', 2);
    await sim.run(5000);
    expect(got.b).toEqual([1, 2]);
    expect(sim.counts.get('corrupt')).toBe(1);
    expect(told(/disconnect/)).toEqual([]);
  });
});

describe('ways', () => {
  it('that are clogged deliver later', async () => {
    const { sim, a, b, got, faults } = await linked();
    faults.clog('a', 'b', 3000);
    a.send('b', 1);
    b.send('a', 2);
    await sim.run(2900);
    expect(got).toEqual({ a: [2], b: [] });
    await sim.run(200);
    expect(got).toEqual({ a: [2], b: [1] });
    expect(sim.counts.get('clog')).toBe(1);
  });

  it('with little bandwidth take their time, and heartbeats still pass', async () => {
    const { sim, told, faults } = await linked();
    const [a, b] = [sim.server<Uint8Array>('c'), sim.server<Uint8Array>('d')];
    let arrived = 0;
    b.on('message', () => {
      arrived = sim.now;
    });
    await sim.until(a.connect('sim://d'));
    faults.limit('c', 'd', 100_000);
    const begun = sim.now;
    a.send('d', new Uint8Array(1_000_000));
    await sim.until(() => arrived > 0);
    expect(arrived - begun).toBeGreaterThan(9000);
    expect(arrived - begun).toBeLessThan(11_500);
    expect(told(/disconnect|reconnecting/)).toEqual([]);
    expect(sim.counts.get('bandwidth')).toBeGreaterThan(10);
    expect(sim.counts.get('full send buffer')).toBeGreaterThan(0);
  });

  it('with delay are slower, in that direction', async () => {
    const { sim, a, faults } = await linked();
    expect(await sim.until(a.ping('b'))).toBeLessThan(15);
    expect(sim.counts.has('delay')).toBe(false);
    faults.delay('b', 'a', 500, 600);
    const slow = await sim.until(a.ping('b'));
    expect(slow).toBeGreaterThan(500);
    expect(slow).toBeLessThan(615);
    expect(sim.counts.get('delay')).toBeGreaterThan(0);
    faults.heal('a', 'b');
    await sim.run(1000);
    const healed = sim.counts.get('delay') ?? 0;
    expect(await sim.until(a.ping('b'))).toBeLessThan(15);
    expect(sim.counts.get('delay')).toBe(healed);
    // However little it is.
    faults.delay('b', 'a', 6);
    await sim.until(a.ping('b'));
    expect(sim.counts.get('delay')).toBeGreaterThan(healed);
  });

  it.each([
    ['refuse', 'refuse', 'ERR_REFUSED'],
    ['blackHole', 'black hole', 'ERR_TIMEOUT'],
  ] as const)('%s dials from one side until told otherwise', async (method, name, code) => {
    const { sim, faults } = await linked();
    const c = sim.server('c', { reconnect: false });
    faults[method]('c', ['a', 'b']);
    await expect(sim.until(c.connect('sim://a'))).rejects.toMatchObject({ code });
    expect(sim.counts.get(name)).toBe(1);
    faults[method]('c', 'a', false);
    expect(await sim.until(c.connect('sim://a'))).toBe('a');
  });
});

it.each([false, true])('a server that moves (silently: %s) is found again', async (silent) => {
  const { sim, a, got, told, faults } = await linked();
  faults.move('b', { lag: 3000, silent });
  a.send('b', 1);
  await sim.run(30_000);
  expect(got.b).toEqual([1]);
  expect(told(/disconnect/)).toEqual([]);
  expect(sim.counts.get('address change')).toBeGreaterThan(0);
});

it('takes no numbers that are none', async () => {
  const { faults } = await linked();
  for (const wrong of [-1, Number.NaN]) {
    expect(() => faults.clog('a', 'b', wrong)).toThrow(RangeError);
    expect(() => faults.delay('a', 'b', wrong)).toThrow(RangeError);
    expect(() => faults.limit('a', 'b', wrong)).toThrow(RangeError);
    expect(() => faults.move('a', { lag: wrong })).toThrow(RangeError);
  }
  expect(() => faults.limit('a', 'b', 0)).toThrow(RangeError);
  expect(() => faults.delay('a', 'b', 5, 4)).toThrow(RangeError);
});
