/**
 * Bytes into values, checking each byte on the way: this is what strangers reach first.
 *
 * Rules: nothing is allocated for a count before it is known that so many bytes remain and so many items are allowed; no
 * user code runs; an object gets own properties and nothing else; whatever the bytes are, the outcome is a value or
 * `ERR_BAD_PACKET`.
 */
import { MasterlessError } from '../errors.js';
import { Binaries } from './bytes.js';
import { allowed } from './compile.js';
import { KeyTree, pathTo } from './keys.js';
import type { PacketLimits } from './limits.js';
import { kindOf, learnByHeart, type MapNode, type MapReader, MOST_KEYS, type Source } from './map-reader.js';
import { isNumeric, MANY_NUMBERS, numberAt, readNumbers } from './numbers.js';
import { arrayIndex, defineOwn, isFree, makeSparse } from './property.js';
import { TextReader } from './text.js';
import { readTimestamp } from './timestamp.js';
import { Views } from './views.js';

export class Decoder implements Source {
  private readonly limits: PacketLimits;
  private readonly views: Views = new Views();
  /** What the packet is read from, and a view of the same. */
  private bytes: Uint8Array = this.views.bytes;
  private view: DataView = this.views.view;
  /** Bytes of these; the packet may end before. */
  private limit = 0;
  /** Where the packet begins. */
  private start = 0;
  /** The next byte to read. */
  at = 0;
  /** Behind the last byte. */
  private end = 0;
  /** Values announced so far, of those that `limits.items` allows. */
  private items = 0;
  private readonly text: TextReader = new TextReader();
  private readonly keys: KeyTree<MapReader> = new KeyTree();
  private readonly binaries: Binaries = new Binaries();

  constructor(limits: PacketLimits) {
    this.limits = limits;
  }

  /** See `Codec.decodeRange`. */
  decode(bytes: Uint8Array, start: number, end: number): unknown {
    const { views } = this;
    const size = end - start;
    this.items = 1;
    this.start = start;
    this.at = start;
    this.end = end;
    try {
      // It had more when it was said where the packet is.
      if (end > bytes.length) this.cut();
      this.start = views.open(bytes, start, end);
      this.at = this.start;
      this.end = this.start + size;
      if (this.view !== views.view) this.look();
      if (size > this.limits.size) this.fail(`${size} bytes are more than the ${this.limits.size} allowed`);
      const value = this.read(0);
      if (this.at !== this.end) this.fail(`${this.end - this.at} bytes are left over`);
      return value;
    } catch (error) {
      if (error instanceof MasterlessError) throw error;
      // What the platform refuses to make, such as a string of a gigabyte.
      throw new MasterlessError('ERR_BAD_PACKET', `the packet can't be held, at byte ${this.at - this.start}`, {
        cause: error,
      });
    } finally {
      if (!views.keeps()) this.look();
      this.text.close();
    }
  }

  private look(): void {
    this.bytes = this.views.bytes;
    this.view = this.views.view;
    this.limit = this.view.byteLength;
  }

  /** `depth` is the number of containers around the value. */
  read(depth: number): unknown {
    if (this.at >= this.end) this.cut();
    const first = this.view.getUint8(this.at++);
    if (first < 0x80) return first;
    if (first >= 0xe0) return first - 0x100;
    if (first === 0xcb) return this.readFloat();
    if (first >= 0xca && first <= 0xd3) return this.readNumber(first);
    if (first >= 0xc0) return this.readOther(first, depth);
    if (first >= 0xa0) return this.readText(first & 0x1f);
    if (first >= 0x90) return this.readArray(first & 0x0f, depth);
    return this.readMap(first & 0x0f, depth);
  }

  private readOther(first: number, depth: number): unknown {
    switch (first) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.readBytes(this.uint(1 << (first - 0xc4)));
      case 0xc7:
        return this.readExtension(this.uint(1));
      case 0xd6:
        return this.readExtension(4);
      case 0xd7:
        return this.readExtension(8);
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.readText(this.uint(1 << (first - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.readArray(this.uint(2 << (first - 0xdc)), depth);
      case 0xde:
      case 0xdf:
        return this.readMap(this.uint(2 << (first - 0xde)), depth);
      default:
        return this.fail(`0x${first.toString(16)} begins no value that is taken`, 1);
    }
  }

  private readFloat(): number {
    const { at } = this;
    this.pass(8);
    return this.view.getFloat64(at);
  }

  /** The value after 0xca to 0xd3. */
  private readNumber(first: number): number | bigint {
    const { at } = this;
    // Twice 1, 2, 4 and 8 bytes, with floats of 4 and 8 before them.
    this.pass(first < 0xcc ? 4 << (first & 1) : 1 << (first & 3));
    return numberAt(this.view, at, first);
  }

  /** A length of 1, 2 or 4 bytes. */
  private uint(size: number): number {
    const { view, at } = this;
    this.pass(size);
    if (size === 1) return view.getUint8(at);
    return size === 2 ? view.getUint16(at) : view.getUint32(at);
  }

  private readText(length: number): string {
    this.need(length);
    const text = this.text.read(this.bytes, this.at, this.at + length);
    if (text === null) return this.fail('a string is not valid UTF-8');
    this.at += length;
    return text;
  }

  private readBytes(length: number): Uint8Array {
    const { at } = this;
    this.pass(length);
    return this.binaries.copy(this.bytes, at, length);
  }

  private readExtension(length: number): Date {
    this.need(1 + length);
    const { view, at } = this;
    if (view.getUint8(at) !== 0xff) return this.fail(`extension type ${view.getInt8(at)} is not taken`);
    if (length !== 4 && length !== 8 && length !== 12) return this.fail(`a timestamp of ${length} bytes`);
    const date = readTimestamp(view, at + 1, length);
    if (typeof date === 'string') return this.fail(date);
    this.at = at + 1 + length;
    return date;
  }

  private readArray(count: number, depth: number): unknown[] {
    this.enter(depth, count, count);
    const inner = depth + 1;
    // Short ones are made in a third of the time by a literal, which evaluates in order (Node 22 and 24).
    if (count === 0) return [];
    if (count === 1) return [this.read(inner)];
    if (count === 2) return this.readPoint() ?? [this.read(inner), this.read(inner)];
    if (count === 3) return [this.read(inner), this.read(inner), this.read(inner)];
    if (count === 4) return [this.read(inner), this.read(inner), this.read(inner), this.read(inner)];
    // Exact, where growing would give an array of one item room for many.
    // oxlint-disable-next-line unicorn/no-new-array
    const array = new Array<unknown>(count);
    let i = 0;
    if (count >= MANY_NUMBERS && isNumeric(this.view.getUint8(this.at))) {
      const beginning = readNumbers(array, this.view, this.at, this.end);
      this.at = beginning.at;
      i = beginning.count;
    }
    for (; i < count; i++) array[i] = this.read(inner);
    return array;
  }

  /** Two floats, if that is what there is. */
  private readPoint(): [number, number] | null {
    const { view, at } = this;
    if (this.end - at < 18 || view.getUint8(at) !== 0xcb || view.getUint8(at + 9) !== 0xcb) return null;
    this.at = at + 18;
    return [view.getFloat64(at + 1), view.getFloat64(at + 10)];
  }

  private readMap(count: number, depth: number): Record<string, unknown> {
    this.enter(depth, count, 2 * count);
    const root = this.keys.root(count);
    if (root === null) return this.readRest({}, 0, count, depth + 1);
    const { code } = root;
    if (code === null) return this.readForeseen(root, {}, 0, count, depth + 1);
    return code(this, this.view, this.at, this.end, this.limit, depth + 1) as Record<string, unknown>;
  }

  /** A map that the code for its number of keys does not know. */
  stray(node: MapNode, values: readonly unknown[], count: number, depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    const path = pathTo(node);
    for (const [index, { key }] of path.entries()) object[key] = values[index];
    return this.readForeseen(node, object, path.length, count, depth);
  }

  /** The entries after `node`, `first` of them being in the object, as long as their keys are foreseen; then the others. */
  private readForeseen(
    node: MapNode,
    object: Record<string, unknown>,
    first: number,
    count: number,
    depth: number,
  ): Record<string, unknown> {
    const { keys } = this;
    let last = node;
    for (let i = first; i < count; i++) {
      const next = keys.follow(last, this.bytes, this.at, this.end);
      if (next === null) return this.learnRest(object, last, i, count, depth);
      this.at += next.bytes.length;
      object[next.key] = this.read(depth);
      last = next;
    }
    if (allowed && count > 0 && count <= MOST_KEYS && keys.ended(last)) {
      const root = keys.root(count);
      if (root !== null) keys.spend(learnByHeart(root, last, object, keys.often));
    }
    return object;
  }

  /** The entries after `node`, whose keys were not foreseen. */
  private learnRest(
    object: Record<string, unknown>,
    node: MapNode,
    first: number,
    count: number,
    depth: number,
  ): Record<string, unknown> {
    let last: MapNode | null = node;
    let i = first;
    for (; i < count && last !== null; i++) {
      const start = this.at;
      const key = this.readKey();
      if (arrayIndex(key) !== -1 || !isFree(object, key)) {
        this.at = start;
        break;
      }
      last = this.keys.learn(last, key, this.bytes, start, this.at);
      const value = this.read(depth);
      object[key] = value;
      if (last !== null) last.kind = kindOf(value);
    }
    return this.readRest(object, i, count, depth);
  }

  /** The entries from the `first` on, whatever their keys are. */
  private readRest(
    object: Record<string, unknown>,
    first: number,
    count: number,
    depth: number,
  ): Record<string, unknown> {
    let sparse = false;
    for (let i = first; i < count; i++) {
      const key = this.readKey();
      const index = arrayIndex(key);
      if (index !== -1) {
        if (Object.hasOwn(object, index)) this.fail('a key is there twice');
        if (!sparse && index > 32 + 4 * i) {
          makeSparse(object, index);
          sparse = true;
        }
        object[index] = this.read(depth);
      } else if (isFree(object, key)) {
        object[key] = this.read(depth);
      } else {
        if (key === '__proto__') this.fail('a key is __proto__');
        if (Object.hasOwn(object, key)) this.fail('a key is there twice');
        defineOwn(object, key, this.read(depth));
      }
    }
    return object;
  }

  private readKey(): string {
    this.need(1);
    const first = this.view.getUint8(this.at++);
    if ((first & 0xe0) === 0xa0) return this.readText(first & 0x1f);
    if (first >= 0xd9 && first <= 0xdb) return this.readText(this.uint(1 << (first - 0xd9)));
    return this.fail('a key is not a string', 1);
  }

  /** Checks a container of `count` entries, of so many `items`, before anything is made for it. */
  private enter(depth: number, count: number, items: number): void {
    if (depth >= this.limits.depth) this.fail(`nested deeper than ${this.limits.depth} levels`);
    this.items += items;
    // An item has at least one byte: in what remains, and, with those that the containers around it announced, in all.
    if (items > this.end - this.at || this.items > this.end - this.start) {
      this.fail(`${count} entries are announced, more than the bytes can hold`);
    }
    if (this.items > this.limits.items) this.fail(`more than ${this.limits.items} values`);
  }

  /** Goes on behind so many bytes. */
  private pass(count: number): void {
    this.need(count);
    this.at += count;
  }

  private need(count: number): void {
    if (count > this.end - this.at) this.cut();
  }

  private cut(): never {
    this.fail('the packet ends too early');
  }

  /** `back`: how many bytes ago the trouble began. */
  private fail(reason: string, back = 0): never {
    throw new MasterlessError(
      'ERR_BAD_PACKET',
      `the other node sent a bad packet: ${reason}, at byte ${this.at - this.start - back}`,
    );
  }
}
