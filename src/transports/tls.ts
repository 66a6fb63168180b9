/**
 * Streams over TLS, dialled and accepted. To whoever uses it a connection is there as soon as its socket is, so that its
 * deadline runs and it is counted from then on; but nothing goes out, and nothing that came in is handed on, before TLS
 * has agreed and the other end has proved what the credentials ask of it, or was refused.
 */
import type { NetConnectOpts, Socket } from 'node:net';
import type { ConnectionOptions, Server, TLSSocket, TlsOptions } from 'node:tls';
import { builtins } from '../builtins.js';
import { MasterlessError } from '../errors.js';
import { connectionFault } from './faults.js';
import type { Handshake, Security } from './security.js';
import { isOwnEcho, ownEcho } from './socket.js';
import { reading, SocketConnection, type SocketEvents } from './socket-connection.js';
import { handshakeFault } from './tls-faults.js';
import type { Connection, ConnectionEvents, ListenerEvents, Proof } from './transport.js';

/** Bytes held back for a handshake from which on `write` asks to wait. */
const HIGH_WATER = 64 * 1024;
/** The longest time a timer can wait: the deadline of a handshake is set by who uses the connection. */
const LONGEST = 2 ** 31 - 1;

/** Opens a connection. The name dialled is not told to the other end, since it says nothing about who that is. */
export function dialSecure(
  where: NetConnectOpts,
  uri: string,
  events: ConnectionEvents,
  security: Security,
): Connection {
  const { options, prove } = security.dialling();
  const secured = new SecuredConnection(uri, security.advice, events);
  const socket = reading((common) =>
    builtins.tls.connect({ ...options, ...where, ...common, servername: '' } as ConnectionOptions),
  );
  socket.setNoDelay(true);
  secured.over(socket);
  socket.once('connect', () => {
    if (isOwnEcho(socket)) socket.destroy(ownEcho(uri));
    else events.open();
  });
  socket.once('secureConnect', () => secured.settle(prove(socket)));
  return secured;
}

/** Shakes hands with the sockets that come in at one listener. */
export class SecureAcceptor {
  readonly #security: Security;
  /** Connections that shake hands, by the ends of their sockets: nothing else that is public tells which is which. */
  readonly #arrivals = new Map<string, SecuredConnection>();
  #current: { readonly handshake: Handshake<TlsOptions>; readonly server: Server } | null = null;

  constructor(security: Security) {
    this.#security = security;
  }

  /** Hands a socket that came in to the listener. */
  accept(raw: Socket, remote: string, listener: ListenerEvents): void {
    const secured = new SecuredConnection(remote, this.#security.advice);
    const key = ends(raw);
    secured.before(raw);
    raw.once('close', () => {
      if (this.#arrivals.get(key) === secured) this.#arrivals.delete(key);
    });
    // Nothing is called while `accept` runs.
    secured.events = listener.accept(secured);
    // Who is gone again, or was turned away, does not shake hands.
    if (raw.remotePort === undefined) raw.destroy();
    if (raw.destroyed) return;
    this.#arrivals.set(key, secured);
    this.#server().emit('connection', raw);
  }

  #server(): Server {
    const handshake = this.#security.accepting();
    if (this.#current?.handshake === handshake) return this.#current.server;
    const server = builtins.tls.createServer({ ...handshake.options, handshakeTimeout: LONGEST });
    server.on('secureConnection', (socket) => {
      const secured = this.#arrivals.get(ends(socket));
      if (secured === undefined) {
        socket.destroy();
        return;
      }
      this.#arrivals.delete(ends(socket));
      secured.over(socket);
      secured.settle(handshake.prove(socket));
    });
    server.on('tlsClientError', (error, socket) => this.#arrivals.get(ends(socket))?.failed(error));
    this.#current = { handshake, server };
    return server;
  }
}

/** The two ends of a socket, which no other has at the same time. */
function ends({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
}

const NOBODY: ConnectionEvents = { open: nothing, data: nothing, drain: nothing, close: nothing };

function nothing(): void {}

/** A connection from its socket to its end; in between TLS is agreed. */
class SecuredConnection implements Connection, SocketEvents {
  readonly remote: string;
  proof: Proof | null = null;
  events: ConnectionEvents;
  readonly #advice: string;
  /** The stream over TLS; for a connection that came in, from when TLS has agreed. */
  #stream: Connection | null = null;
  /** The socket below, of one that came in. */
  #raw: Socket | null = null;
  /** TLS has agreed, and the other end has proved itself, or failed to. */
  #settled = false;
  /** Why it ends, where that is known before it does. */
  #failure: Error | null = null;
  /** What is to go out when the other end has proved itself. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #blocked = false;
  #ended = false;
  #over = false;

  constructor(remote: string, advice: string, events: ConnectionEvents = NOBODY) {
    this.remote = remote;
    this.#advice = advice;
    this.events = events;
  }

  get buffered(): number {
    return this.#heldBytes + (this.#stream?.buffered ?? 0);
  }

  get local(): boolean | undefined {
    return this.#stream?.local;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#settled) return this.#stream?.write(chunks) ?? true;
    if (this.#ended || this.#over) return true;
    this.#held.push(...chunks);
    for (const chunk of chunks) this.#heldBytes += chunk.length;
    this.#blocked = this.#heldBytes >= HIGH_WATER;
    return !this.#blocked;
  }

  end(): void {
    this.#ended = true;
    if (this.#settled) this.#stream?.end();
  }

  destroy(): void {
    this.#drop();
    this.#ended = true;
    if (this.#stream !== null) this.#stream.destroy();
    else this.#raw?.destroy();
  }

  /** It came in. Until TLS has agreed, its end is that of the socket below. */
  before(raw: Socket): void {
    this.#raw = raw;
    raw.on('error', (error) => this.failed(error));
    raw.once('close', () => {
      if (this.#stream === null) this.close(null);
    });
  }

  /** Its TLS socket is there. */
  over(socket: TLSSocket): void {
    this.#stream = new SocketConnection(socket, this.remote, this);
  }

  /** The handshake failed; the end follows. */
  failed(error: Error): void {
    if (!this.#settled) this.#failure ??= handshakeFault(error, this.remote, this.#advice);
  }

  /** TLS has agreed. */
  settle(outcome: Proof | MasterlessError): void {
    if (this.#settled || this.#over) return;
    this.#settled = true;
    if (outcome instanceof MasterlessError) {
      this.#drop();
      this.#refuse(new MasterlessError(outcome.code, `${this.remote}: ${outcome.message}`));
      return;
    }
    this.proof = outcome;
    const held = this.#held;
    this.#drop();
    const more = held.length === 0 || this.#stream?.write(held) === true;
    if (this.#ended) this.#stream?.end();
    else if (this.#blocked && more) this.events.drain();
  }

  /** Bytes came over TLS. Those of who was refused, too, are told: who hears of them may have had enough. */
  data(chunk: Uint8Array): void {
    if (this.#settled) this.events.data(chunk);
  }

  drain(): void {
    this.events.drain();
  }

  fault(error: Error): MasterlessError {
    return this.#settled ? connectionFault(error, this.remote) : handshakeFault(error, this.remote, this.#advice);
  }

  /** The socket is over. */
  close(error: Error | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#drop();
    this.events.close(this.#failure ?? error);
  }

  #refuse(error: MasterlessError): void {
    const { events } = this;
    if (events.refused !== undefined) {
      events.refused(error);
      return;
    }
    this.#failure = error;
    this.#stream?.destroy();
  }

  #drop(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }
}
