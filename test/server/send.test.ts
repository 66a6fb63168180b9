/** send(), deliver(), flush(): acceptance, room, order, receipt. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { MasterlessError, type Server } from '../../src/index.js';
import { Simulation } from '../../src/testing/simulation.js';
import { eventually, heard, Log, packets, pass, within } from '../support/events.js';
import { linked, listening, node, proxied } from '../support/nodes.js';

const KiB = 1024;
const MiB = 1024 * KiB;

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return within(
    promise.then(
      () => 'resolved',
      (error: unknown) => (error instanceof MasterlessError ? error.code : String(error)),
    ),
    'a settled promise',
  );
}

describe('send', () => {
  it('carries all that msgpack can, once and in order, and to the right node', async () => {
    const { a, b } = await linked();
    const sent = [
      null,
      true,
      0,
      -1,
      1.5,
      2 ** 40,
      'ü',
      '',
      [],
      {},
      [1, [2]],
      { a: { b: [null] } },
      new Uint8Array([1]),
    ];
    const heardBy: [string, unknown][] = [];
    b.on('message', (sender, packet) => heardBy.push([sender, packet]));
    for (const packet of sent) expect(a.send('b', packet)).toBe(true);
    await a.flush('b');
    expect(heardBy.map(([sender]) => sender)).toEqual(sent.map(() => 'a'));
    expect(heardBy.map(([, packet]) => packet)).toEqual(sent);
  });

  it('keeps the packet as it was when it was sent', async () => {
    const { a, b } = await linked();
    const heardBy = packets(b);
    const packet = { n: 1 };
    a.send('b', packet);
    packet.n = 2;
    a.send('b', packet);
    await a.flush();
    expect(heardBy).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('refuses what is no packet, at once, and goes on', async () => {
    const { a, b } = await linked();
    const heardBy = packets(b);
    expect(() => a.send('b', () => 1)).toThrow(expect.objectContaining({ code: 'ERR_PACKET', side: 'local' }));
    expect(() => a.send('b', { deep: [Symbol('x')] })).toThrow(/deep/);
    for (const id of ['', 'x'.repeat(256), '\ud800']) {
      expect(() => a.send(id, 1)).toThrow(expect.objectContaining({ code: 'ERR_ID' }));
    }
    expect(() => a.send(['b', ''], 1)).toThrow(expect.objectContaining({ code: 'ERR_ID' }));
    expect(() => a.send(5 as unknown as string, 1)).toThrow(expect.objectContaining({ code: 'ERR_ID' }));
    await a.deliver('b', 'good');
    expect(heardBy).toEqual(['good']);
  });

  it('writable asks for no more than can be sent at all', async () => {
    const { a, b } = await linked({ a: { maxPacket: 2000 }, b: { maxPacket: 512 } });
    expect([a.writable('b'), b.writable('a')]).toEqual([true, true]);
    expect([a.writable('b', 512), a.writable('b', 513), b.writable('a', 512), b.writable('a', 513)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it.each<[string, (a: Server) => boolean]>([
    ['refused', (a) => a.send('b', new Uint8Array(2500))],
    ['found to have no room', (a) => a.writable('b', 2500)],
    ['refused in a list', (a) => a.send(['b'], new Uint8Array(2500)) > 0],
  ])('that was %s is told of room as soon as the peer has had what was before: it asks', async (_what, tried) => {
    const sim = new Simulation({ seed: 1, latency: [1, 1] });
    const [a, b] = ['a', 'b'].map((id) => sim.server(id, { window: 4096 })) as [Server, Server];
    b.on('message', () => undefined);
    await sim.until(a.connect('sim://b'));
    // The first of a link is acknowledged at once.
    await sim.until(a.deliver('b', 0));
    a.send('b', new Uint8Array(1500));
    await sim.run(10);
    const drained = heard(a, 'drain');
    expect(tried(a)).toBe(false);
    const begun = sim.now;
    await sim.until(drained);
    expect(sim.now - begun).toBeLessThan(10);
    await sim.close();
  });

  it('is false when the window is full; drain tells when to go on; writable knows before', async () => {
    const { a, b } = await linked({ a: { window: 64 * KiB } });
    const packet = 'x'.repeat(10 * KiB);
    expect(a.writable('b')).toBe(true);
    let accepted = 0;
    while (a.send('b', packet)) accepted++;
    expect(accepted).toBe(6);
    expect(a.writable('b', 10 * KiB)).toBe(false);
    expect(a.writable('b', 100)).toBe(true);
    expect(a.writable('c')).toBe(false);
    const drained = heard(a, 'drain');
    const heardBy = packets(b);
    expect(await drained).toEqual(['b']);
    expect(a.send('b', packet)).toBe(true);
    await a.flush();
    expect(heardBy.length).toBe(accepted + 1);
  });

  it("heeds the other side's window too", async () => {
    const { a, b } = await linked({ b: { window: 32 * KiB } });
    let accepted = 0;
    while (a.send('b', 'x'.repeat(10 * KiB))) accepted++;
    expect(accepted).toBe(3);
    packets(b);
    await heard(a, 'drain');
  });

  it('to one that reads goes on, whatever others that do not read have filled', async () => {
    const sim = new Simulation();
    const hub = sim.server('hub', { window: 256 * KiB, totalWindow: MiB });
    const others = Array.from({ length: 5 }, (_, i) => sim.server(`deaf ${i}`));
    const reader = sim.server('reader');
    const got = packets(reader);
    for (const each of [...others, reader]) await sim.until(each.connect('sim://hub'));
    await sim.run(100);
    for (const { id } of others) while (hub.send(id, Buffer.alloc(10 * KiB)));
    for (let i = 0; i < 100; i++) {
      while (!hub.send('reader', Buffer.alloc(KiB))) await sim.until(heard(hub, 'drain', (id) => id === 'reader'));
    }
    await sim.until(() => got.length === 100);
    await sim.close();
  });

  it('heeds the window of all peers together', async () => {
    const { node: b, uri: first } = await listening('b');
    const { node: c, uri: second } = await listening('c');
    const a = node('a', { listen: [], totalWindow: 64 * KiB });
    await Promise.all([a.connect(first), a.connect(second)]);
    let accepted = 0;
    while (a.send('b', 'x'.repeat(10 * KiB))) accepted++;
    expect(accepted).toBe(6);
    expect(a.send('c', 'x'.repeat(10 * KiB))).toBe(false);
    packets(b);
    packets(c);
    await heard(a, 'drain', (id) => id === 'c');
    expect(a.send('c', 'x'.repeat(10 * KiB))).toBe(true);
  });

  it('urgent packets pass ahead of a backlog, once and in order among themselves', async () => {
    const { a, b, proxy } = await proxied({ a: { heartbeat: 100 }, b: { heartbeat: 100 } });
    proxy.rate = 20 * MiB;
    const order: string[] = [];
    b.on('message', (_sender, packet) => order.push(typeof packet === 'string' ? packet : 'bulk'));
    for (let i = 0; i < 60; i++) expect(a.send('b', Buffer.alloc(128 * KiB))).toBe(true);
    for (let i = 0; i < 10; i++) expect(a.send('b', `urgent ${i}`, { urgent: true })).toBe(true);
    await a.flush('b');
    expect(order.length).toBe(70);
    expect(order.filter((each) => each !== 'bulk')).toEqual(Array.from({ length: 10 }, (_, i) => `urgent ${i}`));
    // Behind what the system and the proxy already held at most.
    expect(order.indexOf('urgent 0')).toBeLessThan(30);
  });

  it.each(['one', 'list'])(
    'an urgent packet that was refused has its turn while calls of deliver wait: %s',
    async (to) => {
      const sim = new Simulation();
      const [a, b] = [sim.server('a', { window: 16 * KiB }), sim.server('b')];
      await sim.until(a.connect('sim://b'));
      const got = packets(b);
      // Always some that wait for room.
      const keepOn = (): void => void a.deliver('b', 'x'.repeat(KiB)).then(keepOn, () => undefined);
      for (let i = 0; i < 100; i++) keepOn();
      const target = to === 'one' ? 'b' : ['b'];
      while (a.send(target, 'urgent', { urgent: true }));
      await sim.until(heard(a, 'drain'));
      expect(a.send('b', 'now', { urgent: true })).toBe(true);
      expect(a.send('b', 'not urgent')).toBe(false);
      await sim.until(() => got.includes('now'));
      await sim.close();
    },
  );

  it('an urgent packet has at most 128 KiB', async () => {
    const { a, b } = await linked();
    packets(b);
    await a.deliver('b', Buffer.alloc(127 * KiB), { urgent: true });
    expect(() => a.send('b', Buffer.alloc(128 * KiB), { urgent: true })).toThrow(
      expect.objectContaining({ code: 'ERR_PACKET_TOO_LARGE' }),
    );
  });
});

describe('large packets', () => {
  it('64 MiB arrive whole', async () => {
    const { a, b } = await linked<Uint8Array>();
    const large = Buffer.alloc(64 * MiB - 16);
    for (let i = 0; i < large.length; i += 4096) large.writeUInt32LE(i, i);
    const arrived = heard(b, 'message', undefined, 30_000);
    expect(a.send('b', large)).toBe(true);
    const [sender, packet] = await arrived;
    expect(sender).toBe('a');
    expect(Buffer.compare(packet, large)).toBe(0);
  });

  it('over a slow line delay no sign of life: no disconnect, no suspicion', async () => {
    // 16 MiB at 8 MiB/s take eight times the timeout.
    const options = { heartbeat: 50, timeout: 250, stallTimeout: 1000 };
    const { a, b, proxy } = await proxied<Uint8Array | string>({ a: options, b: options });
    proxy.rate = 8 * MiB;
    const [aLog, bLog] = [new Log(a), new Log(b)];
    const [atA, atB] = [packets(a), packets(b)];
    const large = Buffer.alloc(16 * MiB - 64, 7);
    const delivered = a.deliver('b', large);
    const small = setInterval(() => void b.send('a', 'small'), 100);
    await heard(b, 'message');
    const meanwhile = atA.length;
    clearInterval(small);
    await within(delivered, 'the large packet');
    // Not toEqual, which takes minutes for so many bytes.
    expect(Buffer.compare(atB[0] as Uint8Array, large)).toBe(0);
    expect(meanwhile).toBeGreaterThan(5);
    expect([...aLog.names, ...bLog.names]).toEqual([]);
    expect(proxy.connections).toBe(1);
  });

  it('above maxPacket are refused, above the other side’s too', async () => {
    const { a, b } = await linked({ a: { maxPacket: MiB }, b: { maxPacket: 64 * KiB } });
    const heardBy = packets(b);
    expect(() => a.send('b', Buffer.alloc(2 * MiB))).toThrow(
      expect.objectContaining({ code: 'ERR_PACKET_TOO_LARGE', side: 'local' }),
    );
    // What another takes is its doing: nothing is thrown at whoever answers it.
    const faults: [string, MasterlessError][] = [];
    a.on('fault', (remote, error) => faults.push([remote, error]));
    await a.deliver('b', Buffer.alloc(64 * KiB - 5));
    for (const packet of [Buffer.alloc(65 * KiB), 'x'.repeat(65 * KiB)]) expect(a.send('b', packet)).toBe(false);
    expect(faults.map(([remote, { code, side }]) => [remote, code, side])).toEqual(
      Array(2).fill(['b', 'ERR_LIMIT', 'remote']),
    );
    expect(faults[0]?.[1].message).toMatch(/b takes 65536: .* raise maxPacket there/);
    await expect(a.deliver('b', Buffer.alloc(65 * KiB))).rejects.toMatchObject({ code: 'ERR_LIMIT', uncertain: false });
    expect(a.writable('b', 65 * KiB)).toBe(false);
    await a.deliver('b', 'small');
    expect(heardBy.length).toBe(2);
  });

  it('above what one of several takes go to the others', async () => {
    const { node: hub, uri } = await listening('hub');
    const takers = ['small', 'large'].map((id) => node(id, { listen: [], maxPacket: id === 'small' ? KiB : MiB }));
    for (const taker of takers) {
      const connected = once(hub, 'connect');
      await taker.connect(uri);
      await connected;
    }
    const [atSmall, atLarge] = takers.map((taker) => packets(taker)) as [unknown[], unknown[]];
    const faults: unknown[] = [];
    hub.on('fault', (remote, { code }) => {
      faults.push([remote, code]);
      // Is encoded where the one that is being sent was.
      hub.send([remote], 'both');
    });
    expect(hub.send(['small', 'large', 'small'], 'x'.repeat(2 * KiB))).toBe(1);
    expect(faults).toEqual([['small', 'ERR_LIMIT']]);
    expect(hub.send(['large'], 'both')).toBe(1);
    await hub.flush();
    expect([atSmall, atLarge.map((text) => (text as string).length)]).toEqual([['both'], [2 * KiB, 4]]);
    expect(() => hub.send(['large'], Buffer.alloc(65 * MiB))).toThrow(
      expect.objectContaining({ code: 'ERR_PACKET_TOO_LARGE' }),
    );
  });

  it('that are larger than the window go alone', async () => {
    const { a, b } = await linked<Uint8Array>({ a: { window: 64 * KiB }, b: { window: 64 * KiB } });
    const heardBy = packets(b);
    await a.deliver('b', Buffer.alloc(MiB));
    expect(heardBy[0]?.length).toBe(MiB);
    await Promise.all([a.deliver('b', Buffer.alloc(MiB)), a.deliver('b', Buffer.alloc(2 * MiB))]);
    expect(heardBy.map((packet) => packet.length)).toEqual([MiB, MiB, 2 * MiB]);
  });
});

describe('deliver', () => {
  it('resolves when the application has had it, and not before', async () => {
    const { a, b } = await linked();
    let done = false;
    const promise = a.deliver('b', 1).then(() => {
      done = true;
    });
    await pass(60);
    expect(done).toBe(false);
    let had = 0;
    b.on('message', () => {
      expect(done).toBe(false);
      had++;
    });
    await within(promise, 'delivery');
    expect(had).toBe(1);
  });

  it('waits for room, in the order of the calls; send does not overtake', async () => {
    const { a, b } = await linked<unknown[]>({ a: { window: 16 * KiB } });
    const packet = (n: number): [number, string] => [n, 'x'.repeat(7 * KiB)];
    const promises = Array.from({ length: 20 }, (_, n) => a.deliver('b', packet(n)));
    expect(a.send('b', ['small'])).toBe(false);
    expect(a.writable('b', 1)).toBe(false);
    const order: unknown[] = [];
    b.on('message', (_sender, [n]) => void order.push(n));
    await within(Promise.all(promises), 'all deliveries');
    expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n));
    await eventually(() => a.send('b', ['small']), 'room for others');
  });

  it('rejects for a stranger: ERR_UNKNOWN_PEER', async () => {
    expect(await codeOf(node('a').deliver('nobody', 1))).toBe('ERR_UNKNOWN_PEER');
    expect(await codeOf(node('a2').flush('nobody'))).toBe('ERR_UNKNOWN_PEER');
    expect(await codeOf(node('a3').flush())).toBe('resolved');
  });

  it('rejects when the session ends without it: ERR_UNDELIVERED, and says what is known', async () => {
    const { a, b, proxy } = await proxied({ a: { window: 16 * KiB, reconnect: 0 }, b: { resumeWindow: 0 } });
    const log = new Log(a);
    const sent = a.deliver('b', 'x'.repeat(15 * KiB));
    const waiting = a.deliver('b', 'y'.repeat(15 * KiB));
    // It has left, and nobody at b has taken it.
    await a.ping('b');
    const gone = heard(a, 'disconnect');
    proxy.refuse = true;
    proxy.break('reset');
    expect(await gone).toEqual(['b', 'unreachable']);
    const [first, second] = await Promise.allSettled([sent, waiting]);
    expect(first).toMatchObject({ reason: { code: 'ERR_UNDELIVERED' } });
    expect(String((first as PromiseRejectedResult).reason)).toContain('may have arrived');
    expect(second).toMatchObject({ reason: { code: 'ERR_UNDELIVERED' } });
    expect(String((second as PromiseRejectedResult).reason)).toContain('not sent');
    // The one that waited for room was never accepted: its promise alone tells of it.
    expect(log.of('undelivered')).toEqual([['b', { uncertain: ['x'.repeat(15 * KiB)], unsent: [] }]]);
    expect(log.names.slice(-2)).toEqual(['undelivered', 'disconnect']);
    expect(b.id).toBe('b');
  });

  it('rejects when its signal aborts: before, while it waits for room, and while it is on its way', async () => {
    const { a, b } = await linked({ a: { window: 16 * KiB } });
    expect(await codeOf(a.deliver('b', 1, { signal: AbortSignal.abort() }))).toBe('ERR_ABORTED');
    const onTheWay = new AbortController();
    const first = a.deliver('b', 'x'.repeat(15 * KiB), { signal: onTheWay.signal });
    const waiting = new AbortController();
    const second = a.deliver('b', 'y'.repeat(15 * KiB), { signal: waiting.signal });
    const third = a.deliver('b', 'z');
    waiting.abort();
    expect(await codeOf(second)).toBe('ERR_ABORTED');
    onTheWay.abort();
    expect(await codeOf(first)).toBe('ERR_ABORTED');
    const heardBy = packets(b);
    await within(third, 'the third');
    expect(heardBy).toEqual(['x'.repeat(15 * KiB), 'z']);
  });

  it('with a signal that is never used waits for room like others', async () => {
    const { a, b } = await linked({ a: { window: 16 * KiB } });
    const { signal } = new AbortController();
    const first = a.deliver('b', 'x'.repeat(15 * KiB), { signal });
    const second = a.deliver('b', 'y'.repeat(15 * KiB), { signal });
    const heardBy = packets(b);
    await within(Promise.all([first, second, a.flush('b', { signal })]), 'both');
    expect(heardBy.length).toBe(2);
    const fresh = a.deliver('b', 'z'.repeat(15 * KiB), { signal });
    const waiting = a.deliver('b', 'z'.repeat(15 * KiB), { signal });
    const closed = a.close();
    expect(await Promise.all([codeOf(fresh), codeOf(waiting)])).toEqual(['resolved', 'ERR_UNDELIVERED']);
    await closed;
  });

  it('holds at most limits.deliveries calls per peer: ERR_LIMIT', async () => {
    const { a } = await linked({ a: { window: 1024, limits: { deliveries: 3 } } });
    const calls = Array.from({ length: 5 }, () => a.deliver('b', 'x'.repeat(800)));
    expect(await codeOf(calls[4] as Promise<void>)).toBe('ERR_LIMIT');
    void a.close();
    expect(await Promise.all(calls.slice(0, 4).map(codeOf))).toEqual(Array(4).fill('ERR_UNDELIVERED'));
  });

  it('may be ignored', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    try {
      const a = node('a');
      void a.deliver('nobody', 1);
      void a.flush('nobody');
      void a.ping('nobody');
      await pass(10);
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});

describe('flush', () => {
  it('resolves when all that was accepted was had, for one or for all', async () => {
    const { a, b } = await linked();
    for (let i = 0; i < 100; i++) a.send('b', i);
    let flushed = false;
    const promise = a.flush().then(() => {
      flushed = true;
    });
    await pass(50);
    expect(flushed).toBe(false);
    const heardBy = packets(b);
    await within(promise, 'flush');
    expect(heardBy.length).toBe(100);
    await a.flush('b');
  });

  it('does not wait for what was sent after it', async () => {
    const { a, b } = await linked();
    const read = b.messages();
    a.send('b', 1);
    const flushed = a.flush('b');
    a.send('b', 2);
    expect((await read.next()).value?.packet).toBe(1);
    await within(flushed, 'flush');
  });

  it('can be given up', async () => {
    const { a } = await linked();
    a.send('b', 1);
    const controller = new AbortController();
    const flushed = a.flush('b', { signal: controller.signal });
    controller.abort();
    expect(await codeOf(flushed)).toBe('ERR_ABORTED');
  });

  it('is not begun with a signal that has aborted', async () => {
    const { a } = await linked();
    a.send('b', 1);
    for (const id of ['b', undefined]) {
      expect(await codeOf(a.flush(id, { signal: AbortSignal.abort() }))).toBe('ERR_ABORTED');
    }
  });
});

describe('writable', () => {
  it('is not where a packet of that size would be refused whatever the room, and no drain will tell otherwise', async () => {
    const { a } = await linked({ a: { maxPacket: 64 * KiB }, b: { maxPacket: 32 * KiB } });
    expect([a.writable('b', 32 * KiB), a.writable('b', 32 * KiB + 1), a.writable('b', 1e9)]).toEqual([
      true,
      false,
      false,
    ]);
    expect([a.writable('b', 0), a.writable('b', Number.POSITIVE_INFINITY)]).toEqual([true, false]);
  });
});

describe('ping', () => {
  it('measures the way there and back', async () => {
    const { a, b, proxy } = await proxied();
    proxy.delay = 50;
    expect(await a.ping('b')).toBeGreaterThanOrEqual(90);
    expect(await b.ping('a')).toBeGreaterThanOrEqual(90);
  });

  it('rejects for strangers, for lost links, and when given up', async () => {
    const { a, proxy } = await proxied();
    expect(await codeOf(a.ping('nobody'))).toBe('ERR_UNKNOWN_PEER');
    proxy.delay = 10_000;
    expect(await codeOf(a.ping('b', { signal: AbortSignal.timeout(20) }))).toBe('ERR_ABORTED');
    const ping = a.ping('b');
    proxy.delay = 0;
    proxy.break('reset');
    expect(await codeOf(ping)).toBe('ERR_CONNECTION_LOST');
  });
});
