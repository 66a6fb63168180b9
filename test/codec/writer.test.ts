/** The bytes of each form, at every length where the form changes. */
import { encode as reference } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { msgpack } from '../../src/codec/msgpack.js';
import { Writer } from '../../src/codec/writer.js';
import { thrownBy, toHex } from './packets.js';

const MiB = 1024 * 1024;

test.each<[number | bigint, string]>([
  [0, '00'],
  [127, '7f'],
  [128, 'cc80'],
  [255, 'ccff'],
  [256, 'cd0100'],
  [65_535, 'cdffff'],
  [65_536, 'ce00010000'],
  [2 ** 31 - 1, 'ce7fffffff'],
  [2 ** 31, 'ce80000000'],
  [2 ** 32 - 1, 'ceffffffff'],
  [2 ** 32, 'cb41f0000000000000'],
  [-1, 'ff'],
  [-32, 'e0'],
  [-33, 'd0df'],
  [-128, 'd080'],
  [-129, 'd1ff7f'],
  [-32_768, 'd18000'],
  [-32_769, 'd2ffff7fff'],
  [-(2 ** 31), 'd280000000'],
  [-(2 ** 31) - 1, 'cbc1e0000000200000'],
  [-0, 'cb8000000000000000'],
  [0.5, 'cb3fe0000000000000'],
  [Number.NaN, 'cb7ff8000000000000'],
  [Number.POSITIVE_INFINITY, 'cb7ff0000000000000'],
  [0n, 'cf0000000000000000'],
  [2n ** 64n - 1n, 'cfffffffffffffffff'],
  [-1n, 'd3ffffffffffffffff'],
  [-(2n ** 63n), 'd38000000000000000'],
])('%s is %s', (value, digits) => {
  expect(toHex(msgpack().encode(value))).toBe(digits);
});

describe.each([
  ['a', 1],
  ['ü', 2],
  ['€', 3],
  ['😀', 4],
])('text of %s', (unit, width) => {
  test.each([
    0, 1, 7, 8, 10, 11, 15, 16, 24, 31, 32, 47, 48, 49, 63, 64, 85, 86, 127, 128, 255, 256, 16_384, 65_535, 65_536,
  ])('%d characters', (count) => {
    const text = unit.repeat(count);
    const bytes = msgpack().encode(text);
    const size = width * count;
    const header = size < 32 ? 1 : size < 256 ? 2 : size < 65_536 ? 3 : 5;
    expect(bytes.length).toBe(header + size);
    expect(bytes[0]).toBe(header === 1 ? 0xa0 | size : { 2: 0xd9, 3: 0xda, 5: 0xdb }[header]);
    expect(msgpack().decode(bytes)).toBe(text);
  });
});

test.each([
  [15, 1, 0x8f],
  [16, 3, 0xde],
  [17, 3, 0xde],
  [65_535, 3, 0xde],
  [65_536, 5, 0xdf],
  [65_537, 5, 0xdf],
])('a map of %d entries', (count, header, first) => {
  const map = Object.fromEntries(Array.from({ length: count }, (_, i) => [`key${100_000 + i}`, i % 100]));
  const bytes = msgpack().encode([map]);
  expect(bytes.length).toBe(1 + header + count * 11);
  expect(bytes[1]).toBe(first);
  expect(msgpack().decode(bytes)).toEqual([map]);
});

test.each([
  [15, 1, 0x9f],
  [16, 3, 0xdc],
  [65_535, 3, 0xdc],
  [65_536, 5, 0xdd],
])('an array of %d items', (count, header, first) => {
  const array = Array.from({ length: count }, (_, i) => i % 100);
  const bytes = msgpack().encode(array);
  expect(bytes.length).toBe(header + count);
  expect(bytes[0]).toBe(first);
  expect(msgpack().decode(bytes)).toEqual(array);
});

test.each([
  [0, 2, 0xc4],
  [255, 2, 0xc4],
  [256, 3, 0xc5],
  [65_535, 3, 0xc5],
  [65_536, 5, 0xc6],
])('%d bytes', (count, header, first) => {
  const source = new Uint8Array(count).map((_, i) => i);
  const bytes = msgpack().encode(source);
  expect(bytes.length).toBe(header + count);
  expect(bytes[0]).toBe(first);
  expect(msgpack().decode(bytes)).toEqual(source);
});

test('the buffer grows with the packet and is given back after a large one', () => {
  const codec = msgpack();
  const large = codec.encode(new Uint8Array(4 * MiB).fill(7));
  expect(large.length).toBe(4 * MiB + 5);
  expect(codec.encode('small').buffer.byteLength).toBeLessThanOrEqual(MiB);
  // The large packet was valid until then, and is still, since its memory is not used again.
  expect(large.at(-1)).toBe(7);
});

test('memory of a large packet that is used again has nothing of it', () => {
  const codec = msgpack();
  const sizes = [4, 2, 3, 4, 5].map((times) => times * MiB);
  for (const [index, size] of sizes.entries()) {
    expect(codec.decode(codec.encode(index))).toBe(index);
    const large = new Uint8Array(size).fill(index + 1);
    const bytes = codec.encode(large);
    expect(bytes.length).toBe(size + 5);
    expect(Buffer.compare(codec.decode(bytes) as Uint8Array, large)).toBe(0);
  }
});

test('the buffer is given back after a large packet that failed', () => {
  const codec = msgpack();
  thrownBy(() => codec.encode([new Uint8Array(4 * MiB), () => 1]));
  expect(codec.encode('small').buffer.byteLength).toBeLessThanOrEqual(MiB);
});

test('size is a limit to the byte', () => {
  for (const size of [16, 100, 5000]) {
    const codec = msgpack({ size });
    const header = size < 258 ? 2 : 3;
    expect(codec.encode(new Uint8Array(size - header)).length).toBe(size);
    for (const more of [1, 200, 300, 10 * MiB]) {
      const error = thrownBy(() => codec.encode([new Uint8Array(size - header - 1 + more)]));
      expect(error.code).toBe('ERR_PACKET_TOO_LARGE');
    }
    expect(thrownBy(() => codec.encode(Array.from({ length: size }, () => 1))).code).toBe('ERR_PACKET_TOO_LARGE');
    expect(thrownBy(() => codec.encode('x'.repeat(size))).code).toBe('ERR_PACKET_TOO_LARGE');
  }
});

test('packets of one length are in one place, the next in place of the last', () => {
  const writer = new Writer(1000);
  writer.byte(1);
  const first = writer.result();
  writer.start(null, 0, true);
  writer.byte(2);
  expect(writer.result()).toBe(first);
  expect(first).toEqual(new Uint8Array([2]));
});

test.each(['a', 'é', '€', '😀', 'aé', 'aaaaaaa€'])(
  'a text of %s has its bytes at every length, with room and without',
  (part) => {
    const codec = msgpack();
    const bytes = new Uint8Array(2000);
    const view = new DataView(bytes.buffer);
    for (let times = 0; times < 300; times++) {
      const text = part.repeat(times);
      for (const packet of [text, [text, 7]]) {
        const expected = toHex(reference(packet));
        expect(toHex(codec.encode(packet))).toBe(expected);
        // Just as much as is needed, what is thought to be needed at most, and what lies about both.
        for (let room = expected.length / 2; room < 2000; room += room < 3 * text.length + 8 ? 1 : 200) {
          const made = codec.encodeInto?.(packet, { bytes, view }, bytes.length - room);
          const written = typeof made === 'number' ? bytes.subarray(2000 - room, 2000 - room + made) : made;
          if (toHex(written as Uint8Array) !== expected) throw new Error(`${times} times, with room for ${room}`);
        }
      }
    }
  },
);

test.each([1362, 1363, 1364, 1365])(
  'a text of %i characters of three bytes goes where there is hardly room',
  (length) => {
    for (let before = 0; before < 12; before++) {
      const packet = { ['a'.repeat(before)]: '€'.repeat(length) };
      const codec = msgpack();
      expect(codec.decode(codec.encode(packet))).toEqual(packet);
    }
  },
);
