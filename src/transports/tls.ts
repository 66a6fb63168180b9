/**
 * Streams over TLS, dialled and accepted. To whoever uses it a connection is there as soon as its socket is, so that its
 * deadline runs and it is counted from then on; but nothing goes out, and nothing that came in is handed on, before TLS
 * has agreed and the other end has proved what the credentials ask of it.
 */
import type { NetConnectOpts, Socket } from 'node:net';
import type { ConnectionOptions, Server, TLSSocket, TlsOptions } from 'node:tls';
import { builtins } from '../builtins.js';
import { MasterlessError } from '../errors.js';
import { connectionFault } from './faults.js';
import { pacer } from './pacer.js';
import type { Handshake, Security } from './security.js';
import { isOwnEcho, overSocket, ownEcho, reader } from './socket.js';
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
  const secured = new SecuredConnection(uri, security.advice, () => events);
  const reading = reader((chunk) => secured.read(chunk));
  const socket = builtins.tls.connect({
    ...options,
    ...where,
    ...reading.options,
    servername: '',
  } as ConnectionOptions);
  socket.setNoDelay(true);
  secured.over(socket);
  socket.once('connect', () => {
    if (isOwnEcho(socket)) socket.destroy(ownEcho(uri));
    else events.open();
  });
  socket.once('secureConnect', () => secured.settle(prove(socket)));
  reading.start(socket);
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
    let events: ConnectionEvents;
    const secured = new SecuredConnection(remote, this.#security.advice, () => events);
    const key = ends(raw);
    secured.before(raw);
    raw.once('close', () => {
      if (this.#arrivals.get(key) === secured) this.#arrivals.delete(key);
    });
    events = listener.accept(secured);
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
      secured.over(socket);
      socket.on(
        'data',
        pacer(socket, (chunk) => secured.read(chunk)),
      );
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

/** A connection from its socket to its end; in between TLS is agreed. */
class SecuredConnection implements Connection {
  readonly remote: string;
  proof: Proof | null = null;
  readonly #advice: string;
  readonly #events: () => ConnectionEvents;
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

  constructor(remote: string, advice: string, events: () => ConnectionEvents) {
    this.remote = remote;
    this.#advice = advice;
    this.#events = events;
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
      if (this.#stream === null) this.#close(null);
    });
  }

  /** Its TLS socket is there. */
  over(socket: TLSSocket): void {
    const events = {
      drain: () => this.#events().drain(),
      close: (error: Error | null) => this.#close(error),
    };
    this.#stream = overSocket(socket, this.remote, events, (error) =>
      this.#settled ? connectionFault(error, this.remote) : handshakeFault(error, this.remote, this.#advice),
    );
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
    else if (this.#blocked && more) this.#events().drain();
  }

  /** Bytes came over TLS. */
  read(chunk: Uint8Array): void {
    if (this.proof !== null) this.#events().data(chunk);
  }

  #refuse(error: MasterlessError): void {
    const events = this.#events();
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

  #close(error: Error | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#drop();
    this.#events().close(this.#failure ?? error);
  }
}
