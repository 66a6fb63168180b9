import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type CredentialOptions, Credentials } from '../../src/credentials/credentials.js';
import { newSecret } from '../../src/credentials/secret.js';
import { certificate, pem } from '../support/certificates.js';

const secret = newSecret();
const from = (given: unknown, versions = process.versions): Credentials | null =>
  Credentials.from(given as CredentialOptions, versions);
const mistake = expect.objectContaining({ code: 'ERR_OPTION' });

describe('credentials', () => {
  it('are none where none are given', () => {
    expect(from({})).toBe(null);
  });

  it.each([
    { secret: undefined },
    { tls: undefined },
    { secret: null },
    { secret: [] },
    { secret: [secret, undefined] },
    { secret: Array.from({ length: 17 }, newSecret) },
    { secret, tls: certificate('b') },
  ])('that are missing or contradict each other are refused: %#', (given) => {
    expect(() => from(given)).toThrow(mistake);
  });

  it.each(['bun', 'deno', 'electron'])('are refused by %s, whose TLS is another', (runtime) => {
    for (const given of [{ secret }, { tls: certificate('b') }]) {
      expect(() => from(given, { ...process.versions, [runtime]: '1.0.0' })).toThrow(
        expect.objectContaining({ code: 'ERR_UNSUPPORTED', message: expect.stringContaining(runtime) }),
      );
    }
    expect(from({}, { ...process.versions, [runtime]: '1.0.0' })).toBe(null);
  });

  it('are refused by a runtime that is no Node', () => {
    expect(() => Credentials.from({ secret }, {})).toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED' }));
  });

  it('are exchanged for others of their kind, as a whole or not at all', () => {
    const made = from({ secret }) as Credentials;
    expect(() => made.exchange({ tls: certificate('b') }, 'b', false)).toThrow(mistake);
    made.exchange({ secret: newSecret() }, 'b', false);
    const certified = from({ tls: certificate('b') }) as Credentials;
    const before = certified.security.accepting();
    expect(certified.security.accepting()).toBe(before);
    expect(() => certified.exchange({ tls: certificate('a') }, 'b', false)).toThrow(mistake);
    expect(() => certified.exchange({ tls: certificate('b', { identity: 'authorize' }) }, 'b', false)).toThrow(mistake);
    expect(certified.security.accepting()).toBe(before);
    certified.exchange({ tls: certificate('b', { identity: 'authorize' }) }, 'b', true);
    expect(certified.leavesIdsOpen).toBe(true);
    expect(certified.security.accepting()).not.toBe(before);
  });

  it('are not shown by whatever prints them', () => {
    for (const given of [{ secret }, { tls: certificate('b') }]) {
      const text = inspect(from(given), { depth: null, showHidden: true }) + JSON.stringify(from(given));
      for (const part of [secret.slice(18), pem('b.key').split('\n')[1] ?? '']) expect(text).not.toContain(part);
    }
  });
});
