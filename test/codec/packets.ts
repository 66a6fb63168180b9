/** Random packets, and what the codec's tests need to look at errors. */
import * as fc from 'fast-check';
import { MasterlessError } from '../../src/errors.js';

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

/** A new seed each time, or the one in the environment: `SEED=123 npx vitest run test/codec`. */
export function newSeed(): number {
  return Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
}

/** What `run` throws, which must be an error of the library. */
export function thrownBy(run: () => unknown): MasterlessError {
  try {
    run();
  } catch (error) {
    if (error instanceof MasterlessError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Bytes from hexadecimal digits, spaces ignored. */
export function hex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits.replaceAll(' ', ''), 'hex'));
}

/** Hexadecimal digits of bytes. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
