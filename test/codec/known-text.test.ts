/** A text that comes again is what was there before, read or written; anything else is what it is, whatever came before it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AT_ONCE, IncomingText, OutgoingText, type TextTarget, type ValueSource } from '../../src/codec/known-text.js';
import { msgpack } from '../../src/codec/msgpack.js';
import { toHex } from './packets.js';

/** Reads values of one place, each in a packet of its own with others before and behind it, and counts those that were read. */
class Place {
  readonly known = new IncomingText();
  readonly #codec = msgpack();
  #turn = 0;
  reads = 0;

  /** @param room - bytes behind the packet, in the same memory */
  read(value: unknown, room = 64): unknown {
    const bytes = this.#codec.encode(value);
    const memory = new Uint8Array(3 + bytes.length + room).fill(this.#turn++);
    memory.set(bytes, 3);
    const end = 3 + bytes.length;
    const view = new DataView(memory.buffer);
    if (this.known.is(view, 3, end, memory.length)) {
      expect(this.known.size).toBe(bytes.length);
      expect(this.known.is(view, 3, end - 1, memory.length)).toBe(false);
      return this.known.text;
    }
    const source: ValueSource = {
      at: 0,
      read: (depth) => {
        expect([source.at, depth]).toEqual([3, 7]);
        source.at = end;
        this.reads++;
        return this.#codec.decode(memory.subarray(3, end));
      },
    };
    const read = this.known.read(source, view, 3, 7);
    expect(source.at).toBe(end);
    return read;
  }
}

const text = fc.oneof(
  fc.string({ maxLength: 34 }),
  fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 34 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
const value = fc.oneof(
  { weight: 8, arbitrary: text },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, 5, 0xa1, -3, 0.5, [], ['a'], { a: 'b' }, true) },
);

describe('a text that is read', () => {
  it('is known when it comes a third time in a row', () => {
    for (let length = 0; length < 40; length++) {
      const place = new Place();
      const same = 'abcdefghij'.repeat(4).slice(0, length);
      for (let round = 0; round < 5; round++) expect(place.read(same)).toBe(same);
      // Shorter ones are read as fast, and longer ones have a header of two bytes.
      expect(place.reads, `${length} characters`).toBe(length > 2 && length < 32 ? 2 : 5);
    }
  });

  it('is told from texts that differ in any one byte, or are shorter or longer by one', () => {
    for (let length = 1; length < 32; length++) {
      const same = 'k'.repeat(length);
      const others = Array.from({ length }, (_, at) => `${same.slice(0, at)}K${same.slice(at + 1)}`);
      for (const other of [...others, `${same}k`, same.slice(1), 'é'.repeat(Math.floor(length / 2))]) {
        const place = new Place();
        for (let round = 0; round < 3; round++) place.read(same);
        expect(place.read(other)).toBe(other);
        expect(place.read(same)).toBe(same);
      }
    }
  });

  it('is not known from two that came in turn', () => {
    const place = new Place();
    for (let round = 0; round < 4; round++) for (const each of ['one', 'two']) expect(place.read(each)).toBe(each);
    expect(place.reads).toBe(8);
  });

  it('is never known of texts that are not ASCII: they have other bytes than characters', () => {
    const place = new Place();
    for (let round = 0; round < 4; round++) expect(place.read('é')).toBe('é');
    expect(place.reads).toBe(4);
  });

  it('is read where the memory ends too soon to compare it at once', () => {
    for (let room = 0; room < 20; room++) {
      const place = new Place();
      for (let round = 0; round < 4; round++) expect(place.read('abc', room)).toBe('abc');
      expect(place.reads, `${room} bytes behind it`).toBe(room < 12 ? 4 : 2);
      for (let round = 0; round < 3; round++) place.read('abc');
      const { reads } = place;
      expect(place.read('abc', room)).toBe('abc');
      expect(place.reads - reads, `${room} bytes behind it`).toBe(room < 12 ? 1 : 0);
    }
  });

  it('is what was sent, in any order, with anything between', () => {
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 4 }),
        fc.array(fc.nat(3), { maxLength: 24 }),
        fc.nat(20),
        (few, order, room) => {
          const place = new Place();
          for (const index of order) {
            const sent = few[index % Math.max(1, few.length)];
            if (sent !== undefined) expect(place.read(sent, room)).toEqual(sent);
          }
        },
      ),
    );
  });
});

describe('a text that is written', () => {
  /** Writes a text at 3, and counts those that were not known. */
  class Sheet implements TextTarget {
    readonly known = new OutgoingText();
    readonly bytes = new Uint8Array(400);
    readonly view = new DataView(this.bytes.buffer);
    written = 0;

    putText(text: string, at: number): number {
      this.written++;
      const bytes = msgpack().encode(text);
      this.bytes.set(bytes, at);
      return at + bytes.length;
    }

    write(text: string): string {
      this.bytes.fill(0xee);
      const { known, view } = this;
      const end = known.text === text ? known.put(view, 3) : known.write(this, text, 3, 0);
      expect(this.bytes.subarray(0, 3)).toEqual(new Uint8Array(3).fill(0xee));
      expect(this.bytes.subarray(Math.max(end, 3 + AT_ONCE)).every((byte) => byte === 0xee)).toBe(true);
      return toHex(this.bytes.subarray(3, end));
    }
  }

  it('is known when it comes a third time in a row, and has the same bytes', () => {
    for (let length = 0; length < 20; length++) {
      const sheet = new Sheet();
      const same = 'abcdefghij'.repeat(2).slice(0, length);
      const wanted = toHex(msgpack().encode(same));
      for (let round = 0; round < 5; round++) expect(sheet.write(same)).toBe(wanted);
      // Of longer ones an engine may have no more than where they are in others.
      expect(sheet.written, `${length} characters`).toBe(length > 2 && length <= 12 ? 2 : 5);
    }
  });

  it('has its own bytes, whatever was there before', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 4 }), fc.array(fc.nat(3), { maxLength: 24 }), (few, order) => {
        const sheet = new Sheet();
        for (const index of order) {
          const each = few[index % Math.max(1, few.length)];
          if (each !== undefined) expect(sheet.write(each)).toBe(toHex(msgpack().encode(each)));
        }
      }),
    );
  });
});
