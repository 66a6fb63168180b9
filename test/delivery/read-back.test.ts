import { expect, it } from 'vitest';
import { readBack } from '../../src/delivery/read-back.js';

it('gives packets as they were, and copies of the bytes of those that can not be read', () => {
  const codec = {
    decode: (bytes: Uint8Array) => {
      if (bytes[0] === 0) throw new Error('zero');
      return bytes[0];
    },
  };
  const errors: unknown[] = [];
  const bytes = Uint8Array.of(0, 1);
  const back = readBack(codec, [Uint8Array.of(7), bytes], (error) => errors.push(error));
  bytes[1] = 2;
  expect([back, errors]).toEqual([[7, Uint8Array.of(0, 1)], [new Error('zero')]]);
});
