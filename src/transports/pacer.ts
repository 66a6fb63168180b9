/**
 * Keeps one connection from having the event loop for itself. The system hands over up to two megabytes of one socket in a
 * row, and bytes that are cheap to send can be dear to read: 64 KiB may be as many of the smallest frames. So a socket
 * whose bytes have kept this process busy for a while is not read until everybody else had a turn, and for as long as they
 * are dear they are handed on in pieces.
 *
 * It is measured in time, not in bytes: what flows fast is never held up. And it is for one turn only, so that signs of
 * life and acknowledgements are read as soon as before.
 */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { timers } from '../timers.js';

/** Milliseconds of work for one socket, after which others get their turn. */
const BUSY = 1;
/** Bytes of the smallest piece. Where the system had no more than that, it goes on to other sockets by itself. */
const PIECE = 4096;
/** Milliseconds that TLS took for a record before it handed on what was in it, be it a single byte (Node 20). */
const RECORD = 0.003;

/** Who is handed what was read. */
export interface Reader {
  data(chunk: Uint8Array): void;
}

/** Whether what comes is handed on as it comes, for as long as it comes in chunks of that size. */
export function isBrief(socket: Socket, chunk: Uint8Array): boolean {
  return chunk.length < PIECE && !isEncrypted(socket);
}

function isEncrypted(socket: Socket): boolean {
  return (socket as Partial<TLSSocket>).encrypted === true;
}

export class Pacer {
  readonly #socket: Socket;
  readonly #reader: Reader;
  /** TLS hands on each record by itself, and many in one turn. */
  readonly #encrypted: boolean;
  /** Milliseconds of work since others had their turn. */
  #busy = 0;
  /** Milliseconds that a byte took, of those handed on last. */
  #cost = 0;
  /** Others have their turn: the socket is not to be read. */
  #waits = false;
  #giving = false;
  /** What has been read and not handed on, in memory of its own: the socket writes that of a chunk again. */
  #rest: Uint8Array = NOTHING;
  #watches = false;

  /** @param reader - is handed a chunk whole or in pieces; what it takes for that counts */
  constructor(socket: Socket, reader: Reader) {
    this.#socket = socket;
    this.#reader = reader;
    this.#encrypted = isEncrypted(socket);
  }

  take(chunk: Uint8Array): void {
    // A stream hands out what it has buffered even when it was destroyed, and what waits here is not handed on any more.
    if (this.#socket.destroyed && this.#rest.length > 0) return;
    const { length } = chunk;
    if (this.#encrypted) {
      this.#busy += RECORD;
    } else if (length < PIECE && !this.#waits) {
      // It ends the turn of its socket. What waits for an answer is made of these: no clock is read for them.
      this.#busy = 0;
      this.#reader.data(chunk);
      return;
    }
    // TLS may read while it is written to, in the middle of `data`; and something may have been on its way.
    if (this.#waits || this.#giving) this.#keep(joined(this.#rest, chunk));
    // Not chunk.slice(), which makes no copy of a Buffer.
    else if (this.#affordable(length) < length) this.#keep(new Uint8Array(chunk));
    else this.#give(chunk);
    if (!this.#waits && !this.#giving) this.#giveRest();
  }

  /** Everybody else had a turn. */
  goOn(): void {
    this.#busy = 0;
    this.#waits = false;
    // Nothing is told of a connection that is over.
    if (this.#socket.destroyed) return;
    this.#giveRest();
    if (!this.#waits) this.#socket.resume();
  }

  /** Of so many bytes, those that there is time for. */
  #affordable(length: number): number {
    const left = BUSY - this.#busy;
    return this.#cost * length <= left ? length : Math.min(length, Math.max(PIECE, Math.floor(left / this.#cost)));
  }

  #giveRest(): void {
    while (this.#rest.length > 0 && this.#busy < BUSY && !this.#socket.destroyed) {
      const rest = this.#rest;
      const length = this.#affordable(rest.length);
      this.#rest = rest.subarray(length);
      this.#give(rest.subarray(0, length));
    }
    if (this.#busy < BUSY) return;
    this.#waits = true;
    this.#socket.pause();
    timers.setImmediate(goOn, this);
  }

  #give(piece: Uint8Array): void {
    const begun = timers.now();
    this.#giving = true;
    try {
      this.#reader.data(piece);
    } finally {
      this.#giving = false;
    }
    const took = timers.now() - begun;
    this.#busy += took;
    this.#cost = took / piece.length;
  }

  #keep(rest: Uint8Array): void {
    this.#rest = rest;
    if (this.#watches) return;
    this.#watches = true;
    // A socket that is not read hears of its end nevertheless, and everything comes before that.
    this.#socket.once('end', () => {
      const last = this.#rest;
      this.#rest = NOTHING;
      if (last.length > 0) this.#reader.data(last);
    });
  }
}

const NOTHING = new Uint8Array(0);

function goOn(pacer: Pacer): void {
  pacer.goOn();
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
