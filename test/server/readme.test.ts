/** What the README of the original promised, word for word. */
import { describe, expect, it } from 'vitest';
import { msgpack } from '../../src/codec/msgpack.js';
import { Server } from '../../src/index.js';
import { tcp } from '../../src/transports/tcp.js';
import { counting } from '../support/counting.js';
import { eventually, heard, Log, packets, pass, within } from '../support/events.js';
import { atEnd, listening, node } from '../support/nodes.js';

interface Counter {
  type: string;
  total: number;
}

describe('the examples', () => {
  it('the counter counts, and does not stop', async () => {
    const left = node<Counter>('e4663c9c3f9a89112afc48389a951e09');
    const right = node<Counter>('b073a8ee09e1daca57e9d54a5efe5684');
    const hundreds: number[] = [];
    const enough = new Promise<void>((resolve) => {
      left.on('listening', function (info) {
        expect(this).toBe(left);
        void right.connect(info);
      });
      right.on('connect', function (id) {
        expect(this).toBe(right);
        expect(right.send(id, { type: 'counter', total: 0 })).toBe(true);
      });
      const onmessage = function (this: Server<Counter>, sender: string, packet: Counter): void {
        if (packet.type !== 'counter') throw new Error('unknown packet');
        if (packet.total % 100 === 0) hundreds.push(packet.total);
        if (packet.total === 1000) resolve();
        else this.send(sender, { type: 'counter', total: packet.total + 1 });
      };
      left.on('message', onmessage);
      right.on('message', onmessage);
    });
    await within(enough, 'counting to 1000');
    expect(hundreds).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
  });

  it('a server takes a port', async () => {
    const { node: first, uri } = await listening('first');
    const port = Number(new URL(uri).port);
    await first.close();
    const { uri: same } = await listening('67d2cb3db178bc5ca7d9f7157e3119aa', { port });
    expect(same).toBe(uri);
  });

  it('info() is null before the node listens, then what the event told, then null', async () => {
    const a = node('a');
    expect(a.info()).toBeNull();
    const [info] = await heard(a, 'listening');
    expect(info).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    expect(a.info()).toBe(info);
    await a.close();
    expect(a.info()).toBeNull();
  });

  it('connect(info()) keeps the node', async () => {
    const { node: b, uri } = await listening('b');
    const a = node('a');
    await a.connect(uri);
    expect(a.isKept('b')).toBe(true);
    expect(b.isKept('a')).toBe(false);
    expect(a.connections()).toEqual(['b']);
  });

  it('close(callback) calls back once, when all is closed', async () => {
    const { node: a } = await listening('a');
    const { node: b, uri } = await listening('b');
    await a.connect(uri);
    const log = new Log(a);
    let calls = 0;
    await within(new Promise<void>((resolve) => void a.close(() => resolve(void calls++))), 'the callback');
    expect(log.names).toEqual(['disconnect', 'close']);
    expect(log.of('disconnect')).toEqual([['b', 'local']]);
    await pass(5);
    expect(calls).toBe(1);
    await eventually(() => b.connections().length === 0, 'b hears of it');
  });

  it('send() to an unknown id is false, to several the number that took it', async () => {
    const { node: hub, uri } = await listening('hub');
    const [one, two] = [node('one'), node('two')];
    const [first, second] = [packets(one), packets(two)];
    await Promise.all([one.connect(uri), two.connect(uri)]);
    await eventually(() => hub.connections().length === 2, 'both are there');
    expect(hub.send('not-a-valid-node', { not: 'sent' })).toBe(false);
    expect(hub.send([one.id, two.id], { some: 'other', random: 'data' })).toBe(2);
    expect(hub.send([one.id, 'not-a-valid-node', one.id], { once: true })).toBe(1);
    expect(hub.send([], {})).toBe(0);
    await hub.flush();
    expect(first).toEqual([{ some: 'other', random: 'data' }, { once: true }]);
    expect(second).toEqual([{ some: 'other', random: 'data' }]);
  });
});

describe('features', () => {
  it('connection deduplication: both dial, one connection remains, both are told', async () => {
    const [l, r] = [counting(tcp()), counting(tcp())];
    const { node: left } = await listening('left', { transports: [l.transport] });
    const { node: right } = await listening('right', { transports: [r.transport] });
    const [leftLog, rightLog] = [new Log(left), new Log(right)];
    const ids = await Promise.all([left.connect(right.info() ?? ''), right.connect(left.info() ?? '')]);
    expect(ids).toEqual(['right', 'left']);
    await eventually(() => l.counts.open === 1 && r.counts.open === 1, 'one connection remains');
    const [atLeft, atRight] = [packets(left), packets(right)];
    await Promise.all([left.deliver('right', 1), right.deliver('left', 2)]);
    expect([atLeft, atRight]).toEqual([[2], [1]]);
    expect(l.counts).toMatchObject({ dialled: 1, open: 1 });
    expect(r.counts).toMatchObject({ dialled: 1, open: 1 });
    expect(leftLog.names).toEqual(['connect']);
    expect(rightLog.names).toEqual(['connect']);
  });

  it('connecting again, also by another spelling, opens nothing that stays', async () => {
    const { transport, counts } = counting(tcp());
    const { node: b, uri } = await listening('b');
    const a = node('a', { transports: [transport] });
    const log = new Log(b);
    expect(await Promise.all([a.connect(uri), a.connect(uri)])).toEqual(['b', 'b']);
    await eventually(() => counts.open === 1, 'one connection remains');
    const { dialled } = counts;
    expect(await a.connect(uri)).toBe('b');
    expect(counts.dialled).toBe(dialled);
    expect(await a.connect(uri.replace('127.0.0.1', 'LOCALHOST'))).toBe('b');
    await eventually(() => counts.open === 1, 'one connection remains');
    expect(log.names).toEqual(['connect']);
  });

  it('multiple dispatch does not encode the packet again', async () => {
    let encoded = 0;
    const inner = msgpack();
    const codec = {
      name: 'counted',
      decode: (bytes: Uint8Array) => inner.decode(bytes),
      encode: (packet: unknown) => {
        encoded++;
        return inner.encode(packet);
      },
    };
    const { node: hub, uri } = await listening('hub', { codec });
    const spokes = Array.from({ length: 10 }, (_, i) => node(`spoke-${i}`, { codec }));
    const heardBy = spokes.map(packets);
    await Promise.all(spokes.map((spoke) => spoke.connect(uri)));
    await eventually(() => hub.connections().length === 10, 'all are there');
    expect(hub.send(hub.connections(), { multiple: 'dispatch' })).toBe(10);
    await hub.flush();
    expect(encoded).toBe(1);
    for (const heardHere of heardBy) expect(heardHere).toEqual([{ multiple: 'dispatch' }]);
  });

  it('limited reconnection: disconnect() of a link that the other keeps causes a reconnect', async () => {
    const { node: left } = await listening('left');
    const { node: right, uri } = await listening('right');
    const atRight = packets(right);
    const [leftLog, rightLog] = [new Log(left), new Log(right)];
    right.keep(left.id);
    void left.connect(uri);
    const again = heard(left, 'reconnect');
    left.once('connect', () => {
      void right.disconnect(left.id);
    });
    await again;
    expect(leftLog.names).toEqual(['connect', 'reconnecting', 'reconnect']);
    expect(leftLog.of('reconnect')).toEqual([['right']]);
    expect(leftLog.of('reconnecting')).toEqual([['right', 1]]);
    // The one who called it had a disconnect, and a connect as the other came back.
    await eventually(() => rightLog.count('connect') === 2, 'right is connected again');
    expect(rightLog.names).toEqual(['connect', 'disconnect', 'connect']);
    expect(rightLog.of('disconnect')).toEqual([['left', 'local']]);
    await left.deliver('right', 'still');
    expect(atRight).toEqual(['still']);
    expect(leftLog.count('connect')).toBe(1);
    expect(right.isKept('left')).toBe(false);
    expect(left.isKept('right')).toBe(true);
  });
});

it('is made with new Server(id), whose id shows', () => {
  const server = new Server('67d2cb3db178bc5ca7d9f7157e3119aa', { listen: [] });
  atEnd(() => server.close());
  expect(server.id).toBe('67d2cb3db178bc5ca7d9f7157e3119aa');
});
