/**
 * A socket of `node:net` or `node:tls` as a Connection.
 *
 * There is one for each link, so it is small: a class, since an object with methods of its own takes a kilobyte more; and
 * all sockets have the same listeners, which find it at their socket, where functions made for each take half a kilobyte.
 */
import type { NetConnectOpts, Socket } from 'node:net';
import type { MasterlessError } from '../errors.js';
import { connectionFault } from './faults.js';
import { isLoopback } from './loopback.js';
import { isBrief, Pacer } from './pacer.js';
import type { Connection, ConnectionEvents } from './transport.js';

/**
 * One buffer that all dialled sockets read into, so that an idle one holds none. It is used up before the next read
 * begins, since asking the system for bytes and the callback are one step there. On Windows they are two, and a socket that
 * waits would hold the buffer. Accepted sockets can't be told of a buffer by public means.
 */
const readBuffer = process.platform === 'win32' ? null : Buffer.allocUnsafeSlow(64 * 1024);
/** Its beginning, as long as what was read last: full, or as short as the answer before, as often as not. */
let lastRead: Uint8Array = new Uint8Array(0);

/** Chunks of one write that are handed over one by one. */
const MOST_CHUNKS = 64;

/** Who hears of a socket. */
export interface SocketEvents extends Pick<ConnectionEvents, 'data' | 'drain' | 'close'> {
  /** What an error of the socket means. @default `connectionFault` */
  fault?(error: Error): MasterlessError;
}

/** Makes a socket that is dialled and reads into the common buffer; what comes there its connection hears. */
export function reading<S extends Socket>(make: (options: Pick<NetConnectOpts, 'onread'>) => S): S {
  if (readBuffer === null) return make({});
  const callback = (length: number, buffer: Uint8Array): boolean => {
    // Runtimes that have their own idea of this hand over a buffer of their own.
    const chunk = buffer === readBuffer ? beginning(readBuffer, length) : buffer.subarray(0, length);
    (socket as Joined<S>)[CONNECTION].read(chunk);
    return true;
  };
  const socket = make({ onread: { buffer: readBuffer, callback } });
  return socket;
}

function beginning(buffer: Uint8Array, length: number): Uint8Array {
  if (lastRead.length !== length) lastRead = buffer.subarray(0, length);
  return lastRead;
}

export class SocketConnection implements Connection {
  readonly remote: string;
  /** Known before the next turn of the loop. */
  events: SocketEvents;
  readonly #socket: Socket;
  #failure: Error | null = null;
  /** Made for the first chunk that is to be paced: few links ever carry one. */
  #pacer: Pacer | null = null;

  constructor(socket: Socket, remote: string, events: SocketEvents = NOBODY) {
    this.#socket = socket;
    this.remote = remote;
    this.events = events;
    (socket as Joined)[CONNECTION] = this;
    socket.on('error', onError);
    socket.on('drain', onDrain);
    socket.on('close', onClose);
    // Where it reads into the common buffer this starts the flow, and nothing comes by it.
    socket.on('data', onData);
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

  /** Bytes came. */
  read(chunk: Uint8Array): void {
    if (this.#pacer === null && isBrief(this.#socket, chunk)) {
      this.events.data(chunk);
      return;
    }
    this.#pacer ??= new Pacer(this.#socket, this.events);
    this.#pacer.take(chunk);
  }

  drained(): void {
    this.events.drain();
  }

  failed(error: Error): void {
    this.#failure ??= error;
  }

  closed(): void {
    const { events } = this;
    const error = this.#failure;
    if (error === null) events.close(null);
    else events.close(events.fault === undefined ? connectionFault(error, this.remote) : events.fault(error));
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

const NOBODY: SocketEvents = { data: nothing, drain: nothing, close: nothing };

function nothing(): void {}

const CONNECTION = Symbol('connection');

/** A socket that has a connection over it. */
type Joined<S extends Socket = Socket> = S & { [CONNECTION]: SocketConnection };

function onError(this: Socket, error: Error): void {
  (this as Joined)[CONNECTION].failed(error);
}

function onDrain(this: Socket): void {
  (this as Joined)[CONNECTION].drained();
}

function onClose(this: Socket): void {
  (this as Joined)[CONNECTION].closed();
}

function onData(this: Socket, chunk: Uint8Array): void {
  (this as Joined)[CONNECTION].read(chunk);
}
