import { randomBytes } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newSecret, readSecret } from '../../src/credentials/secret.js';
import { MasterlessError } from '../../src/errors.js';

const text = newSecret();
const encoded = text.slice('masterless-secret-'.length);

describe('a secret', () => {
  it('as text and as the bytes it stands for gives one key', () => {
    expect(readSecret('secret', Buffer.from(encoded, 'base64url'))).toEqual(readSecret('secret', text));
    expect(readSecret('secret', new Uint8Array(Buffer.from(encoded, 'base64url')))).toEqual(readSecret('secret', text));
  });

  it('gives a key and a name for it that differ from those of any other, and do not show it', () => {
    const keys = Array.from({ length: 100 }, () => readSecret('secret', newSecret()));
    expect(new Set(keys.map(({ identity }) => identity)).size).toBe(100);
    expect(new Set(keys.map(({ psk }) => psk.toString('hex'))).size).toBe(100);
    const { identity, psk } = readSecret('secret', text);
    expect(psk.length).toBe(32);
    expect(identity).toMatch(/^masterless-1-[0-9a-f]{24}$/);
    const bytes = Buffer.from(encoded, 'base64url');
    expect(psk.equals(bytes)).toBe(false);
    expect(psk.toString('hex')).not.toContain(identity.slice(-24));
    expect(bytes.toString('hex')).not.toContain(identity.slice(-24));
  });

  it('is read in the same way in every version: nodes of this one must meet those to come', () => {
    const fixed = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
    const { identity, psk } = readSecret('secret', fixed);
    expect([identity, psk.toString('hex')]).toMatchInlineSnapshot(`
      [
        "masterless-1-ec86f3ecc3bbd63bc52f671c",
        "587799d9623dbf7d94922533e6c4d86e29acca5eb1d0315f0da9fd486a144854",
      ]
    `);
  });

  it('may be bytes of another realm', () => {
    const bytes = runInNewContext('new Uint8Array(32).map((_, index) => index * 37)') as Uint8Array;
    expect(bytes).not.toBeInstanceOf(Uint8Array);
    expect(readSecret('secret', bytes).identity).toBe(readSecret('secret', new Uint8Array(bytes)).identity);
  });

  it('of 32 to 1024 random bytes is never refused', () => {
    for (let i = 0; i < 20_000; i++) readSecret('secret', randomBytes(32));
    fc.assert(fc.property(fc.integer({ min: 32, max: 1024 }), (size) => void readSecret('secret', randomBytes(size))));
  });

  it.each<[string, unknown]>([
    ['nothing', ''],
    ['a password', 'correct horse battery staple correct horse'],
    ['hexadecimal digits', randomBytes(32).toString('hex')],
    ['base64 without its mark', encoded],
    ['a cut one', text.slice(0, -1)],
    ['one with a line end', `${text}\n`],
    ['one with more behind it', `${text}A`],
    ['two', `${text},${text}`],
    ['another spelling of its last sign', `${text.slice(0, -1)}${encoded.endsWith('_') ? '9' : '_'}`],
    ['upper case', text.toUpperCase()],
    ['31 bytes', randomBytes(31)],
    ['no bytes', new Uint8Array(0)],
    ['1025 bytes', randomBytes(1025)],
    ['zeros', new Uint8Array(32)],
    ['a pattern', Buffer.alloc(64, 'masterless')],
    ['text as bytes', Buffer.from(text)],
    ['digits as bytes', Buffer.from(randomBytes(32).toString('hex'))],
    ['a number', 5],
    ['null', null],
    ['a list', [text]],
    ['other bytes', new Uint16Array(32)],
  ])('that is %s is refused, and not shown', (_what, given) => {
    let error: unknown;
    try {
      readSecret('secret', given);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(MasterlessError);
    expect(error).toMatchObject({ code: 'ERR_OPTION', message: expect.stringContaining('masterless keygen') });
    if (typeof given === 'string' && given.length > 30) expect(String(error)).not.toContain(given.slice(20, 40));
  });
});
