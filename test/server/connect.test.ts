/** connect(): whom it reaches, and every way in which it does not. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type Codec, MasterlessError } from '../../src/index.js';
import { tcp } from '../../src/transports/tcp.js';
import { counting } from '../support/counting.js';
import { eventually, heard, Log, packets, pass, within } from '../support/events.js';
import { atEnd, behindProxy, linked, listening, node } from '../support/nodes.js';

/** The error with which a promise is rejected. */
async function fault(promise: Promise<unknown>): Promise<MasterlessError> {
  const error = await within(
    promise.then(
      () => new Error('it resolved'),
      (reason: unknown) => reason,
    ),
    'a rejection',
  );
  expect(error).toBeInstanceOf(MasterlessError);
  return error as MasterlessError;
}

/** A TCP server that is no node; what it does with connections is the test's. */
async function stranger(act: (socket: Socket) => void): Promise<{ uri: string; connections: () => number }> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    act(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { uri: `tcp://127.0.0.1:${port}`, connections: () => connections };
}

describe('connect', () => {
  it('resolves to the id, when both have the link', async () => {
    const { node: b, uri } = await listening('b');
    const a = node('a');
    const [promise, event] = [a.connect(uri), heard(a, 'connect')];
    expect(await promise).toBe('b');
    const [id, info] = await event;
    expect(id).toBe('b');
    expect(info).toEqual({ uri, addresses: [uri], incarnation: expect.stringMatching(/^[0-9a-f]{16}$/), version: 1 });
    expect(a.send('b', 1)).toBe(true);
    await eventually(() => b.connections().length === 1, 'b has it too');
  });

  it('tells the one dialled who came, and at what addresses he is', async () => {
    const { node: b, uri } = await listening('b');
    const { node: a, uri: home } = await listening('a');
    const event = heard(b, 'connect');
    await a.connect(uri);
    const [id, info] = await event;
    expect([id, info.uri, info.addresses]).toEqual(['a', null, [home]]);
  });

  it('resolves at once when there is a link, and dials no more', async () => {
    const { transport, counts } = counting(tcp());
    const { a, uri } = await linked({ a: { transports: [transport] } });
    expect(await a.connect(uri)).toBe('b');
    expect(await a.connect(uri, { id: 'b' })).toBe('b');
    expect(await a.connect(new URL(uri))).toBe('b');
    expect(counts.dialled).toBe(1);
  });

  it.each(['[::1]', 'localhost', '127.0.0.1'])('reaches %s', async (host) => {
    const { node: b, uri } = await listening('b', { listen: `tcp://${host}:0` });
    expect(uri).toMatch(/^tcp:\/\/(\[::1\]|localhost|127\.0\.0\.1):\d+$/);
    const a = node('a', { listen: [] });
    const heardBy = packets(b);
    expect(await a.connect(uri)).toBe('b');
    await a.deliver('b', host);
    expect(heardBy).toEqual([host]);
  });

  it('host takes an IPv6 address with and without brackets', async () => {
    for (const host of ['::1', '[::1]']) {
      const { uri } = await listening(`at ${host}`, { host });
      expect(uri).toMatch(/^tcp:\/\/\[::1\]:\d+$/);
    }
  });

  it('dials before it listens, once it knows its own address', async () => {
    const { uri } = await listening('b');
    const a = node('a');
    expect(a.info()).toBeNull();
    expect(await a.connect(uri)).toBe('b');
    expect(a.info()).not.toBeNull();
  });
});

describe('connect fails', () => {
  it('with itself: ERR_SELF, without another attempt', async () => {
    const { node: a, uri } = await listening('a', { reconnect: 5 });
    const log = new Log(a);
    const error = await fault(a.connect(uri));
    expect(error).toMatchObject({ code: 'ERR_SELF', side: 'remote' });
    expect(error.message).toContain('this very node');
    expect(log.names).toEqual(['unreachable']);
    expect(log.of('unreachable')[0]?.[0]).toBe(uri);
    expect(a.connections()).toEqual([]);
  });

  it('with another than expected: ERR_WRONG_ID, and no link', async () => {
    const { node: b, uri } = await listening('b');
    const a = node('a', { reconnect: 5 });
    const error = await fault(a.connect(uri, { id: 'c' }));
    expect(error.code).toBe('ERR_WRONG_ID');
    expect(error.message).toMatch(/is "b", and "c" was expected/);
    expect([a.connections(), b.connections(), a.isKept('c')]).toEqual([[], [], false]);
  });

  it('where nobody listens: ERR_REFUSED, after as many attempts as allowed', async () => {
    const { node: gone, uri } = await listening('gone');
    await gone.close();
    const a = node('a', { reconnect: { attempts: 3, minDelay: 1, maxDelay: 5 } });
    const log = new Log(a);
    const error = await fault(a.connect(uri));
    expect(error.code).toBe('ERR_REFUSED');
    expect(error.message).toContain(uri);
    expect(log.names).toEqual(['unreachable', 'unreachable', 'unreachable']);
    expect(log.of('unreachable')[0]?.[1]).toMatchObject({ code: 'ERR_REFUSED' });
  });

  it('and comes true later, when the node comes up between two attempts', async () => {
    const { node: gone, uri } = await listening('b');
    await gone.close();
    const a = node('a', { reconnect: { attempts: Number.POSITIVE_INFINITY, minDelay: 5, maxDelay: 20 } });
    const promise = a.connect(uri);
    await heard(a, 'unreachable');
    await listening('b', { port: Number(new URL(uri).port) });
    expect(await within(promise, 'the connection')).toBe('b');
  });

  it('with somebody who is silent: ERR_TIMEOUT', async () => {
    const silent = await stranger(() => undefined);
    const a = node('a', { handshakeTimeout: 100 });
    const begun = performance.now();
    const error = await fault(a.connect(silent.uri));
    expect(error.code).toBe('ERR_TIMEOUT');
    expect(error.message).toContain('handshakeTimeout');
    expect(performance.now() - begun).toBeLessThan(2000);
    expect(silent.connections()).toBe(1);
  });

  it('with somebody who hangs up: ERR_CONNECTION_LOST', async () => {
    const rude = await stranger((socket) => socket.end());
    expect((await fault(node('a').connect(rude.uri))).code).toBe('ERR_CONNECTION_LOST');
  });

  it('with an HTTP server: ERR_PROTOCOL', async () => {
    const http = await stranger((socket) => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
    expect((await fault(node('a').connect(http.uri))).code).toBe('ERR_PROTOCOL');
  });

  it('with a node of another codec: ERR_CODEC', async () => {
    const codec: Codec = {
      name: 'json',
      encode: (packet) => Buffer.from(JSON.stringify(packet)),
      decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
    };
    const { uri } = await listening('b', { codec });
    const error = await fault(node('a').connect(uri));
    expect(error.code).toBe('ERR_CODEC');
    expect(error.message).toContain('json');
  });

  it('when its signal aborts, before and during', async () => {
    const { node: gone, uri } = await listening('gone');
    await gone.close();
    const a = node('a', { reconnect: true });
    const log = new Log(a);
    const error = await fault(a.connect(uri, { signal: AbortSignal.abort('why') }));
    expect(error).toMatchObject({ code: 'ERR_ABORTED', cause: 'why' });
    await pass(10);
    expect(log.names).toEqual([]);
    const controller = new AbortController();
    const promise = a.connect(uri, { signal: controller.signal });
    await heard(a, 'unreachable');
    controller.abort();
    expect((await fault(promise)).code).toBe('ERR_ABORTED');
    const attempts = log.count('unreachable');
    await pass(300);
    expect(log.count('unreachable')).toBe(attempts);
  });

  it('when the node is closed: ERR_CLOSED', async () => {
    const silent = await stranger(() => undefined);
    const a = node('a');
    await heard(a, 'listening');
    const promise = a.connect(silent.uri);
    await a.close();
    expect((await fault(promise)).code).toBe('ERR_CLOSED');
    expect(() => a.connect(silent.uri)).toThrow(expect.objectContaining({ code: 'ERR_CLOSED', side: 'local' }));
  });

  it('at once, where the address can not be right', async () => {
    const a = node('a');
    for (const wrong of ['', 'x', 'http://localhost:1', '127.0.0.1:80', 'tcp://0.0.0.0:1', 'tcp://h:0', 'tcp://h']) {
      expect(() => a.connect(wrong), wrong).toThrow(expect.objectContaining({ code: 'ERR_URI', side: 'local' }));
    }
    const absent = a.info() as unknown as string;
    expect(() => a.connect(absent)).toThrow(/info\(\) gives before 'listening'/);
    for (const wrong of [undefined, 5, {}]) {
      expect(() => a.connect(wrong as unknown as string)).toThrow(expect.objectContaining({ code: 'ERR_URI' }));
    }
    expect(() => a.connect('tcp://h:1', { id: '' })).toThrow(expect.objectContaining({ code: 'ERR_ID' }));
    const signal = {} as unknown as AbortSignal;
    expect(() => a.connect('tcp://h:1', { signal })).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  });

  it('without harm, when nobody looks at the promise', async () => {
    const { node: gone, uri } = await listening('gone');
    await gone.close();
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    try {
      const a = node('a');
      void a.connect(uri);
      await heard(a, 'unreachable');
      await pass(20);
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});

describe('peers behind a network', () => {
  it('a link that was reset is won back by the side that dialled', async () => {
    const { node: b, proxy } = await behindProxy('b');
    const a = node('a', { listen: [] });
    const [aLog, bLog] = [new Log(a), new Log(b)];
    await a.connect(proxy.uri);
    await eventually(() => b.connections().length === 1, 'b has it too');
    const both = [heard(a, 'reconnect'), heard(b, 'reconnect')];
    proxy.break('reset');
    await Promise.all(both);
    expect(aLog.names).toEqual(['connect', 'reconnecting', 'reconnect']);
    expect(bLog.names).toEqual(['connect', 'reconnect']);
    expect(proxy.connections).toBe(2);
  });

  it('a half-open link is found silent and replaced, and the application hears of nothing lost', async () => {
    const options = { heartbeat: 20, timeout: 100 };
    const { node: b, proxy } = await behindProxy('b', options);
    const a = node('a', { listen: [], ...options });
    const [aLog, bLog] = [new Log(a), new Log(b)];
    const arrived = packets(b);
    await a.connect(proxy.uri);
    await a.deliver('b', 1);
    proxy.break('freeze');
    await within(a.deliver('b', 2), 'delivery over a new link');
    expect(arrived).toEqual([1, 2]);
    expect(aLog.count('disconnect') + bLog.count('disconnect')).toBe(0);
  });

  it('an idle link lives on signs of life alone', async () => {
    const options = { heartbeat: 20, timeout: 80 };
    const { node: b, proxy } = await behindProxy('b', options);
    const a = node('a', { listen: [], ...options });
    await a.connect(proxy.uri);
    await eventually(() => b.connections().length === 1, 'b has it too');
    const logs = [new Log(a), new Log(b)];
    const before = proxy.forwarded;
    await pass(600);
    expect(logs.flatMap((log) => log.names)).toEqual([]);
    expect(proxy.connections).toBe(1);
    // One byte each way for every 20 ms at most.
    expect(proxy.forwarded - before).toBeLessThanOrEqual(80);
  });

  it('a silent peer at whose address nobody answers is lost after timeout', async () => {
    const { node: b, proxy } = await behindProxy('b', { heartbeat: 20 });
    const reconnect = { attempts: 2, minDelay: 1, maxDelay: 5 };
    const a = node('a', { listen: [], heartbeat: 20, timeout: 100, stallTimeout: 60_000, reconnect });
    await a.connect(proxy.uri);
    await eventually(() => b.connections().length === 1, 'b has it too');
    const log = new Log(a);
    proxy.refuse = true;
    proxy.break('freeze');
    const [id, reason] = await heard(a, 'disconnect');
    expect([id, reason]).toEqual(['b', 'unreachable']);
    expect(log.of('reconnecting')).toEqual([
      ['b', 1],
      ['b', 2],
    ]);
  });

  it('a silent peer whose address still takes connections is waited for, up to stallTimeout', async () => {
    // A node whose timers are late by more than its heartbeat forgives silence, so this is no shorter than it is.
    const { node: b, proxy } = await behindProxy('b', { heartbeat: 300 });
    const times = { heartbeat: 300, timeout: 900, stallTimeout: 1800, handshakeTimeout: 300, reconnect: 1 };
    const a = node('a', { listen: [], ...times });
    await a.connect(proxy.uri);
    await eventually(() => b.connections().length === 1, 'b has it too');
    const log = new Log(a);
    const begun = performance.now();
    // Whatever is dialled from now on opens, and stays silent.
    proxy.delay = 60_000;
    await heard(a, 'disconnect');
    expect(performance.now() - begun).toBeGreaterThan(1600);
    expect(proxy.connections).toBeGreaterThan(2);
    expect(log.names).toEqual(['reconnecting', 'unreachable', 'disconnect']);
  });
});
