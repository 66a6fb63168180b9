/** Where packets are read from: what lies there is what was given, and nothing large is kept. */
import { describe, expect, it } from 'vitest';
import { msgpack } from '../../src/codec/msgpack.js';
import { MAX_COPIED, Views } from '../../src/codec/views.js';
import { Resizable, thrownBy } from './packets.js';

function numbered(length: number, before = 0): Uint8Array {
  const memory = Uint8Array.from({ length: before + length }, (_, index) => index);
  return memory.subarray(before);
}

describe('what is read', () => {
  it.each([0, 1, 57, MAX_COPIED, MAX_COPIED + 1, 5000])('is what was given, where it was: %i bytes', (length) => {
    const views = new Views();
    for (const bytes of [numbered(length, 5), numbered(length)]) {
      views.open(bytes);
      expect([...views.bytes.subarray(0, length)]).toEqual([...bytes]);
      expect([...bytes.keys()].map((index) => views.view.getUint8(index))).toEqual([...bytes]);
    }
  });

  it('has the view that there is, of the last chunk or of what is small', () => {
    const views = new Views();
    const chunk = numbered(1000);
    views.open(chunk);
    const { view } = views;
    views.open(numbered(10));
    const other = views.view;
    expect(other).not.toBe(view);
    views.open(chunk);
    expect(views.view).toBe(view);
    views.open(numbered(20));
    expect(views.view).toBe(other);
  });
});

describe('memory', () => {
  /** A packet of so many bytes, each of which is a value. */
  function packet(size: number, byte: number): { readonly value: readonly number[]; readonly bytes: Uint8Array } {
    const value = Array.from({ length: size - 3 }, () => byte);
    return { value, bytes: msgpack().encode(value) };
  }

  it('that grows or shrinks is read as it is then', () => {
    const codec = msgpack();
    const memory = new Resizable(0, { maxByteLength: 4096 });
    const given = new Uint8Array(memory);
    for (const [byte, size] of [300, 2000, 400, 400, 300, 4096].entries()) {
      memory.resize(size);
      const { value, bytes } = packet(size, byte);
      given.set(bytes);
      expect(codec.decode(given)).toEqual(value);
      const text = 'long'.repeat(64 + byte);
      given.set(codec.encode(text));
      expect(codec.decodeRange?.(given, 0, text.length + 3)).toBe(text);
    }
  });

  it('that is gone, or comes back, is no trouble', () => {
    const codec = msgpack();
    const memory = new Resizable(1000, { maxByteLength: 1000 });
    const given = new Uint8Array(memory, 0, 1000);
    const { value, bytes } = packet(1000, 7);
    given.set(bytes);
    expect(codec.decode(given)).toEqual(value);
    memory.resize(10);
    expect(thrownBy(() => codec.decode(given))).toMatchObject({ code: 'ERR_BAD_PACKET' });
    memory.resize(1000);
    given.set(bytes);
    expect(codec.decode(given)).toEqual(value);
    structuredClone(memory, { transfer: [memory] });
    expect(thrownBy(() => codec.decode(given))).toMatchObject({ code: 'ERR_BAD_PACKET' });
    expect(codec.decode(bytes)).toEqual(value);
  });
});
