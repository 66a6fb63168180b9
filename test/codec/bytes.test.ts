import { expect, test } from 'vitest';
import { Binaries } from '../../src/codec/bytes.js';

const binaries = new Binaries();
const chunk = Buffer.alloc(20_000);
for (let index = 0; index < chunk.length; index++) chunk[index] = index * 7;

test.each([0, 1, 64, 65, 66, 1000, 4095, 4096, 10_000])('%i bytes are copied, and are a plain Uint8Array', (length) => {
  const from = Uint8Array.from(chunk);
  const copy = binaries.copy(from.subarray(5), 8, length);
  expect(Object.getPrototypeOf(copy)).toBe(Uint8Array.prototype);
  expect(copy.length).toBe(length);
  from.fill(0);
  expect(Buffer.compare(copy, chunk.subarray(13, 13 + length))).toBe(0);
});

test('copies do not touch one another, of whatever sizes', () => {
  const lengths = Array.from({ length: 500 }, (_, index) => (index * 37) % 5000);
  const copies = lengths.map((length, index) => binaries.copy(chunk, index, length));
  for (const [index, copy] of copies.entries()) {
    expect(Buffer.compare(copy, chunk.subarray(index, index + copy.length))).toBe(0);
    copy.fill(0xff);
  }
});

test('a copy keeps no more alive than itself, or a slab', () => {
  for (const length of [1, 64, 4096, 10_000]) expect(binaries.copy(chunk, 0, length).buffer.byteLength).toBe(length);
  for (const length of [65, 1000, 4095]) expect(binaries.copy(chunk, 0, length).buffer.byteLength).toBe(8192);
});

test('beside a copy lies nothing but other copies of the same codec, each where any array can begin', () => {
  const [own, others] = [new Binaries(), new Binaries()];
  const secret = Buffer.from('of the application');
  const copies = Array.from({ length: 20 }, (_, index) => {
    others.copy(chunk, 9000, 500);
    return own.copy(chunk, 0, 100 + index);
  });
  const rest = new Map<ArrayBufferLike, Uint8Array>();
  for (const { buffer } of copies) rest.set(buffer, new Uint8Array(buffer).slice());
  for (const { buffer, byteOffset, byteLength } of copies) {
    expect(byteOffset % 8).toBe(0);
    rest.get(buffer)?.fill(0, byteOffset, byteOffset + byteLength);
  }
  expect(rest.size).toBeLessThan(copies.length);
  for (const bytes of rest.values()) expect(bytes.every((byte) => byte === 0)).toBe(true);
  expect(rest.has(secret.buffer)).toBe(false);
});

test('other threads can not be given a slab, and with it the bytes of others', () => {
  const other = binaries.copy(chunk, 0, 100);
  const given = binaries.copy(chunk, 100, 100);
  try {
    // Node 20 copies in its place; later ones refuse.
    structuredClone(given, { transfer: [given.buffer as ArrayBuffer] });
  } catch (error) {
    expect((error as Error).name).toBe('DataCloneError');
  }
  expect(Buffer.compare(other, chunk.subarray(0, 100))).toBe(0);
  expect(Buffer.compare(given, chunk.subarray(100, 200))).toBe(0);
});
