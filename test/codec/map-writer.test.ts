/** Objects written by code that knows their keys: the bytes, and the refusals, are what they would be, key by key. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Codec } from '../../src/codec/codec.js';
import { type MsgpackOptions, msgpack } from '../../src/codec/msgpack.js';
import { anyPacket } from './any-packet.js';
import { thrownBy, toHex } from './packets.js';

/** Also for shapes of which code is made when there is some already. */
const OFTEN = 1000;

/** A codec that has written these packets often. */
function knowing(packets: readonly unknown[], limits: MsgpackOptions = {}): Codec {
  const codec = msgpack(limits);
  for (let i = 0; i < OFTEN; i++) for (const packet of packets) codec.encode(packet);
  return codec;
}

/** Holds what a codec that knows the shape does with a packet to what one does that knows none. */
function same(codec: Codec, packet: unknown, limits: MsgpackOptions = {}): string {
  const outcome = (of: Codec): string => {
    try {
      return toHex(of.encode(packet));
    } catch (error) {
      return String(error);
    }
  };
  const known = outcome(codec);
  expect(known).toBe(outcome(msgpack(limits)));
  return known;
}

describe('an object of a shape that came often', () => {
  it('has the texts that it has, whether they were there before or not, and however little room there is', () => {
    const text = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          '',
          'a',
          'abc',
          'abd',
          'abcdefgh',
          'abcdefgi',
          'zbcdefgh',
          'x'.repeat(15),
          'x'.repeat(16),
        ),
      },
      fc.string({ maxLength: 20 }),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.constantFrom(null, true, false, 7, undefined),
    );
    const packets = fc.array(fc.record({ first: text, ab: text, c: text }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(packets, fc.array(fc.tuple(fc.nat(5), fc.nat(220)), { maxLength: 40 }), (few, order) => {
        const codec = knowing([{ first: 'abc', ab: 'abcdefgh', c: 'x'.repeat(15) }]) as Required<Codec>;
        for (const [index, room] of order) {
          const { first, ab, c } = few[index % few.length] as (typeof few)[number];
          const packet = { first, ab, c };
          const bytes = new Uint8Array(300).fill(0xee);
          const made = codec.encodeInto(packet, { bytes, view: new DataView(bytes.buffer) }, 300 - room);
          const written = typeof made === 'number' ? bytes.subarray(300 - room, 300 - room + made) : made;
          expect(toHex(written as Uint8Array)).toBe(toHex(msgpack().encode(packet)));
          expect(bytes.subarray(0, 300 - room).every((byte) => byte === 0xee)).toBe(true);
          same(codec, packet);
        }
      }),
    );
  });

  it('has any values', () => {
    const values = [
      ...[0, -0, 127, 128, 256, 65_536, 2 ** 32, -1, -33, -129, -32_769, -(2 ** 40), 0.5, Number.NaN, 7n, -7n],
      ...[
        '',
        'a',
        'é',
        '€'.repeat(11),
        'x'.repeat(31),
        'x'.repeat(32),
        'x'.repeat(48),
        'é'.repeat(48),
        'x'.repeat(300),
      ],
      ...[null, true, false, undefined, [], [1, 'a', 0.5], {}, { a: 1 }, new Uint8Array(3), new Date(1000)],
    ];
    for (const before of values) {
      const codec = knowing([{ a: before, b: before, c: 1 }]);
      for (const value of values) {
        same(codec, { a: value, b: 1, c: value });
        same(codec, { a: 1, b: value, c: 2 });
        same(codec, [{ a: value, b: value, c: value }, 3]);
      }
    }
  });

  it('has its keys, however long they are', () => {
    for (let length = 0; length < 45; length++) {
      const key = 'abcdefghij'.repeat(5).slice(0, length);
      const codec = knowing([{ [key]: 1, [`${key}+`]: 2 }]);
      same(codec, { [key]: 3, [`${key}+`]: 4 });
      same(codec, { [key]: undefined, [`${key}+`]: null });
    }
  });

  it('may lack values, and then its header says so', () => {
    const codec = knowing([{ a: 1, b: undefined, c: { d: 1 } }]);
    expect(same(codec, { a: 1, b: undefined, c: undefined })).toBe('81a16101');
    expect(same(codec, { a: undefined, b: undefined, c: undefined })).toBe('80');
    expect(same(codec, { a: 1, b: 2, c: { d: undefined } })).toBe('83a16101a16202a16380');
  });

  it('has its own properties only', () => {
    const codec = knowing([{ a: 1, b: 2 }]);
    same(codec, Object.assign(Object.create(null), { a: 1, b: 2 }));
    same(codec, Object.assign(Object.create({ b: 2 }), { a: 1 }));
    class Point {
      readonly a = 1;
      readonly b = 2;
    }
    same(codec, new Point());
    const packet = { a: 1 };
    Object.defineProperty(Object.prototype, 'b', { value: 2, enumerable: true, configurable: true });
    const bytes = codec.encode(packet);
    Reflect.deleteProperty(Object.prototype, 'b');
    expect(toHex(bytes)).toBe('81a16101');
  });

  it('is replaced by what its toJSON gives', () => {
    const codec = knowing([{ a: 1, b: 2 }]);
    const hidden = (object: object): object =>
      Object.defineProperty(object, 'toJSON', { value: () => ({ a: 3, b: 4 }), enumerable: false });
    expect(same(codec, hidden({ a: 1, b: 2 }))).toBe('82a16103a16204');
    expect(same(codec, { a: hidden({ a: 1, b: 2 }), b: 2 })).toBe('82a16182a16103a16204a16202');
    same(knowing([{ a: 1, toJSON: null }]), { a: 1, toJSON: null });
    same(knowing([{ a: 1, toJSON: null }]), { a: 1, toJSON: () => 5 });
  });

  it('is no array, no binary, no date and no error, whatever properties these were given', () => {
    const codec = knowing([{ a: 1, b: 2 }]);
    const extra = { a: 1, b: 2 };
    for (const other of [[1], new Uint8Array(2), new Date(0), new Error('no'), new Map(), Promise.resolve(), /x/]) {
      same(codec, Object.assign(other, extra));
    }
  });

  it('is refused with the path to what is refused', () => {
    const codec = knowing([{ a: { b: 'x', c: [1] }, d: 1 }]);
    expect(same(codec, { a: { b: '\ud800', c: [1] }, d: 1 })).toContain('packet.a.b: a string with a lone surrogate');
    expect(same(codec, { a: { b: 'x', c: [Symbol('s')] }, d: 1 })).toContain('packet.a.c[0]: a symbol');
    expect(same(codec, { a: { b: 'x', c: [1] }, d: () => 1 })).toContain('packet.d: a function');
    expect(same(codec, { a: { b: 'x', c: [1] }, d: 1 })).toBe('82a16182a162a178a16391' + '01a16401');
  });

  it('has getters, which are asked once and in order, and may throw', () => {
    const codec = knowing([{ a: 1, b: 2, c: 3 }]);
    const asked: string[] = [];
    const packet = {
      get a() {
        asked.push('a');
        return codec.encode({ a: 1, b: 2, c: 3 }).length;
      },
      b: 2,
      get c(): number {
        asked.push('c');
        throw new TypeError('mine');
      },
    };
    expect(() => codec.encode(packet)).toThrow(new TypeError('mine'));
    expect(asked).toEqual(['a', 'c']);
    same(codec, { a: 1, b: 2, c: 3 });
  });

  it('may be changed by its own getters, and what is sent is still well-formed', () => {
    const codec = knowing([{ a: 1, b: 2, c: 3 }]);
    const changing = (change: (packet: Record<string, unknown>) => void): Record<string, unknown> => ({
      get a() {
        change(this);
        return 1;
      },
      b: 2,
      c: 3,
    });
    for (const change of [
      (packet: Record<string, unknown>) => delete packet.b,
      (packet: Record<string, unknown>) => {
        packet['0'] = 1;
      },
      (packet: Record<string, unknown>) => {
        packet.d = 1;
      },
    ]) {
      const sent = codec.decode(codec.encode(changing(change)).slice()) as object;
      expect(sent).toMatchObject({ a: 1, c: 3 });
    }
  });

  it('is for any packet what it was before', () => {
    fc.assert(
      fc.property(anyPacket, anyPacket, (known, packet) => {
        const codec = knowing([known]);
        same(codec, known);
        same(codec, packet);
        same(codec, { a: packet, b: known });
      }),
      { numRuns: 100 },
    );
  });

  it('meets the limits just as one that does not', () => {
    fc.assert(
      fc.property(
        anyPacket,
        fc.integer({ min: 16, max: 300 }),
        fc.integer({ min: 1, max: 40 }),
        (packet, size, items) => {
          const limits = { size, items, depth: 3 };
          const codec = msgpack(limits);
          const wide = Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`k${index}`, index]));
          for (const shape of [{ a: 1 }, { a: 1, b: 'text' }, { a: { b: 1 } }, wide]) {
            for (let i = 0; i < OFTEN; i++) {
              try {
                codec.encode(shape);
              } catch {
                break;
              }
            }
          }
          for (const shape of [{ a: packet }, { a: 1, b: packet }, { a: { b: packet } }, { ...wide, k14: packet }]) {
            const [known, fresh] = [codec, msgpack(limits)].map((each) => {
              try {
                return toHex(each.encode(shape));
              } catch {
                // Of a packet that breaks two limits, either may be named.
                return 'refused';
              }
            });
            expect(known).toBe(fresh);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it.each([1, 14, 15, 16, 17, 40])('has %d keys, each as long as it likes', (count) => {
    for (const length of [1, 20, 31, 32, 37, 38, 39, 60]) {
      const keys = Array.from({ length: count }, (_, index) => `${index}`.padStart(length, '-'));
      const packet = Object.fromEntries(keys.map((key, index) => [key, index]));
      same(knowing([packet]), packet);
      same(knowing([packet]), { ...packet, [keys[0] as string]: 'é' });
    }
  });

  it('is told from others that begin alike, or have the same keys in another order', () => {
    const codec = knowing([{ a: 1, b: 2 }, { a: 1 }, { a: 1, b: 2, c: 3 }, { b: 1, a: 2 }]);
    expect(same(codec, { a: 1, b: 2 })).toBe('82a16101a16202');
    expect(same(codec, { b: 1, a: 2 })).toBe('82a16201a16102');
    expect(same(codec, { a: 1, c: 2 })).toBe('82a16101a16302');
    expect(same(codec, { a: 1, b: 2, c: 3, d: 4 })).toBe('84a16101a16202a16303a16404');
    same(codec, {});
  });
});

it('a key that is refused is refused by a codec that knows the others', () => {
  const codec = knowing([{ a: 1, b: 2 }]);
  const packet = JSON.parse('{"a": 1, "__proto__": 2}') as object;
  expect(thrownBy(() => codec.encode(packet)).message).toContain('packet.__proto__: a property of this name');
});
