/** Against other implementations, both ways, wherever they mean the same by the same value. */
import assert from 'node:assert/strict';
import * as theirs from '@msgpack/msgpack';
import * as fc from 'fast-check';
import { Packr } from 'msgpackr';
import { expect, test } from 'vitest';
import { msgpack } from '../../src/codec/msgpack.js';
import { MasterlessError } from '../../src/errors.js';
import { Random } from '../../src/testing/random.js';
import { anyPacket } from './any-packet.js';
import { newSeed, toHex } from './packets.js';

const ours = msgpack();
const packr = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true, int64AsType: 'bigint' });
const options = { useBigInt64: true };

test('what we write, @msgpack/msgpack reads', () => {
  fc.assert(
    fc.property(anyPacket, (packet) => {
      assert.deepStrictEqual(plain(theirs.decode(ours.encode(packet), options)), packet);
    }),
    { numRuns: 500 },
  );
});

test('what @msgpack/msgpack writes, we read', () => {
  fc.assert(
    fc.property(anyPacket.map(withoutNegativeZero), (packet) => {
      assert.deepStrictEqual(ours.decode(theirs.encode(packet, options)), packet);
    }),
    { numRuns: 500 },
  );
});

test('what we write, msgpackr reads', () => {
  fc.assert(
    fc.property(anyPacket, (packet) => {
      assert.deepStrictEqual(plain(packr.unpack(ours.encode(packet).slice())), packet);
    }),
    { numRuns: 500 },
  );
});

test('what msgpackr writes, we read', () => {
  fc.assert(
    fc.property(anyPacket.map(withoutNegativeZero), (packet) => {
      assert.deepStrictEqual(ours.decode(packr.pack(packet)), packet);
    }),
    { numRuns: 500 },
  );
});

test('what we take of random bytes, @msgpack/msgpack takes as the same', () => {
  const seed = newSeed();
  const random = new Random(seed);
  let taken = 0;
  for (let i = 0; i < 20_000; i++) {
    const bytes = new Uint8Array(1 + random.below(12)).map(() =>
      random.chance(0.5) ? random.below(0x90) : 0xa0 + random.below(0x60),
    );
    let packet: unknown;
    try {
      packet = ours.decode(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(MasterlessError);
      continue;
    }
    taken++;
    assert.deepStrictEqual(plain(theirs.decode(bytes, options)), packet, `seed ${seed}: ${toHex(bytes)}`);
  }
  expect(taken).toBeGreaterThan(500);
});

/** Other libraries give views or Buffers for bytes. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Date || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** They write 0 for -0. */
function withoutNegativeZero(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(withoutNegativeZero);
  if (value instanceof Date || value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutNegativeZero(item)]));
}
