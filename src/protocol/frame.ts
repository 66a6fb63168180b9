/**
 * Frames: what a connection carries. The first byte tells all; integers are big endian, varints LEB128, every length in
 * its shortest form.
 *
 * | first byte | frame | header |
 * |---|---|---|
 * | 00–BF | DATA, the byte is the length (0–191) | 1 byte |
 * | C0–DF + 1 byte | DATA of 192 bytes to 8 KiB | 2 |
 * | E0–EF + 2 bytes | DATA to 1 MiB | 3 |
 * | F0, FF + varint | URGENT, PIECE | 2 to 4 |
 * | F1 | HEARTBEAT | 1 |
 * | F2–FE + varint | control, EXTENSION | 2 or 3 |
 *
 * The decoder is fed chunks as they come and never trusts a length: what it holds of an unfinished frame grows with the
 * bytes that are really there, and a length over the limit is refused as soon as it is read.
 */
import { MasterlessError } from '../errors.js';
import { foreign } from './foreign.js';

/** The kinds of frame. Each but DATA is its own first byte. */
export const Frame = {
  Data: 0x00,
  Urgent: 0xf0,
  Heartbeat: 0xf1,
  Hello: 0xf2,
  State: 0xf3,
  Query: 0xf4,
  Adopt: 0xf5,
  Accept: 0xf6,
  Duplicate: 0xf7,
  Reject: 0xf8,
  Ack: 0xf9,
  Keep: 0xfa,
  Bye: 0xfb,
  Ping: 0xfc,
  Pong: 0xfd,
  Extension: 0xfe,
  Piece: 0xff,
} as const;

/** The first byte of a frame that is not DATA, or 0 for DATA. */
export type FrameKind = (typeof Frame)[keyof typeof Frame];

/** Payload bytes of the largest DATA frame. */
export const MAX_DATA: number = 2 ** 20 - 1;
/** Payload bytes of the largest control frame: HELLO with a long id and addresses stays far below. */
export const MAX_CONTROL = 1024;
/** No header is longer. */
export const MAX_HEADER = 5;

/** Memory that a connection may keep however idle it is. */
const SMALL = 4096;
const FIRST_MEDIUM = 0xc0;
const FIRST_LARGE = 0xe0;
const FIRST_OTHER = 0xf0;

/** Frames that carry packets. */
export type BulkKind = typeof Frame.Data | typeof Frame.Urgent | typeof Frame.Piece;

/** Bytes of the header of a frame that carries a packet or a piece of one. */
export function headerSize(kind: BulkKind, length: number): number {
  if (kind === Frame.Data) {
    if (length < FIRST_MEDIUM) return 1;
    return length < 0x2000 ? 2 : 3;
  }
  if (length < 0x80) return 2;
  return length < 0x4000 ? 3 : 4;
}

/** Writes the header of a frame at `target[offset]` and returns the offset behind it. */
export function writeHeader(kind: FrameKind, length: number, target: Uint8Array, offset: number): number {
  let at = offset;
  if (kind === Frame.Data) {
    if (length < FIRST_MEDIUM) {
      target[at++] = length;
    } else if (length < 0x2000) {
      target[at++] = FIRST_MEDIUM | (length >>> 8);
      target[at++] = length;
    } else {
      target[at++] = FIRST_LARGE | (length >>> 16);
      target[at++] = length >>> 8;
      target[at++] = length;
    }
    return at;
  }
  target[at++] = kind;
  if (kind === Frame.Heartbeat) return at;
  let rest = length;
  while (rest > 0x7f) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}

/**
 * A whole frame as bytes of its own.
 * @param size - bytes of the payload. @default all
 */
export function encodeFrame(kind: FrameKind, payload: Uint8Array, size: number = payload.length): Uint8Array {
  const length = writeHeader(kind, size, header, 0);
  const frame = new Uint8Array(length + size);
  for (let i = 0; i < length; i++) frame[i] = header[i] as number;
  // Most are short, and a view of what is to be copied takes longer than the copy.
  if (size < SHORT) for (let i = 0; i < size; i++) frame[length + i] = payload[i] as number;
  else frame.set(size === payload.length ? payload : payload.subarray(0, size), length);
  return frame;
}

const SHORT = 128;

/** Used anew for each frame: many are made where somebody asks without end. */
const header = new Uint8Array(MAX_HEADER);

/**
 * Splits a byte stream into frames. `push` a chunk, then call `next` until it is false; only then may the chunk's
 * memory be used again. After an error the stream is lost: there is no way to find the next frame.
 */
export class FrameDecoder {
  /** The frame that `next` found. */
  kind: FrameKind = Frame.Data;
  /** Its payload is `buffer[start..end)`, valid until the next call. */
  buffer: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  /** Largest payload of DATA, URGENT and PIECE; 0 until the connection is adopted, since none may come before. */
  maxData = 0;

  private chunk: Uint8Array = EMPTY;
  private at = 0;
  /** The beginning of a frame whose rest has not come: `held[0..heldLength)`. Capacity doubles as bytes arrive. */
  private held: Uint8Array = EMPTY;
  private heldLength = 0;
  /** A large frame was there when it was last looked: another may follow at once, and then `held` is used again. */
  private large = false;

  /** Whether bytes of an unfinished frame are waiting for the rest. */
  get partial(): boolean {
    return this.heldLength > 0;
  }

  /** Hands over the next chunk; the one before must be used up. */
  push(chunk: Uint8Array): void {
    this.chunk = chunk;
    this.at = 0;
  }

  /**
   * Finds the next frame.
   * @throws MasterlessError `ERR_PROTOCOL` for an unknown frame, a length over the limit or not in its shortest form.
   */
  next(): boolean {
    return this.heldLength > 0 ? this.nextHeld() : this.nextInChunk();
  }

  /** Takes back what was not read of the chunk, as bytes of its own. */
  takeRest(): Uint8Array {
    const rest = new Uint8Array(this.chunk.subarray(this.at));
    this.chunk = EMPTY;
    this.at = 0;
    return rest;
  }

  private nextInChunk(): boolean {
    const size = this.parse(this.chunk, this.at, this.chunk.length);
    if (size === 0 || this.at + size > this.chunk.length) {
      const rest = this.chunk.length - this.at;
      this.letGo(rest);
      if (rest > 0) this.hold(rest);
      else this.handBack();
      // An idle link does not keep the last chunk in memory.
      this.buffer = EMPTY;
      return false;
    }
    this.emit(this.chunk, this.at, size);
    this.at += size;
    return true;
  }

  /** The header of a frame can itself be cut, so bytes are taken up to the header first, then up to the end. */
  private nextHeld(): boolean {
    for (;;) {
      const size = this.parse(this.held, 0, this.heldLength);
      if (size !== 0 && size <= this.heldLength) {
        this.emit(this.held, 0, size);
        this.heldLength = 0;
        return true;
      }
      const available = this.chunk.length - this.at;
      if (available === 0) return false;
      this.hold(Math.min(available, size === 0 ? 1 : size - this.heldLength));
    }
  }

  private hold(count: number): void {
    const length = this.heldLength + count;
    if (length > this.held.length) {
      const grown = new Uint8Array(Math.max(64, length, Math.min(this.held.length * 2, MAX_DATA + MAX_HEADER)));
      grown.set(this.held.subarray(0, this.heldLength));
      this.held = grown;
    }
    this.held.set(this.chunk.subarray(this.at, this.at + count), this.heldLength);
    this.heldLength = length;
    this.at += count;
    if (this.at === this.chunk.length) this.handBack();
  }

  /** The chunk's owner gets its memory back. */
  private handBack(): void {
    this.chunk = EMPTY;
    this.at = 0;
  }

  private emit(buffer: Uint8Array, at: number, size: number): void {
    // Mostly it is, and an engine notes each time that something old points to something new.
    if (this.buffer !== buffer) this.buffer = buffer;
    this.start = at + this.header;
    this.end = at + size;
    if (buffer === this.held && size > SMALL) this.large = true;
  }

  /** A chunk comes to its end: if it brought no large frame, nor much of one, memory for such a one is pinned no longer. */
  private letGo(rest: number): void {
    if (this.held.length > SMALL && !this.large && rest <= SMALL) this.held = EMPTY;
    this.large = false;
  }

  private header = 0;

  /** The size of the frame at `at`, 0 while its header is incomplete. Sets `kind` and `header`. */
  private parse(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end) return 0;
    const first = bytes[at] as number;
    if (first < FIRST_OTHER && this.maxData === 0) {
      throw foreign(bytes, at, end) ?? protocolError('DATA before the link is adopted');
    }
    if (first < FIRST_MEDIUM) return this.found(Frame.Data, 1, first, 0, this.maxData);
    if (first >= FIRST_OTHER) return this.parseOther(bytes, at, end, first as FrameKind);
    const header = first < FIRST_LARGE ? 2 : 3;
    if (end - at < header) return 0;
    const second = bytes[at + 1] as number;
    return header === 2
      ? this.found(Frame.Data, 2, ((first & 0x1f) << 8) | second, FIRST_MEDIUM, this.maxData)
      : this.found(
          Frame.Data,
          3,
          ((first & 0x0f) << 16) | (second << 8) | (bytes[at + 2] as number),
          0x2000,
          this.maxData,
        );
  }

  private parseOther(bytes: Uint8Array, at: number, end: number, kind: FrameKind): number {
    if (kind === Frame.Heartbeat) return this.found(kind, 1, 0, 0, 0);
    const bulk = kind === Frame.Piece || kind === Frame.Urgent;
    let length = 0;
    for (let header = 1; ; header++) {
      if (at + header >= end) return 0;
      const byte = bytes[at + header] as number;
      length |= (byte & 0x7f) << (7 * (header - 1));
      if (byte <= 0x7f) {
        const least = header === 1 ? 0 : 2 ** (7 * (header - 1));
        return this.found(kind, header + 1, length, least, bulk ? this.maxData : MAX_CONTROL);
      }
      if (header === 3) throw protocolError(`frame ${hex(kind)} has a length of more than 3 bytes`);
    }
  }

  private found(kind: FrameKind, header: number, length: number, least: number, most: number): number {
    if (length > most) {
      const why = most === 0 && kind !== Frame.Heartbeat ? 'before the link is adopted' : `the limit is ${most}`;
      throw protocolError(`frame ${hex(kind)} of ${length} bytes: ${why}`);
    }
    if (length < least) throw protocolError(`frame ${hex(kind)}: length ${length} is not in its shortest form`);
    this.kind = kind;
    this.header = header;
    return header + length;
  }
}

/** A fault of the other node: the connection is closed with it. */
export function protocolError(message: string): MasterlessError {
  return new MasterlessError('ERR_PROTOCOL', `the other node broke the protocol: ${message}`);
}

const EMPTY = new Uint8Array(0);

function hex(kind: number): string {
  return kind.toString(16).toUpperCase().padStart(2, '0');
}
