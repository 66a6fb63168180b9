/** Sockets of Node for adapters that stand directly on them: TCP, Unix sockets, and TLS 1.3 with a shared key or with certificates. */
import { constants } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  connect as connectTls,
  createSecureContext,
  createServer as createTlsServer,
  type SecureContext,
  type TlsOptions,
} from 'node:tls';
import { certificate, SECRET } from '../credentials.js';
import type { Address, Wish } from '../peer.js';

/** No tickets: who dials again proves itself again. They would be two messages more in each handshake. */
const TLS = {
  minVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;

/** A listener of the wished kind. `accept` gets every connection once it can be used. */
export async function listenAt(wish: Wish, accept: (socket: Socket) => void): Promise<Server> {
  const server = isSecure(wish)
    ? createTlsServer({ ...TLS, ...accepting(wish), noDelay: true } as TlsOptions, accept)
    : createServer({ noDelay: true }, accept);
  if (wish.transport === 'unix') server.listen(wish.path);
  else server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export async function dialAt(address: Address, wish: Wish): Promise<Socket> {
  if (!isSecure(wish)) {
    const socket = connect({ ...address, noDelay: true });
    await once(socket, 'connect');
    return socket;
  }
  const socket = connectTls({ ...address, ...TLS, ...dialling(wish), checkServerIdentity: () => undefined });
  socket.setNoDelay(true);
  await once(socket, 'secureConnect');
  return socket;
}

function isSecure({ transport }: Wish): boolean {
  return transport === 'secret' || transport === 'tls';
}

function accepting({ transport }: Wish): TlsOptions {
  if (transport === 'secret') return { pskCallback: () => SECRET };
  return { ...certificate(), requestCert: true, rejectUnauthorized: true };
}

/** Read and checked once for all connections, as an application does. */
let context: SecureContext | undefined;

function dialling({ transport }: Wish): ConnectionOptions {
  if (transport === 'secret') return { pskCallback: () => ({ psk: SECRET, identity: 'bench' }) };
  context ??= createSecureContext({ ...TLS, ...certificate() });
  return { secureContext: context };
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
