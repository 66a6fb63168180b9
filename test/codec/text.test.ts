import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isWellFormed, SHORT_TEXT, TextReader, writeShort } from '../../src/codec/text.js';
import { Random } from '../../src/testing/random.js';
import { newSeed, strictText } from './packets.js';

function read(reader: TextReader, bytes: Uint8Array): string | null {
  return reader.read(bytes, 0, bytes.length);
}

test('every string of up to two bytes is read as a strict decoder reads it', () => {
  const reader = new TextReader();
  let wrong = 0;
  for (let value = 0; value < 0x10000; value++) {
    const bytes = new Uint8Array([value >> 8, value]);
    if (read(reader, bytes) !== strictText(bytes)) wrong++;
    if (read(reader, bytes.subarray(1)) !== strictText(bytes.subarray(1))) wrong++;
  }
  expect(wrong).toBe(0);
});

test('random bytes, short and long, are read as a strict decoder reads them', () => {
  const seed = newSeed();
  const random = new Random(seed);
  const reader = new TextReader();
  // Bytes at which UTF-8 changes its rules.
  const edges = [
    0, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff,
  ];
  for (let i = 0; i < 50_000; i++) {
    const bytes = new Uint8Array(1 + random.below(random.chance(0.2) ? 60 : 5));
    for (let j = 0; j < bytes.length; j++) bytes[j] = random.chance(0.3) ? random.below(256) : random.pick(edges);
    if (read(reader, bytes) !== strictText(bytes)) throw new Error(`seed ${seed}: ${bytes.join(' ')}`);
  }
});

test.each([0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10fc00, 0x10ffff])(
  'a character at an edge of UTF-8 is written and read: U+%i',
  (point) => {
    const text = String.fromCodePoint(point);
    const bytes = new Uint8Array(5);
    const end = writeShort(text, bytes, 1);
    expect(bytes.subarray(1, end)).toEqual(new TextEncoder().encode(text));
    expect(read(new TextReader(), bytes.subarray(1, end))).toBe(text);
  },
);

test.each([
  '\ud800',
  '\udbff',
  '\udc00',
  '\udfff',
  '\udc00\udc00',
  '\udfff\udc00',
  '\ud800\udbff',
  '\ud800\ue000',
  '\ud800a',
])('surrogates that are no pair are not written: %j', (text) => {
  expect(writeShort(text, new Uint8Array(8), 0)).toBe(-1);
});

test('U+FFFD and the byte order mark are text like any other', () => {
  for (const text of ['\ufffd', '\ufeffa', '\ufeff\ufffd', `a long text with \ufffd in it`]) {
    expect(read(new TextReader(), new TextEncoder().encode(text))).toBe(text);
  }
});

test('strings that share a place in the table are not mixed up', () => {
  const reader = new TextReader();
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 5000; i++) {
      const text = `k${i}`;
      if (read(reader, new TextEncoder().encode(text)) !== text) throw new Error(text);
    }
  }
});

test('short text is written as TextEncoder writes it, and lone surrogates are found', () => {
  const units = fc.oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0xd7f0, max: 0xe010 }),
    fc.integer({ min: 0, max: 0xffff }),
  );
  fc.assert(
    fc.property(fc.array(units, { maxLength: SHORT_TEXT }), (codes) => {
      const text = String.fromCharCode(...codes);
      const bytes = new Uint8Array(2 + 3 * text.length);
      const end = writeShort(text, bytes, 2);
      if (!isWellFormed(text)) expect(end).toBe(-1);
      else expect(bytes.subarray(2, end)).toEqual(new TextEncoder().encode(text));
    }),
    { numRuns: 2000 },
  );
});

test.each(['\ud83d', '\ude00', 'a\ud83d', '\ud83da', '\ude00\ud83d', '\ud83d\ud83d\ude00', '\ud83d\ue000'])(
  '%j is no text',
  (text) => {
    expect(writeShort(text, new Uint8Array(20), 0)).toBe(-1);
    expect(isWellFormed(text)).toBe(false);
  },
);
