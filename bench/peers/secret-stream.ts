/**
 * Hyperswarm's encrypted streams, without its swarm: Noise over a socket, and messages that keep their bounds. Everything is
 * encrypted, which the others over plain TCP do not pay for; compare it with the floor with a secret.
 */
import { once } from 'node:events';
import { loadCodec } from '../codec.js';
import type { Address, Hear, Hub, Peer, PeerInfo, Reach, Side, Wish } from '../peer.js';
import { peerPackage } from '../root.js';
import { inBatches } from './batches.js';
import { Links } from './links.js';
import { addressOf, dialAt, listenAt } from './sockets.js';

interface Stream extends NodeJS.EventEmitter {
  readonly opened: Promise<boolean>;
  write(data: Uint8Array): boolean;
  destroy(): void;
}

interface End {
  readonly stream: Stream;
  full: boolean;
}

type Package = new (initiator: boolean, socket: object) => Stream;

export const secretStream: PeerInfo = {
  name: 'secret-stream',
  title: 'secret-stream',
  remark: '@hyperswarm/secret-stream over a socket: Noise-encrypted; msgpackr',
  transports: ['tcp', 'unix'],
  packages: ['@hyperswarm/secret-stream'],
  native: true,
  reconnects: false,
  exactlyOnce: false,
  load: async () => made(peerPackage<Package>('@hyperswarm/secret-stream')),
};

function made(SecretStream: Package): Peer {
  const { encode, decode } = loadCodec();

  function send(end: End | undefined, data: Uint8Array): boolean {
    if (end === undefined) return false;
    if (!end.stream.write(data)) end.full = true;
    return true;
  }

  async function listen(wish: Wish, hear: Hear): Promise<Hub> {
    const links = new Links<End>();
    const server = await listenAt(wish, (socket) => {
      const stream = new SecretStream(false, socket);
      let link = -1;
      stream.on('error', () => stream.destroy());
      stream.on('data', (data: Buffer) => {
        if (link >= 0) hear(link, decode(data));
        else links.set((link = data.readUInt32BE(0)), watched(stream));
      });
    });
    return {
      addresses: [addressOf(server)],
      ready: (count) => links.reach(count),
      send: (link, packet) => send(links.ends[link], encode(packet)),
      broadcast(packet) {
        // Each stream encrypts its own copy; the encoding is done once.
        const data = encode(packet);
        for (const end of links.ends) send(end, data);
      },
      async room() {
        for (const end of links.ends) if (end !== undefined) await drained(end);
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
  }

  async function dial({ addresses, first, count }: Reach, wish: Wish, hear: Hear): Promise<Side> {
    const ends = await inBatches(count, async (index) => {
      const stream = new SecretStream(true, await dialAt(addresses[0] as Address, wish));
      stream.on('error', () => stream.destroy());
      stream.on('data', (data: Buffer) => hear(first + index, decode(data)));
      if (!(await stream.opened)) throw new Error('the streams did not shake hands');
      const hello = Buffer.alloc(4);
      hello.writeUInt32BE(first + index, 0);
      stream.write(hello);
      return watched(stream);
    });
    return {
      send: (link, packet) => send(ends[link - first], encode(packet)),
      async room() {
        for (const end of ends) await drained(end);
      },
    };
  }

  return { listen, dial };
}

function watched(stream: Stream): End {
  const end: End = { stream, full: false };
  stream.on('drain', () => {
    end.full = false;
  });
  return end;
}

async function drained(end: End): Promise<void> {
  while (end.full) await once(end.stream, 'drain');
}
