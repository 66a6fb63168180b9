import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorCodes, MasterlessError, ours } from '../src/errors.js';
import { newSecret, Server } from '../src/index.js';

const documentation = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');
const [, local = '', remote = ''] = documentation.split(/^## (?:Local|Remote)$/m);
const rows = (part: string): string[] => [...part.matchAll(/^\| `(ERR_[A-Z_]+)` \|/gm)].map(([, code]) => code ?? '');

describe('the table of codes', () => {
  it('is the one in docs/errors.md, both ways, sorted', () => {
    expect([...rows(local), ...rows(remote)].sort()).toEqual([...errorCodes]);
    expect(rows(local)).toEqual([...rows(local)].sort());
    expect(rows(remote)).toEqual([...rows(remote)].sort());
  });

  it('says of each code whose fault it is, as the documentation does', () => {
    for (const code of errorCodes) {
      expect([code, new MasterlessError(code, '').side]).toEqual([
        code,
        rows(local).includes(code) ? 'local' : 'remote',
      ]);
    }
  });
});

describe('MasterlessError', () => {
  it('shows no secret that was given where something else belongs', () => {
    const secret = newSecret();
    for (const make of [
      () => new Server('a', secret as unknown as object),
      () => new Server('a', { [secret]: 1 }),
      () => new Server('a', { host: secret }),
      () => new Server('a', { authorize: secret as never }),
      () => new Server('a', { listen: `unix:///x?${secret}` }),
    ]) {
      expect(make).toThrow(/masterless-secret-…/);
      expect(make).not.toThrow(secret);
    }
  });

  it('has a message of one line, whatever others said that is in it', () => {
    const { message } = new MasterlessError(
      'ERR_REFUSED',
      'it says “no\n2026 admin logged in\u001b[2J\u202e\u2028Zoë 日本 😀”',
    );
    expect(message).toBe('it says “no\\u000a2026 admin logged in\\u001b[2J\\u202e\\u2028Zoë 日本 😀”');
  });

  it('is an Error with a name, a code and a cause', () => {
    const cause = new Error('why');
    const error = new MasterlessError('ERR_URI', 'text', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'MasterlessError', code: 'ERR_URI', message: 'text', cause });
    expect(String(error)).toBe('MasterlessError: text');
  });
});

const sour = (): never => {
  throw new Error('no');
};

it.each<[string, unknown]>([
  ['an object without a prototype', Object.create(null)],
  ['a Proxy that throws whatever it is asked', new Proxy({}, { get: sour, getPrototypeOf: sour })],
])('%s that was thrown becomes one of ours too, though it can not be shown', (_, thrown) => {
  const error = ours(thrown, 'ERR_BAD_PACKET');
  expect([error.code, error.message]).toEqual(['ERR_BAD_PACKET', 'a value of type object']);
});

it('what others threw becomes one of ours, and ours stay what they are', () => {
  const own = new MasterlessError('ERR_PACKET', 'no');
  expect(ours(own, 'ERR_BAD_PACKET')).toBe(own);
  const cause = new TypeError('odd');
  expect(ours(cause, 'ERR_BAD_PACKET')).toMatchObject({ code: 'ERR_BAD_PACKET', message: 'TypeError: odd', cause });
  expect(ours('text', 'ERR_LISTEN')).toMatchObject({ code: 'ERR_LISTEN', message: 'text', cause: 'text' });
});
