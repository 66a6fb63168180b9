/** The grammar by which the decoder is judged says what the documentation says. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readFrames } from '../../fuzz/grammar/frames.js';
import { faultIn } from '../../fuzz/grammar/msgpack.js';
import { bytesOf, vectors } from '../protocol/vectors.js';

const BOUNDS = { depth: 32, items: 1_000_000, size: 64 * 1024 * 1024 };
const text = readFileSync(new URL('../../docs/values.md', import.meta.url), 'utf8');
const rows = [...text.matchAll(/^\| ([^|]+) \| `((?:[0-9a-f]{2}(?: (?=[0-9a-f])|(?=`)))*)` \| (.+) \|$/gm)].map(
  ([, what = '', hex = '', outcome = '']) => ({ what, hex, taken: outcome !== 'refused' }),
);

describe('of packets, as docs/values.md has it', () => {
  it('finds the table', () => expect(rows.length).toBeGreaterThan(25));

  it.each(rows)('$what: $hex', ({ hex, taken }) => {
    expect(faultIn(hex === '' ? new Uint8Array(0) : bytesOf(hex.replaceAll(' ', '')), BOUNDS) === null).toBe(taken);
  });

  it.each([
    ['91*32 c0', 32, null],
    ['91*33 c0', 32, 'depth'],
    ['93c0c0c0', 3, 'items'],
    ['93c0c0c0', 4, null],
    ['81a16101', 2, 'items'],
    ['81a16101', 3, null],
  ] as const)('%s with a limit of %d', (hex, limit, fault) => {
    const bounds = hex.includes('91') ? { ...BOUNDS, depth: limit } : { ...BOUNDS, items: limit };
    expect(faultIn(bytesOf(hex), bounds)).toBe(fault);
  });
});

describe('of frames, as the vectors have it', () => {
  it.each(vectors.valid)('takes $name', ({ hex }) => {
    const bytes = bytesOf(hex);
    expect(readFrames(bytes, 2 ** 20 - 1)).toMatchObject({ error: null, rest: 0 });
  });

  /** Those that are wrong as frames, not in what they carry. */
  const malformed = vectors.invalid.filter(
    ({ name, error }) => /shortest form|limit|before the link|more than 3/.test(error) && !/a (text|number)/.test(name),
  );

  it.each(malformed)('refuses $name', ({ hex, maxData }) => {
    expect(readFrames(bytesOf(hex), maxData ?? 2 ** 20 - 1).error).not.toBeNull();
  });
});
