/**
 * Frames as docs/protocol.md has them, read from a whole stream at once: written from that text and from nothing else, to
 * hold the decoder to it.
 */

export interface FrameRead {
  /** First byte of a frame that is not DATA, 0 for DATA. */
  readonly kind: number;
  readonly start: number;
  readonly end: number;
}

export interface Reading {
  readonly frames: readonly FrameRead[];
  /** Why the stream ends with its last frame; null if nothing is wrong. */
  readonly error: 'too-long' | 'not-shortest' | 'too-early' | 'endless-length' | null;
  /** Bytes of a frame whose rest has not come. */
  readonly rest: number;
}

const CONTROL = 1024;
const HEARTBEAT = 0xf1;
/** The shortest DATA for a header of 1, 2 and 3 bytes. */
const SHORTEST = [0, 192, 8192];
const [URGENT, PIECE] = [0xf0, 0xff];

/** @param most - bytes of the largest packet frame; 0 before the link */
export function readFrames(bytes: Uint8Array, most: number): Reading {
  const frames: FrameRead[] = [];
  let at = 0;
  while (at < bytes.length) {
    const header = readHeader(bytes.subarray(at, at + 4), most);
    if (typeof header === 'string') return { frames, error: header, rest: 0 };
    if (header === null || at + header.size + header.length > bytes.length) {
      return { frames, error: null, rest: bytes.length - at };
    }
    const start = at + header.size;
    frames.push({ kind: header.kind, start, end: start + header.length });
    at = start + header.length;
  }
  return { frames, error: null, rest: 0 };
}

interface Header {
  readonly kind: number;
  readonly size: number;
  readonly length: number;
}

/** The header at the beginning of `bytes`, what is wrong with it, or null if it is cut. */
function readHeader(bytes: Uint8Array, most: number): Header | Exclude<Reading['error'], null> | null {
  const first = bytes[0] as number;
  if (first === HEARTBEAT) return { kind: first, size: 1, length: 0 };
  if (first < 0xf0) {
    // Not even an empty one may come, so its length is of no matter.
    if (most === 0) return 'too-early';
    const size = first < 0xc0 ? 1 : first < 0xe0 ? 2 : 3;
    if (bytes.length < size) return null;
    const low = bytes.subarray(1, size).reduce((length, byte) => length * 256 + byte, 0);
    const high = size === 1 ? first : (first - (size === 2 ? 0xc0 : 0xe0)) * 256 ** (size - 1);
    const length = high + low;
    if (length > most) return 'too-long';
    return length < (SHORTEST[size - 1] as number) ? 'not-shortest' : { kind: 0, size, length };
  }
  const packet = first === URGENT || first === PIECE;
  const last = bytes.findIndex((byte, index) => index > 0 && byte < 0x80);
  if (last < 0) return bytes.length > 3 ? 'endless-length' : null;
  const length = bytes.subarray(1, last + 1).reduce((sum, byte, index) => sum + (byte % 128) * 128 ** index, 0);
  if (length > (packet ? most : CONTROL)) return packet && most === 0 ? 'too-early' : 'too-long';
  if (last > 1 && bytes[last] === 0) return 'not-shortest';
  return { kind: first, size: last + 1, length };
}
