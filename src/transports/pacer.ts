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

/** Milliseconds of work for one socket, after which others get their turn. */
const BUSY = 1;
/** Bytes of the smallest piece. */
const PIECE = 4096;

/** Hands what the socket reads on to `data`, which may take a chunk in pieces; what that takes counts. */
export function pacer(socket: Socket, data: (chunk: Uint8Array) => void): (chunk: Uint8Array) => void {
  const pace = new Pace(socket, data);
  return (chunk) => pace.take(chunk);
}

class Pace {
  readonly #socket: Socket;
  readonly #data: (chunk: Uint8Array) => void;
  /** Milliseconds of work since others had their turn. */
  #busy = 0;
  /** Milliseconds that a byte took, of those handed on last. */
  #cost = 0;
  /** Others have their turn: the socket is not to be read, and what has been read waits. */
  #waits = false;
  #rest: Uint8Array = NOTHING;
  #watches = false;

  constructor(socket: Socket, data: (chunk: Uint8Array) => void) {
    this.#socket = socket;
    this.#data = data;
  }

  take(chunk: Uint8Array): void {
    // It was on its way when the socket was to be read no more.
    if (this.#waits) this.#keep(joined(this.#rest, chunk));
    else if (!this.#give(chunk)) this.#keep(this.#rest.slice());
  }

  /** Everybody else had a turn. */
  goOn(): void {
    this.#busy = 0;
    this.#waits = false;
    const rest = this.#rest;
    this.#rest = NOTHING;
    // Nothing is told of a connection that is over.
    if (!this.#socket.destroyed && this.#give(rest)) this.#socket.resume();
  }

  /** Hands on what there is time for. Returns whether more may come; otherwise `rest` waits for the next turn. */
  #give(chunk: Uint8Array): boolean {
    let rest = chunk;
    while (rest.length > 0 && this.#busy < BUSY && !this.#socket.destroyed) {
      const left = BUSY - this.#busy;
      const length = this.#cost * rest.length <= left ? rest.length : Math.max(PIECE, Math.floor(left / this.#cost));
      const piece = length < rest.length ? rest.subarray(0, length) : rest;
      const begun = performance.now();
      this.#data(piece);
      const took = performance.now() - begun;
      this.#busy += took;
      this.#cost = took / piece.length;
      rest = rest.subarray(piece.length);
    }
    if (this.#busy < BUSY) return true;
    this.#rest = rest;
    this.#waits = true;
    this.#socket.pause();
    setImmediate(goOn, this);
    return false;
  }

  /** What waits is no longer the socket's, which writes its own memory again. */
  #keep(rest: Uint8Array): void {
    this.#rest = rest;
    if (rest.length === 0 || this.#watches) return;
    this.#watches = true;
    // A socket that is not read hears of its end nevertheless, and everything comes before that.
    this.#socket.once('end', () => {
      const last = this.#rest;
      this.#rest = NOTHING;
      if (last.length > 0) this.#data(last);
    });
  }
}

const NOTHING = new Uint8Array(0);

function goOn(pace: Pace): void {
  pace.goOn();
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
