/**
 * NATS: a broker (Debian's nats-server) between the two, which its CPU time counts for. Subscriptions with callbacks, which
 * its clients deliver fastest. A sender is not held back by a slow receiver, so it is given the broker's own pace: `flush`
 * every megabyte. The broker's limits are raised so that it cuts nobody off and takes ten-megabyte packets.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { loadCodec } from '../codec.js';
import { natsServer } from '../nats-server.js';
import type { Address, Hear, Hub, Peer, PeerInfo, Reach, Side, Wish } from '../peer.js';
import { peerPackage } from '../root.js';
import { inBatches } from './batches.js';

/** Bytes given to the client before it is asked to flush. */
const ENOUGH = 1024 * 1024;
const CONFIG = 'max_payload: 67108864\nmax_pending: 2147483648\n';
/** Milliseconds that the broker has to start. */
const START = 10_000;

interface Client {
  publish(subject: string, data: Uint8Array): void;
  subscribe(subject: string, options: { callback(error: unknown, message: Message): void }): unknown;
  flush(): Promise<void>;
}

interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
}

interface Package {
  connect(options: object): Promise<Client>;
}

export const nats: PeerInfo = {
  name: 'nats',
  title: 'nats',
  remark:
    'core NATS through a nats-server on this machine, whose CPU time counts; msgpackr; bytes are those of one of its two hops',
  transports: ['tcp'],
  packages: ['@nats-io/transport-node'],
  native: false,
  reconnects: true,
  exactlyOnce: false,
  load: async () => made(peerPackage<Package>('@nats-io/transport-node')),
};

function made({ connect }: Package): Peer {
  const { encode, decode } = loadCodec();

  async function listen(wish: Wish, hear: Hear): Promise<Hub> {
    const { broker, port } = await startBroker(wish);
    const client = await connect(settings({ host: '127.0.0.1', port }));
    client.subscribe('from.*', {
      callback: (_, { subject, data }) => hear(Number(subject.slice('from.'.length)), decode(data)),
    });
    await client.flush();
    let given = 0;
    const publish = (subject: string, data: Uint8Array): boolean => {
      client.publish(subject, data);
      given += data.length;
      return true;
    };
    return {
      addresses: [{ host: '127.0.0.1', port }],
      helper: broker.pid as number,
      // An endpoint is there once the broker knows what it subscribes to, which it has waited for.
      ready: async () => undefined,
      send: (link, packet) => publish(`to.${link}`, encode(packet)),
      broadcast: (packet) => void publish('all', encode(packet)),
      async room() {
        await new Promise((resolve) => setImmediate(resolve));
        if (given < ENOUGH) return;
        given = 0;
        await client.flush();
      },
    };
  }

  async function dial({ addresses, first, count }: Reach, { pattern }: Wish, hear: Hear): Promise<Side> {
    const clients = await inBatches(count, async (index) => {
      const link = first + index;
      const client = await connect(settings(addresses[0] as Address));
      const subject = pattern === 'broadcast' ? 'all' : `to.${link}`;
      client.subscribe(subject, { callback: (_, { data }) => hear(link, decode(data)) });
      await client.flush();
      return client;
    });
    return {
      send(link, packet) {
        clients[link - first]?.publish(`from.${link}`, encode(packet));
        return true;
      },
      async room() {
        for (const client of clients) await client.flush();
      },
    };
  }

  return { listen, dial };
}

function settings(address: Address): object {
  if ('path' in address) throw new Error('NATS dials TCP only');
  return { servers: `${address.host}:${address.port}`, ignoreClusterUpdates: true };
}

/** It is in the process group of this process, and ends with it. Port -1 is NATS for any that is free. */
async function startBroker({ path }: Wish): Promise<{ broker: ChildProcess; port: number }> {
  const config = `${path}.conf`;
  writeFileSync(config, CONFIG);
  const broker = spawn(natsServer() ?? 'nats-server', ['-a', '127.0.0.1', '-p', '-1', '-c', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const failed = once(broker, 'error').then(([error]) => Promise.reject(error as Error));
  failed.catch(() => undefined);
  return Promise.race([failed, portOf(broker).then((port) => ({ broker, port }))]);
}

async function portOf(broker: ChildProcess): Promise<number> {
  let log = '';
  const late = setTimeout(() => broker.kill('SIGKILL'), START);
  broker.stderr?.setEncoding('utf8');
  for await (const text of broker.stderr ?? []) {
    log += text;
    const [, port] = /client connections on \S+:(\d+)/.exec(log) ?? [];
    if (port === undefined || !log.includes('Server is ready')) continue;
    clearTimeout(late);
    return Number(port);
  }
  throw new Error(`nats-server did not start: ${log}`);
}
