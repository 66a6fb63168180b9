import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { coversId, fingerprint } from '../../src/credentials/identity.js';
import { pem } from '../support/certificates.js';

/** For m, *.example.com and host.example.com; its subject is CN=m. */
const certificate = new X509Certificate(pem('m.pem'));

describe('the ids that a certificate covers', () => {
  it.each(['m', 'host.example.com'])('hold %s, which is one of its names', (id) => {
    expect(coversId(certificate, id)).toBe(true);
  });

  it.each([
    // A name that stands for many is one of them, and nobody's id.
    ...[
      '*.example.com',
      '',
      'M',
      'HOST.example.com',
      'x.example.com',
      '.example.com',
      'example.com',
      'm.',
      ' m',
      'm\0',
      'm\0x',
      '*',
    ],
    ...['CN=m', 'DNS:m', 'mm', 'é', '\u{1F600}', '\ud800', 'x'.repeat(255)],
  ])('do not hold %j', (id) => {
    expect(coversId(certificate, id)).toBe(false);
  });

  it('come from its names and never from its subject', () => {
    expect(coversId(new X509Certificate(pem('b-foreign.pem')), 'b-foreign')).toBe(false);
    expect(coversId(new X509Certificate(pem('authority.pem')), 'authority')).toBe(false);
  });
});

describe('a fingerprint', () => {
  it('is taken in the spellings of node and openssl', () => {
    const { fingerprint256 } = certificate;
    const digits = fingerprint256.replaceAll(':', '').toLowerCase();
    for (const text of [fingerprint256, digits, digits.toUpperCase()]) expect(fingerprint(text)).toBe(digits);
  });

  it.each([
    undefined,
    5,
    '',
    'sha256',
    certificate.fingerprint,
    certificate.fingerprint512,
    `${certificate.fingerprint256}00`,
  ])('is not %j', (text) => {
    expect(fingerprint(text)).toBe(null);
  });
});
