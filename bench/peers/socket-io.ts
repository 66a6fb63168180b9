/**
 * socket.io over WebSocket alone: its other transport, HTTP polling, is for browsers behind old proxies, and starting with
 * it would count against it. Packets are events with an object, as its users send them; it brings its own encoding.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Packet } from '../packets.js';
import type { Address, Hear, Hub, Peer, PeerInfo, Reach, Side, Wish } from '../peer.js';
import { peerPackage } from '../root.js';
import { inBatches } from './batches.js';
import { Links } from './links.js';
import { addressOf } from './sockets.js';

interface Engine extends NodeJS.EventEmitter {
  readonly writeBuffer: readonly unknown[];
}

interface Socket extends NodeJS.EventEmitter {
  readonly handshake: { readonly query: { readonly link?: string } };
  readonly conn: Engine;
  readonly io: { readonly engine: Engine };
}

interface ServerPackage {
  readonly Server: new (http: object, options: object) => NodeJS.EventEmitter;
}

interface ClientPackage {
  io(url: string, options: object): Socket;
}

export const socketIo: PeerInfo = {
  name: 'socket.io',
  title: 'socket.io',
  remark: 'WebSocket transport only, its own encoding (JSON, binary apart), reconnects as by default (about a second)',
  transports: ['tcp'],
  packages: ['socket.io', 'socket.io-client'],
  native: false,
  reconnects: true,
  exactlyOnce: false,
  load: async () => made(peerPackage<ServerPackage>('socket.io'), peerPackage<ClientPackage>('socket.io-client')),
};

function made({ Server }: ServerPackage, { io }: ClientPackage): Peer {
  async function listen(_wish: Wish, hear: Hear): Promise<Hub> {
    const links = new Links<Socket>();
    const http = createServer();
    const server = new Server(http, {
      transports: ['websocket'],
      perMessageDeflate: false,
      maxHttpBufferSize: 64 * 1024 * 1024,
    });
    server.on('connection', (socket: Socket) => {
      const link = Number(socket.handshake.query.link);
      socket.on('packet', (packet: Packet) => hear(link, packet));
      socket.on('disconnect', () => links.delete(link, socket));
      links.set(link, socket);
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return {
      addresses: [addressOf(http)],
      ready: (count) => links.reach(count),
      send(link, packet) {
        links.ends[link]?.emit('packet', packet);
        return links.ends[link] !== undefined;
      },
      broadcast(packet) {
        server.emit('packet', packet);
      },
      async room() {
        for (const socket of links.ends) if (socket !== undefined) await written(socket.conn);
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
  }

  async function dial({ addresses, first, count }: Reach, _wish: Wish, hear: Hear): Promise<Side> {
    const sockets = await inBatches(count, async (index) => {
      const link = first + index;
      // Without `forceNew` it would carry all of them over one connection.
      const socket = io(urlOf(addresses[0] as Address), { transports: ['websocket'], forceNew: true, query: { link } });
      socket.on('packet', (packet: Packet) => hear(link, packet));
      await once(socket, 'connect');
      return socket;
    });
    return {
      send(link, packet) {
        sockets[link - first]?.emit('packet', packet);
        return true;
      },
      async room() {
        for (const socket of sockets) await written(socket.io.engine);
      },
    };
  }

  return { listen, dial };
}

/** It has no back-pressure of its own; its engine says when what waited was given to the socket. */
async function written(engine: Engine): Promise<void> {
  while (engine.writeBuffer.length > 0) await once(engine, 'drain');
}

function urlOf(address: Address): string {
  if ('path' in address) throw new Error('socket.io dials TCP only');
  return `http://${address.host}:${address.port}`;
}
