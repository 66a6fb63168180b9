import { expect, test } from 'vitest';
import { msgpack } from '../../src/codec/msgpack.js';
import { arrayIndex, defineOwn, isFree, makeSparse } from '../../src/codec/property.js';

test.each([
  ['0', 0],
  ['7', 7],
  ['9', 9],
  ['10', 10],
  ['99', 99],
  ['4294967294', 4294967294],
  ['4294967295', -1],
  ['9999999999', -1],
  ['12345678901', -1],
  ['00', -1],
  ['07', -1],
  ['-1', -1],
  ['1.5', -1],
  ['1a', -1],
  ['/1', -1],
  [':1', -1],
  ['1/', -1],
  ['1:', -1],
  ['1 ', -1],
  ['', -1],
  ['a', -1],
])('%j is the array index %d', (key, index) => {
  expect(arrayIndex(key)).toBe(index);
});

test('a key is free unless the object has it or all objects have', () => {
  expect(isFree({}, 'a')).toBe(true);
  expect(isFree({ a: null }, 'a')).toBe(false);
  expect(isFree({}, 'constructor')).toBe(false);
  expect(isFree({}, '__proto__')).toBe(false);
  expect(isFree(Object.create(null), '__proto__')).toBe(false);
});

test('an own property is like any other', () => {
  const object = {};
  defineOwn(object, 'toString', 1);
  expect(Object.getOwnPropertyDescriptor(object, 'toString')).toEqual({
    value: 1,
    writable: true,
    enumerable: true,
    configurable: true,
  });
});

test('a sparse object is like any other', () => {
  const object: Record<number, unknown> = {};
  makeSparse(object, 1000);
  object[1000] = 1;
  object[5] = 2;
  expect(Object.getOwnPropertyDescriptor(object, '1000')).toEqual({
    value: 1,
    writable: true,
    enumerable: true,
    configurable: true,
  });
  expect(Object.keys(object)).toEqual(['5', '1000']);
});

test('a property of all objects that is read-only does not stop a packet', () => {
  const codec = msgpack();
  const bytes = codec.encode({ lockedForAll: 2, a: 1 }).slice();
  Object.defineProperty(Object.prototype, 'lockedForAll', { value: 1, configurable: true });
  try {
    expect(codec.decode(bytes)).toEqual({ lockedForAll: 2, a: 1 });
  } finally {
    Reflect.deleteProperty(Object.prototype, 'lockedForAll');
  }
  expect(codec.decode(bytes)).toEqual({ lockedForAll: 2, a: 1 });
});

test('no getter of all objects is called, and it does not stop a packet', () => {
  const codec = msgpack();
  const bytes = codec.encode({ ofAll: 2, a: 1 }).slice();
  let calls = 0;
  const get = (): void => {
    calls++;
  };
  Object.defineProperty(Object.prototype, 'ofAll', { get, configurable: true });
  let packet: unknown;
  try {
    packet = codec.decode(bytes);
  } finally {
    Reflect.deleteProperty(Object.prototype, 'ofAll');
  }
  expect([packet, calls]).toEqual([{ ofAll: 2, a: 1 }, 0]);
});

test('a property that someone gave to all objects is not sent', () => {
  const codec = msgpack();
  Object.defineProperty(Object.prototype, 'pollution', { value: 1, configurable: true, enumerable: true });
  let packet: unknown;
  try {
    packet = codec.decode(codec.encode({ a: 1 }));
  } finally {
    Reflect.deleteProperty(Object.prototype, 'pollution');
  }
  expect(packet).toEqual({ a: 1 });
});
