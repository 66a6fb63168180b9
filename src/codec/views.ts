/**
 * Views of what packets are read from: by way of one, numbers are read, and four bytes of a text compared, at once. To make it
 * takes as long as to read a small packet (`npm run micro`), so there is one for all packets of a chunk, and small memory is
 * copied to where there is one already.
 */

import { builtins } from '../builtins.js';

const { Buffer } = builtins.buffer;

/** Memory with no more bytes is copied. */
export const MAX_COPIED = 256;
/** Memory of at most so many bytes is kept alive until other such memory comes, which small memory is not. */
export const MAX_KEPT = 262_144;

export class Views {
  /** What the packet is to be read from, and a view of the same. */
  bytes: Uint8Array = EMPTY;
  view: DataView = NOTHING;
  /** The last memory that was not copied, and its view; no longer so if it has another length than it had then. */
  private chunk: Uint8Array = EMPTY;
  private chunkView: DataView = NOTHING;
  private length = 0;
  /** It is forgotten once the packet was read. */
  private passing = false;
  private readonly copy: Uint8Array = Buffer.from(new ArrayBuffer(MAX_COPIED));
  private readonly copyView: DataView = new DataView(this.copy.buffer);

  /** Puts a packet, `bytes[start..end)`, where it can be read; returns where it begins there. */
  open(bytes: Uint8Array, start: number, end: number): number {
    const { length } = bytes;
    if (bytes === this.chunk && length === this.length) {
      this.use(bytes, this.chunkView);
      return start;
    }
    if (length <= MAX_COPIED) {
      this.copy.set(bytes);
      this.use(this.copy, this.copyView);
      return start;
    }
    const { buffer } = bytes;
    if (buffer instanceof ArrayBuffer) {
      this.look(bytes, buffer.byteLength > MAX_KEPT || (buffer as { resizable?: boolean }).resizable === true);
      return start;
    }
    // Others may write to shared memory meanwhile, and what was read once must not be something else the next time.
    this.look(new Uint8Array(bytes.subarray(start, end)), true);
    return 0;
  }

  /** The packet was read. Whether what it was read from stays for the next one: large memory is not ours to keep alive. */
  keeps(): boolean {
    if (!this.passing) return true;
    this.passing = false;
    this.chunk = EMPTY;
    this.chunkView = NOTHING;
    this.use(EMPTY, NOTHING);
    return false;
  }

  private look(bytes: Uint8Array, passing: boolean): void {
    this.chunkView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.chunk = bytes;
    this.length = bytes.length;
    this.passing = passing;
    this.use(bytes, this.chunkView);
  }

  private use(bytes: Uint8Array, view: DataView): void {
    // Mostly they are these, and an engine notes each time that something old points to something new.
    if (this.view === view) return;
    this.bytes = bytes;
    this.view = view;
  }
}

const EMPTY = new Uint8Array(0);
const NOTHING = new DataView(EMPTY.buffer);
