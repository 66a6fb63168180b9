/**
 * Views of what packets are read from: by way of one, numbers are read, and four bytes of a text compared, at once. To make it
 * takes as long as to read a small packet (`npm run micro`), so there is one for all packets of a chunk, and small memory is
 * copied to where there is one already.
 */

import { builtins } from '../builtins.js';

const { Buffer } = builtins.buffer;

/** Memory with no more bytes is copied. */
export const MAX_COPIED = 256;
/** Memory of at most so many bytes is kept alive until other memory comes. */
export const MAX_KEPT = 262_144;

export class Views {
  /** What the packet is to be read from, at the same place, and a view of the same. */
  bytes: Uint8Array = EMPTY;
  view: DataView = NOTHING;
  /** What came last, its view, and how many bytes it had: they are others when its memory was moved, or grew. */
  private chunk: Uint8Array = EMPTY;
  private chunkView: DataView = NOTHING;
  private length = 0;
  private large = false;
  private readonly copy: Uint8Array = Buffer.from(new ArrayBuffer(MAX_COPIED));
  private readonly copyView: DataView = new DataView(this.copy.buffer);

  /** Makes these bytes those that are read. */
  open(bytes: Uint8Array): void {
    const { length } = bytes;
    if (bytes !== this.chunk || length !== this.length) {
      if (length <= MAX_COPIED) {
        this.copy.set(bytes);
        this.use(this.copy, this.copyView);
        return;
      }
      this.look(bytes);
    }
    this.use(this.chunk, this.chunkView);
  }

  /** The packet was read. Whether what it was read from stays for the next one: large memory is not ours to keep alive. */
  keeps(): boolean {
    if (!this.large) return true;
    this.large = false;
    this.chunk = EMPTY;
    this.chunkView = NOTHING;
    this.use(EMPTY, NOTHING);
    return false;
  }

  private look(bytes: Uint8Array): void {
    const { buffer, byteOffset, length } = bytes;
    this.chunkView = new DataView(buffer, byteOffset, length);
    this.chunk = bytes;
    this.length = length;
    this.large = buffer.byteLength > MAX_KEPT;
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
