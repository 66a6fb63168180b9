/** Sockets of Node for adapters that stand directly on them: TCP, Unix sockets, and TLS 1.3 with a shared key. */
import { constants } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { Address, Wish } from '../peer.js';

/** A key that is no secret: what it costs is measured, and it never leaves the machine. */
const KEY = Buffer.alloc(32, 7);
/** No tickets: who dials again has the key again. They would be two messages more in each handshake. */
const TLS = {
  minVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;

/** A listener of the wished kind. `accept` gets every connection once it can be used. */
export async function listenAt(wish: Wish, accept: (socket: Socket) => void): Promise<Server> {
  const server =
    wish.transport === 'tls'
      ? createTlsServer(
          { ...TLS, pskCallback: () => KEY, noDelay: true } as Parameters<typeof createTlsServer>[0],
          accept,
        )
      : createServer({ noDelay: true }, accept);
  if (wish.transport === 'unix') server.listen(wish.path);
  else server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export async function dialAt(address: Address, wish: Wish): Promise<Socket> {
  if (wish.transport !== 'tls') {
    const socket = connect({ ...address, noDelay: true });
    await once(socket, 'connect');
    return socket;
  }
  const psk = { psk: KEY, identity: 'bench' };
  const socket: TLSSocket = connectTls({
    ...address,
    ...TLS,
    pskCallback: () => psk,
    checkServerIdentity: () => undefined,
  });
  socket.setNoDelay(true);
  await once(socket, 'secureConnect');
  return socket;
}

export function addressOf(server: Pick<Server, 'address'>): Address {
  const address = server.address();
  if (typeof address === 'string') return { path: address };
  return { host: '127.0.0.1', port: (address as AddressInfo).port };
}

/** Resolves when the socket can take more, at the earliest in a later turn of the event loop. */
export async function roomIn(socket: Socket): Promise<void> {
  if (socket.writableNeedDrain) await once(socket, 'drain');
  else await new Promise((resolve) => setImmediate(resolve));
}
