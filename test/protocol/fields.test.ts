import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteLength, FieldReader, FieldWriter } from '../../src/protocol/fields.js';
import { Frame } from '../../src/protocol/frame.js';

/** The bytes of the fields, without the two of the header of PONG. */
function written(write: (out: FieldWriter) => FieldWriter): Uint8Array {
  return write(new FieldWriter()).frame(Frame.Pong).subarray(2);
}

describe('fields', () => {
  it('come back as they were written', () => {
    const number = fc.oneof(fc.maxSafeNat(), fc.nat(300), fc.constantFrom(0, 127, 128, 2 ** 53 - 1));
    const text = fc.string({ unit: 'grapheme', maxLength: 20 });
    const hex = fc.stringMatching(/^[0-9a-f]{16}$/);
    fc.assert(
      fc.property(number, number, text, fc.nat(255), hex, (count, other, string, byte, digits) => {
        fc.pre(byteLength(string) <= 80);
        const bytes = written((out) =>
          out.byte(byte).varint(count).counts([count, other]).string(string).incarnation(digits),
        );
        const input = new FieldReader(bytes);
        expect([input.byte(), input.varint(), input.counts(), input.string(0, 80), input.incarnation()]).toEqual([
          ...[byte, count, [count, other], string],
          digits === '0000000000000000' ? '' : digits,
        ]);
        expect(input.whole('all')).toBe('all');
      }),
    );
  });

  it('never read a number that would be written otherwise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 12 }), (bytes) => {
        const input = new FieldReader(bytes);
        let number: number;
        try {
          number = input.varint();
        } catch {
          return;
        }
        const again = written((out) => out.varint(number));
        expect(Number.isSafeInteger(number)).toBe(true);
        expect(bytes.subarray(0, again.length)).toEqual(again);
      }),
    );
  });

  it('never read beyond the payload, and throw protocol errors only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), fc.nat(6), (bytes, which) => {
        const input = new FieldReader(bytes);
        const read = [
          () => input.byte(),
          () => input.upTo(3),
          () => input.flag(),
          () => input.counts(),
          () => input.incarnation(),
          () => input.string(1, 255),
          () => input.whole(1),
        ][which] as () => unknown;
        try {
          read();
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_PROTOCOL' });
        }
      }),
    );
  });

  it('count bytes, not characters', () => {
    expect(byteLength('a')).toBe(1);
    expect(byteLength('é')).toBe(2);
    expect(byteLength('🛰')).toBe(4);
    expect(byteLength('')).toBe(0);
  });

  it('tell how many bytes are written so far', () => {
    const out = new FieldWriter();
    expect(out.length).toBe(0);
    expect(out.varint(128).string('é').incarnation('').length).toBe(2 + 3 + 8);
  });
});
