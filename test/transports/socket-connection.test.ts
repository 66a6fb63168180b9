/** A socket as a connection, beyond the rules that hold for all transports: a reader that does not read, and what is shared. */
import { once } from 'node:events';
import { createServer, type OnReadOpts, type Server, Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import { timers } from '../../src/timers.js';
import { reading, SocketConnection } from '../../src/transports/socket-connection.js';
import { tcp } from '../../src/transports/tcp.js';
import { loopback, onBench } from './bench.js';

const HOST = loopback(2);

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a reader that does not read', () => {
  it('lets bytes pile up, which is told, and drains when it reads again', async () => {
    const server = createServer();
    const uri = await listening(server);
    await onBench(tcp(), async (bench) => {
      const near = bench.dial(uri);
      const [reader] = (await once(server, 'connection')) as [Socket];
      reader.pause();
      await near.opened;
      // More than the system's own buffers take.
      expect(near.write(30_000_000)).toBe(false);
      expect(near.write(1, 1)).toBe(false);
      await turnOfBoth();
      expect(near.told).toEqual(['open']);
      expect(near.connection.buffered).toBeGreaterThan(10_000_000);
      const drained = near.drained();
      reader.resume();
      await drained;
      expect(near.told).toEqual(['open', 'drain']);
      expect(near.connection.buffered).toBe(0);
      reader.destroy();
      await near.closed;
    });
    await closed(server);
  });

  it('does not hold up destroy', async () => {
    const server = createServer();
    const uri = await listening(server);
    await onBench(tcp(), async (bench) => {
      const near = bench.dial(uri);
      const [reader] = (await once(server, 'connection')) as [Socket];
      reader.pause();
      await near.opened;
      near.write(30_000_000);
      near.end();
      near.destroy();
      expect(await near.closed).toBeNull();
      reader.destroy();
    });
    await closed(server);
  });
});

describe('writing', () => {
  it('several chunks go to the system together', () =>
    onBench(tcp(), async (bench) => {
      const { near, far } = await bench.pair(await bench.listen(`tcp://${HOST}:0`));
      const sizes: number[] = [];
      let before = 0;
      far.onData = () => {
        sizes.push(far.received - before);
        before = far.received;
      };
      near.write(10, 20, 30, 40);
      await far.has(100);
      expect(sizes).toEqual([100]);
    }));
});

describe('reading', () => {
  it('reads no clock for small chunks, which are handed on as they are', () => {
    const chunks: Uint8Array[] = [];
    const connection = new SocketConnection(new Socket(), 'tcp://there', {
      ...nobody,
      data: (chunk) => chunks.push(chunk),
    });
    const clock = vi.spyOn(timers, 'now');
    const small = new Uint8Array(4095);
    connection.read(small);
    expect(chunks).toEqual([small]);
    expect(clock).not.toHaveBeenCalled();
    connection.read(new Uint8Array(4096));
    expect(clock).toHaveBeenCalled();
  });

  it('takes what comes from a buffer of the runtime, too', () => {
    const chunks: Uint8Array[] = [];
    let callback: OnReadOpts['callback'] = () => false;
    const socket = reading(({ onread }) => {
      callback = onread?.callback ?? callback;
      return new Socket();
    });
    const connection = new SocketConnection(socket, 'tcp://there', nobody);
    connection.events = { ...nobody, data: (chunk) => chunks.push(new Uint8Array(chunk)) };
    for (const bytes of [[1, 2], [3, 4], [5]]) callback(bytes.length, new Uint8Array([...bytes, 0]));
    expect(chunks.map((chunk) => [...chunk])).toEqual(process.platform === 'win32' ? [] : [[1, 2], [3, 4], [5]]);
  });

  it('dialled sockets share one buffer', () =>
    onBench(tcp(), async (bench) => {
      const place = await bench.listen(`tcp://${HOST}:0`);
      const buffers = new Set<ArrayBufferLike>();
      const pairs = [await bench.pair(place), await bench.pair(place), await bench.pair(place)];
      for (const { near } of pairs) {
        const { data } = near;
        near.data = (chunk) => {
          buffers.add(chunk.buffer);
          data.call(near, chunk);
        };
      }
      for (const { near, far } of pairs) {
        // More may be kept for later, in memory of its own, when the machine is slow.
        far.write(4000);
        await near.has(4000);
      }
      expect(buffers.size).toBe(process.platform === 'win32' ? pairs.length : 1);
    }));
});

const nobody = { data: () => undefined, drain: () => undefined, close: () => undefined };

describe('its socket', () => {
  it('has the listeners that all others have', () => {
    const listeners = (): unknown[] => {
      const socket = new Socket();
      new SocketConnection(socket, 'tcp://there', nobody);
      return ['error', 'drain', 'close', 'data'].flatMap((event) => socket.listeners(event));
    };
    const first = listeners();
    expect(first).toHaveLength(4);
    expect(listeners()).toEqual(first);
  });

  it.each([
    ['as a connection fails', undefined, { code: 'ERR_CONNECTION_LOST' }],
    ['as who hears of it says', () => new MasterlessError('ERR_UNAUTHORIZED', 'no'), { code: 'ERR_UNAUTHORIZED' }],
  ])('fails %s', async (_, fault, error) => {
    const socket = new Socket();
    const closed = new Promise((resolve) => {
      new SocketConnection(socket, 'tcp://there', {
        ...nobody,
        close: resolve,
        ...(fault === undefined ? {} : { fault }),
      });
    });
    socket.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    expect(await closed).toMatchObject(error);
  });
});

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  return `tcp://${HOST}:${(server.address() as { port: number }).port}`;
}

function closed(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}

/** A round trip over another connection: what was to be told by now has been told. */
async function turnOfBoth(): Promise<void> {
  await onBench(tcp(), async (bench) => {
    const { near, far } = await bench.pair(await bench.listen(`tcp://${HOST}:0`));
    near.write(1);
    await far.has(1);
    far.write(1);
    await near.has(1);
  });
}
