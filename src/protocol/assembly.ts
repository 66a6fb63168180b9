/**
 * A packet that arrives in pieces, put together as they come. Memory for it doubles as it is needed, so no size has to be
 * believed, and is kept for the next packet if that comes soon: to touch memory for the first time takes longer than to copy.
 */
import { protocolError } from './frame.js';
import { OVERHEAD } from './send-buffer.js';

/** Milliseconds for which memory waits for the next piece. */
const KEPT = 1000;

export class Assembly {
  /** Bytes of a packet whose last piece has not come. */
  length = 0;
  /** Pieces in which they came. */
  pieces = 0;
  /** When memory that has waited for a piece in vain is to go, by `shrink`. */
  keptUntil = 0;
  private bytes: Uint8Array = NOTHING;
  /** Memory of the packet before. */
  private spare: Uint8Array = NOTHING;

  /** What they count against the window. */
  get cost(): number {
    return this.length + this.pieces * OVERHEAD;
  }

  /** Keeps a piece, copying it. */
  add(piece: Uint8Array, maxPacket: number, now: number): void {
    if (piece.length === 0) throw protocolError('an empty piece');
    this.append(piece, maxPacket, now);
    this.pieces++;
  }

  /** The packet that these last bytes complete, valid until the next piece. */
  complete(last: Uint8Array, maxPacket: number, now: number): Uint8Array {
    this.append(last, maxPacket, now);
    const packet = this.bytes.subarray(0, this.length);
    this.spare = this.bytes;
    this.bytes = NOTHING;
    this.length = 0;
    this.pieces = 0;
    return packet;
  }

  /**
   * No piece came for a while: memory of the packet before goes. What was taken for this one stays, or each piece of a peer that is
   * slow on purpose would have the whole packet moved, twice.
   */
  shrink(): void {
    this.spare = NOTHING;
    if (this.bytes.length > 2 * this.length) this.bytes = this.bytes.slice(0, this.length);
  }

  private append(piece: Uint8Array, maxPacket: number, now: number): void {
    const length = this.length + piece.length;
    checkSize(length, maxPacket);
    if (length > this.bytes.length) this.grow(length, maxPacket);
    this.bytes.set(piece, this.length);
    this.length = length;
    this.keptUntil = now + KEPT;
  }

  private grow(length: number, maxPacket: number): void {
    const reusable = this.length === 0 && this.spare.length >= length;
    const bytes = reusable ? this.spare : new Uint8Array(Math.max(length, Math.min(2 * length, maxPacket)));
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
    this.spare = NOTHING;
  }
}

/** Whether so many bytes are still a packet. */
export function checkSize(bytes: number, maxPacket: number): void {
  if (bytes > maxPacket) throw protocolError(`a packet of more than ${maxPacket} bytes`);
}

const NOTHING = new Uint8Array(0);
