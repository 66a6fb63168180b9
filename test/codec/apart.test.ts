/** Packets in parts: the same bytes, without those of large binaries having been copied. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LARGE } from '../../src/codec/apart.js';
import type { Codec } from '../../src/codec/codec.js';
import { Encoder } from '../../src/codec/encoder.js';
import { resolveLimits } from '../../src/codec/limits.js';
import { msgpack } from '../../src/codec/msgpack.js';
import { anyPacket } from './any-packet.js';
import { thrownBy } from './packets.js';

const codec = msgpack() as Required<Codec>;

function noise(length: number): Uint8Array {
  return new Uint8Array(length).map((_, index) => index * 7);
}

/** The packet's bytes; of a number, those in the target. */
function whole(made: number | Uint8Array | readonly Uint8Array[], target?: Uint8Array): Uint8Array {
  if (typeof made === 'number') return (target as Uint8Array).subarray(0, made);
  return made instanceof Uint8Array ? made : Buffer.concat(made);
}

function targetOf(size: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(size);
  return { bytes, view: new DataView(bytes.buffer) };
}

describe('a packet in parts', () => {
  it('has the bytes that it has in one, with and without a target, whatever is around its binaries', () => {
    const large = fc.constantFrom(LARGE - 1, LARGE, LARGE + 1, 65_535, 65_536, 70_000).map(noise);
    const packet = fc.oneof(
      large,
      fc.array(fc.oneof(large, anyPacket), { maxLength: 6 }),
      fc.dictionary(
        fc.string({ maxLength: 5 }).filter((key) => key !== '__proto__'),
        fc.oneof(large, anyPacket),
        {
          maxKeys: 30,
        },
      ),
    );
    fc.assert(
      fc.property(packet, fc.nat(90_000), (value, room) => {
        const expected = codec.encode(value).slice();
        expect(Buffer.compare(whole(codec.encodeParts(value)), expected)).toBe(0);
        const target = targetOf(room);
        expect(Buffer.compare(whole(codec.encodeInto(value, target, 0), target.bytes), expected)).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  it.each([15, 16, 17, 65_535, 65_536, 65_537])(
    'may be in a map of %i entries, whose header grows on the way',
    (count) => {
      const entries = Array.from({ length: count }, (_, index): [string, unknown] => [`k${index}`, index]);
      for (const index of [0, 3, 14, count - 1])
        (entries[index] as [string, unknown])[1] = { of: noise(LARGE + index) };
      const packet = Object.fromEntries(entries);
      const parts = codec.encodeParts(packet);
      expect(Array.isArray(parts)).toBe(true);
      expect(Buffer.compare(whole(parts), codec.encode(packet))).toBe(0);
    },
  );

  it('has large binaries as they are, where they are, and is in one where nothing is large or there is room', () => {
    const data = noise(LARGE).subarray(8);
    const larger = noise(LARGE);
    const parts = codec.encodeParts({ data, larger }) as readonly Uint8Array[];
    expect(parts.map(({ length }) => length)).toEqual([1 + 5 + 3 + data.length + 7 + 3, LARGE]);
    expect(parts[1]?.buffer).toBe(larger.buffer);
    expect(codec.encodeParts({ data })).toBeInstanceOf(Uint8Array);
    expect(codec.encodeInto({ larger }, targetOf(LARGE + 11 + 2), 0)).toBe(LARGE + 11);
    expect(codec.encode({ larger })).toBeInstanceOf(Uint8Array);
  });

  it('is not in the target, where it may be copied to', () => {
    const target = targetOf(200);
    const parts = codec.encodeInto(['x'.repeat(100), noise(LARGE), 'y'], target, 7) as readonly Uint8Array[];
    expect(parts.length).toBe(3);
    for (const { buffer } of parts) expect(buffer).not.toBe(target.bytes.buffer);
  });

  it('is large to the byte', () => {
    const small = new Encoder(resolveLimits({ size: 100_000 }));
    const packet = (size: number): unknown => [noise(50_000), noise(size)];
    const header = 1 + 3 + 3;
    expect(whole(small.encodeParts(packet(50_000 - header))).length).toBe(100_000);
    expect(thrownBy(() => small.encodeParts(packet(50_001 - header))).code).toBe('ERR_PACKET_TOO_LARGE');
    expect(thrownBy(() => small.encodeParts([noise(50_000), 'x'.repeat(50_000)])).code).toBe('ERR_PACKET_TOO_LARGE');
    expect(thrownBy(() => small.encodeParts([noise(99_990), 1, 2, 3, 4, 5, 6, 7])).code).toBe('ERR_PACKET_TOO_LARGE');
    expect(thrownBy(() => small.encodeParts(noise(100_001))).code).toBe('ERR_PACKET_TOO_LARGE');
    expect(thrownBy(() => small.encodeInto(noise(100_001), targetOf(64), 0)).code).toBe('ERR_PACKET_TOO_LARGE');
  });

  it('that could not be finished leaves nothing behind', () => {
    expect(thrownBy(() => codec.encodeParts([noise(LARGE), () => 1])).code).toBe('ERR_PACKET');
    expect(codec.encodeParts([1])).toEqual(new Uint8Array([0x91, 1]));
    const encoder = new Encoder(resolveLimits({}));
    encoder.encodeParts([noise(LARGE)]);
    const { sources, bytes } = (encoder as unknown as { out: { apart: { sources: unknown[]; bytes: number } } }).out
      .apart;
    expect([sources.length, bytes]).toEqual([0, 0]);
  });
});

describe('what code of the application does with a large binary meanwhile', () => {
  const during = (data: unknown, act: () => void): object => ({
    data,
    get later() {
      act();
      return 'after';
    },
  });

  it('is refused when its memory is gone then, and nothing else is', () => {
    const moved = noise(LARGE);
    const { code, message } = thrownBy(() =>
      codec.encodeParts(during(moved, () => void structuredClone(0, { transfer: [moved.buffer as ArrayBuffer] }))),
    );
    expect([code, message]).toEqual(['ERR_PACKET', expect.stringContaining('gone')]);
    const buffer = new (ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer)(LARGE, {
      maxByteLength: 2 * LARGE,
    }) as ArrayBuffer & { resize(length: number): void };
    for (const data of [new Uint8Array(buffer), new Uint8Array(buffer, 0, LARGE)]) {
      buffer.resize(LARGE);
      expect(thrownBy(() => codec.encodeParts(during(data, () => buffer.resize(10)))).code).toBe('ERR_PACKET');
    }
    expect(codec.encodeParts([1])).toEqual(new Uint8Array([0x91, 1]));
  });

  it('does not make it longer', () => {
    const buffer = new (ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer)(LARGE, {
      maxByteLength: 2 * LARGE,
    }) as ArrayBuffer & { resize(length: number): void };
    const data = new Uint8Array(buffer);
    const made = whole(codec.encodeParts(during(data, () => buffer.resize(LARGE + 5))));
    expect(codec.decode(made)).toEqual({ data: new Uint8Array(LARGE), later: 'after' });
  });

  it('does not matter when that is to send another', () => {
    let inner: unknown;
    const made = codec.encodeParts(
      during(noise(LARGE), () => {
        inner = whole(codec.encodeParts([noise(LARGE + 1)])).slice();
      }),
    );
    expect(codec.decode(whole(made))).toEqual({ data: noise(LARGE), later: 'after' });
    expect(codec.decode(inner as Uint8Array)).toEqual([noise(LARGE + 1)]);
  });

  it('is not asked of a subclass, which may say anything', () => {
    class Liar extends Uint8Array {
      override get length(): number {
        return 3;
      }
      override get buffer(): ArrayBuffer {
        return new ArrayBuffer(8);
      }
      override get byteOffset(): number {
        return 5;
      }
      override subarray(): Uint8Array<ArrayBuffer> {
        return new Uint8Array(1);
      }
    }
    const liar = new Liar(LARGE);
    expect(codec.decode(whole(codec.encodeParts([liar])))).toEqual([new Uint8Array(LARGE)]);
  });
});
