/**
 * The forms of MessagePack, written one after the other: to memory of somebody else's as long as there is room, or to one
 * scratch buffer that is used again and again.
 *
 * Each form checks for room once. The buffer doubles as needed, up to the size limit, and after a large packet it is the collector's,
 * unless another large one comes before: memory that is touched for the first time is dearer than the copy.
 */
import { builtins } from '../builtins.js';
import { Apart, LARGE } from './apart.js';
import type { EncodeTarget } from './codec.js';
import { MAX_SURPLUS } from './map-writer.js';
import { Refusal } from './refusal.js';
import { isWellFormed, SHORT_TEXT, writeShort } from './text.js';
import { MAX_TIMESTAMP, writeTimestamp } from './timestamp.js';
import { lengthOf } from './true-bytes.js';

const { Buffer } = builtins.buffer;

const FIRST_SCRATCH = 4096;
/** A scratch buffer larger than this is kept only until garbage is collected. */
const MAX_KEPT = 1024 * 1024;
/** Room that may be asked for beyond the size limit, where the need is only estimated: for a map, and a short text. */
const SLACK = MAX_SURPLUS + 256;
/** The room for texts of up to so many characters is guessed: counting their bytes takes as long as writing them. */
const GUESSED_TEXT = 10_000;
/** Packets smaller than this get views that were made before. */
const MAX_VIEWS = 256;

export class Writer {
  /** Bytes of the largest packet. */
  private readonly size: number;
  private scratch: EncodeTarget = scratchOf(FIRST_SCRATCH);
  /** The last large scratch buffer. */
  private large: WeakRef<EncodeTarget> | null = null;
  /** What the packet under way is written to: the scratch buffer, or the target. */
  bytes: Uint8Array = this.scratch.bytes;
  view: DataView = this.scratch.view;
  /** The latest memory that was needed as a Buffer: a scratch buffer that is kept, or a part of a batch. */
  private bufferOf: Uint8Array | null = null;
  private asBuffer: Buffer | null = null;
  /** Where the packet begins. */
  private begin = 0;
  /** Where the next byte goes. */
  at = 0;
  /** The views of the scratch buffer handed out before, by length. */
  private views: Uint8Array[] = [];
  /** What is not written there. */
  private readonly apart: Apart = new Apart();
  /** Nothing may be left apart. */
  private whole = true;

  constructor(size: number) {
    this.size = size;
  }

  /** Begins a packet, at `at` of the target or else in the scratch buffer; `whole`: in one, and not in parts. */
  start(target: EncodeTarget | null, at: number, whole: boolean): void {
    if (target !== null) this.use(target);
    this.whole = whole;
    this.at = at;
    this.begin = at;
  }

  /** Bytes of the packet, if all of them are in the target. Otherwise the packet or its parts, valid until the next one begins. */
  result(): number | Uint8Array | readonly Uint8Array[] {
    const { apart, at, begin, bytes, views } = this;
    const length = at - begin;
    if (length + apart.bytes > this.size) throw this.tooLarge();
    if (bytes !== this.scratch.bytes) return length;
    if (apart.bytes > 0) return apart.parts(bytes, begin, at);
    if (begin > 0 || length >= MAX_VIEWS) return bytes.subarray(begin, at);
    views[length] ??= bytes.subarray(0, length);
    return views[length] as Uint8Array;
  }

  /** Ends a packet, written or failed. Its bytes stay valid; memory of a size that is seldom needed is not kept. */
  release(): void {
    const { scratch } = this;
    this.apart.clear();
    if (scratch.bytes.length > MAX_KEPT) {
      if (this.large?.deref() !== scratch) this.large = new WeakRef(scratch);
      this.keep(scratchOf(FIRST_SCRATCH));
      this.bufferOf = null;
      this.asBuffer = null;
    }
    this.use(this.scratch);
  }

  byte(byte: number): void {
    this.reserve(1);
    this.bytes[this.at++] = byte;
  }

  number(value: number): void {
    this.reserve(9);
    this.at = this.putNumber(value, this.at);
  }

  /** Writes a number where there is room for 9 bytes; returns the offset behind it. */
  putNumber(value: number, at: number): number {
    const { bytes } = this;
    const int = value | 0;
    // -0 equals 0, but is not the same number.
    if (int === value && (int !== 0 || Object.is(value, 0))) {
      if (int >= 0x80) return this.putHeader(int, at, 0xcc, 0xcd, 0xce);
      if (int < -0x20) return this.putNegative(int, at);
      bytes[at] = int;
      return at + 1;
    }
    if (value >>> 0 === value && int !== 0) return this.putHeader(value, at, 0xcc, 0xcd, 0xce);
    bytes[at] = 0xcb;
    this.view.setFloat64(at + 1, value);
    return at + 9;
  }

  /** A whole number of at most 64 bits. */
  bigint(value: bigint): void {
    this.reserve(9);
    this.bytes[this.at] = value < 0n ? 0xd3 : 0xcf;
    // The low 64 bits, which are the same in both forms.
    this.view.setBigUint64(this.at + 1, BigInt.asUintN(64, value));
    this.at += 9;
  }

  text(text: string): void {
    this.at = this.putText(text, this.at, 0);
  }

  /** Writes a text at `at`, with room for `more` bytes behind it; returns where that is. */
  putText(text: string, at: number, more: number): number {
    const { length } = text;
    const most = 3 + 3 * length + more;
    if (length > SHORT_TEXT && (length > GUESSED_TEXT || at + most > this.bytes.length)) {
      return this.putCounted(text, at, more);
    }
    this.reserveAt(at, most);
    // Where the text begins depends on how many bytes it has; the guess is wrong only beyond ASCII.
    const start = at + textHeader(length);
    const end = length > SHORT_TEXT ? this.writeNative(text, start) : writeShort(text, this.bytes, start);
    if (end === -1) throw loneSurrogate();
    const size = end - start;
    const move = at + textHeader(size) - start;
    if (move > 0) this.bytes.copyWithin(start + move, start, end);
    this.putTextHeader(size, at);
    return end + move;
  }

  binary(source: Uint8Array): void {
    const length = lengthOf(source);
    const most = this.at + 5 + length;
    // What is in the scratch buffer is copied once more.
    if (length >= LARGE && !this.whole && (this.bytes === this.scratch.bytes || most > this.bytes.length)) {
      this.leave(source, length);
      return;
    }
    this.reserve(5 + length);
    this.header(length, 0xc4, 0xc5, 0xc6);
    this.bytes.set(source, this.at);
    this.at += length;
  }

  /** A time that is not NaN. */
  timestamp(milliseconds: number): void {
    this.reserve(MAX_TIMESTAMP);
    this.at = writeTimestamp(this.view, this.at, milliseconds);
  }

  /** Only the header: `length` values must follow. */
  array(length: number): void {
    this.reserve(5);
    if (length < 16) this.bytes[this.at++] = 0x90 | length;
    else this.header(length, 0, 0xdc, 0xdd);
  }

  /** Begins a map of any number of entries. Returns what the calls for its entries and its end are to be given. */
  startMap(): number {
    this.reserve(1);
    return this.at++;
  }

  /**
   * Before the entry that makes it `count`. The header is one byte until it must be more; what has been written by then is
   * seldom much.
   */
  growMap(map: number, count: number): void {
    if (count === 0x10) this.widen(map + 1);
    else if (count === 0x10000) this.widen(map + 3);
  }

  endMap(map: number, count: number): void {
    const end = this.at;
    this.at = map;
    if (count < 0x10) this.bytes[map] = 0x80 | count;
    else this.header(count, 0, 0xde, 0xdf);
    this.at = end;
  }

  private putNegative(int: number, at: number): number {
    const { bytes, view } = this;
    if (int >= -0x80) {
      bytes[at] = 0xd0;
      bytes[at + 1] = int;
      return at + 2;
    }
    if (int >= -0x8000) {
      bytes[at] = 0xd1;
      view.setInt16(at + 1, int);
      return at + 3;
    }
    bytes[at] = 0xd2;
    view.setInt32(at + 1, int);
    return at + 5;
  }

  /** @returns the offset behind the text, or -1 for a lone surrogate */
  private writeNative(text: string, at: number): number {
    return isWellFormed(text) ? at + this.buffer().write(text, at) : -1;
  }

  private putCounted(text: string, at: number, more: number): number {
    if (!isWellFormed(text)) throw loneSurrogate();
    const size = Buffer.byteLength(text);
    this.reserveAt(at, 5 + size + more);
    const start = this.putTextHeader(size, at);
    return start + this.buffer().write(text, start);
  }

  private putTextHeader(size: number, at: number): number {
    if (size >= 32) return this.putHeader(size, at, 0xd9, 0xda, 0xdb);
    this.bytes[at] = 0xa0 | size;
    return at + 1;
  }

  /** The memory with the methods of a Buffer, kept for the next packets, which mostly are written to the same. */
  private buffer(): Buffer {
    const { bytes } = this;
    if (this.bufferOf !== bytes || this.asBuffer === null) {
      this.asBuffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      this.bufferOf = bytes;
    }
    return this.asBuffer;
  }

  private header(value: number, form8: number, form16: number, form32: number): void {
    this.at = this.putHeader(value, this.at, form8, form16, form32);
  }

  /** A number with 1, 2 or 4 bytes behind the first, for which there is room; `form8` is 0 where there is no such form. */
  private putHeader(value: number, at: number, form8: number, form16: number, form32: number): number {
    const { bytes, view } = this;
    if (value < 0x100 && form8 !== 0) {
      bytes[at] = form8;
      bytes[at + 1] = value;
      return at + 2;
    }
    if (value < 0x10000) {
      bytes[at] = form16;
      view.setUint16(at + 1, value);
      return at + 3;
    }
    bytes[at] = form32;
    view.setUint32(at + 1, value);
    return at + 5;
  }

  /** Makes room for two more bytes in front of what was written from `from` on. */
  private widen(from: number): void {
    this.reserve(2);
    this.bytes.copyWithin(from + 2, from, this.at);
    this.at += 2;
    this.apart.moved(from, 2);
  }

  /** Makes room for so many bytes more; returns where they go. */
  room(more: number): number {
    this.reserve(more);
    return this.at;
  }

  /** Makes room for so many bytes behind `at`, which is returned. */
  roomAt(at: number, more: number): number {
    this.reserveAt(at, more);
    return at;
  }

  /** Writes of a binary the header only; and not to the target, where the parts of the packet are to be copied to. */
  private leave(source: Uint8Array, length: number): void {
    const { apart, at, begin, bytes } = this;
    if (at - begin + apart.bytes + length > this.size) throw this.tooLarge();
    if (bytes === this.scratch.bytes) this.reserve(5);
    else this.grow(at, at + 5);
    this.header(length, 0xc4, 0xc5, 0xc6);
    apart.add(source, length, this.at);
  }

  private reserve(more: number): void {
    this.reserveAt(this.at, more);
  }

  private reserveAt(at: number, more: number): void {
    if (at + more > this.bytes.length) this.grow(at, at + more);
  }

  /** What was written before `at` stays, and stays where it is: offsets are kept everywhere. */
  private grow(at: number, needed: number): void {
    const { begin, bytes, scratch } = this;
    const most = begin + this.size - this.apart.bytes + SLACK;
    if (needed > most) throw this.tooLarge();
    if (bytes === scratch.bytes || needed > scratch.bytes.length) {
      const size = Math.max(needed, Math.min(bytes.length * 2, most));
      const large = size > MAX_KEPT ? this.large?.deref() : undefined;
      this.keep(large !== undefined && large.bytes.length >= size ? large : scratchOf(size));
    }
    this.use(this.scratch);
    this.bytes.set(bytes.subarray(begin, at), begin);
  }

  private keep(scratch: EncodeTarget): void {
    this.scratch = scratch;
    this.views = [];
  }

  private use({ bytes, view }: EncodeTarget): void {
    this.bytes = bytes;
    this.view = view;
  }

  private tooLarge(): Refusal {
    return new Refusal(
      `the packet is larger than ${this.size} bytes (maxPacket): raise it on both sides, or send it in parts`,
      'ERR_PACKET_TOO_LARGE',
    );
  }
}

/** Memory that is not cleared: nothing is read that was not written before. */
function scratchOf(size: number): EncodeTarget {
  const { buffer } = Buffer.allocUnsafeSlow(size);
  return { bytes: new Uint8Array(buffer), view: new DataView(buffer) };
}

/** Bytes before a text of so many, less than 64 KiB. */
function textHeader(size: number): number {
  if (size < 32) return 1;
  return size < 0x100 ? 2 : 3;
}

function loneSurrogate(): Refusal {
  return new Refusal("a string with a lone surrogate can't be sent: it is not well-formed Unicode");
}
