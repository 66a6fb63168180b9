import { expect, test } from 'vitest';
import { Refusal, refusedObject } from '../../src/codec/refusal.js';

test('the path leads from the packet to the value', () => {
  const error = new Refusal('no').within('seen').within(3).within('users').toError();
  expect(error.code).toBe('ERR_PACKET');
  expect(error.message).toBe('packet.users[3].seen: no');
  expect(new Refusal('no', 'ERR_PACKET_TOO_LARGE').toError().code).toBe('ERR_PACKET_TOO_LARGE');
});

test('keys that are no names are quoted', () => {
  expect(new Refusal('no').within('a b').within('').within('0x').within('$ok_1').toError().message).toBe(
    'packet.$ok_1.0x[""]["a b"]: no',
  );
});

test('a long path is cut', () => {
  const refusal = new Refusal('no');
  for (let i = 0; i < 512; i++) refusal.within('key'.repeat(1000));
  expect(refusal.toError().message.length).toBeLessThan(300);
  expect(refusal.toError().message).toMatch(/^packet.*…: no$/);
});

test.each([
  [new WeakSet(), 'WeakSet'],
  [new WeakRef({}), 'WeakRef'],
  [new Intl.NumberFormat(), 'Intl.NumberFormat'],
  [new AbortController().signal, 'AbortSignal'],
  [Object('x'), 'String'],
  [Object(true), 'Boolean'],
  [Object(1n), 'BigInt'],
  [Object(Symbol('x')), 'Symbol'],
  [new (class extends Map {})(), 'Map'],
  [new (class extends RangeError {})('x'), 'Error'],
  [new Uint8ClampedArray(1), 'Uint8ClampedArray'],
  [(function* () {})(), 'Generator'],
])('%o is refused by name', (value, name) => {
  expect(refusedObject(value as object)?.message).toContain(`a${name === 'Error' ? 'n' : ''} ${name}`);
});

test('an object of a plain class is not refused', () => {
  expect(refusedObject(new (class Point {})())).toBe(null);
});
