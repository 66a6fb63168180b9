/**
 * The text that came last at one place of a map, such as the type of a packet. Where it comes again it is told by its bytes,
 * four at a time, and neither read nor made: character by character that is a third of what a small packet takes.
 */

/** Bytes of the longest text that is known, its header being one of them. */
const MOST_BYTES = 32;
/** So many bytes are compared at once, whether they are its own or not. */
const AT_ONCE = 16;
/** More bytes than there ever are: nothing is known. */
const NEVER: number = 2 ** 30;

/** What reads any value. */
export interface ValueSource {
  /** The next byte to read. */
  at: number;
  /** Reads any value; `depth` is the number of containers around it. */
  read(depth: number): unknown;
}

export class KnownText {
  text = '';
  /** Bytes of the text and its header. */
  size: number = NEVER;
  /** The same of the text that came last, which is known once it comes again. */
  private seen = 0;
  /** Its first bytes, and which of these are its own. */
  private word0 = 0;
  private word1 = 0;
  private word2 = 0;
  private word3 = 0;
  private mask0 = 0;
  private mask1 = 0;
  private mask2 = 0;
  private mask3 = 0;
  /** Those behind, the last ones maybe twice. */
  private readonly rest = new Int32Array((MOST_BYTES - AT_ONCE) / 4);

  /** Whether it is what comes at `at`, in a packet that ends at `end`, and a view that has `limit` bytes. */
  is(view: DataView, at: number, end: number, limit: number): boolean {
    return this.size <= end - at && AT_ONCE <= limit - at && this.matches(view, at);
  }

  /** Reads what comes at `at`, whatever it is. */
  read(source: ValueSource, view: DataView, at: number, limit: number, depth: number): unknown {
    source.at = at;
    const value = source.read(depth);
    const size = source.at - at;
    // A header of one byte, and ASCII: as many characters as bytes.
    if (typeof value !== 'string' || value.length !== size - 1) return value;
    if (size > MOST_BYTES || limit - at < AT_ONCE) return value;
    if (size === this.seen && this.matches(view, at)) {
      this.text = value;
      this.size = size;
    } else {
      this.note(view, at, size);
    }
    return value;
  }

  private matches(view: DataView, at: number): boolean {
    const differs =
      ((view.getInt32(at) ^ this.word0) & this.mask0) |
      ((view.getInt32(at + 4) ^ this.word1) & this.mask1) |
      ((view.getInt32(at + 8) ^ this.word2) & this.mask2) |
      ((view.getInt32(at + 12) ^ this.word3) & this.mask3);
    return differs === 0 && (this.seen <= AT_ONCE || this.matchesRest(view, at));
  }

  private matchesRest(view: DataView, at: number): boolean {
    const last = at + this.seen - 4;
    for (let i = 0, from = at + AT_ONCE; from < last + 4; i++, from += 4) {
      if (this.rest[i] !== view.getInt32(Math.min(from, last))) return false;
    }
    return true;
  }

  private note(view: DataView, at: number, size: number): void {
    this.size = NEVER;
    this.seen = size;
    this.word0 = view.getInt32(at);
    this.word1 = view.getInt32(at + 4);
    this.word2 = view.getInt32(at + 8);
    this.word3 = view.getInt32(at + 12);
    this.mask0 = firstBytes(size);
    this.mask1 = firstBytes(size - 4);
    this.mask2 = firstBytes(size - 8);
    this.mask3 = firstBytes(size - 12);
    const last = at + size - 4;
    for (let i = 0, from = at + AT_ONCE; from < last + 4; i++, from += 4) {
      this.rest[i] = view.getInt32(Math.min(from, last));
    }
  }
}

/** The bits of so many bytes of a word, the first being the highest. */
function firstBytes(count: number): number {
  if (count <= 0) return 0;
  return count >= 4 ? -1 : -1 << (32 - 8 * count);
}
