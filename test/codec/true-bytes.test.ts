import { expect, it } from 'vitest';
import { lengthOf, viewOf } from '../../src/codec/true-bytes.js';

class Liar extends Uint8Array {
  override get length(): number {
    return 100;
  }
  override get buffer(): ArrayBuffer {
    return new ArrayBuffer(100);
  }
  override get byteOffset(): number {
    return 50;
  }
}

it('bytes are as many as there are, whatever they say', () => {
  expect(lengthOf(new Liar(7))).toBe(7);
  expect(lengthOf(Buffer.from('abc'))).toBe(3);
});

it('a view is of the same memory, and of no subclass', () => {
  const memory = new ArrayBuffer(20);
  const liar = new Liar(memory, 4, 7);
  const view = viewOf(liar, 5);
  expect(Object.getPrototypeOf(view)).toBe(Uint8Array.prototype);
  new Uint8Array(memory).set([1, 2, 3], 4);
  expect(view).toEqual(new Uint8Array([1, 2, 3, 0, 0]));
});
