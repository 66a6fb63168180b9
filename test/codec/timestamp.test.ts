import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_TIMESTAMP, readTimestamp, writeTimestamp } from '../../src/codec/timestamp.js';
import { hex, toHex } from './packets.js';

function written(milliseconds: number): Uint8Array {
  const bytes = new Uint8Array(MAX_TIMESTAMP);
  return bytes.subarray(0, writeTimestamp(new DataView(bytes.buffer), 0, milliseconds));
}

function read(bytes: Uint8Array, header: number): Date | string {
  return readTimestamp(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), header, bytes.length - header);
}

test.each([
  [0, 'd6ff 00000000'],
  [1000, 'd6ff 00000001'],
  [(2 ** 32 - 1) * 1000, 'd6ff ffffffff'],
  [1, 'd7ff 003d0900 00000000'],
  [999, 'd7ff ee2e1f00 00000000'],
  [2 ** 32 * 1000, 'd7ff 00000001 00000000'],
  [(2 ** 34 - 1) * 1000 + 999, 'd7ff ee2e1f03 ffffffff'],
  [2 ** 34 * 1000, 'c70cff 00000000 0000000400000000'],
  [-1, 'c70cff 3b8b87c0 ffffffffffffffff'],
  [-1000, 'c70cff 00000000 ffffffffffffffff'],
  [8.64e15, 'c70cff 00000000 000007dba8218000'],
  [-8.64e15, 'c70cff 00000000 fffff82457de8000'],
])('%d ms is %s, and back', (milliseconds, digits) => {
  const bytes = written(milliseconds);
  expect(toHex(bytes)).toBe(digits.replaceAll(' ', ''));
  expect(read(bytes, bytes.length === 15 ? 3 : 2)).toEqual(new Date(milliseconds));
});

test('every Date comes back', () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true }), (date) => {
      const bytes = written(date.getTime());
      expect(read(bytes, bytes.length === 15 ? 3 : 2)).toEqual(date);
    }),
  );
});

test.each([
  ['00000001 000007dba8217fff', null],
  ['000f4240 000007dba8217fff', new Date(8.64e15 - 999)],
  ['00000000 000007dba8218000', new Date(8.64e15)],
  ['000f4240 000007dba8218000', null],
  ['000f4240 fffff82457de8000', new Date(-8.64e15 + 1)],
  ['00000000 fffff82457de7fff', null],
  ['3b8b87c0 fffff82457de7fff', null],
  ['00000000 7fffffffffffffff', null],
  ['00000000 8000000000000000', null],
  ['3b9ac9ff 0000000000000000', null],
  ['3b9aca00 0000000000000000', null],
  ['ffffffff 0000000000000000', null],
])('%s: what no Date can hold is refused', (digits, date) => {
  const found = read(hex(digits), 0);
  if (date === null) expect(found).toBeTypeOf('string');
  else expect(found).toEqual(date);
});
