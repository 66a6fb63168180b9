/**
 * What the transports over `node:net` share: a socket as a Connection, a server as a Listener.
 *
 * A socket gets its error handler in the turn in which it comes to be. `net` tells everything in a later turn than that of
 * the call that caused it, which is what the rules of transport.ts ask for.
 */
import { connect, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { MasterlessError } from '../errors.js';
import { connectionFault, listenFault } from './faults.js';
import { isLoopback } from './loopback.js';
import { pacer } from './pacer.js';
import type { Connection, ConnectionEvents, Listener, ListenerEvents } from './transport.js';

/**
 * One buffer that all dialled sockets read into, so that an idle one holds none. It is used up before the next read
 * begins, since asking the system for bytes and the callback are one step there. On Windows they are two, and a socket that
 * waits would hold the buffer. Accepted sockets can't be told of a buffer by public means.
 */
const readBuffer = process.platform === 'win32' ? null : Buffer.allocUnsafeSlow(64 * 1024);

/** Chunks of one write that are handed over one by one. */
const MOST_CHUNKS = 64;

/** Opens a connection. */
export function dialSocket(where: NetConnectOpts, uri: string, events: ConnectionEvents): Connection {
  const { options, start } = reader((chunk) => events.data(chunk));
  const socket = connect({ ...where, ...options });
  const connection = overSocket(socket, uri, events);
  socket.once('connect', () => {
    if (isOwnEcho(socket)) socket.destroy(ownEcho(uri));
    else events.open();
  });
  start(socket);
  return connection;
}

/** How a dialled socket hands on what it reads: options for it, and what to do when it is made. */
export function reader(data: (chunk: Uint8Array) => void): {
  readonly options: Pick<NetConnectOpts, 'onread'>;
  readonly start: (socket: Socket) => void;
} {
  if (readBuffer === null) return { options: {}, start: (socket) => void socket.on('data', pacer(socket, data)) };
  let paced = data;
  const callback = (length: number, buffer: Uint8Array): boolean => {
    paced(buffer.subarray(0, length));
    return true;
  };
  const start = (socket: Socket): void => {
    paced = pacer(socket, data);
    // With `onread` nothing else starts the flow or notices the end of the stream.
    socket.resume();
  };
  return { options: { onread: { buffer: readBuffer, callback } }, start };
}

/** Hands a socket that came in to the listener. */
export function acceptSocket(socket: Socket, remote: string, listener: ListenerEvents): void {
  // `net` calls nothing while `accept` runs, so the events are there when the first comes.
  let events: ConnectionEvents;
  const connection = overSocket(socket, remote, {
    drain: () => events.drain(),
    close: (error) => events.close(error),
  });
  events = listener.accept(connection);
  socket.on(
    'data',
    pacer(socket, (chunk) => events.data(chunk)),
  );
}

/**
 * Whether a socket is connected to itself: dialling a free local port, the system may choose that very port for this end,
 * and the two meet. The ghost would also keep the real owner of the port from listening again.
 */
export function isOwnEcho(socket: Socket): boolean {
  const { localPort, remotePort, localAddress, remoteAddress } = socket;
  return localPort !== undefined && localPort === remotePort && localAddress === remoteAddress;
}

/** The end of a stream that was joined to itself. */
export function ownEcho(uri: string): MasterlessError {
  return new MasterlessError('ERR_REFUSED', `${uri}: nobody listens there; the system joined it to itself`);
}

/**
 * A socket as a connection.
 * @param fault - what its error means
 */
export function overSocket(
  socket: Socket,
  remote: string,
  events: Pick<ConnectionEvents, 'drain' | 'close'>,
  fault: (error: Error, address: string) => MasterlessError = connectionFault,
): Connection {
  let failure: Error | null = null;
  socket.on('error', (error) => {
    failure ??= error;
  });
  socket.on('drain', () => events.drain());
  socket.on('close', () => events.close(failure === null ? null : fault(failure, remote)));
  return new SocketConnection(socket, remote);
}

/** A class, since an object with methods of its own takes a kilobyte more. */
class SocketConnection implements Connection {
  readonly remote: string;
  readonly #socket: Socket;

  constructor(socket: Socket, remote: string) {
    this.#socket = socket;
    this.remote = remote;
  }

  get local(): boolean | undefined {
    const { remoteAddress } = this.#socket;
    if (remoteAddress === undefined) return undefined;
    // Asked only then: a socket keeps what it was told of its own address.
    return isLoopback(remoteAddress) || remoteAddress === this.#socket.localAddress;
  }

  get buffered(): number {
    return this.#socket.writableLength;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    if (!socket.writable) return true;
    if (chunks.length === 1) return socket.write(chunks[0] as Uint8Array);
    // A stream keeps some hundred bytes for each: of many, as answers to a flood of questions are, one is made.
    if (chunks.length > MOST_CHUNKS) return socket.write(Buffer.concat(chunks));
    // One writev for all of them.
    socket.cork();
    let more = !socket.writableNeedDrain;
    for (const chunk of chunks) more = socket.write(chunk);
    socket.uncork();
    return more;
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** What makes a server a listener at one kind of address. */
export interface ServerPlace {
  readonly uri: string;
  /** What to do about an error of listening, by the system's code. */
  readonly advice: Readonly<Partial<Record<string, string>>>;
  /** The URI that others dial, once the server listens. */
  announced(): string;
}

/** Joins a server that is about to listen to a listener. */
export function overServer(server: Server, place: ServerPlace, events: ListenerEvents): Listener {
  let wanted = true;
  let free = false;
  const waiting: (() => void)[] = [];
  const freed = (): void => {
    free = true;
    for (const callback of waiting.splice(0)) callback();
  };
  const shut = (): void => {
    // Its own callback waits for the connections too; the address is free as soon as the handle is closed.
    server.close();
    setImmediate(freed);
  };
  server.on('error', (cause) => {
    // Too many open files, say: one connection was missed, the listener goes on.
    if (server.listening) return;
    if (wanted) events.error(listenFault(cause, place.uri, place.advice));
    freed();
  });
  server.once('listening', () => {
    if (wanted) events.listening(place.announced());
    else shut();
  });
  return {
    close(callback) {
      wanted = false;
      if (free) {
        setImmediate(callback);
        return;
      }
      waiting.push(callback);
      if (server.listening) shut();
    },
  };
}
