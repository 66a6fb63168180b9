/** Random packets. On their own, since making the generators takes longer than most tests that have no use for them. */
import * as fc from 'fast-check';

const text = fc.oneof(fc.string({ maxLength: 70 }), fc.string({ unit: 'binary', maxLength: 70 }));
const key = fc.oneof(
  fc.constantFrom('id', 'type', 'list', 'a', 'b', '', '0', '7', '1234', '4294967295', 'constructor', 'toString'),
  text.filter((name) => name !== '__proto__'),
);
const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    0,
    -1,
    127,
    128,
    -32,
    -33,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    -(2 ** 31),
    -(2 ** 31) - 1,
  ),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  text,
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
  fc.date({ noInvalidDate: true }),
);

/** Any packet that arrives as what it was. */
export const anyPacket: fc.Arbitrary<unknown> = fc.letrec<{ packet: unknown }>((tie) => ({
  packet: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    leaf,
    fc.array(tie('packet'), { maxLength: 20 }),
    fc.dictionary(key, tie('packet'), { maxKeys: 20, noNullPrototype: true }),
  ),
})).packet;
