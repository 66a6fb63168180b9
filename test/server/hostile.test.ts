/** Strangers at the port: whatever they say, they are shown out, and the node and its links are as before. */
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Server } from '../../src/index.js';
import { eventually, Log, packets, within } from '../support/events.js';
import { linked, listening, node } from '../support/nodes.js';
import { seeded } from '../support/seed.js';

const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

/** Says it, and resolves to the answer when the connection is closed. */
function say(uri: string, bytes: Uint8Array | string): Promise<Buffer> {
  const socket = connect(Number(new URL(uri).port), '127.0.0.1');
  sockets.add(socket);
  const answer: Buffer[] = [];
  const closed = new Promise<Buffer>((resolve) => {
    socket.on('data', (chunk) => answer.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Buffer.concat(answer)));
  });
  socket.on('connect', () => socket.write(bytes));
  return within(closed, 'the node hangs up', 5000);
}

async function unharmed(a: Server, b: Server, logs: readonly Log[]): Promise<void> {
  const got = packets(b);
  await within(a.deliver('b', 'unharmed'), 'delivery');
  expect(got).toEqual(['unharmed']);
  expect(logs.flatMap((log) => log.names)).toEqual([]);
}

describe('a stranger', () => {
  it.each([
    ['an HTTP request', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a TLS handshake', Buffer.from('16030100c8010000c40303', 'hex')],
    ['zeros', Buffer.alloc(1000)],
    ['ones', Buffer.alloc(1000, 0xff)],
    ['one wrong byte', Buffer.from([0xc1])],
    ['a frame too long', Buffer.from([0xff, 0xff, 0xff, 0x7f])],
    ['a packet before any handshake', Buffer.from([3, 1, 2, 3])],
  ])('with %s is shown out', async (_what, bytes) => {
    const { a, b, uri } = await linked({ b: { handshakeTimeout: 300 } });
    const logs = [new Log(a), new Log(b)];
    await say(uri, bytes);
    await unharmed(a, b, logs);
  });

  it('with 200 kinds of noise is shown out each time', async () => {
    const random = seeded();
    const { a, b, uri } = await linked({ b: { handshakeTimeout: 300 } });
    const logs = [new Log(a), new Log(b)];
    const noise = Array.from({ length: 200 }, () =>
      Buffer.from(Array.from({ length: 1 + random.below(500) }, () => random.below(256))),
    );
    for (let i = 0; i < noise.length; i += 50) {
      await Promise.all(noise.slice(i, i + 50).map((bytes) => say(uri, bytes)));
    }
    await unharmed(a, b, logs);
  });

  it('that says nothing, or a byte now and then, is shown out after handshakeTimeout', async () => {
    const { uri } = await listening('b', { handshakeTimeout: 100 });
    const begun = performance.now();
    await say(uri, '');
    expect(performance.now() - begun).toBeLessThan(1500);
    await say(uri, Buffer.from([0xe0]));
  });

  it('is counted by the event fault, whatever is the matter', async () => {
    const { node: b, uri } = await listening('b', {
      handshakeTimeout: 1000,
      limits: { handshakes: 5, handshakesPerAddress: 3, peers: 1 },
    });
    const counts = new Map<string, number>();
    const remotes = new Set<string>();
    b.on('fault', (remote, error) => {
      remotes.add(remote);
      counts.set(error.code, (counts.get(error.code) ?? 0) + 1);
    });
    await Promise.all(Array.from({ length: 7 }, () => say(uri, '')));
    await say(uri, 'GET / HTTP/1.1\r\n\r\n');
    await node('a').connect(uri);
    await expect(node('one too many').connect(uri)).rejects.toMatchObject({ code: 'ERR_LIMIT' });
    // The limit of an address does not count for loopback, the limit in all does.
    expect(Object.fromEntries(counts)).toEqual({ ERR_TIMEOUT: 5, ERR_LIMIT: 2 + 1, ERR_PROTOCOL: 1 });
    expect([...remotes]).toEqual(['tcp://127.0.0.1']);
  });

  it('in crowds leaves room for nodes: limits.handshakes', async () => {
    const { node: b, uri } = await listening('b', { handshakeTimeout: 400, limits: { handshakes: 20 } });
    const crowd = Array.from({ length: 100 }, () => say(uri, ''));
    await within(Promise.all(crowd), 'all are shown out');
    expect(await node('a').connect(uri)).toBe('b');
    await eventually(() => b.connections().length === 1, 'the node is in');
  });
});
