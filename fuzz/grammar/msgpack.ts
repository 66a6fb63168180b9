/**
 * The packets that are taken, as docs/values.md and the specification of MessagePack have them: a recogniser that makes no
 * values, written from those texts to hold the decoder to them. It goes over the bytes in one loop with a stack of its own.
 *
 * Where a packet has more than one fault, the first in the order of the bytes counts. A count is checked where it is read:
 * first how deep its container is; then the bytes, since a value has at least one, both those that remain and, for all
 * values announced up to there, the whole; then the number of values.
 */

export type Fault =
  /** Larger than allowed. */
  | 'size'
  /** Bytes are missing. */
  | 'cut'
  /** A count says more than the bytes can hold. */
  | 'count'
  | 'left-over'
  /** Nothing begins with this byte. */
  | 'form'
  /** An extension that is not the timestamp. */
  | 'extension'
  | 'timestamp'
  /** A key that is not a string. */
  | 'key'
  | 'twice'
  | 'proto'
  | 'utf-8'
  | 'depth'
  | 'items';

export interface Bounds {
  readonly depth: number;
  readonly items: number;
  readonly size: number;
}

interface Container {
  /** Values still to come; an entry of a map is two. */
  left: number;
  /** The keys of a map so far; null in an array. */
  readonly keys: Set<string> | null;
}

/** What is wrong with a packet, or null if it is taken. */
export function faultIn(bytes: Uint8Array, bounds: Bounds): Fault | null {
  const { length } = bytes;
  if (length > bounds.size) return 'size';
  const stack: Container[] = [];
  let announced = 1;
  let at = 0;
  do {
    const top = stack.at(-1);
    if (top !== undefined) top.left--;
    if (at >= length) return 'cut';
    const keys = top === undefined || top.left % 2 === 0 ? null : top.keys;
    // An odd number is left of a map, and its own value is one of them: this is a key.
    if (keys !== null && !beginsText(bytes[at] as number)) return 'key';
    const token = tokenAt(bytes, at);
    if (typeof token === 'string') return token;
    if (keys !== null) {
      const fault = keyFault(bytes, at, token, keys);
      if (fault !== null) return fault;
      at += token.header + token.body;
    } else if (token.form === 'array' || token.form === 'map') {
      at += token.header;
      const values = token.form === 'map' ? 2 * token.count : token.count;
      announced += values;
      if (stack.length >= bounds.depth) return 'depth';
      if (values > length - at || announced > length) return 'count';
      if (announced > bounds.items) return 'items';
      stack.push({ left: values, keys: token.form === 'map' ? new Set() : null });
    } else {
      if (at + token.header + token.body > length) return 'cut';
      const body = bytes.subarray(at + token.header, at + token.header + token.body);
      if (token.form === 'text' && !isUtf8(body)) return 'utf-8';
      if (token.form === 'extension') {
        if (body[0] !== 0xff) return 'extension';
        if (!isTimestamp(body.subarray(1))) return 'timestamp';
      }
      at += token.header + token.body;
    }
    while (stack.at(-1)?.left === 0) stack.pop();
  } while (stack.length > 0);
  return at < length ? 'left-over' : null;
}

function beginsText(first: number): boolean {
  return (first >= 0xa0 && first <= 0xbf) || (first >= 0xd9 && first <= 0xdb);
}

function keyFault(bytes: Uint8Array, at: number, { header, body }: Token, keys: Set<string>): Fault | null {
  const start = at + header;
  if (start + body > bytes.length) return 'cut';
  const text = bytes.subarray(start, start + body);
  if (!isUtf8(text)) return 'utf-8';
  // Valid UTF-8 has one form for each text.
  const key = Buffer.from(text.buffer, text.byteOffset, text.length).toString('latin1');
  if (key === '__proto__') return 'proto';
  if (keys.has(key)) return 'twice';
  keys.add(key);
  return null;
}

interface Token {
  readonly form: 'scalar' | 'bytes' | 'text' | 'extension' | 'array' | 'map';
  /** Bytes of the header, and behind it; a container's body counts none. */
  readonly header: number;
  readonly body: number;
  readonly count: number;
}

/** What begins at `at`, where there is a byte. */
function tokenAt(bytes: Uint8Array, at: number): Token | 'form' | 'cut' {
  const first = bytes[at] as number;
  const sized = (form: Token['form'], lengthBytes: number, extra = 0): Token | 'cut' => {
    if (at + 1 + lengthBytes > bytes.length) return 'cut';
    let value = 0;
    for (let i = 1; i <= lengthBytes; i++) value = value * 256 + (bytes[at + i] as number);
    const container = form === 'array' || form === 'map';
    return { form, header: 1 + lengthBytes, body: container ? 0 : value + extra, count: container ? value : 0 };
  };
  const fixed = (form: Token['form'], body: number, count = 0): Token => ({ form, header: 1, body, count });
  if (first <= 0x7f || first >= 0xe0) return fixed('scalar', 0);
  if (first <= 0x8f) return fixed('map', 0, first % 16);
  if (first <= 0x9f) return fixed('array', 0, first % 16);
  if (first <= 0xbf) return fixed('text', first % 32);
  const rule = FORMS[first - 0xc0];
  if (rule == null) return 'form';
  return rule[1] === 'fixed' ? fixed(rule[0], rule[2]) : sized(rule[0], rule[2], rule[0] === 'extension' ? 1 : 0);
}

/** C0 to DF: the form, and how many bytes follow, or how many the length has; null for what is not taken. */
const FORMS: readonly (readonly [Token['form'], 'fixed' | 'sized', number] | null)[] = [
  ['scalar', 'fixed', 0], // nil
  null, // never used
  ['scalar', 'fixed', 0], // false
  ['scalar', 'fixed', 0], // true
  ['bytes', 'sized', 1],
  ['bytes', 'sized', 2],
  ['bytes', 'sized', 4],
  ['extension', 'sized', 1], // the timestamp of 12 bytes
  null, // ext 16
  null, // ext 32
  ['scalar', 'fixed', 4], // float 32
  ['scalar', 'fixed', 8], // float 64
  ['scalar', 'fixed', 1], // uint 8 to 64
  ['scalar', 'fixed', 2],
  ['scalar', 'fixed', 4],
  ['scalar', 'fixed', 8],
  ['scalar', 'fixed', 1], // int 8 to 64
  ['scalar', 'fixed', 2],
  ['scalar', 'fixed', 4],
  ['scalar', 'fixed', 8],
  null, // fixext 1
  null, // fixext 2
  ['extension', 'fixed', 5], // fixext 4: the timestamp of 4 bytes, and its type
  ['extension', 'fixed', 9], // fixext 8: that of 8
  null, // fixext 16
  ['text', 'sized', 1],
  ['text', 'sized', 2],
  ['text', 'sized', 4],
  ['array', 'sized', 2],
  ['array', 'sized', 4],
  ['map', 'sized', 2],
  ['map', 'sized', 4],
];

/** As RFC 3629 has it: no overlong form, no surrogate, nothing above U+10FFFF. */
function isUtf8(text: Uint8Array): boolean {
  let at = 0;
  while (at < text.length) {
    const first = text[at++] as number;
    if (first < 0x80) continue;
    const more =
      first >= 0xc2 && first <= 0xdf ? 1 : (first & 0xf0) === 0xe0 ? 2 : first >= 0xf0 && first <= 0xf4 ? 3 : 0;
    if (more === 0) return false;
    let point = first % (0x80 >> (more + 1));
    if (more === 1) point = first % 0x20;
    for (let i = 0; i < more; i++) {
      const next = text[at++];
      if (next === undefined || next < 0x80 || next > 0xbf) return false;
      point = point * 64 + (next - 0x80);
    }
    if (point < ([0, 0x80, 0x800, 0x10000][more] as number) || point > 0x10ffff) return false;
    if (point >= 0xd800 && point <= 0xdfff) return false;
  }
  return true;
}

/** Whether a Date can hold it: whole milliseconds within 8.64e15 of 1970. */
function isTimestamp(body: Uint8Array): boolean {
  const number = (from: number, to: number): bigint =>
    body.subarray(from, to).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  let nanoseconds = 0n;
  let seconds: bigint;
  if (body.length === 4) {
    seconds = number(0, 4);
  } else if (body.length === 8) {
    const all = number(0, 8);
    nanoseconds = all >> 34n;
    seconds = all % 2n ** 34n;
  } else if (body.length === 12) {
    nanoseconds = number(0, 4);
    seconds = BigInt.asIntN(64, number(4, 12));
  } else {
    return false;
  }
  if (nanoseconds >= 1_000_000_000n || nanoseconds % 1_000_000n !== 0n) return false;
  const milliseconds = seconds * 1000n + nanoseconds / 1_000_000n;
  // The Date's own bound, told by whole seconds as well: those of its first and last millisecond.
  return milliseconds >= -8_640_000_000_000_000n && milliseconds <= 8_640_000_000_000_000n;
}
