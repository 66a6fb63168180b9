/** What the network does to bytes, dials and processes; and that every fault is counted when it was felt, never before. */
import { describe, expect, it } from 'vitest';
import { Agenda } from '../../src/testing/agenda.js';
import type { End } from '../../src/testing/end.js';
import { Network } from '../../src/testing/network.js';
import type { Process } from '../../src/testing/process.js';
import { Random } from '../../src/testing/random.js';
import type { Route } from '../../src/testing/route.js';
import type { Connection, ConnectionEvents } from '../../src/transports/transport.js';

/** Bytes that both systems hold of one direction. */
const SYSTEM = 64 * 1024;
const COUNTED = /^(split|coalesce)$/;

/** Hears one end, in lines of `what` or `what at time`. */
class Ear implements ConnectionEvents {
  readonly told: string[] = [];
  readonly bytes: number[] = [];
  readonly times: number[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  open(): void {
    this.told.push('open');
  }

  data(chunk: Uint8Array): void {
    this.bytes.push(...chunk);
    this.times.push(this.#now());
  }

  drain(): void {
    this.told.push('drain');
  }

  close(error: (Error & { code?: string }) | null): void {
    this.told.push(error === null ? 'end' : String(error.code));
  }
}

class Scene {
  readonly agenda = new Agenda();
  readonly network: Network;
  readonly a: Process;
  readonly b: Process;
  readonly accepted: { connection: Connection; ear: Ear }[] = [];

  constructor(seed = 1) {
    this.network = new Network(this.agenda, new Random(seed));
    this.a = this.network.process('a');
    this.b = this.network.process('b');
    this.listen(this.b);
  }

  listen(process: Process): void {
    process.listen('b', (connection) => {
      const ear = new Ear(() => this.agenda.now);
      this.accepted.push({ connection, ear });
      return ear;
    });
  }

  run(ms: number): void {
    const end = this.agenda.now + ms;
    while (this.agenda.next <= end) this.agenda.step();
    this.agenda.now = end;
  }

  dial(): { near: End; nearEar: Ear } {
    const nearEar = new Ear(() => this.agenda.now);
    return { near: this.a.dial('b', 'sim://b', nearEar), nearEar };
  }

  /** Both ends of a connection that is open. */
  pair() {
    const { near, nearEar } = this.dial();
    this.run(100);
    const { connection, ear } = this.accepted.at(-1) as Scene['accepted'][number];
    const [wire] = this.network.openWires();
    if (wire === undefined) throw new Error('no connection');
    return { near, nearEar, far: connection as End, farEar: ear, wire };
  }

  /** Faults felt so far. */
  felt(): Record<string, number> {
    return Object.fromEntries([...this.network.counts].filter(([name]) => !COUNTED.test(name)));
  }
}

const some = (count: number, from = 0): Uint8Array => Uint8Array.from({ length: count }, (_, index) => from + index);

describe('bytes', () => {
  it('come in order, in other portions than they were written', () => {
    const splits = new Set<string>();
    for (let seed = 0; seed < 50; seed++) {
      const scene = new Scene(seed);
      const { near, farEar } = scene.pair();
      near.write([some(3), some(4, 3)]);
      near.write([some(5, 7)]);
      scene.run(1000);
      expect(farEar.bytes).toEqual([...some(12)]);
      splits.add(farEar.times.length > 1 ? 'split' : 'whole');
      expect(scene.network.counts.get('coalesce')).toBeGreaterThan(0);
    }
    expect(splits.size).toBe(2);
  });

  it('ask the writer to wait when the systems are full, and tell when there is room', () => {
    const scene = new Scene();
    const { near, nearEar, farEar } = scene.pair();
    scene.b.pause.shut(scene.agenda.now + 5000);
    expect(near.write([new Uint8Array(SYSTEM)])).toBe(true);
    expect(near.write([new Uint8Array(10)])).toBe(false);
    expect(near.buffered).toBe(10);
    scene.run(4999);
    expect([nearEar.told, farEar.bytes.length]).toEqual([['open'], 0]);
    expect(scene.felt()).toEqual({ 'full send buffer': 1, pause: 1 });
    scene.run(1000);
    expect(nearEar.told).toEqual(['open', 'drain']);
    expect(farEar.bytes).toHaveLength(SYSTEM + 10);
    expect(near.buffered).toBe(0);
  });

  it('pass no faster than the way allows, shared by all connections', () => {
    const scene = new Scene();
    const pairs = [scene.pair(), scene.pair()];
    scene.network.limit('a', 'b', 10_000);
    const begun = scene.agenda.now;
    for (const { near } of pairs) near.write([new Uint8Array(20_000)]);
    for (const { far } of pairs) far.write([new Uint8Array(20_000)]);
    scene.run(100);
    // The way back is as it was.
    expect(pairs.map(({ nearEar }) => nearEar.bytes.length)).toEqual([20_000, 20_000]);
    scene.run(1900);
    const half = pairs.reduce((sum, { farEar }) => sum + farEar.bytes.length, 0);
    expect(half).toBeGreaterThan(18_000);
    expect(half).toBeLessThan(22_000);
    scene.run(2200);
    expect(pairs.map(({ farEar }) => farEar.bytes.length)).toEqual([20_000, 20_000]);
    const last = Math.max(...pairs.map(({ farEar }) => farEar.times.at(-1) ?? 0));
    expect(last - begun).toBeGreaterThan(3800);
    expect(scene.felt().bandwidth).toBeGreaterThan(1);
  });

  it.each<[string, (network: Network) => void]>([
    ['healed', (network) => network.heal('b', 'a')],
    ['limited no more', (network) => network.limit('a', 'b', Number.POSITIVE_INFINITY)],
  ])('that wait for bandwidth go on when the way is %s', (_, better) => {
    const scene = new Scene();
    const pairs = [scene.pair(), scene.pair()];
    scene.network.limit('a', 'b', 10);
    for (const { near } of pairs) near.write([new Uint8Array(2000)]);
    scene.run(1000);
    const some = pairs.reduce((sum, { farEar }) => sum + farEar.bytes.length, 0);
    expect(some).toBeLessThan(2000);
    better(scene.network);
    scene.run(500);
    expect(pairs.map(({ farEar }) => farEar.bytes.length)).toEqual([2000, 2000]);
  });

  it('take as long as they are told to', () => {
    const scene = new Scene();
    const { near, far, nearEar, farEar } = scene.pair();
    scene.network.delay('a', 'b', { min: 300, max: 400 });
    const begun = scene.agenda.now;
    near.write([some(1)]);
    far.write([some(1)]);
    scene.run(1000);
    expect((farEar.times[0] ?? 0) - begun).toBeGreaterThanOrEqual(300);
    expect((farEar.times[0] ?? 0) - begun).toBeLessThanOrEqual(400);
    expect((nearEar.times[0] ?? 0) - begun).toBeLessThanOrEqual(20);
    expect(scene.felt()).toEqual({ delay: 1 });
  });

  it('are delayed where a way is told how long it takes, or where the weather is not as usual', () => {
    const latencies = (change: (network: Network, route: Route) => void): number | undefined => {
      const network = new Network(new Agenda(), new Random(1), 30, 50);
      const route = network.route('a', 'b');
      change(network, route);
      for (let i = 0; i < 10; i++) network.latency(route);
      return network.counts.get('delay');
    };
    expect(latencies(() => undefined)).toBeUndefined();
    expect(latencies((_, route) => (route.latency = { min: 1, max: 1 }))).toBe(10);
    expect(latencies(({ weather }) => Object.assign(weather, { minDelay: 51, maxDelay: 60 }))).toBe(10);
  });

  it('of a control frame arrive as another kind', () => {
    const scene = new Scene();
    const { near, farEar } = scene.pair();
    near.out.corruptSoon();
    near.write([Uint8Array.of(5, 0xf4)]);
    expect(scene.felt()).toEqual({});
    near.write([Uint8Array.of(0xf4, 1)]);
    near.write([Uint8Array.of(0xf4, 2)]);
    scene.run(500);
    const [five, data, kind, ...rest] = farEar.bytes;
    expect([five, data]).toEqual([5, 0xf4]);
    expect(kind).not.toBe(0xf4);
    expect(kind).toBeGreaterThanOrEqual(0xf2);
    expect(rest).toEqual([1, 0xf4, 2]);
    expect(scene.felt()).toEqual({ corrupt: 1 });
  });
});

describe('ways', () => {
  it.each([
    ['both ways', true, 'partition'],
    ['one way', false, 'one-way partition'],
  ])('parted %s: nothing is lost, dials go unanswered until it is healed', (_, both, name) => {
    const scene = new Scene();
    const { near, far, nearEar, farEar } = scene.pair();
    scene.network.partition('a', 'b');
    if (both) scene.network.partition('b', 'a');
    near.write([some(3)]);
    far.write([some(2)]);
    const late = scene.dial();
    scene.run(60_000);
    expect([farEar.bytes.length, nearEar.bytes.length]).toEqual([0, both ? 0 : 2]);
    expect(late.nearEar.told).toEqual([]);
    expect(scene.felt()).toEqual({ [name]: both ? 3 : 2 });
    scene.network.heal('a', 'b');
    scene.run(64_000);
    expect([farEar.bytes.length, nearEar.bytes.length]).toEqual([3, 2]);
    expect(late.nearEar.told).toEqual(['open']);
  });

  it('that stay parted fail a dial at last', () => {
    const scene = new Scene();
    scene.network.partition('b', 'a');
    const { nearEar } = scene.dial();
    scene.run(200_000);
    expect(nearEar.told).toEqual(['ERR_TIMEOUT']);
  });

  it('clogged hold bytes back for a while, in that direction', () => {
    const scene = new Scene();
    const { near, far, nearEar, farEar } = scene.pair();
    scene.network.clog('a', 'b', 3000);
    near.write([some(3)]);
    far.write([some(2)]);
    scene.run(2990);
    expect([farEar.bytes.length, nearEar.bytes.length]).toEqual([0, 2]);
    scene.run(500);
    expect(farEar.bytes).toHaveLength(3);
    expect(scene.felt()).toEqual({ clog: 1 });
  });

  it('swallow or refuse dials, and do neither to connections', () => {
    const scene = new Scene();
    const { near, farEar } = scene.pair();
    const route = scene.network.route('a', 'b');
    route.refuses = true;
    const refused = scene.dial();
    scene.run(1000);
    expect(refused.nearEar.told).toEqual(['ERR_REFUSED']);
    route.refuses = false;
    route.swallows = true;
    const swallowed = scene.dial();
    near.write([some(1)]);
    scene.run(1000);
    expect(swallowed.nearEar.told).toEqual([]);
    expect(farEar.bytes).toHaveLength(1);
    expect(scene.felt()).toEqual({ refuse: 1, 'black hole': 1 });
  });
});

describe('connections', () => {
  it('that are reset lose what is under way, and both ends hear of it', () => {
    const scene = new Scene();
    const { near, nearEar, farEar, wire } = scene.pair();
    near.write([some(9)]);
    scene.network.reset(wire);
    scene.run(100);
    expect([nearEar.told, farEar.told, farEar.bytes]).toEqual([
      ['open', 'ERR_CONNECTION_LOST'],
      ['ERR_CONNECTION_LOST'],
      [],
    ]);
    expect(scene.network.openWires()).toEqual([]);
    expect(scene.felt()).toEqual({ reset: 1 });
    // There is nothing left to break.
    scene.network.reset(wire);
    scene.run(100);
    expect(scene.felt()).toEqual({ reset: 1 });
  });

  it('that are ended deliver what was written before', () => {
    const scene = new Scene();
    const { near, nearEar, farEar, wire } = scene.pair();
    near.write([some(9)]);
    scene.network.close(wire);
    scene.run(500);
    expect([nearEar.told, farEar.told, farEar.bytes.length]).toEqual([['open', 'end'], ['end'], 9]);
    expect(scene.felt()).toEqual({ 'orderly close': 1 });
  });

  it('that one side ends are over for the other when the system has all that it wrote', () => {
    const scene = new Scene();
    const { near, far, nearEar, farEar } = scene.pair();
    scene.network.limit('b', 'a', 10_000);
    far.write([new Uint8Array(SYSTEM + 30_000)]);
    near.end();
    scene.run(2500);
    expect([farEar.told, far.buffered > 0]).toEqual([[], true]);
    scene.run(2500);
    expect([farEar.told, nearEar.told]).toEqual([['end'], ['open']]);
    scene.run(10_000);
    expect([nearEar.told, nearEar.bytes.length]).toEqual([['open', 'end'], SYSTEM + 30_000]);
  });

  it.each([
    ['one way', false],
    ['both ways', true],
  ])('half-open %s swallow what is written there, then the writer waits for ever', (name, both) => {
    const scene = new Scene();
    const { near, far, nearEar, farEar, wire } = scene.pair();
    scene.network.halfOpen(...(both ? wire.ends : [near]));
    scene.run(1000);
    expect(scene.felt()).toEqual({});
    expect(near.write([new Uint8Array(SYSTEM + 1)])).toBe(false);
    far.write([some(2)]);
    near.end();
    scene.run(100_000);
    expect([farEar.bytes.length, nearEar.bytes.length]).toEqual([0, both ? 0 : 2]);
    expect([nearEar.told, farEar.told]).toEqual([['open'], []]);
    expect(scene.felt()).toEqual({ 'full send buffer': 1, [`half-open ${name}`]: both ? 2 : 1 });
  });

  it('that one side has forgotten are reset when the other writes', () => {
    const scene = new Scene();
    const { near, nearEar, far, farEar } = scene.pair();
    scene.network.partition('a', 'b');
    near.destroy();
    scene.run(5000);
    // The reset was lost, and nobody says it twice unasked.
    scene.network.heal('a', 'b');
    scene.run(5000);
    expect([nearEar.told, farEar.told]).toEqual([['open', 'end'], []]);
    far.write([some(1)]);
    scene.run(100);
    expect(farEar.told).toEqual(['ERR_CONNECTION_LOST']);
  });
});

describe('processes', () => {
  it('that crash leave their peers a reset, and nobody who listens', () => {
    const scene = new Scene();
    const { nearEar } = scene.pair();
    scene.b.crash(false);
    const { nearEar: again } = scene.dial();
    scene.run(100);
    expect([nearEar.told, again.told]).toEqual([['open', 'ERR_CONNECTION_LOST'], ['ERR_REFUSED']]);
    const restarted = scene.network.process('b');
    scene.listen(restarted);
    scene.pair();
    expect(scene.felt()).toEqual({ crash: 1 });
  });

  it('that vanish with their machine leave silence', () => {
    const scene = new Scene();
    const { near, nearEar, farEar } = scene.pair();
    scene.b.crash(true);
    near.write([new Uint8Array(SYSTEM + 1)]);
    scene.run(100_000);
    // Nobody takes its bytes either.
    expect([nearEar.told, near.buffered]).toEqual([['open'], 1]);
    expect(farEar.told).toEqual(['ERR_CONNECTION_LOST']);
    expect(scene.felt()).toEqual({ crash: 1, 'full send buffer': 1 });
  });

  it('that are stopped hear everything later, in order', () => {
    const scene = new Scene();
    const first = scene.pair();
    scene.b.pause.shut(scene.agenda.now + 10_000);
    const { near, nearEar } = scene.dial();
    near.write([some(3)]);
    near.end();
    first.near.write([some(2)]);
    scene.run(9990);
    // Its system takes the connection and the bytes; it does not.
    expect([nearEar.told, scene.accepted.length, first.farEar.bytes]).toEqual([['open'], 1, []]);
    scene.run(100);
    expect(scene.accepted[1]?.ear.bytes).toEqual([...some(3)]);
    expect(scene.accepted[1]?.ear.told).toEqual(['end']);
    expect(first.farEar.bytes).toHaveLength(2);
    expect(nearEar.told).toEqual(['open', 'end']);
  });
});

describe('a host that moves', () => {
  it.each([
    ['refuse', 'reset', ['ERR_CONNECTION_LOST'], ['ERR_REFUSED']],
    ['black hole', 'silent', [], []],
  ] as const)('%s at the old address, %s connections', (stale, connections, lost, told) => {
    const scene = new Scene();
    const { near, nearEar } = scene.pair();
    scene.network.move('b', 2000, stale, connections);
    near.write([some(1)]);
    const { nearEar: early } = scene.dial();
    scene.run(1000);
    expect([nearEar.told, early.told]).toEqual([['open', ...lost], told]);
    expect([scene.felt()['address change'], scene.felt().reset]).toEqual([2, undefined]);
    scene.run(1001);
    const { nearEar: late } = scene.dial();
    scene.run(100);
    expect(late.told).toEqual(['open']);
    // It dials from its new address.
    scene.a.listen('a', (connection) => {
      expect(connection.remote).toBe('sim://b~1');
      return new Ear(() => 0);
    });
    scene.b.dial('a', 'sim://a', new Ear(() => 0));
    scene.run(100);
    expect.assertions(4);
  });
});

it('is the same for the same seed', () => {
  const run = (seed: number): unknown => {
    const scene = new Scene(seed);
    const { near, farEar } = scene.pair();
    for (let i = 0; i < 20; i++) near.write([some(100)]);
    scene.run(1000);
    return [farEar.times, [...scene.network.counts]];
  };
  expect(run(1)).toEqual(run(1));
  expect(run(1)).not.toEqual(run(2));
});
