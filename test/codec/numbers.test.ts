import { encode as reference } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { msgpack } from '../../src/codec/msgpack.js';
import { MANY_NUMBERS } from '../../src/codec/numbers.js';

const codec = msgpack();

/** What is read of bytes that lie within others. */
function within(bytes: Uint8Array): unknown {
  const around = new Uint8Array(bytes.length + 20).fill(0xcb);
  around.set(bytes, 7);
  return codec.decode(around.subarray(7, 7 + bytes.length));
}

const item = fc.oneof(
  { weight: 8, arbitrary: fc.double() },
  { weight: 3, arbitrary: fc.nat(200) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(-1, -1e6, null, true, 'text', [1.5, 2], { a: 0.5 }, 2 ** 31, 300, -3, 70_000),
  },
);

describe('an array of numbers', () => {
  it('is what was sent, whatever is between them', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 4 * MANY_NUMBERS }), (array) => {
        // It makes 0 of -0, and of large whole numbers integers of eight bytes, which are read as bigints.
        const same = array.filter((each) => !(Number.isInteger(each) && Math.abs(each as number) >= 2 ** 32));
        expect(within(reference(same))).toEqual(same.map((each) => (each === 0 ? 0 : each)));
        expect(within(codec.encode([0.5, array, 'behind']))).toEqual([0.5, array, 'behind']);
      }),
    );
  });

  it('keeps every bit: both zeros, the ends of the range, infinities', () => {
    const array = [0.1, -0, Number.MIN_VALUE, Number.MAX_VALUE, -Infinity, Infinity, Number.EPSILON, 2 ** 53 + 2, NaN];
    const read = within(codec.encode(array)) as number[];
    expect(read.map((number, index) => Object.is(number, array[index]))).toEqual(array.map(() => true));
  });

  it('that ends too early is refused wherever it is cut, though the bytes behind it would do', () => {
    const bytes = codec.encode(Array.from({ length: MANY_NUMBERS }, (_, index) => (index % 3 === 2 ? 7 : index + 0.5)));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => within(bytes.subarray(0, length))).toThrow(expect.objectContaining({ code: 'ERR_BAD_PACKET' }));
    }
    expect(within(bytes)).toHaveLength(MANY_NUMBERS);
  });

  it('leaves nothing between it and what follows', () => {
    const floats = Array.from({ length: 20 }, (_, index) => index / 3);
    expect(within(reference({ before: 1, floats, after: [floats, 'x'] }))).toEqual({
      before: 1,
      floats,
      after: [floats, 'x'],
    });
  });
});
