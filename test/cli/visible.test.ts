import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visible } from '../../src/cli/visible.js';

describe('text that others chose', () => {
  it.each([
    ['\u001b[2J', '\\u001b[2J'],
    ['\u009b2J', '\\u009b2J'],
    ['a\nlistening at b\r', 'a\\u000alistening at b\\u000d'],
    ['\u007f\u0000\t', '\\u007f\\u0000\\u0009'],
    ['\u202eevil\u2069\u2028\u2029', '\\u202eevil\\u2069\\u2028\\u2029'],
  ])('%j is shown as %j', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it('is left as it is where it can be seen', () => {
    for (const text of ['a b', 'é – 日本語', '🙂 \\ "']) expect(visible(text)).toBe(text);
  });

  it('means the same in JSON', () => {
    const text = '\u009b\u202e\u007f"\n';
    expect(JSON.parse(visible(JSON.stringify(text)))).toBe(text);
  });

  it('is the same, however long it is and whatever stands beside it', () => {
    const unseen = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u007f', '\u202e', '\ud83d', '\u2070', '\uffff'),
    );
    const before = fc.constantFrom(0, 1, 128 * 1024 - 2, 128 * 1024 - 1, 128 * 1024);
    fc.assert(
      fc.property(before, fc.array(piece), (length, pieces) => {
        const text = `${'x'.repeat(length)}${pieces.join('')}`;
        const shown = (sign: string): string => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
        expect(visible(text) === text.replace(unseen, shown)).toBe(true);
      }),
    );
  });

  it('is all escaped where nothing of it can be seen', () => {
    const signs = 1024 * 1024 + 1;
    expect(visible('\u007f'.repeat(signs)) === '\\u007f'.repeat(signs)).toBe(true);
  });
});
