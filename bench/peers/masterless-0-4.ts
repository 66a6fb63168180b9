/**
 * The library of the same name from which this one took its API: the version of npm, which speaks JSON. Bytes travel as
 * base64, since JSON has none. It has no back-pressure, so its sockets are looked at; without that it would keep everything.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Packet } from '../packets.js';
import type { Address, Hear, Hub, Peer, PeerInfo, Reach, Side, Wish } from '../peer.js';
import { peerPackage } from '../root.js';
import { inBatches } from './batches.js';
import { roomIn } from './sockets.js';

interface Node extends NodeJS.EventEmitter {
  readonly _nodes: Readonly<Record<string, { readonly stream: { readonly conn: Socket } | null }>>;
  connect(uri: string): void;
  connections(): string[];
  info(): string;
  keep(id: string): void;
  send(id: string | readonly string[], packet: object): boolean | number;
}

type Package = new (id: string, options: object) => Node;

export const masterless04: PeerInfo = {
  name: 'masterless-0.4.1',
  title: 'masterless 0.4.1',
  remark: 'the one of npm, JSON; kept links, as otherwise it closes them',
  transports: ['tcp'],
  packages: ['masterless'],
  native: false,
  reconnects: true,
  exactlyOnce: false,
  load: async () => made(peerPackage<Package>('masterless')),
};

function made(Constructor: Package): Peer {
  const start = async (id: string): Promise<Node> => {
    const node = new Constructor(id, { host: '127.0.0.1' });
    await once(node, 'listening');
    return node;
  };

  async function listen(_wish: Wish, hear: Hear): Promise<Hub> {
    const node = await start('hub');
    let ids: string[] = [];
    node.on('message', (id: string, packet: Packet) => {
      if (packet.id !== GREETING.id) hear(linkOf(id), decoded(packet));
    });
    // Its heartbeat throws for a peer to which nothing was ever sent, so something is, at once.
    node.on('connect', (id: string) => node.send(id, GREETING));
    return {
      addresses: [{ host: '127.0.0.1', port: Number(new URL(node.info()).port) }],
      async ready(links) {
        while (node.connections().length < links) await once(node, 'connect');
        ids = Array.from({ length: links }, (_, link) => `end-${link}`);
      },
      send: (link, packet) => node.send(ids[link] ?? '', encoded(packet)) === true,
      broadcast(packet) {
        node.send(ids, encoded(packet));
      },
      async room() {
        for (const id of ids) {
          const socket = node._nodes[id]?.stream?.conn;
          if (socket?.writableNeedDrain === true) await roomIn(socket);
        }
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
  }

  async function dial({ addresses, first, count }: Reach, _wish: Wish, hear: Hear): Promise<Side> {
    const nodes = await inBatches(count, async (index) => {
      const node = await start(`end-${first + index}`);
      node.keep('hub');
      node.on('message', (_id: string, packet: Packet) => {
        if (packet.id !== GREETING.id) hear(first + index, decoded(packet));
      });
      node.on('connect', (id: string) => node.send(id, GREETING));
      node.connect(uriOf(addresses[0] as Address));
      await once(node, 'connect');
      return node;
    });
    return {
      send: (link, packet) => nodes[link - first]?.send('hub', encoded(packet)) === true,
      async room() {
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
  }

  return { listen, dial };
}

/** No packet of a measurement has this number. */
const GREETING = { id: -1 };

function encoded(packet: Packet): object {
  return packet.data === undefined ? packet : { id: packet.id, base64: Buffer.from(packet.data).toString('base64') };
}

function decoded(packet: Packet & { readonly base64?: string }): Packet {
  return packet.base64 === undefined ? packet : { id: packet.id, data: Buffer.from(packet.base64, 'base64') };
}

function linkOf(id: string): number {
  return Number(id.slice('end-'.length));
}

function uriOf(address: Address): string {
  if ('path' in address) throw new Error('masterless 0.4.1 dials TCP only');
  return `tcp://${address.host}:${address.port}`;
}
