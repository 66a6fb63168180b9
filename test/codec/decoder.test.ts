/** Hostile bytes: each gets a clear error, in bounded time and memory. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { msgpack } from '../../src/codec/msgpack.js';
import { MAX_COPIED, MAX_KEPT } from '../../src/codec/views.js';
import { hex, thrownBy } from './packets.js';

const u32 = (value: number): number[] => [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];

/** An array of `count` times the same bytes. */
function times(count: number, digits: string): Uint8Array {
  const unit = hex(digits);
  const bytes = new Uint8Array(5 + count * unit.length);
  bytes.set([0xdd, ...u32(count)]);
  for (let i = 0; i < count; i++) bytes.set(unit, 5 + i * unit.length);
  return bytes;
}

/** Takes packets of a million values. */
const generous = msgpack({ items: 1_000_000 });

/** Time in ms and memory in MB that a call needs, garbage included. */
function cost(run: () => unknown): { readonly time: number; readonly memory: number; readonly result: unknown } {
  const before = process.memoryUsage();
  const start = performance.now();
  const result = run();
  const time = performance.now() - start;
  const after = process.memoryUsage();
  const memory = (after.heapUsed + after.external - before.heapUsed - before.external) / 1e6;
  return { time, memory, result };
}

describe('little that pretends to be much', () => {
  test.each<[string, Uint8Array]>([
    [
      'nested array headers, each with the largest count',
      new Uint8Array(200).map((_, i) => (i % 5 === 0 ? 0xdd : 0xff)),
    ],
    ['nested map headers, each with the largest count', new Uint8Array(200).map((_, i) => (i % 5 === 0 ? 0xdf : 0xff))],
    [
      'nested arrays of a count that would fit, each alone',
      new Uint8Array(3_000_000).map((_, i) => [0xdd, 0, 0x10, 0, 0][i % 5] ?? 0),
    ],
    [
      'nested arrays of a small count that would fit',
      new Uint8Array(60_000).map((_, i) => [0xdc, 0x40, 0x00][i % 3] ?? 0),
    ],
    ['depth 5000', new Uint8Array(5001).fill(0x91)],
    ['depth 5000 in maps', new Uint8Array(15_000).map((_, i) => [0x81, 0xa1, 0x61][i % 3] ?? 0)],
    ['an array of thirty million', hex('dd 01 c9 c3 80 c0')],
    ['an array of four billion', hex('dd ff ff ff ff c0')],
    ['a map of four billion', hex('df ff ff ff ff a1 61 c0')],
    ['a map whose keys would fit and values would not', hex('82 a1 61 01 a1')],
    ['a string of four gigabytes', hex('db ff ff ff ff 61')],
    ['bytes of four gigabytes', hex('c6 ff ff ff ff 61')],
    ['an extension of four gigabytes', hex('c9 ff ff ff ff ff 00')],
    ['a key of four gigabytes', hex('81 db ff ff ff ff 61 01')],
    ['a record definition as of msgpackr', hex('d4 72 40 92 a1 61 a1 62 40 01 02')],
    ['a pointer as of msgpackr', hex('92 d6 69 00 00 00 01 90 d6 70 00 00 00 01')],
    ['a bundle of strings as of msgpackr', hex('d6 62 00 00 00 01 01')],
  ])('%s', (_, bytes) => {
    for (const limits of [{}, { depth: 512, items: 2 ** 31 }]) {
      const { time, memory, result } = cost(() => thrownBy(() => msgpack(limits).decode(bytes)).code);
      expect(result).toBe('ERR_BAD_PACKET');
      expect(time).toBeLessThan(5000);
      expect(memory).toBeLessThan(50);
    }
  });
});

describe('much that is as small as can be', () => {
  test.each([
    ['empty maps', '80', 1],
    ['empty arrays', '90', 1],
    ['arrays of one', '91 c0', 2],
    ['empty strings', 'a0', 1],
    ['empty bytes', 'c4 00', 1],
    ['dates', 'd6 ff 00 00 00 01', 1],
    ['bigints', 'cf 00 00 00 00 00 00 00 01', 1],
    ['maps of one', '81 a1 61 c0', 3],
    ['maps with a small index', '81 a1 39 c0', 3],
    ['maps with an index that is just dense', '81 a2 33 32 c0', 3],
    // In an array that has room for all smaller indexes these would be four gigabytes.
    ['maps with a large index', '81 a4 31 30 32 33 c0', 3],
    ['maps with the largest index', '81 aa 34 32 39 34 39 36 37 32 39 34 c0', 3],
  ])('a million items: %s', (_, unit, items) => {
    const count = Math.floor(999_999 / items);
    const bytes = times(count, unit);
    const { time, memory, result } = cost(() => generous.decode(bytes));
    expect((result as unknown[]).length).toBe(count);
    expect(memory).toBeLessThan(400);
    expect(time).toBeLessThan(10_000);
    expect(thrownBy(() => msgpack({ items: 999_999 - items }).decode(bytes)).message).toContain('more than');
  });

  test('many different keys, in maps of one', () => {
    const count = 150_000;
    const units = Array.from({ length: count }, (_, i) => {
      const key = `k${i.toString(36)}`;
      return Buffer.from([0x81, 0xa0 | key.length, ...Buffer.from(key), 0xc0]);
    });
    const bytes = Buffer.concat([Buffer.from([0xdd, ...u32(count)]), ...units]);
    const { time, memory, result } = cost(() => generous.decode(bytes));
    expect((result as object[])[35]).toEqual({ kz: null });
    expect(memory).toBeLessThan(400);
    expect(time).toBeLessThan(10_000);
  });

  test.each([
    ['text', (i: number): string => `k${i}`],
    ['digits whose hashes collide', (i: number): string => `${i * 8192}`],
    ['digits beyond an index', (i: number): string => `${5e9 + i * 2 ** 24}`],
  ])('one map with many keys: %s', (_, key) => {
    const count = 200_000;
    const units = Array.from({ length: count }, (_unused, i) => {
      const text = key(i);
      return Buffer.from([0xa0 | text.length, ...Buffer.from(text), 0xc0]);
    });
    const bytes = Buffer.concat([Buffer.from([0xdf, ...u32(count)]), ...units]);
    const { time, memory, result } = cost(() => generous.decode(bytes));
    expect(Object.keys(result as object).length).toBe(count);
    expect(memory).toBeLessThan(400);
    expect(time).toBeLessThan(10_000);
  });
});

test('nothing is polluted', () => {
  const codec = msgpack();
  for (const digits of [
    '81 a9 5f 5f 70 72 6f 74 6f 5f 5f 81 a1 78 01',
    '81 d9 09 5f 5f 70 72 6f 74 6f 5f 5f 81 a1 78 01',
    '82 a1 61 01 a9 5f 5f 70 72 6f 74 6f 5f 5f 81 a1 78 01',
  ]) {
    expect(thrownBy(() => codec.decode(hex(digits))).message).toContain('__proto__');
  }
  const packet = codec.decode(codec.encode({ constructor: { prototype: { x: 1 } } })) as object;
  expect(Object.hasOwn(packet, 'constructor')).toBe(true);
  expect(Object.getPrototypeOf(packet)).toBe(Object.prototype);
  expect('x' in {}).toBe(false);
});

test('the error says where', () => {
  const at = (digits: string): string => thrownBy(() => msgpack().decode(hex(digits))).message;
  expect(at('93 01 02 c1')).toMatch(/0xc1 .*, at byte 3$/);
  expect(at('01 02')).toMatch(/1 bytes are left over, at byte 1$/);
  expect(at('91 a2 61 ff')).toMatch(/not valid UTF-8, at byte 2$/);
  expect(at('81 01 01')).toMatch(/not a string, at byte 1$/);
  expect(at('')).toMatch(/ends too early, at byte 0$/);
});

test('what was received is not kept alive, but for the last chunk', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const codec = msgpack();
  const received: WeakRef<ArrayBufferLike>[] = [];
  const receive = (size: number): void => {
    const packet = { key: 'a text of more than thirty-two bytes', bytes: new Uint8Array(size) };
    for (const end of [0, 1]) {
      const bytes = codec.encode(packet).slice();
      received.push(new WeakRef(bytes.buffer));
      if (end === 0) expect(codec.decode(bytes)).toEqual(packet);
      else thrownBy(() => codec.decode(bytes.subarray(0, bytes.length - end)));
    }
  };
  const alive = async (): Promise<boolean[]> => {
    // A WeakRef holds its target until the end of the turn.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    return received.splice(0).map((buffer) => buffer.deref() !== undefined);
  };
  receive(8);
  expect(await alive()).toEqual([false, false]);
  receive(MAX_COPIED);
  // For the packets that may follow in it.
  expect(await alive()).toEqual([false, true]);
  receive(MAX_COPIED);
  receive(MAX_KEPT);
  expect(await alive()).toEqual([false, false, false, false]);
});

test('more bytes than the limit are refused unread', () => {
  expect(thrownBy(() => msgpack({ size: 16 }).decode(new Uint8Array(17).fill(0xc1))).message).toContain('17 bytes');
  expect(msgpack({ size: 16 }).decode(hex(`c40e${'00'.repeat(14)}`))).toEqual(new Uint8Array(14));
});

test.each(['a161', 'd90161', 'da000161', 'db0000000161'])('a key may say its length in any form: %s', (key) => {
  for (let round = 0; round < 3; round++) expect(msgpack().decode(hex(`81${key}c3`))).toEqual({ a: true });
});

test.each(['c0', '01', 'c40161', 'd9', 'd8', 'dc0000', 'e1'])('what is no string is no key: %s', (key) => {
  expect(thrownBy(() => msgpack().decode(hex(`81${key}c3c3`))).code).toBe('ERR_BAD_PACKET');
});

test('a codec goes on after any error', () => {
  const codec = msgpack();
  const bytes = codec.encode({ a: [1, { b: 'text' }] }).slice();
  for (let length = 0; length < bytes.length; length++) {
    expect(thrownBy(() => codec.decode(bytes.subarray(0, length))).code).toBe('ERR_BAD_PACKET');
    expect(codec.decode(bytes)).toEqual({ a: [1, { b: 'text' }] });
  }
});
