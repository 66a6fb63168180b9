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
});
