import { expect, test } from 'vitest';
import { decodeShort, MOST_UNITS } from '../../src/codec/units.js';
import { strictText } from './packets.js';

test('every character is read, alone and between others', () => {
  const encoder = new TextEncoder();
  for (let point = 0; point <= 0x10ffff; point += point < 0x3000 ? 1 : 61) {
    if (point >= 0xd800 && point < 0xe000) continue;
    const text = String.fromCodePoint(point);
    for (const whole of [text, `a${text}é${text}`]) {
      const bytes = encoder.encode(`x${whole}x`);
      if (decodeShort(bytes, 1, bytes.length - 1) !== whole) throw new Error(`U+${point.toString(16)}`);
    }
  }
});

test('three and four bytes are a character or not, as for a strict decoder', () => {
  const firsts = [0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xfb, 0xff];
  const others = [0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
  for (const first of firsts) {
    for (const second of others) {
      for (const third of others) {
        for (const fourth of others) {
          for (const length of [2, 3, 4]) {
            const bytes = new Uint8Array([first, second, third, fourth]);
            // What lies behind the end belongs to another value.
            const is = decodeShort(bytes, 0, length);
            if (is !== strictText(bytes.subarray(0, length))) throw new Error(`${bytes.join(' ')} (${length}): ${is}`);
          }
        }
      }
    }
  }
});

test('texts of every length are made of their units', () => {
  for (let count = 0; count <= MOST_UNITS; count++) {
    const ascii = Array.from({ length: count }, (_, index) => String.fromCharCode(0x30 + index)).join('');
    expect(decodeShort(Buffer.from(`${ascii}x`), 0, count)).toBe(ascii);
    const other = `${'é'.repeat(Math.floor(count / 2))}${'z'.repeat(count % 2)}`;
    expect(decodeShort(Buffer.from(other), 0, count)).toBe(other);
  }
});
