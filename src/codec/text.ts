/**
 * UTF-8, strictly: what is no well-formed text is refused in both directions, never replaced.
 *
 * Short strings are handled here, byte by byte, since a call into native code costs more than they do. Long ones go there.
 */
import { builtins } from '../builtins.js';
import { allowed } from './compile.js';
import { asciiOf, decodeShort, decodeUnits, MOST_UNITS } from './units.js';

const { Buffer } = builtins.buffer;

/** Longer texts are for native code, which is the faster one from some 40 characters on; from 13 on, if a text was put together of others. */
export const SHORT_TEXT = 32;

/**
 * Writes at most {@link SHORT_TEXT} characters at `at`, where there is room for three bytes each.
 * @returns the offset behind them, or -1 for a lone surrogate.
 */
export function writeShort(text: string, bytes: Uint8Array, at: number): number {
  let end = at;
  for (let i = 0; i < text.length; i++) {
    let point = text.charCodeAt(i);
    if (point < 0x80) {
      bytes[end++] = point;
      continue;
    }
    if (point < 0x800) {
      bytes[end++] = 0xc0 | (point >> 6);
    } else {
      if (point >= 0xd800 && point < 0xe000) {
        const low = text.charCodeAt(++i);
        // The low half is NaN at the end of the text, for which the comparison is false as well.
        if (point >= 0xdc00 || !(low >= 0xdc00 && low < 0xe000)) return -1;
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        bytes[end++] = 0xf0 | (point >> 18);
        bytes[end++] = 0x80 | ((point >> 12) & 0x3f);
      } else {
        bytes[end++] = 0xe0 | (point >> 12);
      }
      bytes[end++] = 0x80 | ((point >> 6) & 0x3f);
    }
    bytes[end++] = 0x80 | (point & 0x3f);
  }
  return end;
}

/** Whether no surrogate stands alone. In every supported runtime, though not yet in the type library. */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** Reads text out of packets. A few short strings are kept, which then need not be made again. */
export class TextReader {
  /** The bytes that were last needed as a Buffer, and are none. */
  private bytes: Uint8Array | null = null;
  private buffer: Buffer | null = null;

  /** The text in `bytes[start..end)`, or null if that is not UTF-8. */
  read(bytes: Uint8Array, start: number, end: number): string | null {
    const length = end - start;
    if (length <= INTERNED) return this.readShort(bytes, start, end);
    // Without code made for their length, native code is the faster one.
    return length <= MOST_UNITS && allowed ? decodeShort(bytes, start, end) : this.readLong(bytes, start, end);
  }

  /** The packet is read: its memory is not kept alive. */
  close(): void {
    if (this.bytes === null) return;
    this.bytes = null;
    this.buffer = null;
  }

  private readShort(bytes: Uint8Array, start: number, end: number): string | null {
    const length = end - start;
    let hash = length;
    let all = 0;
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number;
      all |= byte;
      hash = (hash * 33) ^ byte;
    }
    if (all > 0x7f) return decodeUnits(bytes, start, end);
    const slot = (hash ^ (hash >>> 9)) & (RECENT - 1);
    const known = recent[slot] as string;
    if (known.length === length) {
      let i = 0;
      while (i < length && known.charCodeAt(i) === bytes[start + i]) i++;
      if (i === length) return known;
    }
    const text = asciiOf(bytes, start, end);
    // Kept when it comes again: most that come once never do, and to note a new object in an old list takes as long as to make it.
    if (hashes[slot] === hash) recent[slot] = text;
    else hashes[slot] = hash;
    return text;
  }

  private readLong(bytes: Uint8Array, start: number, end: number): string | null {
    const text = this.bufferOf(bytes).toString('utf8', start, end);
    // That decoder puts U+FFFD where the bytes are wrong. Without one they are right; with one, it may be meant.
    return text.includes('\ufffd') ? checked(bytes.subarray(start, end)) : text;
  }

  private bufferOf(bytes: Uint8Array): Buffer {
    if (Buffer.isBuffer(bytes)) return bytes;
    if (this.bytes !== bytes || this.buffer === null) {
      this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.bytes = bytes;
    }
    return this.buffer;
  }
}

function checked(bytes: Uint8Array): string | null {
  try {
    return STRICT.decode(bytes);
  } catch {
    return null;
  }
}

/** Slots for recent strings, a power of two. */
const RECENT = 512;
/**
 * A short string of each hash that came twice, of all packets in the process: bounded, and a clash costs no more than making
 * the string.
 */
const recent: string[] = Array.from({ length: RECENT }, () => '');
/** The hash of the string that was last made for each slot. */
const hashes = new Int32Array(RECENT);
/** Bytes of the longest string kept. */
const INTERNED = 12;
const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
