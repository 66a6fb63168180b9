/**
 * The text that came twice in a row at one place of a map, such as the type of a packet. Where it comes again it is told, or
 * written, by its bytes, four at a time, and not read or made: character by character that is a third of what a small packet
 * takes.
 *
 * Four bytes together are a word, the first being the lowest, since that is how processors have them. The words of a text are
 * made of itself, not of the memory it was read from; and it is known last of all, whatever is thrown on the way.
 */

/** So many bytes are compared, or written, at once, whether they are its own or not. */
export const AT_ONCE = 16;
/** Bytes of the longest text that is told when it comes again, its header being one of them. */
const MOST_READ = 32;
/** The same of one that is written: of longer ones an engine may have no more than where they are in a text that is larger. */
const MOST_WRITTEN = 13;
/** More bytes than are ever left: nothing is known. */
const NEVER: number = 2 ** 31 - 1;

/** What reads any value. */
export interface ValueSource {
  /** The next byte to read. */
  at: number;
  /** Reads any value; `depth` is the number of containers around it. */
  read(depth: number): unknown;
}

/** What writes any text. */
export interface TextTarget {
  readonly view: DataView;
  /** Writes a text at `at`, with room for `more` bytes behind it; returns where that is. */
  putText(text: string, at: number, more: number): number;
}

/** One that is read. */
export class IncomingText {
  text = '';
  /** Bytes of the text and its header. */
  size: number = NEVER;
  /** Its first words, and which bits of these are its own. */
  private word0 = 0;
  private word1 = 0;
  private word2 = 0;
  private word3 = 0;
  private mask1 = 0;
  private mask2 = 0;
  private mask3 = 0;
  /** Those behind. */
  private readonly rest = new Int32Array((MOST_READ - AT_ONCE) / 4);
  /** The sum of what came last. */
  private seen = 0;

  /** Whether it is what comes at `at`, in a packet that ends at `end`, and a view that has `limit` bytes. */
  is(view: DataView, at: number, end: number, limit: number): boolean {
    return this.size <= end - at && AT_ONCE <= limit - at && this.matches(view, at);
  }

  /** Reads what comes at `at`, whatever it is. */
  read(source: ValueSource, view: DataView, at: number, depth: number): unknown {
    source.at = at;
    const value = source.read(depth);
    const size = source.at - at;
    if (typeof value !== 'string' || !isLikely(value, size) || size > MOST_READ) return value;
    const sum = sumOf(view, at, size);
    if (sum === this.seen) this.note(value);
    this.seen = sum;
    return value;
  }

  private matches(view: DataView, at: number): boolean {
    const differs =
      (view.getInt32(at, true) ^ this.word0) |
      ((view.getInt32(at + 4, true) ^ this.word1) & this.mask1) |
      ((view.getInt32(at + 8, true) ^ this.word2) & this.mask2) |
      ((view.getInt32(at + 12, true) ^ this.word3) & this.mask3);
    return differs === 0 && (this.size <= AT_ONCE || this.matchesRest(view, at));
  }

  private matchesRest(view: DataView, at: number): boolean {
    const last = at + this.size - 4;
    for (let i = 0, from = at + AT_ONCE; from < last + 4; i++, from += 4) {
      if (this.rest[i] !== view.getInt32(Math.min(from, last), true)) return false;
    }
    return true;
  }

  private note(text: string): void {
    this.size = NEVER;
    if (!isAscii(text)) return;
    const size = text.length + 1;
    this.word0 = wordAt(text, 0);
    this.word1 = wordAt(text, 4);
    this.word2 = wordAt(text, 8);
    this.word3 = wordAt(text, 12);
    this.mask1 = firstBytes(size - 4);
    this.mask2 = firstBytes(size - 8);
    this.mask3 = firstBytes(size - 12);
    for (let i = 0, from = AT_ONCE; from < size; i++, from += 4) this.rest[i] = wordAt(text, Math.min(from, size - 4));
    this.text = text;
    this.size = size;
  }
}

/** One that is written. */
export class OutgoingText {
  /** Undefined while there is none. */
  text: string | undefined = undefined;
  /** Bytes of the text and its header, and the words in which these are. */
  private size = 0;
  private word0 = 0;
  private word1 = 0;
  private word2 = 0;
  private word3 = 0;
  /** The sum of what came last. */
  private seen = 0;

  /** Writes it at `at`, behind which there must be room for {@link AT_ONCE} bytes; returns the offset behind it. */
  put(view: DataView, at: number): number {
    view.setInt32(at, this.word0, true);
    view.setInt32(at + 4, this.word1, true);
    view.setInt32(at + 8, this.word2, true);
    view.setInt32(at + 12, this.word3, true);
    return at + this.size;
  }

  /** Writes any text at `at`, with room for `more` bytes behind it; returns where that is. */
  write(target: TextTarget, text: string, at: number, more: number): number {
    const end = target.putText(text, at, more);
    const size = end - at;
    if (!isLikely(text, size) || size > MOST_WRITTEN) return end;
    const sum = sumOf(target.view, at, size);
    if (sum === this.seen) this.note(text);
    this.seen = sum;
    return end;
  }

  private note(text: string): void {
    this.text = undefined;
    this.word0 = wordAt(text, 0);
    this.word1 = wordAt(text, 4);
    this.word2 = wordAt(text, 8);
    this.word3 = wordAt(text, 12);
    this.size = text.length + 1;
    this.text = text;
  }
}

/** Where the words of so many bytes begin, of at least four: the last one may have some of the one before. */
export function wordsOf(length: number): number[] {
  return Array.from({ length: Math.ceil(length / 4) }, (_, index) => Math.min(4 * index, length - 4));
}

/** Whether a text with so many bytes is of ASCII, and has more than two characters: fewer are read and written as fast. */
function isLikely(text: string, size: number): boolean {
  return size === text.length + 1 && size >= 4;
}

/**
 * Some number made of a text. One that comes twice in a row is likely to come again; to keep the text itself, which mostly is a
 * new one where it differs each time, would take longer.
 */
function sumOf(view: DataView, at: number, size: number): number {
  return view.getInt32(at, true) ^ Math.imul(view.getInt32(at + size - 4, true), 31);
}

/** Whether it is, of which its length tells where nobody else writes to the memory that it was read from. */
function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** The word that begins at that byte of a text of ASCII, the first byte being its header; zeros behind its end. */
function wordAt(text: string, from: number): number {
  let word = 0;
  for (let place = from + 3; place >= from; place--) word = (word << 8) | byteAt(text, place);
  return word;
}

function byteAt(text: string, place: number): number {
  if (place === 0) return 0xa0 | text.length;
  return place > text.length ? 0 : text.charCodeAt(place - 1);
}

/** The bits of so many bytes of a word. */
function firstBytes(count: number): number {
  if (count <= 0) return 0;
  return count >= 4 ? -1 : (1 << (8 * count)) - 1;
}
