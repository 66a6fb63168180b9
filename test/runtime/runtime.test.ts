import { afterEach, describe, expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import { Mesh } from '../../src/protocol/mesh.js';
import { Deliver, type Output } from '../../src/protocol/output.js';
import type { MeshConfig } from '../../src/protocol/state.js';
import { newIncarnation } from '../../src/runtime/incarnation.js';
import { Runtime } from '../../src/runtime/runtime.js';
import { Addresses } from '../../src/transports/addresses.js';
import { memory } from '../../src/transports/memory.js';
import type { Connection, ConnectionEvents, Transport } from '../../src/transports/transport.js';

const open: Runtime[] = [];
let count = 0;

afterEach(async () => {
  await Promise.all(open.splice(0).map((runtime) => runtime.close()));
});

/** Counts writes and their bytes, and can pretend that the system takes no more. */
function counting(): Transport & { writes: number[]; full: boolean; passes: boolean; drain: () => void } {
  const inner = memory();
  const drains: (() => void)[] = [];
  const transport = {
    ...inner,
    writes: [] as number[],
    full: false,
    /** Whatever is written, the system has it at once. */
    passes: false,
    drain: () => {
      transport.full = false;
      for (const drain of drains) drain();
    },
    dial: (uri: string, events: Parameters<Transport['dial']>[1]): Connection => {
      drains.push(() => events.drain());
      const connection = inner.dial(uri, {
        open: () => events.open(),
        data: (chunk) => events.data(chunk),
        drain: nothing,
        close: (error) => events.close(error),
      });
      return {
        remote: connection.remote,
        get buffered() {
          return transport.passes ? 0 : connection.buffered;
        },
        write: (chunks) => {
          transport.writes.push(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
          connection.write(chunks);
          return !transport.full;
        },
        end: () => connection.end(),
        destroy: () => connection.destroy(),
      };
    },
  };
  return transport;
}

/** A core with its runtime, and what it told the application. */
function node(id: string, transport: Transport = memory(), config: Partial<MeshConfig> = {}) {
  const { maxPeers = 10 } = config;
  const mesh = new Mesh({
    id,
    incarnation: newIncarnation(),
    codec: 'bytes',
    heartbeat: 1000,
    timeout: 5000,
    stallTimeout: 60_000,
    handshakeTimeout: 5000,
    probeTimeout: 500,
    closeTimeout: 5000,
    reconnect: { attempts: 1, minDelay: 100, maxDelay: 1000 },
    resumeWindow: 1000,
    window: 1 << 20,
    totalWindow: 1 << 24,
    maxPacket: 1 << 20,
    maxPeers,
    maxHandshakes: 10,
    maxHandshakesPerAddress: 10,
    random: Math.random,
    ...config,
  });
  const outputs: Output[] = [];
  const waiting: { enough: () => boolean; resolve: () => void }[] = [];
  const hears = { onDeliver: nothing };
  const hear = (output: Output): void => {
    outputs.push(output.kind === 'deliver' ? kept(output) : output);
    if (output.kind === 'deliver') {
      hears.onDeliver();
      mesh.handled(output, runtime.now());
    }
    for (const waiter of waiting.filter(({ enough }) => enough())) waiter.resolve();
  };
  const runtime = new Runtime(mesh, new Addresses([transport]), { deliver: hear, hear }, { heartbeat: 1000, maxPeers });
  open.push(runtime);
  const heard = (kind: Output['kind'], times = 1): Promise<void> => {
    const enough = () => outputs.filter((output) => output.kind === kind).length >= times;
    return enough() ? Promise.resolve() : new Promise((resolve) => waiting.push({ enough, resolve }));
  };
  return { mesh, runtime, outputs, heard, hears };
}

async function pair(transport: Transport, config: Partial<MeshConfig> = {}) {
  const uri = `memory://runtime-${process.pid}-${++count}`;
  const right = node('right', memory(), config);
  const left = node('left', transport, config);
  right.runtime.ready(await right.runtime.listen([uri]));
  left.runtime.ready([]);
  left.mesh.connect(1, uri, null, left.runtime.now());
  left.runtime.pump();
  await Promise.all([left.heard('connect'), right.heard('connect')]);
  return { left, right, uri };
}

describe('Runtime', () => {
  it('dials no address of this machine for a peer on another one', async () => {
    // It told them while it was here, say.
    const rules = { admit: () => null, dialable: (_: unknown, uri: string) => uri, near: () => false };
    const [given, told] = [0, 1].map(() => `memory://runtime-${process.pid}-${++count}`) as [string, string];
    const right = node('right');
    const left = node('left', memory(), { rules });
    right.runtime.ready(await right.runtime.listen([given, told]));
    left.runtime.ready([]);
    left.mesh.connect(1, given, null, left.runtime.now());
    left.runtime.pump();
    await Promise.all([left.heard('connect'), right.heard('connect')]);
    await right.runtime.close();
    await left.heard('disconnect');
    const unreachable = left.outputs.flatMap((output) => (output.kind === 'unreachable' ? [output] : []));
    expect(unreachable).toMatchObject([
      { uri: given, error: { code: 'ERR_REFUSED' } },
      { uri: told, error: { code: 'ERR_UNREACHABLE', message: expect.stringContaining('only this machine has') } },
    ]);
  });

  it('writes what one turn of the loop sends in one go', async () => {
    const transport = counting();
    const { left, right } = await pair(transport);
    transport.writes.length = 0;
    for (let i = 0; i < 1000; i++) {
      expect(left.mesh.send('right', new Uint8Array(50), false)).toBe(i + 1);
      left.runtime.scheduleFlush();
    }
    expect(transport.writes).toEqual([]);
    await right.heard('deliver');
    expect(transport.writes[0]).toBe(51_000);
  });

  it('writes answers while it still reads, in ever larger shares, so that both sides work at once', async () => {
    const transport = counting();
    const { left, right } = await pair(transport);
    const frame = 10;
    const ask = async () => {
      transport.writes.length = 0;
      // One write, so one chunk.
      for (let index = 0; index < 100; index++) right.mesh.send('left', new Uint8Array(frame - 1), false);
      right.runtime.pump();
      await left.heard('deliver', 100);
    };
    // By how many packets went in each write: an acknowledgement, of four bytes, may go with any of them, or alone.
    const written = () => transport.writes.map((bytes) => Math.floor(bytes / frame)).filter((count) => count > 0);
    // What belongs to the beginning of the link may come with the first.
    await ask();
    // Nobody writes who has nothing to say.
    left.outputs.length = 0;
    await ask();
    expect(written()).toEqual([]);

    left.outputs.length = 0;
    left.hears.onDeliver = () => void left.mesh.send('right', new Uint8Array(frame - 1), false);
    await ask();
    await right.heard('deliver', 100);
    expect(written()).toEqual([16, 32, 52]);
  });

  it('writes what a chunk is answered with before it lets others have their turn', async () => {
    const transport = counting();
    const { left, right } = await pair(transport);
    const seen: number[] = [];
    left.hears.onDeliver = () => {
      transport.writes.length = 0;
      left.mesh.send('right', new Uint8Array(9), false);
      seen.push(transport.writes.length);
      queueMicrotask(() => seen.push(transport.writes.length));
    };
    right.mesh.send('left', new Uint8Array(1), false);
    right.runtime.pump();
    await right.heard('deliver');
    expect(seen).toEqual([0, 1]);
    // Once is enough, with or without an acknowledgement.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(transport.writes.filter((bytes) => bytes >= 10)).toHaveLength(1);
  });

  it('stops writing when the connection takes no more, and goes on when it drains', async () => {
    const transport = counting();
    const { left, right } = await pair(transport);
    transport.full = true;
    left.mesh.send('right', Uint8Array.of(1), false);
    left.runtime.scheduleFlush();
    await right.heard('deliver');
    const before = transport.writes.length;
    left.mesh.send('right', Uint8Array.of(2), false);
    left.runtime.scheduleFlush();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(transport.writes.length).toBe(before);
    transport.drain();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(transport.writes.length).toBe(before + 1);
  });

  it('goes on for a few writes while nothing waits in the socket, and then lets others have their turn', async () => {
    const transport = counting();
    const { left } = await pair(transport, { window: 1 << 22 });
    transport.full = true;
    transport.writes.length = 0;
    for (let i = 0; i < 30; i++) left.mesh.send('right', new Uint8Array(100_000), false);
    left.runtime.scheduleFlush();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    // Three packets are the first to have 256 KiB.
    expect(transport.writes).toEqual([300_009]);
    transport.passes = true;
    transport.drain();
    transport.full = true;
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(transport.writes).toEqual(Array.from({ length: 5 }, () => 300_009));
  });

  it('dials only once it knows its own addresses', async () => {
    const transport = counting();
    const left = node('left', transport);
    left.mesh.connect(1, 'memory://nobody-there', null, left.runtime.now());
    left.runtime.pump();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(left.outputs).toEqual([]);
    left.runtime.ready([]);
    await left.heard('wish');
    expect(left.outputs.find((output) => output.kind === 'wish')).toMatchObject({ error: { code: 'ERR_REFUSED' } });
  });

  it('takes an address that no transport can dial for one that can not be reached', async () => {
    const left = node('left');
    left.runtime.ready([]);
    left.mesh.connect(1, 'nonsense://x', null, left.runtime.now());
    left.runtime.pump();
    await left.heard('wish');
    expect(left.outputs.find((output) => output.kind === 'wish')).toMatchObject({ error: { code: 'ERR_URI' } });
  });

  it('listens at all addresses or at none', async () => {
    const uri = `memory://runtime-${process.pid}-${++count}`;
    const first = node('first');
    await first.runtime.listen([uri]);
    const second = node('second');
    await expect(second.runtime.listen([`${uri}-other`, uri])).rejects.toMatchObject({ code: 'ERR_LISTEN' });
    await second.runtime.close();
    const third = node('third');
    await expect(third.runtime.listen([`${uri}-other`])).resolves.toEqual([`${uri}-other`]);
  });

  it('turns away connections over the limit and keeps serving the others', async () => {
    const uri = `memory://runtime-${process.pid}-${++count}`;
    const right = node('right');
    right.runtime.ready(await right.runtime.listen([uri]));
    const ends: (Error | null)[] = [];
    const strangers = Array.from({ length: 11 }, () =>
      memory().dial(uri, { open: nothing, data: nothing, drain: nothing, close: (error) => ends.push(error) }),
    );
    await right.heard('fault');
    expect(right.outputs).toContainEqual(
      expect.objectContaining({ kind: 'fault', error: expect.objectContaining({ code: 'ERR_LIMIT' }) }),
    );
    for (const stranger of strangers) stranger.destroy();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const left = node('left');
    left.runtime.ready([]);
    left.mesh.connect(1, uri, null, left.runtime.now());
    left.runtime.pump();
    await right.heard('connect');
  });

  it('of those that were turned away and do not go, keeps only the last', async () => {
    const cut: number[] = [];
    const place: { accept: ((connection: Connection) => ConnectionEvents) | null } = { accept: null };
    const transport: Transport = {
      ...memory(),
      listen: (uri, events) => {
        place.accept = events.accept;
        events.listening(uri);
        return { close: (callback) => setImmediate(callback) };
      },
    };
    const right = node('right', transport);
    right.runtime.ready(await right.runtime.listen(['memory://x']));
    for (let i = 0; i < 100; i++) {
      const events = place.accept?.({
        ...{ remote: 'stranger', buffered: 0, write: () => true, end: nothing },
        destroy: () => cut.push(i),
      });
      events?.data(Buffer.from('GET / HTTP/1.1'));
    }
    expect(cut).toEqual(Array.from({ length: 36 }, (_, i) => i));
  });

  it('of links that were parted and whose other ends do not go, keeps no more than there may be peers', async () => {
    const uri = `memory://runtime-${process.pid}-${++count}`;
    let cut = 0;
    const inner = memory();
    /** Its connections neither end nor hear that the other side did. */
    const deaf: Transport = {
      ...inner,
      listen: (at, events) =>
        inner.listen(at, {
          ...events,
          accept: (connection) => {
            const { remote } = connection;
            const heard = events.accept({
              ...{ remote, buffered: 0, write: (chunks) => connection.write(chunks), end: nothing },
              destroy: () => {
                cut++;
                connection.destroy();
              },
            });
            return { open: nothing, data: (chunk) => heard.data(chunk), drain: () => heard.drain(), close: nothing };
          },
        }),
    };
    const right = node('right', deaf, { maxPeers: 2 });
    right.runtime.ready(await right.runtime.listen([uri]));
    const mostTurnedAway = 64;
    for (let i = 0; i < 2 + mostTurnedAway; i++) await come(i);
    expect(cut).toBe(0);
    await come(1000);
    expect(cut).toBe(1);

    async function come(number: number): Promise<void> {
      const left = node(`left ${number}`);
      left.runtime.ready([]);
      left.mesh.connect(1, uri, null, left.runtime.now());
      left.runtime.pump();
      await left.heard('connect');
      left.mesh.disconnect('right', left.runtime.now());
      left.runtime.pump();
      await left.heard('disconnect');
    }
  });

  it('hands errors of a transport on as what they are', async () => {
    const broken: Transport = {
      ...memory(),
      dial: (_uri, events) => {
        setImmediate(() => events.close(new MasterlessError('ERR_UNREACHABLE', 'no way')));
        return { remote: 'x', buffered: 0, write: () => true, end: nothing, destroy: nothing };
      },
    };
    const left = node('left', broken);
    left.runtime.ready([]);
    left.mesh.connect(1, 'memory://x', null, left.runtime.now());
    left.runtime.pump();
    await left.heard('unreachable');
    expect(left.outputs[0]).toMatchObject({ kind: 'unreachable', error: { message: 'no way' } });
  });
});

function nothing(): void {}

/** A packet with memory of its own. */
function kept(output: Deliver): Deliver {
  const { bytes } = output;
  return Object.assign(new Deliver(output.session), output, { buffer: bytes.slice(), start: 0, end: bytes.length });
}
