/** Random packets and random damage. A failure prints its seed. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { msgpack } from '../../src/codec/msgpack.js';
import { MasterlessError } from '../../src/errors.js';
import { Random } from '../../src/testing/random.js';
import { anyPacket, newSeed, toHex } from './packets.js';

const codec = msgpack();

test('every packet arrives as what it was, from a codec that has learnt and from one that has not', () => {
  fc.assert(
    fc.property(anyPacket, (packet) => {
      const bytes = codec.encode(packet).slice();
      assert.deepStrictEqual(codec.decode(bytes), packet);
      assert.deepStrictEqual(msgpack().decode(bytes), packet);
    }),
    { numRuns: 1000 },
  );
});

test('the order of keys is kept', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 }).filter((key) => key !== '__proto__')), (keys) => {
      const packet = Object.fromEntries(keys.map((key) => [key, 1]));
      expect(Object.keys(codec.decode(codec.encode(packet)) as object)).toEqual(Object.keys(packet));
    }),
  );
});

test('a packet cut anywhere, or with a byte more, is refused', () => {
  fc.assert(
    fc.property(anyPacket, fc.nat(255), (packet, more) => {
      const bytes = codec.encode(packet).slice();
      for (let length = 0; length < bytes.length; length++) {
        if (outcome(bytes.subarray(0, length)).accepted) throw new Error(`taken: ${length} of ${toHex(bytes)}`);
      }
      expect(outcome(new Uint8Array([...bytes, more])).accepted).toBe(false);
    }),
    { numRuns: 60 },
  );
});

test('damaged packets are refused or are packets; nothing else happens', () => {
  const seed = newSeed();
  const random = new Random(seed);
  const packets = fc.sample(anyPacket, { seed, numRuns: 300 }).map((packet) => codec.encode(packet).slice());
  let taken = 0;
  for (let i = 0; i < 30_000; i++) {
    const bytes = random.pick(packets).slice(0, 2000);
    if (bytes.length === 0) continue;
    for (let edits = 1 + random.below(4); edits > 0; edits--) damage(bytes, random);
    try {
      if (outcome(bytes).accepted) taken++;
    } catch (error) {
      throw new Error(`seed ${seed}: ${toHex(bytes)}`, { cause: error });
    }
  }
  expect(taken).toBeGreaterThan(500);
});

test('random bytes are refused or are packets; nothing else happens', () => {
  const seed = newSeed();
  const random = new Random(seed);
  for (let i = 0; i < 40_000; i++) {
    const bytes = new Uint8Array(random.below(24)).map(() =>
      random.chance(0.5) ? random.below(256) : 0x80 + random.below(0x60),
    );
    try {
      outcome(bytes);
    } catch (error) {
      throw new Error(`seed ${seed}: ${toHex(bytes)}`, { cause: error });
    }
  }
});

/** Decodes; what is taken must be a packet that can be sent and arrives as the same again. */
function outcome(bytes: Uint8Array): { readonly accepted: boolean } {
  let packet: unknown;
  try {
    packet = codec.decode(bytes);
  } catch (error) {
    if (error instanceof MasterlessError && error.code === 'ERR_BAD_PACKET' && error.cause === undefined) {
      return { accepted: false };
    }
    throw error;
  }
  const again = codec.encode(packet).slice();
  // Others may write longer forms than we do, never shorter ones, but for a float of 32 bits.
  assert.deepStrictEqual(codec.decode(again), packet);
  return { accepted: true };
}

function damage(bytes: Uint8Array, random: Random): void {
  const at = random.below(bytes.length);
  switch (random.below(4)) {
    case 0:
      bytes[at] = random.below(256);
      break;
    case 1:
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
      break;
    case 2:
      bytes[at] = 0xc0 + random.below(0x20);
      break;
    default:
      bytes.copyWithin(at, random.below(bytes.length), bytes.length - random.below(bytes.length));
  }
}
