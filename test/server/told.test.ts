/** Addresses that peers tell, over real sockets: what a node dials of them when such a peer is lost, and what not. */
import dns from 'node:dns';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { MasterlessError, Server, Transport } from '../../src/index.js';
import { tcp } from '../../src/transports/tcp.js';
import type { Connection } from '../../src/transports/transport.js';
import { heard, within } from '../support/events.js';
import { atEnd, listening, node } from '../support/nodes.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** TCP on which all who come seem to be where this says, and can be cut off. */
class Place {
  near: boolean;
  readonly #came: Connection[] = [];

  constructor(near: boolean) {
    this.near = near;
  }

  transport(): Transport {
    const inner = tcp();
    return {
      ...inner,
      listen: (uri, events) =>
        inner.listen(uri, {
          listening: (at) => events.listening(at),
          error: (error) => events.error(error),
          accept: (connection) => {
            this.#came.push(connection);
            return events.accept(Object.defineProperty(connection, 'local', { value: this.near }));
          },
        }),
    };
  }

  cut(): void {
    for (const connection of this.#came.splice(0)) connection.destroy();
  }
}

/** A service of this machine, and how often somebody came. */
async function service(): Promise<{ port: number; visits: () => number }> {
  let visits = 0;
  const server = createServer((socket) => {
    visits++;
    socket.on('error', () => undefined).destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(async () => {
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, visits: () => visits };
}

/** Every name stands for this machine. */
function rebound(): void {
  const lookup = (_host: string, options: dns.LookupOptions, callback: (...args: unknown[]) => void): void => {
    setImmediate(() => {
      if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
      else callback(null, '127.0.0.1', 4);
    });
  };
  vi.spyOn(dns, 'lookup').mockImplementation(lookup as unknown as typeof dns.lookup);
}

/** A peer comes, tells an address, and is cut off: what the node then hears of an address. */
async function lure(
  to: { place: Place; victim: Server; uri: string },
  told: string,
): Promise<[string, MasterlessError]> {
  const { victim, place } = to;
  victim.keep('lurer');
  const lurer = node('lurer', { listen: [], advertise: told, reconnect: false });
  const come = heard(victim, 'connect');
  await lurer.connect(to.uri);
  await come;
  const unreachable = heard(victim, 'unreachable');
  place.cut();
  const [where, error] = await unreachable;
  await lurer.close();
  return [where, error];
}

async function scene(near: boolean): Promise<{ place: Place; victim: Server; uri: string }> {
  const place = new Place(near);
  const { node: victim, uri } = await listening('victim', { transports: [place.transport()] });
  return { place, victim, uri };
}

describe('a name that stands for this machine', () => {
  const saysSo = expect.stringContaining('stands for this machine');
  it.each([
    ['is not dialled when a peer on another one told it', false, { code: 'ERR_UNREACHABLE', message: saysSo }, 0],
    ['is dialled when a peer on this one told it', true, { message: expect.not.stringContaining('stands for') }, 1],
  ])('%s', async (_, near, error, visited) => {
    const { port, visits } = await service();
    const at = await scene(near);
    rebound();
    const told = `tcp://inside.test:${port}`;
    expect(await lure(at, told)).toEqual([told, expect.objectContaining(error)]);
    expect(visits()).toBe(visited);
  });

  it('is dialled when the application says so, whoever told it', async () => {
    const { port, visits } = await service();
    const at = await scene(false);
    rebound();
    const told = `tcp://inside.test:${port}`;
    await lure(at, told);
    await expect(within(at.victim.connect(told), 'the end of a dial')).rejects.toMatchObject({
      code: 'ERR_CONNECTION_LOST',
    });
    expect(visits()).toBe(1);
  });
});
