/**
 * ZeroMQ, with the sockets that are made for each pattern: PUSH and PULL one way, XPUB and SUB to many, ROUTER and DEALER
 * both ways. High-water marks are far above the default, so that it neither drops nor waits for want of room, and the
 * sockets that may drop are told not to. Each `send` is awaited before the next, as its sockets demand.
 */

import { loadCodec } from '../codec.js';
import type { Address, Hear, Hub, Pattern, Peer, PeerInfo, Reach, Side, TransportName, Wish } from '../peer.js';
import { peerPackage } from '../root.js';
import { inBatches } from './batches.js';
import { Links } from './links.js';

/** Packets that may wait in a socket. */
const HIGH_WATER = 100_000;
/** Sockets of one process: 1,023 by default, and each link is one. */
const MOST_SOCKETS = 4096;
/** Packets that may wait before it. */
const ENOUGH = 256;

interface Socket extends AsyncIterable<Buffer[]> {
  readonly lastEndpoint: string | null;
  bind(address: string): Promise<void>;
  connect(address: string): void;
  send(parts: Uint8Array | readonly (Uint8Array | string)[]): Promise<void>;
  subscribe(...topics: string[]): void;
}

type Kind = 'Push' | 'Pull' | 'XPublisher' | 'Subscriber' | 'Router' | 'Dealer';
type Package = Readonly<Record<Kind, new (options: object) => Socket>> & { readonly context: { maxSockets: number } };

const HUBS = { stream: 'Push', broadcast: 'XPublisher', duplex: 'Router' } as const satisfies Record<Pattern, Kind>;
const ENDS = { stream: 'Pull', broadcast: 'Subscriber', duplex: 'Dealer' } as const satisfies Record<Pattern, Kind>;

export const zeromq: PeerInfo = {
  name: 'zeromq',
  title: 'zeromq',
  remark:
    'PUSH/PULL, XPUB/SUB, ROUTER/DEALER; high-water marks of 100,000; native code with a thread of its own; msgpackr',
  transports: ['tcp', 'unix'],
  packages: ['zeromq'],
  native: true,
  reconnects: true,
  exactlyOnce: false,
  load: async () => made(peerPackage<Package>('zeromq')),
};

/** What waits to be sent by one socket. */
class Queue {
  readonly #socket: Socket;
  #parts: (Uint8Array | readonly (Uint8Array | string)[])[] = [];
  #busy: Promise<void> | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  push(parts: Uint8Array | readonly (Uint8Array | string)[]): void {
    this.#parts.push(parts);
    this.#busy ??= this.#pump();
  }

  async room(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#parts.length > ENOUGH) await this.#busy;
  }

  async #pump(): Promise<void> {
    while (this.#parts.length > 0) {
      const parts = this.#parts;
      this.#parts = [];
      for (const each of parts) await this.#socket.send(each);
    }
    this.#busy = null;
  }
}

function made(library: Package): Peer {
  const { encode, decode } = loadCodec();
  library.context.maxSockets = MOST_SOCKETS;
  const water = ({ window }: Wish): number => (window === null ? HIGH_WATER : 0);

  async function listen(wish: Wish, hear: Hear): Promise<Hub> {
    const { pattern } = wish;
    const socket = new library[HUBS[pattern]]({
      sendHighWaterMark: water(wish),
      linger: 0,
      ...(pattern === 'broadcast' ? { noDrop: true, verbosity: 'allSubs' } : {}),
      ...(pattern === 'duplex' ? { mandatory: true, receiveHighWaterMark: water(wish) } : {}),
    });
    await socket.bind(wish.transport === 'unix' ? `ipc://${wish.path}` : 'tcp://127.0.0.1:0');
    const queue = new Queue(socket);
    const links = new Links<string>();
    let subscribed = 0;
    if (pattern !== 'stream') void receive();
    return {
      addresses: [addressOf(socket.lastEndpoint ?? '')],
      // Without anybody to pull, `send` waits: there is nothing to wait for here.
      ready: (count) => (pattern === 'stream' ? Promise.resolve() : links.reach(count)),
      send(link, packet) {
        queue.push(pattern === 'duplex' ? [String(link), encode(packet)] : encode(packet));
        return true;
      },
      broadcast: (packet) => queue.push(encode(packet)),
      room: () => queue.room(),
    };

    async function receive(): Promise<void> {
      for await (const [from, data] of socket) {
        // A subscription is a message too.
        if (pattern === 'broadcast') links.set(subscribed, `subscriber ${subscribed++}`);
        else if (data?.length === 0) links.set(Number(from), String(from));
        else if (data !== undefined) hear(Number(from), decode(data));
      }
    }
  }

  async function dial({ addresses, first, count }: Reach, wish: Wish, hear: Hear): Promise<Side> {
    const { pattern } = wish;
    const ends = await inBatches(count, async (index) => {
      const link = first + index;
      const socket = new library[ENDS[pattern]]({
        receiveHighWaterMark: water(wish),
        ...(pattern === 'duplex' ? { routingId: String(link), sendHighWaterMark: water(wish) } : {}),
        linger: 0,
      });
      socket.connect(uriOf(addresses[0] as Address, wish.transport));
      if (pattern === 'broadcast') socket.subscribe('');
      const queue = new Queue(socket);
      if (pattern === 'duplex') queue.push(Buffer.alloc(0));
      void receive(socket, link);
      return { socket, queue };
    });
    return {
      send(link, packet) {
        ends[link - first]?.queue.push(encode(packet));
        return true;
      },
      async room() {
        for (const { queue } of ends) await queue.room();
      },
    };

    async function receive(socket: Socket, link: number): Promise<void> {
      for await (const [data] of socket) if (data !== undefined) hear(link, decode(data));
    }
  }

  return { listen, dial };
}

function addressOf(endpoint: string): Address {
  if (endpoint.startsWith('ipc://')) return { path: endpoint.slice('ipc://'.length) };
  return { host: '127.0.0.1', port: Number(endpoint.slice(endpoint.lastIndexOf(':') + 1)) };
}

function uriOf(address: Address, transport: TransportName): string {
  return 'path' in address ? `ipc://${address.path}` : `${transport}://${address.host}:${address.port}`;
}
