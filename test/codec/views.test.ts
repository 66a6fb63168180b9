/** Where packets are read from: what lies there is what was given, and nothing large is kept. */
import { describe, expect, it } from 'vitest';
import type { Codec } from '../../src/codec/codec.js';
import { msgpack } from '../../src/codec/msgpack.js';
import { MAX_COPIED, MAX_KEPT, Views } from '../../src/codec/views.js';
import { Resizable, thrownBy } from './packets.js';

function numbered(length: number, before = 0): Uint8Array {
  const memory = Uint8Array.from({ length: before + length }, (_, index) => index);
  return memory.subarray(before);
}

describe('what is read', () => {
  it.each([0, 1, 57, MAX_COPIED, MAX_COPIED + 1, 5000])('is what was given: of %i bytes', (length) => {
    const views = new Views();
    const shared = new Uint8Array(new SharedArrayBuffer(length));
    shared.set(numbered(length));
    for (const bytes of [numbered(length, 5), numbered(length), shared]) {
      for (const [start, end] of [
        [0, length],
        [length >> 1, length],
        [length >> 2, length >> 1],
      ] as const) {
        const at = views.open(bytes, start, end);
        const wanted = [...bytes.subarray(start, end)];
        expect([...views.bytes.subarray(at, at + end - start)]).toEqual(wanted);
        expect(wanted.map((_, index) => views.view.getUint8(at + index))).toEqual(wanted);
      }
    }
  });

  it('has the view that there is, of the last chunk or of what is small', () => {
    const views = new Views();
    const chunk = numbered(1000);
    views.open(chunk, 0, 10);
    const { view } = views;
    views.open(numbered(10), 0, 10);
    const other = views.view;
    expect(other).not.toBe(view);
    views.open(chunk, 10, 20);
    expect(views.view).toBe(view);
    views.open(numbered(20), 0, 20);
    expect(views.view).toBe(other);
  });

  it("is nobody else's where memory is shared", () => {
    const views = new Views();
    const shared = new Uint8Array(new SharedArrayBuffer(1000)).fill(7);
    const at = views.open(shared, 500, 900);
    shared.fill(8);
    expect(views.view.getUint8(at)).toBe(7);
    expect(views.keeps()).toBe(false);
    const again = views.open(shared, 500, 900);
    expect(views.view.getUint8(again)).toBe(8);
  });

  it('stays for the next packet, but for what is large or may become so', () => {
    const views = new Views();
    const keeps = (bytes: Uint8Array): boolean => {
      views.open(bytes, 0, bytes.length);
      return views.keeps();
    };
    expect(keeps(new Uint8Array(MAX_COPIED))).toBe(true);
    expect(keeps(new Uint8Array(MAX_KEPT))).toBe(true);
    expect(keeps(new Uint8Array(MAX_KEPT + 1))).toBe(false);
    expect(keeps(new Uint8Array(MAX_KEPT + 1).subarray(0, 1000))).toBe(false);
    expect(keeps(new Uint8Array(new Resizable(1000, { maxByteLength: 2 ** 28 }), 0, 1000))).toBe(false);
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

  it('that has less than was said holds no packet', () => {
    const codec = msgpack() as Required<Codec>;
    for (const length of [0, 1, MAX_COPIED, 1000]) {
      const bytes = new Uint8Array(length);
      for (const start of [0, length]) {
        const { code, message } = thrownBy(() => codec.decodeRange(bytes, start, length + 1));
        expect([code, message]).toEqual(['ERR_BAD_PACKET', expect.stringContaining('ends too early, at byte 0')]);
      }
    }
  });
});
