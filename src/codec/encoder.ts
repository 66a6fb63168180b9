/**
 * Values into bytes, in one walk over the packet: what each value becomes, and which are refused.
 *
 * User code can run on the way, in getters and `toJSON`: what it throws passes through, and an encode of its own gets an
 * encoder of its own.
 */
import { builtins } from '../builtins.js';
import type { EncodeTarget } from './codec.js';
import { allowed } from './compile.js';
import { KeyTree, MAX_KEY_BYTES } from './keys.js';
import type { PacketLimits } from './limits.js';
import { type MapNode, type MapWriter, MOST_KEYS, type Sink, writerOf } from './map-writer.js';
import { gone, Refusal, refusedObject } from './refusal.js';
import { isWellFormed } from './text.js';
import { lengthOf } from './true-bytes.js';
import { Writer } from './writer.js';

const { types } = builtins.util;

const NIL = 0xc0;
const LARGEST_BIGINT = 2n ** 64n - 1n;
const SMALLEST_BIGINT = -(2n ** 63n);
const OBJECT = Object.prototype;
const BYTE_AT = Uint8Array.prototype.at;
/** Room in an array is asked for so many numbers at a time. */
const SOME = 16;
const SOME_NUMBERS = 9 * SOME;

/** Keys that objects begin with, all of them at one place: how many there are is known last. */
const MOST_FIRST = 32;
/** So many more objects that were not known by heart than were, and only one in {@link SELDOM} is looked up, and learnt. */
const STRANGE = 1000;
const SELDOM = 16;

export class Encoder implements Sink {
  private readonly limits: PacketLimits;
  private readonly out: Writer;
  private readonly keys: KeyTree<MapWriter> = new KeyTree(MOST_FIRST);
  /** 0 once most objects are strange: looking them up takes a walk through their keys. */
  private familiar = STRANGE;
  private turn = 0;
  /** Values begun so far, of those that `limits.items` allows. */
  private items = 0;
  /** Whether a call of `encode` is under way, which a getter or `toJSON` may have interrupted. */
  private busy = false;

  constructor(limits: PacketLimits) {
    this.limits = limits;
    this.out = new Writer(limits.size);
  }

  /** See `Codec.encode`. */
  encode(packet: unknown): Uint8Array {
    return this.encodeAt(packet, null, 0, true) as Uint8Array;
  }

  /** See `Codec.encodeParts`. */
  encodeParts(packet: unknown): Uint8Array | readonly Uint8Array[] {
    return this.encodeAt(packet, null, 0, false) as Uint8Array | readonly Uint8Array[];
  }

  /** See `Codec.encodeInto`. */
  encodeInto(packet: unknown, target: EncodeTarget, at: number): number | Uint8Array | readonly Uint8Array[] {
    return this.encodeAt(packet, target, at, false);
  }

  /** @param whole - the packet is wanted in one, and not in parts */
  private encodeAt(
    packet: unknown,
    target: EncodeTarget | null,
    at: number,
    whole: boolean,
  ): number | Uint8Array | readonly Uint8Array[] {
    if (this.busy) return new Encoder(this.limits).encode(packet);
    this.busy = true;
    this.items = 1;
    try {
      this.out.start(target, at, whole);
      this.write(packet, 0);
      return this.out.result();
    } catch (error) {
      throw error instanceof Refusal ? error.toError() : error;
    } finally {
      this.busy = false;
      this.out.release();
    }
  }

  /** `depth` is the number of containers around the value. */
  private write(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'string':
        this.out.text(value);
        break;
      case 'number':
        this.out.number(value);
        break;
      case 'object':
        if (value === null) this.out.byte(NIL);
        else this.writeObject(value, depth, false);
        break;
      case 'boolean':
        this.out.byte(value ? 0xc3 : 0xc2);
        break;
      case 'bigint':
        this.writeBigint(value);
        break;
      case 'undefined':
        throw new Refusal("undefined can't be sent here: send null");
      default:
        throw new Refusal(`a ${typeof value} can't be sent: leave it out, or send what it stands for`);
    }
  }

  private writeBigint(value: bigint): void {
    if (value > LARGEST_BIGINT || value < SMALLEST_BIGINT) {
      throw new Refusal("a bigint of more than 64 bits can't be sent: send it as a string");
    }
    this.out.bigint(value);
  }

  /** `replaced`: whether the object came out of a `toJSON`, which is asked only once. */
  private writeObject(value: object, depth: number, replaced: boolean): void {
    if (Array.isArray(value)) {
      const { toJSON } = value as { toJSON?: unknown };
      if (typeof toJSON === 'function' && !replaced) this.writeReplacement(toJSON.call(value), depth);
      else this.writeArray(value, depth);
      return;
    }
    const looksUp = allowed && (this.familiar > 0 || ++this.turn % SELDOM === 0);
    if (looksUp && this.writeByHeart(value, depth)) {
      if (this.familiar < STRANGE) this.familiar++;
      return;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    const plain = prototype === OBJECT || prototype === null;
    // Bytes and dates have a toJSON too, which is not wanted.
    if (!plain && this.writeNative(value)) return;
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === 'function' && !replaced) {
      this.writeReplacement(toJSON.call(value), depth);
      return;
    }
    const refusal = plain ? null : refusedObject(value);
    if (refusal !== null) throw refusal;
    if (looksUp && this.familiar > 0) this.familiar--;
    // Code refuses objects of classes, and is dearer the more of it there is.
    this.writeMap(value as Record<string, unknown>, depth, looksUp && prototype === OBJECT);
  }

  /** Objects for which MessagePack has a form of its own; whether this is one. */
  private writeNative(value: object): boolean {
    if (types.isUint8Array(value)) {
      this.writeBinary(value);
    } else if (types.isArrayBuffer(value)) {
      this.writeBinary(bytesOf(value));
    } else if (types.isDate(value)) {
      const milliseconds = Date.prototype.getTime.call(value);
      if (Number.isNaN(milliseconds)) throw new Refusal("an invalid Date can't be sent: send null");
      this.out.timestamp(milliseconds);
    } else {
      return false;
    }
    return true;
  }

  private writeBinary(bytes: Uint8Array): void {
    // What is gone looks empty, and the other node would get nothing in its place.
    if (lengthOf(bytes) === 0 && isGone(bytes)) throw gone();
    this.out.binary(bytes);
  }

  private writeReplacement(value: unknown, depth: number): void {
    if (typeof value === 'object' && value !== null) this.writeObject(value, depth, true);
    else this.write(value, depth);
  }

  private writeArray(array: readonly unknown[], depth: number): void {
    this.enter(depth);
    // Asked once, and made whole: a Proxy may answer anything.
    const length = (property(array, 'length') as number) >>> 0;
    this.count(length);
    const { out } = this;
    out.array(length);
    let i = 0;
    try {
      let at = out.room(SOME_NUMBERS);
      for (; i < length; i++) {
        const item = property(array, i);
        if (typeof item === 'number') {
          at = out.putNumber(item, at);
          if (i % SOME === SOME - 1) at = out.roomAt(at, SOME_NUMBERS);
        } else if (typeof item === 'string') {
          at = out.putText(item, at, SOME_NUMBERS);
        } else {
          at = this.writeAt(item === undefined ? null : item, at, depth + 1, SOME_NUMBERS);
        }
      }
      out.at = at;
    } catch (error) {
      throw this.blame(error, i);
    }
  }

  /** Whether the object was written, by code that knows its keys. */
  private writeByHeart(map: object, depth: number): boolean {
    // The keys of these are as many as their elements.
    if (ArrayBuffer.isView(map) || depth >= this.limits.depth) return false;
    let node = this.keys.root(0);
    for (const key in map) {
      if (node === null) return false;
      if (OBJECT.hasOwnProperty.call(map, key)) node = this.keys.named(node, key);
    }
    const code = node === null ? null : node.code;
    return code?.(this, this.out, map, depth + 1) ?? false;
  }

  /** @param learns - its keys are to be learnt, which is of use to code only */
  private writeMap(map: Record<string, unknown>, depth: number, learns: boolean): void {
    this.enter(depth);
    const { out, keys } = this;
    const start = out.startMap();
    let node = learns ? keys.root(0) : null;
    let length = 0;
    let count = 0;
    let key = '';
    try {
      for (key in map) {
        if (!OBJECT.hasOwnProperty.call(map, key)) continue;
        if (key === '__proto__') throw new Refusal("a property of this name can't be sent: rename it");
        length++;
        const item = map[key];
        if (node !== null) node = keys.named(node, key) ?? this.learn(node, key, item);
        if (item === undefined) continue;
        this.count(2);
        out.growMap(start, ++count);
        out.text(key);
        this.write(item, depth + 1);
      }
    } catch (error) {
      throw this.blame(error, key);
    }
    out.endMap(start, count);
    if (node !== null && length > 0 && length <= MOST_KEYS && keys.ended(node)) {
      node.code = writerOf(node, map);
      keys.keep(node);
      keys.spend(length);
    }
  }

  private learn(node: MapNode, key: string, item: unknown): MapNode | null {
    // A key that need not be sent, and can't be, or is not learnt.
    if (item === undefined && (key.length > MAX_KEY_BYTES || !isWellFormed(key))) return null;
    if (this.keys.isClosed(node)) return null;
    const { out } = this;
    const start = out.at;
    // What is written here is only looked at.
    out.text(key);
    const child = this.keys.learn(node, key, out.bytes, start, out.at);
    out.at = start;
    return child;
  }

  writeAt(value: unknown, at: number, depth: number, more: number): number {
    this.out.at = at;
    this.write(value, depth);
    return this.out.room(more);
  }

  blame(error: unknown, key: string | number): unknown {
    return error instanceof Refusal ? error.within(key) : error;
  }

  private enter(depth: number): void {
    if (depth < this.limits.depth) return;
    throw new Refusal(`this is nested deeper than ${this.limits.depth} levels, or holds itself`);
  }

  count(more: number): void {
    this.items += more;
    if (this.items > this.limits.items) {
      throw new Refusal(`the packet has more than ${this.limits.items} values (limits.items)`, 'ERR_PACKET_TOO_LARGE');
    }
  }
}

/**
 * One place for names and indexes, where engines learn to expect anything. At a place that knows arrays of two or three of
 * the six kinds there are, V8 turns each into the widest of these first: arrays of the application, for good, item by item.
 */
function property(of: object, key: string | number): unknown {
  return (of as Record<string | number, unknown>)[key];
}

function bytesOf(buffer: ArrayBuffer): Uint8Array {
  try {
    return new Uint8Array(buffer);
  } catch {
    throw gone();
  }
}

/** Whether their memory was transferred, or their buffer made smaller than where they are. */
function isGone(bytes: Uint8Array): boolean {
  try {
    BYTE_AT.call(bytes, 0);
    return false;
  } catch {
    return true;
  }
}
