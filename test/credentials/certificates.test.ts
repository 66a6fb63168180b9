import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { covers, readCertificates } from '../../src/credentials/certificates.js';
import { certificate, pem } from '../support/certificates.js';

const b = new X509Certificate(pem('b.pem'));

describe('the option tls', () => {
  it('is taken as text and as bytes, with one authority or several', () => {
    for (const tls of [
      certificate('b'),
      certificate('b', { key: Buffer.from(pem('b.key')), cert: new Uint8Array(Buffer.from(pem('b.pem'))) }),
      certificate('b', { ca: [pem('authority.pem'), Buffer.from(pem('foreign-authority.pem'))] }),
      certificate('b', { ca: pem('authority.pem') + pem('foreign-authority.pem') }),
      certificate('b', { cert: pem('b.pem') + pem('authority.pem') }),
    ]) {
      expect(covers(readCertificates(tls), b, 'b')).toBe(true);
    }
  });

  it.each<[string, unknown]>([
    ['tls', null],
    ['tls', 'PEM'],
    ['tls.key', { ...certificate('b'), key: undefined }],
    ['tls.key', { ...certificate('b'), key: '/etc/key.pem' }],
    ['tls.cert', { ...certificate('b'), cert: undefined }],
    ['tls.cert', { ...certificate('b'), cert: pem('b.key') }],
    ['tls.ca', { ...certificate('b'), ca: undefined }],
    // With which TLS would trust every authority of the web.
    ['tls.ca', { ...certificate('b'), ca: '' }],
    ['tls.ca', { ...certificate('b'), ca: [] }],
    ['tls.ca', { ...certificate('b'), ca: [''] }],
    ['tls.ca', { ...certificate('b'), ca: [undefined] }],
    ['tls.ca', { ...certificate('b'), ca: new Array(1) }],
    ['tls.ca', { ...certificate('b'), ca: '-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----' }],
    ['tls', { ...certificate('b'), key: pem('a.key') }],
    ['tls', { ...certificate('b'), key: '-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----' }],
    ['tls.rejectUnauthorized', { ...certificate('b'), rejectUnauthorized: false }],
    ['tls.identity', { ...certificate('b'), identity: 'none' }],
    ['tls.identity', { ...certificate('b'), identity: null }],
    ['tls.identity', { ...certificate('b'), identity: { a: 'no fingerprint' } }],
    ['tls.identity', { ...certificate('b'), identity: { a: [b.fingerprint256, 5] } }],
  ])('is refused where %s does not do: %#', (name, given) => {
    expect(() => readCertificates(given)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(`option ${name} `) }),
    );
  });
});

describe('what ties an id to a certificate', () => {
  it('is its names, a table of fingerprints, or what the application says', () => {
    const read = (identity: unknown) => readCertificates({ ...certificate('b'), identity });
    expect(covers(read('names'), b, 'c')).toBe(false);
    expect(covers(read('authorize'), b, 'c')).toBe(true);
    const table = read({ c: b.fingerprint256, d: [], ['__proto__']: b.fingerprint256 });
    expect(['b', 'c', 'd', 'constructor', '__proto__'].map((id) => covers(table, b, id))).toEqual([
      ...[false, true, false, false, true],
    ]);
  });
});
