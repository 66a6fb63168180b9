import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromJson, toJson } from '../../src/cli/notation.js';

const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    tie('leaf'),
    fc.array(tie('tree')),
    fc.dictionary(tie('key') as fc.Arbitrary<string>, tie('tree')),
  ),
  key: fc.oneof(fc.string(), fc.constantFrom('$bytes', '$$bytes', '$date', '$bigint', '$number', '$other')),
  leaf: fc.oneof(
    fc.string(),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array(),
  ),
}));

describe('the notation', () => {
  it('gives back every packet as it was', () => {
    fc.assert(
      fc.property(tree, (packet) => {
        expect(fromJson(toJson(packet))).toStrictEqual(normal(packet));
      }),
    );
  });

  it('leaves JSON as it is', () => {
    const text = '{"a":[1,2.5,true,null,"x"],"$bytes":1,"b":{},"$other":{"$x":""}}';
    expect(toJson(fromJson(text))).toBe(text);
  });

  it('writes what JSON lacks', () => {
    const packet = { b: new Uint8Array([0, 255]), d: new Date(0), i: 1n, n: [Number.NaN, -0], o: { $bytes: 1 } };
    expect(toJson(packet)).toBe(
      '{"b":{"$bytes":"AP8="},"d":{"$date":"1970-01-01T00:00:00.000Z"},"i":{"$bigint":"1"},' +
        '"n":[{"$number":"NaN"},{"$number":"-0"}],"o":{"$$bytes":1}}',
    );
  });

  it.each([
    '{"$bytes":"?"}',
    '{"$bytes":1}',
    '{"$date":"never"}',
    '{"$bigint":"1.5"}',
    '{"$number":"1"}',
    '[9007199254740993]',
    '{"a\\"1":-12345678901234567890}',
    '100000000000000000000000',
    '9007199254740993.0',
    '[-9007199254740993.000]',
    '9007199254740993e0',
    '9.007199254740993E15',
    '90071992547409930e-1',
    '[1,900719925474099.3e+1]',
    '12345678901234567890123e5',
    '1e999',
    '{',
    '',
  ])('refuses %s, which would be something else', (text) => {
    expect(() => fromJson(text)).toThrow();
  });

  it.each([
    '9007199254740992',
    '9007199254740992.0',
    '-9.007199254740992e+15',
    '["12345678901234567890", "9007199254740993.0"]',
    '0.12345678901234567',
    '9007199254740992.5',
    '1234567890.1234567890',
    '100000000000000000000',
    '1e23',
    '-1.0E+23',
    '1.2345678901234567e19',
    '0.0000000000000000e9999999999',
    '1.0000000000000000e-9999999999',
    '"\\\\"',
  ])('takes %s', (text) => {
    expect(fromJson(text)).toEqual(JSON.parse(text));
  });
});

/** fast-check makes objects without a prototype too. */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, normal(item)]));
}
