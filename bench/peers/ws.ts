/**
 * WebSocket, with bufferutil as its README advises for speed, and without compression, which is only for slow networks. The
 * hub is the server, so that the packets of one-way workloads are those that the protocol does not mask.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { loadCodec } from '../codec.js';
import type { Address, Hear, Hub, Peer, PeerInfo, Reach, Side, Wish } from '../peer.js';
import { peerPackage } from '../root.js';
import { inBatches } from './batches.js';
import { Links } from './links.js';
import { addressOf } from './sockets.js';

/** Bytes that may wait in a socket before the sender waits for them: ws has no other sign of being full. */
const ENOUGH = 1024 * 1024;

interface Socket extends NodeJS.EventEmitter {
  readonly bufferedAmount: number;
  send(data: Uint8Array, done?: () => void): void;
  terminate(): void;
}

interface Package {
  readonly WebSocket: new (url: string, options: object) => Socket;
  readonly WebSocketServer: new (options: object) => NodeJS.EventEmitter;
}

export const ws: PeerInfo = {
  name: 'ws',
  title: 'ws',
  remark: 'with bufferutil, without compression, msgpackr in binary messages',
  transports: ['tcp', 'unix'],
  packages: ['ws', 'bufferutil'],
  native: false,
  reconnects: false,
  exactlyOnce: false,
  load: async () => made(peerPackage<Package>('ws')),
};

function made({ WebSocket, WebSocketServer }: Package): Peer {
  const { encode, decode } = loadCodec();
  const SETTINGS = { perMessageDeflate: false, maxPayload: 64 * 1024 * 1024 };

  async function listen(wish: Wish, hear: Hear): Promise<Hub> {
    const links = new Links<Socket>();
    const http = createServer();
    const server = new WebSocketServer({ ...SETTINGS, server: http });
    server.on('connection', (socket: Socket, request: IncomingMessage) => {
      const link = Number(request.url?.slice(1));
      socket.on('message', (data: Buffer) => hear(link, decode(data)));
      socket.on('error', () => socket.terminate());
      links.set(link, socket);
    });
    http.listen(wish.transport === 'unix' ? { path: wish.path } : { host: '127.0.0.1', port: 0 });
    await once(http, 'listening');
    return {
      addresses: [addressOf(http)],
      ready: (count) => links.reach(count),
      send(link, packet) {
        links.ends[link]?.send(encode(packet));
        return links.ends[link] !== undefined;
      },
      broadcast(packet) {
        const data = encode(packet);
        for (const socket of links.ends) socket?.send(data);
      },
      async room() {
        for (const socket of links.ends) if (socket !== undefined) await emptied(socket);
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
  }

  async function dial({ addresses, first, count }: Reach, _wish: Wish, hear: Hear): Promise<Side> {
    const sockets = await inBatches(count, async (index) => {
      const link = first + index;
      const socket = new WebSocket(urlOf(addresses[0] as Address, link), SETTINGS);
      socket.on('message', (data: Buffer) => hear(link, decode(data)));
      await once(socket, 'open');
      socket.on('error', () => socket.terminate());
      return socket;
    });
    return {
      send(link, packet) {
        sockets[link - first]?.send(encode(packet));
        return true;
      },
      async room() {
        for (const socket of sockets) await emptied(socket);
      },
    };
  }

  return { listen, dial };
}

/** What `send` calls back for has gone out, and all before it. */
async function emptied(socket: Socket): Promise<void> {
  const { _socket } = socket as Socket & { _socket: NodeJS.WritableStream & { writableNeedDrain: boolean } };
  if (socket.bufferedAmount > ENOUGH && _socket.writableNeedDrain) await once(_socket, 'drain');
}

function urlOf(address: Address, link: number): string {
  return 'path' in address ? `ws+unix://${address.path}:/${link}` : `ws://${address.host}:${address.port}/${link}`;
}
