/**
 * The fields of control frames: bytes, varints, counts, texts and incarnations, written and read one after another. A
 * reader guesses nothing: what is too short, not in its shortest form or out of range is a protocol error.
 */
import { encodeFrame, type FrameKind, MAX_CONTROL, protocolError } from './frame.js';

/** Counts of frames, one per lane: normal, urgent. */
export type Counts = readonly [normal: number, urgent: number];

const NO_INCARNATION = '0000000000000000';
const HEX = '0123456789abcdef';
const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes of an id or a name, as counted against its limit. */
export function byteLength(text: string): number {
  return isAscii(text) ? text.length : utf8.encode(text).length;
}

/** Where a payload is put together: one at a time, from its first field to `frame`. It grows to the largest there was. */
let scratch: Uint8Array = new Uint8Array(MAX_CONTROL);

/** Writes one payload. The one before must be done with. */
export class FieldWriter {
  private at = 0;

  get length(): number {
    return this.at;
  }

  byte(value: number): this {
    if (this.at === scratch.length) grow(this.at + 1);
    scratch[this.at++] = value;
    return this;
  }

  varint(value: number): this {
    let rest = value;
    while (rest > 0x7f) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.byte(rest);
  }

  counts(counts: Counts): this {
    return this.varint(counts[0]).varint(counts[1]);
  }

  incarnation(digits: string): this {
    for (let i = 0; i < 16; i += 2) this.byte((nibble(digits, i) << 4) | nibble(digits, i + 1));
    return this;
  }

  string(text: string): this {
    if (isAscii(text)) {
      this.varint(text.length);
      for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
      return this;
    }
    const bytes = utf8.encode(text);
    this.varint(bytes.length);
    const end = this.at + bytes.length;
    if (end > scratch.length) grow(end);
    scratch.set(bytes, this.at);
    this.at = end;
    return this;
  }

  frame(kind: FrameKind): Uint8Array {
    return encodeFrame(kind, scratch, this.at);
  }
}

function grow(least: number): void {
  const grown = new Uint8Array(Math.max(least, 2 * scratch.length));
  grown.set(scratch);
  scratch = grown;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** The value of a digit of 0-9a-f; of none, 0. */
function nibble(digits: string, at: number): number {
  return at < digits.length ? HEX.indexOf(digits.charAt(at)) : 0;
}

export class FieldReader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw protocolError('a control frame is too short');
    return byte;
  }

  upTo(most: number): number {
    const value = this.byte();
    if (value > most) throw protocolError(`a control frame has ${value} where at most ${most} may be`);
    return value;
  }

  flag(): boolean {
    return this.upTo(1) === 1;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw protocolError('a number is over 2^53');
      if (byte <= 0x7f) {
        if (byte === 0 && scale > 1) throw protocolError('a number is not in its shortest form');
        // What was computed as a floating-point number would be kept as one, in memory of its own.
        return value <= 0x7fffffff ? value | 0 : value;
      }
      scale *= 0x80;
      if (scale > 2 ** 49) throw protocolError('a number is over 2^53');
    }
  }

  counts(): Counts {
    return [this.varint(), this.varint()];
  }

  incarnation(): string {
    const signs: number[] = [];
    for (let i = 0; i < 8; i++) {
      const byte = this.byte();
      signs.push(HEX.charCodeAt(byte >> 4), HEX.charCodeAt(byte & 15));
    }
    // Made at once: text put together digit by digit stays in pieces, of half a kilobyte, for as long as a peer is known.
    const digits = String.fromCharCode(...signs);
    return digits === NO_INCARNATION ? '' : digits;
  }

  string(least: number, most: number): string {
    const length = this.varint();
    if (length < least || length > most) throw protocolError(`a text of ${length} bytes, not ${least} to ${most}`);
    if (length > this.bytes.length - this.at) throw protocolError('a control frame is too short');
    const bytes = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    try {
      return strictUtf8.decode(bytes);
    } catch {
      throw protocolError('a text is not UTF-8');
    }
  }

  /** The value, if every byte was used. */
  whole<T>(value: T): T {
    if (this.at !== this.bytes.length) throw protocolError('a control frame is too long');
    return value;
  }
}
