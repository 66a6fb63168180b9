/**
 * Values into bytes, in one walk over the packet.
 *
 * Bytes go to one scratch buffer that is used again and again. User code can run on the way, in getters and `toJSON`: what
 * it throws passes through, and an encode of its own gets an encoder of its own.
 */
import { Buffer } from 'node:buffer';
import { types } from 'node:util';
import type { PacketLimits } from './limits.js';
import { Refusal, refusedObject } from './refusal.js';
import { isWellFormed, SHORT_TEXT, writeShort } from './text.js';
import { MAX_TIMESTAMP, writeTimestamp } from './timestamp.js';

const NIL = 0xc0;
const FIRST_SCRATCH = 4096;
/** A scratch buffer larger than this is given back after use. */
const MAX_KEPT = 1024 * 1024;
/** Room that may be asked for beyond the size limit, where the need is only estimated. */
const SLACK = 256;
/** Packets smaller than this get views that were made before. */
const MAX_VIEWS = 256;
const LARGEST_BIGINT = 2n ** 64n - 1n;
const SMALLEST_BIGINT = -(2n ** 63n);

const { getPrototypeOf, prototype: OBJECT } = Object;
const { hasOwnProperty } = OBJECT;

export class Encoder {
  private readonly limits: PacketLimits;
  private bytes: Buffer;
  private view: DataView;
  /** Where the next byte goes. */
  private at = 0;
  /** Values begun so far, of those that `limits.items` allows. */
  private items = 0;
  /** Whether a call of `encode` is under way, which a getter or `toJSON` may have interrupted. */
  private busy = false;
  /** The views of `bytes` handed out before, by length. */
  private views: Uint8Array[] = [];

  constructor(limits: PacketLimits) {
    this.limits = limits;
    this.bytes = Buffer.allocUnsafeSlow(FIRST_SCRATCH);
    this.view = viewOf(this.bytes);
  }

  /** See `Codec.encode`. */
  encode(packet: unknown): Uint8Array {
    if (this.busy) return new Encoder(this.limits).encode(packet);
    this.busy = true;
    this.at = 0;
    this.items = 1;
    try {
      this.write(packet, 0);
      if (this.at > this.limits.size) throw this.tooLarge();
      return this.result();
    } catch (error) {
      throw error instanceof Refusal ? error.toError() : error;
    } finally {
      this.busy = false;
      if (this.bytes.length > MAX_KEPT) this.use(Buffer.allocUnsafeSlow(FIRST_SCRATCH));
    }
  }

  private result(): Uint8Array {
    const { at, views } = this;
    if (at >= MAX_VIEWS) return new Uint8Array(this.bytes.buffer, 0, at);
    views[at] ??= new Uint8Array(this.bytes.buffer, 0, at);
    return views[at] as Uint8Array;
  }

  /** `depth` is the number of containers around the value. */
  private write(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'string':
        return this.writeText(value);
      case 'number':
        return this.writeNumber(value);
      case 'object':
        return value === null ? this.writeByte(NIL) : this.writeObject(value, depth, false);
      case 'boolean':
        return this.writeByte(value ? 0xc3 : 0xc2);
      case 'bigint':
        return this.writeBigint(value);
      case 'undefined':
        throw new Refusal("undefined can't be sent here: send null");
      default:
        throw new Refusal(`a ${typeof value} can't be sent`);
    }
  }

  private writeByte(byte: number): void {
    this.reserve(1);
    this.bytes[this.at++] = byte;
  }

  private writeNumber(value: number): void {
    this.reserve(9);
    const int = value | 0;
    // -0 equals 0, but is not the same number.
    if (int === value && (int !== 0 || Object.is(value, 0))) {
      const { bytes } = this;
      if (int >= 0) {
        if (int < 0x80) bytes[this.at++] = int;
        else this.writeHeader(int, 0xcc, 0xcd, 0xce);
      } else if (int >= -0x20) {
        bytes[this.at++] = int;
      } else {
        this.writeNegative(int);
      }
    } else if (value >>> 0 === value && int !== 0) {
      this.writeHeader(value, 0xcc, 0xcd, 0xce);
    } else {
      const { at } = this;
      this.bytes[at] = 0xcb;
      this.view.setFloat64(at + 1, value);
      this.at = at + 9;
    }
  }

  private writeNegative(int: number): void {
    const { bytes, view, at } = this;
    if (int >= -0x80) {
      bytes[at] = 0xd0;
      bytes[at + 1] = int;
      this.at = at + 2;
    } else if (int >= -0x8000) {
      bytes[at] = 0xd1;
      view.setInt16(at + 1, int);
      this.at = at + 3;
    } else {
      bytes[at] = 0xd2;
      view.setInt32(at + 1, int);
      this.at = at + 5;
    }
  }

  private writeBigint(value: bigint): void {
    if (value > LARGEST_BIGINT || value < SMALLEST_BIGINT) {
      throw new Refusal("a bigint of more than 64 bits can't be sent: send it as a string");
    }
    this.reserve(9);
    this.bytes[this.at] = value < 0n ? 0xd3 : 0xcf;
    // The low 64 bits, which are the same in both forms.
    this.view.setBigUint64(this.at + 1, BigInt.asUintN(64, value));
    this.at += 9;
  }

  private writeText(text: string): void {
    const { length } = text;
    if (length > SHORT_TEXT) return this.writeLongText(text);
    this.reserve(2 + 3 * length);
    const { bytes } = this;
    // Where the text begins depends on how many bytes it has; the guess is wrong only beyond ASCII.
    let start = this.at + (length < 32 ? 1 : 2);
    let end = writeShort(text, bytes, start);
    if (end === -1) throw loneSurrogate();
    if (length < 32 && end - start >= 32) {
      bytes.copyWithin(start + 1, start, end);
      start++;
      end++;
    }
    const size = end - start;
    if (size < 32) {
      bytes[start - 1] = 0xa0 | size;
    } else {
      bytes[start - 2] = 0xd9;
      bytes[start - 1] = size;
    }
    this.at = end;
  }

  private writeLongText(text: string): void {
    if (!isWellFormed(text)) throw loneSurrogate();
    const size = Buffer.byteLength(text);
    this.reserve(5 + size);
    this.writeHeader(size, 0xd9, 0xda, 0xdb);
    this.at += this.bytes.write(text, this.at);
  }

  private writeBytes(source: Uint8Array): void {
    const { length } = source;
    this.reserve(5 + length);
    this.writeHeader(length, 0xc4, 0xc5, 0xc6);
    this.bytes.set(source, this.at);
    this.at += length;
  }

  private writeDate(date: Date): void {
    const milliseconds = Date.prototype.getTime.call(date);
    if (Number.isNaN(milliseconds)) throw new Refusal("an invalid Date can't be sent: send null");
    this.reserve(MAX_TIMESTAMP);
    this.at = writeTimestamp(this.view, this.at, milliseconds);
  }

  /** `replaced`: whether the object came out of a `toJSON`, which is asked only once. */
  private writeObject(value: object, depth: number, replaced: boolean): void {
    const array = Array.isArray(value);
    let plain = array;
    if (!array) {
      const prototype: unknown = getPrototypeOf(value);
      plain = prototype === OBJECT || prototype === null;
    }
    if (!plain) {
      if (types.isUint8Array(value)) return this.writeBytes(value);
      if (types.isDate(value)) return this.writeDate(value);
      if (types.isArrayBuffer(value)) return this.writeBytes(new Uint8Array(value));
    }
    if (!replaced) {
      const { toJSON } = value as { toJSON?: unknown };
      if (typeof toJSON === 'function') return this.writeReplacement(toJSON.call(value), depth);
    }
    if (array) return this.writeArray(value, depth);
    if (!plain) {
      const refusal = refusedObject(value);
      if (refusal !== null) throw refusal;
    }
    this.writeMap(value as Record<string, unknown>, depth);
  }

  private writeReplacement(value: unknown, depth: number): void {
    if (typeof value === 'object' && value !== null) this.writeObject(value, depth, true);
    else this.write(value, depth);
  }

  private writeArray(array: readonly unknown[], depth: number): void {
    this.enter(depth);
    // Asked once, and whole: a Proxy may answer anything.
    const length = array.length >>> 0;
    this.count(length);
    this.reserve(5);
    if (length < 16) this.bytes[this.at++] = 0x90 | length;
    else this.writeHeader(length, 0, 0xdc, 0xdd);
    let i = 0;
    try {
      for (; i < length; i++) {
        const item = array[i];
        if (item === undefined) this.writeByte(NIL);
        else this.write(item, depth + 1);
      }
    } catch (error) {
      throw error instanceof Refusal ? error.within(i) : error;
    }
  }

  private writeMap(map: Record<string, unknown>, depth: number): void {
    this.enter(depth);
    this.reserve(1);
    const start = this.at++;
    let count = 0;
    let key = '';
    try {
      for (key in map) {
        if (!hasOwnProperty.call(map, key)) continue;
        if (key === '__proto__') throw new Refusal("a property of this name can't be sent");
        const item = map[key];
        if (item === undefined) continue;
        this.count(2);
        // The header is one byte until it must be more; what has been written by then is seldom much.
        if (++count === 0x10) this.widen(start + 1, 2);
        else if (count === 0x10000) this.widen(start + 3, 2);
        this.writeText(key);
        this.write(item, depth + 1);
      }
    } catch (error) {
      throw error instanceof Refusal ? error.within(key) : error;
    }
    const end = this.at;
    this.at = start;
    if (count < 0x10) this.bytes[start] = 0x80 | count;
    else this.writeHeader(count, 0, 0xde, 0xdf);
    this.at = end;
  }

  /** Makes room for `more` bytes in front of what was written from `from` on. */
  private widen(from: number, more: number): void {
    this.reserve(more);
    this.bytes.copyWithin(from + more, from, this.at);
    this.at += more;
  }

  /** A number with 1, 2 or 4 bytes behind the first; `form8` is 0 where there is no such form. */
  private writeHeader(value: number, form8: number, form16: number, form32: number): void {
    const { bytes, view, at } = this;
    if (value < 0x100 && form8 !== 0) {
      bytes[at] = form8;
      bytes[at + 1] = value;
      this.at = at + 2;
    } else if (value < 0x10000) {
      bytes[at] = form16;
      view.setUint16(at + 1, value);
      this.at = at + 3;
    } else {
      bytes[at] = form32;
      view.setUint32(at + 1, value);
      this.at = at + 5;
    }
  }

  private enter(depth: number): void {
    if (depth < this.limits.depth) return;
    throw new Refusal(`this is nested deeper than ${this.limits.depth} levels, or holds itself`);
  }

  private count(more: number): void {
    this.items += more;
    if (this.items > this.limits.items) {
      throw new Refusal(`the packet has more than ${this.limits.items} values`, 'ERR_PACKET_TOO_LARGE');
    }
  }

  private reserve(more: number): void {
    if (this.at + more > this.bytes.length) this.grow(this.at + more);
  }

  private grow(needed: number): void {
    const most = this.limits.size + SLACK;
    if (needed > most) throw this.tooLarge();
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(this.bytes.length * 2, most)));
    this.bytes.copy(grown, 0, 0, this.at);
    this.use(grown);
  }

  private use(bytes: Buffer): void {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.views = [];
  }

  private tooLarge(): Refusal {
    return new Refusal(`the packet is larger than ${this.limits.size} bytes`, 'ERR_PACKET_TOO_LARGE');
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function loneSurrogate(): Refusal {
  return new Refusal("a string with a lone surrogate can't be sent: it is not well-formed Unicode");
}

