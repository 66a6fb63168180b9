/** What `node:net` needs beyond the rules that hold for all transports: a reader that does not read, and ports that echo. */
import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Server, Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isOwnEcho } from '../../src/transports/socket.js';
import { tcp } from '../../src/transports/tcp.js';
import { loopback, onBench } from './bench.js';

const HOST = loopback(2);

/** What is added to each dial, to bring about what the system does by chance once in some ten thousand. */
const extra = vi.hoisted(() => ({ options: {} }));

vi.mock('node:net', async (original) => {
  const net = await original<typeof import('node:net')>();
  const dial = (where: NetConnectOpts): Socket => net.connect({ ...where, ...extra.options });
  return { ...net, connect: dial };
});

afterEach(() => {
  extra.options = {};
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
        far.write(100_000);
        await near.has(100_000);
      }
      expect(buffers.size).toBe(process.platform === 'win32' ? pairs.length : 1);
    }));
});

describe('a socket that is connected to itself', () => {
  it('is told from others', async () => {
    const server = createServer();
    const uri = await listening(server);
    const port = Number(new URL(uri).port);
    const other = connect({ port, host: HOST });
    await once(other, 'connect');
    expect(isOwnEcho(other)).toBe(false);
    other.destroy();
    await closed(server);
    expect(isOwnEcho(new Socket())).toBe(false);

    const own = connect({ host: HOST, port, localPort: port, localAddress: HOST });
    await once(own, 'connect');
    expect(isOwnEcho(own)).toBe(true);
    own.resetAndDestroy();
    await once(own, 'close');
  });

  it('counts as nobody listening', () =>
    onBench(tcp(), async (bench) => {
      const place = await bench.listen(`tcp://${HOST}:0`);
      await place.close();
      extra.options = { localAddress: HOST, localPort: Number(new URL(place.uri).port) };
      const near = bench.dial(place.uri);
      near.write(10);
      expect(await near.closed).toMatchObject({
        code: 'ERR_REFUSED',
        message: `${place.uri}: nobody listens there; the system joined it to itself`,
      });
      expect(near.told).toEqual(['close']);
      // Nor does it keep the port from its owner.
      await bench.listen(place.uri);
    }));
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
