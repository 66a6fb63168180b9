/**
 * A packet that arrives in pieces, put together as they come. Memory for it doubles as it is needed, so no size has to be
 * believed, and is kept for the next packet if that comes soon: to touch memory for the first time takes longer than to copy.
 */
import { protocolError } from './frame.js';

export class Assembly {
  /** Bytes of a packet whose last piece has not come. */
  length = 0;
  private bytes: Uint8Array = NOTHING;
  /** Memory of the packet before. */
  private spare: Uint8Array = NOTHING;
  private used = false;

  /** Keeps a piece, copying it. */
  add(piece: Uint8Array, maxPacket: number): void {
    if (piece.length === 0) throw protocolError('an empty piece');
    this.append(piece, maxPacket);
  }

  /** The packet that these last bytes complete, valid until the next piece. */
  complete(last: Uint8Array, maxPacket: number): Uint8Array {
    this.append(last, maxPacket);
    const packet = this.bytes.subarray(0, this.length);
    this.spare = this.bytes;
    this.bytes = NOTHING;
    this.length = 0;
    return packet;
  }

  /** Whether nothing of it was needed since the last call: then it may go, and its memory with it. */
  idle(): boolean {
    const idle = this.length === 0 && !this.used;
    this.used = false;
    return idle;
  }

  private append(piece: Uint8Array, maxPacket: number): void {
    const length = this.length + piece.length;
    checkSize(length, maxPacket);
    if (length > this.bytes.length) this.grow(length, maxPacket);
    this.bytes.set(piece, this.length);
    this.length = length;
    this.used = true;
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
