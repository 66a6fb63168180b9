/** Random packets, whole and cut. Damaged ones, and the grammar that they are judged by, are in test/fuzz. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { msgpack } from '../../src/codec/msgpack.js';
import { anyPacket } from './any-packet.js';
import { toHex } from './packets.js';

const codec = msgpack();
const REFUSED = expect.objectContaining({ code: 'ERR_BAD_PACKET' });

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
        expect(() => codec.decode(bytes.subarray(0, length)), toHex(bytes)).toThrowError(REFUSED);
      }
      expect(() => codec.decode(new Uint8Array([...bytes, more])), toHex(bytes)).toThrowError(REFUSED);
    }),
    { numRuns: 30 },
  );
});

test('within a larger buffer the outcome is the same, be it a packet or an error', () => {
  const outcome = (decode: () => unknown): unknown => {
    try {
      return { packet: decode() };
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      return { code, message };
    }
  };
  const around = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(around, anyPacket, around, fc.boolean(), (before, packet, behind, damaged) => {
      const bytes = codec.encode(packet).slice();
      if (damaged) bytes[bytes.length >> 1] = 0xc1;
      const buffer = new Uint8Array([...before, ...bytes, ...behind]);
      const end = before.length + bytes.length;
      const ranged = outcome(() => codec.decodeRange?.(buffer, before.length, end));
      assert.deepStrictEqual(
        ranged,
        outcome(() => codec.decode(bytes)),
      );
    }),
    { numRuns: 1000 },
  );
});
