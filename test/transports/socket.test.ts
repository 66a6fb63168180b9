/** What `node:net` needs beyond the rules that hold for all transports: ports that echo. */
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
