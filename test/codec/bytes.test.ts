import { expect, test } from 'vitest';
import { copied } from '../../src/codec/bytes.js';

const chunk = Buffer.alloc(20_000);
for (let index = 0; index < chunk.length; index++) chunk[index] = index * 7;

test.each([0, 1, 64, 65, 66, 1000, 4095, 4096, 10_000])('%i bytes are copied, and are a plain Uint8Array', (length) => {
  const from = Uint8Array.from(chunk);
  const copy = copied(from.subarray(5), 8, length);
  expect(Object.getPrototypeOf(copy)).toBe(Uint8Array.prototype);
  expect(copy.length).toBe(length);
  from.fill(0);
  expect(Buffer.compare(copy, chunk.subarray(13, 13 + length))).toBe(0);
});

test('copies do not touch one another, of whatever sizes', () => {
  const lengths = Array.from({ length: 500 }, (_, index) => (index * 37) % 5000);
  const copies = lengths.map((length, index) => copied(chunk, index, length));
  for (const [index, copy] of copies.entries()) {
    expect(Buffer.compare(copy, chunk.subarray(index, index + copy.length))).toBe(0);
    copy.fill(0xff);
  }
});

test('a copy keeps no more alive than itself, or the pool of Node', () => {
  for (const length of [1, 64, 4096, 10_000]) expect(copied(chunk, 0, length).buffer.byteLength).toBe(length);
  for (const length of [65, 1000, 4095]) expect(copied(chunk, 0, length).buffer.byteLength).toBe(Buffer.poolSize);
});

test('other threads can not be given the pool, and with it the bytes of others', () => {
  const other = copied(chunk, 0, 100);
  const given = copied(chunk, 100, 100);
  try {
    // Node 20 copies in its place; later ones refuse.
    structuredClone(given, { transfer: [given.buffer as ArrayBuffer] });
  } catch (error) {
    expect((error as Error).name).toBe('DataCloneError');
  }
  expect(Buffer.compare(other, chunk.subarray(0, 100))).toBe(0);
  expect(Buffer.compare(given, chunk.subarray(100, 200))).toBe(0);
});
