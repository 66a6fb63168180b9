/** Nodes of other versions over real sockets: whoever can't talk is refused, both sides know why, and all else goes on. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Server } from '../../src/index.js';
import { decodeHello, decodeReject, encodeHello, RejectReason } from '../../src/protocol/control.js';
import { encodeFrame, Frame, FrameDecoder } from '../../src/protocol/frame.js';
import { type Change, Disguise, type Whose } from '../support/disguise.js';
import { eventually, heard, Log, packets, within } from '../support/events.js';
import { atEnd, linked, listening, node, socketPath } from '../support/nodes.js';

/** The payload of a whole frame. */
function payloadOf(frame: Uint8Array): Uint8Array {
  return frame.subarray((frame[1] as number) > 0x7f ? 3 : 2);
}

function versions(minVersion: number, maxVersion: number): Change {
  return (payload) => payloadOf(encodeHello({ ...decodeHello(payload), minVersion, maxVersion }));
}

/** Nothing behind the versions is as it is in version 1. */
function ofItsOwn(min: number, max: number): Change {
  return () => Uint8Array.from([0x4d, 0x4c, min, max, ...new Uint8Array(400).fill(0xfe)]);
}

const misfits: Readonly<Record<string, readonly [change: Change, code: string, message: RegExp]>> = {
  'only higher versions': [
    versions(2, 3),
    'ERR_VERSION',
    /speaks versions 2 to 3 of the protocol, this node version 1: update the older”?$/,
  ],
  'only a lower version': [
    versions(0, 0),
    'ERR_VERSION',
    /speaks version 0 of the protocol, this node version 1: update the older”?$/,
  ],
  'a version in a layout of its own': [
    ofItsOwn(4, 4),
    'ERR_VERSION',
    /speaks version 4 of the protocol, this node version 1: update the older”?$/,
  ],
  'a feature that nobody has': [
    (payload) => payloadOf(encodeHello({ ...decodeHello(payload), offered: 2 ** 34 + 1, required: 2 ** 34 })),
    'ERR_FEATURE',
    /requires features that this node does not have \(bits 34\): update the older”?$/,
  ],
  'another codec': [
    (payload) => payloadOf(encodeHello({ ...decodeHello(payload), codec: 'json' })),
    'ERR_CODEC',
    /encodes packets with json, this node with msgpack: use one codec”?$/,
  ],
};

const fits: Readonly<Record<string, Change>> = {
  'a range that includes ours': versions(0, 9),
  'features that are offered and not required': (payload) =>
    payloadOf(encodeHello({ ...decodeHello(payload), maxVersion: 2, offered: 2 ** 53 - 1 })),
  'fields behind those of today': (payload) => Uint8Array.from([...payload, 0xff, 0x00, 0xc1, 0x4d, 0x4c]),
};

function at(uri: string): NetConnectOpts {
  return { host: '127.0.0.1', port: Number(new URL(uri).port) };
}

/** A debug option, and what it was told. */
function overheard(): { readonly debug: (...values: unknown[]) => void; readonly lines: string[] } {
  const lines: string[] = [];
  return { debug: (...values) => lines.push(values.join(' ')), lines };
}

async function unharmed(from: Server, to: Server, logs: readonly Log[]): Promise<void> {
  const got = packets(to);
  await within(from.deliver(to.id, 'unharmed'), 'delivery');
  expect(got).toEqual(['unharmed']);
  expect(logs.flatMap((log) => log.names)).toEqual([]);
}

const roles = (['dialler', 'acceptor'] as const).flatMap((whose) =>
  ['c', 'x'].map((id) => [whose, id] as readonly [Whose, string]),
);
const refusals = Object.keys(misfits).flatMap((name) => roles.map(([whose, id]) => [name, whose, id] as const));

describe('a node that speaks or needs', () => {
  // The acceptor m is the arbiter of c and the follower of x.
  it.each(refusals)('%s, the %s, other end %s: is refused, and both sides know why', async (name, whose, id) => {
    const [change, code, message] = misfits[name] as (typeof misfits)[string];
    const { a, b, uri } = await linked();
    const logs = [new Log(a), new Log(b)];
    const [here, there] = [overheard(), overheard()];
    const acceptor = await listening('m', { debug: there.debug });
    const disguise = await Disguise.before(at(acceptor.uri), whose, change);
    const dialler = node(id, {
      listen: [],
      debug: here.debug,
      reconnect: { attempts: Number.POSITIVE_INFINITY, minDelay: 0, maxDelay: 0 },
    });
    const told = new Log(acceptor.node);
    const unreachable = heard(dialler, 'unreachable');
    // With attempts without end and without delay it would never be rejected if one more followed.
    const error = await within(
      dialler.connect(disguise.uri).then(
        () => null,
        (reason: unknown) => reason as Error & { code: string },
      ),
      'a rejection',
    );
    expect(error).toMatchObject({ code, side: 'remote', message: expect.stringMatching(message) });
    if (whose === 'dialler')
      expect(error?.message).toMatch(/ turned the connection away: it says “tcp:\/\/127\.0\.0\.1 /);
    expect(await unreachable).toEqual([disguise.uri, error]);
    await eventually(() => there.lines.some((line) => line.startsWith(code)), 'the other side knows');
    for (const { lines } of [here, there]) {
      const line = lines.filter((each) => each.startsWith(code));
      expect(line).toEqual([expect.stringMatching(message)]);
    }
    expect(told.names).toEqual([]);
    expect([dialler.connections(), acceptor.node.connections()]).toEqual([[], []]);
    expect(disguise.connections).toBe(1);
    await unharmed(a, b, logs);
    expect(await within(dialler.connect(uri), 'a good node')).toBe('b');
  });

  it.each(Object.keys(fits).flatMap((name) => roles.map(([whose, id]) => [name, whose, id] as const)))(
    '%s, the %s, other end %s: is welcome',
    async (name, whose, id) => {
      const acceptor = await listening('m');
      const disguise = await Disguise.before(at(acceptor.uri), whose, fits[name] as Change);
      const dialler = node(id, { listen: [] });
      const there = heard(acceptor.node, 'connect');
      expect(await within(dialler.connect(disguise.uri), 'connecting')).toBe('m');
      expect((await there)[0]).toBe(id);
      const got = packets(acceptor.node);
      await within(dialler.deliver('m', 'hello'), 'delivery');
      expect(got).toEqual(['hello']);
    },
  );

  it('another version since its restart is given up after one attempt', async () => {
    const path = socketPath();
    const disguise = await Disguise.before({ path }, 'acceptor', (payload) => payload);
    // There is no other way to it.
    await listening('m', { listen: `unix://${path}`, advertise: disguise.uri });
    const dialler = node('x', {
      listen: [],
      reconnect: { attempts: Number.POSITIVE_INFINITY, minDelay: 0, maxDelay: 0 },
    });
    await within(dialler.connect(disguise.uri), 'connecting');
    const log = new Log(dialler);
    const gone = heard(dialler, 'disconnect');
    disguise.change = ofItsOwn(2, 2);
    disguise.cut();
    expect(await gone).toEqual(['m', 'unreachable']);
    expect(log.names).toEqual(['reconnecting', 'unreachable', 'disconnect']);
    expect(log.of('unreachable')[0]?.[1]).toMatchObject({ code: 'ERR_VERSION' });
    expect(disguise.connections).toBe(2);
  });
});

/** Reads frames until the other end hangs up. */
async function frames(socket: Socket): Promise<{ readonly kind: number; readonly payload: Uint8Array }[]> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await within(once(socket, 'end'), 'the end of the stream');
  const decoder = new FrameDecoder();
  decoder.push(new Uint8Array(Buffer.concat(chunks)));
  const found = [];
  while (decoder.next()) {
    found.push({ kind: decoder.kind, payload: decoder.buffer.slice(decoder.start, decoder.end) });
  }
  return found;
}

describe('a program of a later version, by hand', () => {
  const hello = encodeFrame(Frame.Hello, ofItsOwn(2, 3)(new Uint8Array()));

  it('that dials, and says much more at once, reads REJECT(version) to its end', async () => {
    const { uri } = await listening('m');
    const socket = connect(at(uri));
    atEnd(async () => socket.destroy());
    socket.on('error', () => undefined);
    socket.write(Buffer.concat([hello, Buffer.alloc(300_000, 0xc1)]));
    const answer = await frames(socket);
    expect(answer.map(({ kind }) => kind)).toEqual([Frame.Reject]);
    const reject = decodeReject(answer[0]?.payload as Uint8Array);
    expect(reject.reason).toBe(RejectReason.Version);
    expect(reject.detail).toMatch(/^tcp:\/\/127\.0\.0\.1 speaks versions 2 to 3 of the protocol, this node version 1/);
  });

  it('that is dialled reads our HELLO, and REJECT(version) to its end', async () => {
    const taken: Promise<{ readonly kind: number; readonly payload: Uint8Array }[]>[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      taken.push(frames(socket));
      socket.once('data', () => socket.write(hello));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    atEnd(() => new Promise((resolve) => server.close(resolve)));
    const uri = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const dialler = node('a', { listen: [], reconnect: true });
    await expect(within(dialler.connect(uri), 'a rejection')).rejects.toMatchObject({ code: 'ERR_VERSION' });
    expect(taken.length).toBe(1);
    const answer = (await taken[0]) ?? [];
    expect(answer.map(({ kind }) => kind)).toEqual([Frame.Hello, Frame.Reject]);
    expect(decodeReject(answer[1]?.payload as Uint8Array)).toEqual({
      reason: RejectReason.Version,
      detail: `${uri} speaks versions 2 to 3 of the protocol, this node version 1: update the older`,
    });
  });
});
