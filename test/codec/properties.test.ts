/** Laws of the codec, for any packet. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { msgpack } from '../../src/codec/msgpack.js';
import { anyPacket } from './any-packet.js';
import { thrownBy } from './packets.js';

const codec = msgpack();
const utf8 = new TextEncoder();

function bytesOf(packet: unknown): Uint8Array {
  return codec.encode(packet).slice();
}

function isMap(packet: unknown): packet is Record<string, unknown> {
  const other = packet instanceof Date || packet instanceof Uint8Array || Array.isArray(packet);
  return typeof packet === 'object' && packet !== null && !other;
}

/** Keys and values, one after the other, in the order of the object. */
function parts(packet: Record<string, unknown>): unknown[] {
  return Object.entries(packet).flat();
}

function inside(packet: unknown): unknown[] {
  return Array.isArray(packet) ? packet : isMap(packet) ? parts(packet) : [];
}

/** Bytes of the shortest form that means the packet, by the table of the format. */
function shortest(packet: unknown): number {
  const body = inside(packet).reduce<number>((sum, part) => sum + shortest(part), 0);
  if (Array.isArray(packet)) return counted(packet.length) + body;
  if (isMap(packet)) return counted(Object.keys(packet).length) + body;
  if (typeof packet === 'string') {
    const { length } = utf8.encode(packet);
    return length + (length < 32 ? 1 : length < 2 ** 8 ? 2 : length < 2 ** 16 ? 3 : 5);
  }
  if (packet instanceof Uint8Array)
    return packet.length + (packet.length < 2 ** 8 ? 2 : packet.length < 2 ** 16 ? 3 : 5);
  if (packet instanceof Date) {
    const milliseconds = packet.getTime();
    if (milliseconds >= 0 && milliseconds % 1000 === 0 && milliseconds < 2 ** 32 * 1000) return 6;
    return milliseconds >= 0 && milliseconds < 2 ** 34 * 1000 ? 10 : 15;
  }
  if (typeof packet === 'bigint') return 9;
  if (typeof packet === 'number') return whole(packet);
  return 1;
}

function counted(count: number): number {
  return count < 16 ? 1 : count < 2 ** 16 ? 3 : 5;
}

function whole(value: number): number {
  if (!Number.isInteger(value) || Object.is(value, -0) || value >= 2 ** 32 || value < -(2 ** 31)) return 9;
  if (value >= -32 && value < 128) return 1;
  if (value >= -128 && value < 2 ** 8) return 2;
  return value >= -(2 ** 15) && value < 2 ** 16 ? 3 : 5;
}

function items(packet: unknown): number {
  return inside(packet).reduce<number>((sum, part) => sum + items(part), 1);
}

function depth(packet: unknown): number {
  const container = Array.isArray(packet) || isMap(packet);
  return container ? 1 + Math.max(0, ...inside(packet).map(depth)) : 0;
}

describe('for any packet', () => {
  it('the encoding is the shortest that the format has for it', () => {
    fc.assert(
      fc.property(anyPacket, (packet) => {
        expect(bytesOf(packet).length).toBe(shortest(packet));
      }),
      { numRuns: 300 },
    );
  });

  it('the encoding does not depend on what was encoded and decoded before', () => {
    fc.assert(
      fc.property(anyPacket, anyPacket, (before, packet) => {
        const used = msgpack();
        used.decode(used.encode(before).slice());
        expect(used.encode(packet).slice()).toEqual(msgpack().encode(packet).slice());
      }),
    );
  });

  it('an array is its header and then its items, each as it is on its own', () => {
    fc.assert(
      fc.property(fc.array(anyPacket, { maxLength: 20 }), (list) => {
        const body = Buffer.concat(list.map(bytesOf));
        expect(Buffer.from(bytesOf(list).subarray(counted(list.length))).equals(body)).toBe(true);
      }),
    );
  });

  it('an object is its header and then its keys and values in its own order, each as it is on its own', () => {
    const objects = fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      anyPacket,
      { maxKeys: 20 },
    );
    fc.assert(
      fc.property(objects, (object) => {
        const body = Buffer.concat(parts(object).map(bytesOf));
        expect(Buffer.from(bytesOf(object).subarray(counted(Object.keys(object).length))).equals(body)).toBe(true);
      }),
    );
  });

  it('what was decoded shares no memory with the bytes', () => {
    fc.assert(
      fc.property(anyPacket, (packet) => {
        const bytes = bytesOf(packet);
        const decoded = codec.decode(bytes);
        bytes.fill(0xff);
        assert.deepStrictEqual(decoded, packet);
      }),
    );
  });

  it('limits of items and depth that it just meets let it through both ways, and less does not', () => {
    fc.assert(
      fc.property(anyPacket, (packet) => {
        const exact = { items: items(packet), depth: Math.max(1, depth(packet)) };
        const bytes = bytesOf(packet);
        assert.deepStrictEqual(msgpack(exact).decode(msgpack(exact).encode(packet).slice()), packet);
        const tight = [];
        if (exact.items > 1) tight.push(msgpack({ ...exact, items: exact.items - 1 }));
        if (exact.depth > 1) tight.push(msgpack({ ...exact, depth: exact.depth - 1 }));
        for (const less of tight) {
          expect(['ERR_PACKET', 'ERR_PACKET_TOO_LARGE']).toContain(thrownBy(() => less.encode(packet)).code);
          expect(thrownBy(() => less.decode(bytes)).code).toBe('ERR_BAD_PACKET');
        }
      }),
    );
  });

  it('a limit of size refuses to encode exactly what is larger', () => {
    fc.assert(
      fc.property(anyPacket, fc.integer({ min: 16, max: 400 }), (packet, size) => {
        const bytes = bytesOf(packet);
        const limited = msgpack({ size });
        if (bytes.length <= size) {
          assert.deepStrictEqual(limited.decode(limited.encode(packet).slice()), packet);
        } else {
          expect(thrownBy(() => limited.encode(packet)).code).toBe('ERR_PACKET_TOO_LARGE');
        }
      }),
    );
  });

  it('a failed call leaves the codec as it was', () => {
    fc.assert(
      fc.property(anyPacket, fc.array(anyPacket, { maxLength: 5 }), (packet, begun) => {
        expect(thrownBy(() => codec.encode([...begun, new Map()])).code).toBe('ERR_PACKET');
        expect(codec.encode(packet).slice()).toEqual(msgpack().encode(packet).slice());
      }),
    );
  });
});

it('an integer means the same in every form that holds it', () => {
  const forms = [
    [0xcc, 1, 0, 2 ** 8 - 1, 'setUint8'],
    [0xcd, 2, 0, 2 ** 16 - 1, 'setUint16'],
    [0xce, 4, 0, 2 ** 32 - 1, 'setUint32'],
    [0xd0, 1, -(2 ** 7), 2 ** 7 - 1, 'setInt8'],
    [0xd1, 2, -(2 ** 15), 2 ** 15 - 1, 'setInt16'],
    [0xd2, 4, -(2 ** 31), 2 ** 31 - 1, 'setInt32'],
  ] as const;
  const numbers = fc.oneof(
    fc.integer({ min: -40, max: 300 }),
    fc.integer({ min: -70_000, max: 70_000 }),
    fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }),
  );
  fc.assert(
    fc.property(numbers, (value) => {
      for (const [first, size, min, max, set] of forms) {
        if (value < min || value > max) continue;
        const view = new DataView(new ArrayBuffer(1 + size));
        view.setUint8(0, first);
        view[set](1, value);
        expect(codec.decode(new Uint8Array(view.buffer))).toBe(value);
      }
    }),
  );
});
