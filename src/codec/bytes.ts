/**
 * Memory for the binaries of packets. They are copied, since the receive buffer is used again; where the copy goes decides what
 * it costs: memory of its own takes some three times as long as a part of a slab (`npm run micro`).
 */
import { builtins } from '../builtins.js';

/** So many bytes V8 keeps beside the object that shows them, which is cheaper still. */
const BESIDE = 64;
/** From so many on a binary has memory of its own. */
const LARGE = 4096;
const SLAB = 8192;
/** Any typed array can begin at multiples of it. */
const ALIGNMENT = 8;

/** Slabs hold binaries of packets that one codec has decoded, and nothing else of the process. */
export class Binaries {
  private slab: ArrayBuffer = NOTHING;
  private used = 0;

  /** The bytes of `buffer[start..start + length)`, apart from it. Those between the two bounds share a slab with others. */
  copy(buffer: Uint8Array, start: number, length: number): Uint8Array {
    const source = new Uint8Array(buffer.buffer, buffer.byteOffset + start, length);
    if (length <= BESIDE || length >= LARGE) return new Uint8Array(source);
    if (length > this.slab.byteLength - this.used) this.renew();
    const copy = new Uint8Array(this.slab, this.used, length);
    copy.set(source);
    this.used += length + (-length & (ALIGNMENT - 1));
    return copy;
  }

  private renew(): void {
    this.slab = new ArrayBuffer(SLAB);
    this.used = 0;
    // Who hands one binary to another thread must not take away the others.
    builtins.workers.markAsUntransferable(this.slab);
  }
}

const NOTHING = new ArrayBuffer(0);
