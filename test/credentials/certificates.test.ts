import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { covers, readCertificates } from '../../src/credentials/certificates.js';
import { Credentials } from '../../src/credentials/credentials.js';
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
    ['tls.identity', { ...certificate('b'), identity: new Map([['a', 'x']]) }],
    ['tls.identity', { ...certificate('b'), identity: [] }],
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

/**
 * What `b` takes of the certificate of `a` that has shaken hands with it, before and after an exchange of authorities, and
 * whether `a` is to shake hands anew for that.
 */
async function afterExchange(ca: string | string[]): Promise<boolean[]> {
  const [a, ours] = ['a', 'b'].map((name) => Credentials.from({ tls: certificate(name) }, process.versions));
  if (a == null || ours == null) throw new Error('no credentials');
  const { options, prove } = ours.security.accepting();
  const server = createServer(options).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dialled = connect({ ...a.security.dialling().options, port: (server.address() as AddressInfo).port });
  try {
    const [socket] = (await once(server, 'secureConnection')) as [TLSSocket];
    const proof = prove(socket);
    if (proof instanceof Error) throw proof;
    const before = ours.covers(proof.certificate, 'a');
    ours.exchange({ tls: certificate('b', { ca }) }, 'b', false);
    return [before, ours.covers(proof.certificate, 'a'), ours.isOfBefore(proof.certificate)];
  } finally {
    dialled.destroy();
    server.close();
  }
}

describe('a certificate that was accepted before the authorities were exchanged', () => {
  const [own, foreign] = [pem('authority.pem'), pem('foreign-authority.pem')];

  it('covers no id any more when its authority may be one of those dropped', async () => {
    expect(await afterExchange(foreign)).toEqual([true, false, true]);
  });

  it.each([
    ['the same', own],
    ['one more, in a list', [foreign, own]],
    ['one more, in one text', `${foreign}${own}`],
  ])('covers what it did when there is %s', async (_, ca) => {
    expect(await afterExchange(ca)).toEqual([true, true, false]);
  });
});
