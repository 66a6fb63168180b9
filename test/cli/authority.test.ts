import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Authority, AuthorityError, type Files, filesOf, problemOf } from '../../src/cli/authority.js';
import { OpensslError } from '../../src/cli/openssl.js';

const above = mkdtempSync(join(tmpdir(), 'masterless-authority-'));
const { signal } = new AbortController();
afterAll(() => rmSync(above, { recursive: true, force: true }));

let folders = 0;
const newFolder = (): string => join(above, `${++folders}`);
const certificateIn = ({ certificate }: Files): X509Certificate => new X509Certificate(readFileSync(certificate));
const daysOf = ({ validFrom, validTo }: X509Certificate): number =>
  (Date.parse(validTo) - Date.parse(validFrom)) / (24 * 60 * 60 * 1000);

describe('an authority', () => {
  it('is made in a folder of its own, and taken the next time', async () => {
    const folder = newFolder();
    const made = await Authority.open(folder, signal);
    expect(made.isNew).toBe(true);
    const certificate = certificateIn(made.files);
    expect([certificate.ca, daysOf(certificate), made.lastDay]).toEqual([
      true,
      3650,
      new Date(certificate.validTo).toISOString().slice(0, 10),
    ]);
    const before = readFileSync(made.files.key, 'utf8');
    const again = await Authority.open(folder, signal);
    expect(again.isNew).toBe(false);
    expect(readFileSync(made.files.key, 'utf8')).toBe(before);
    expect(readdirSync(folder).sort()).toEqual(['ca-key.pem', 'ca.pem']);
  });

  it('signs certificates for both sides of TLS, which cover the id and nothing else', async () => {
    const authority = await Authority.open(newFolder(), signal);
    for (const id of ['node-a', 'Node_1', '0', 'db1.example.com', 'x'.repeat(64)]) {
      const certificate = certificateIn(await authority.certify(id, 30));
      expect(certificate.subjectAltName).toBe(`DNS:${id}`);
      // What Node calls keyUsage are the extended ones.
      expect(certificate.keyUsage.sort()).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
      expect([certificate.ca, daysOf(certificate)]).toEqual([false, 30]);
      expect(certificate.verify(certificateIn(authority.files).publicKey)).toBe(true);
    }
  });

  it('gives each certificate another key and number', async () => {
    const authority = await Authority.open(newFolder(), signal);
    const [a, b] = [await authority.certify('a', 1), await authority.certify('b', 1)];
    expect(certificateIn(a).serialNumber).not.toBe(certificateIn(b).serialNumber);
    expect(certificateIn(a).publicKey.equals(certificateIn(b).publicKey)).toBe(false);
  });

  it.skipIf(process.platform === 'win32')('keeps keys to their owner, whatever the umask', async () => {
    const folder = newFolder();
    const authority = await Authority.open(folder, signal);
    const { key } = await authority.certify('a', 1);
    for (const file of [authority.files.key, key]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('signs nothing for longer than it is accepted itself', async () => {
    const authority = await Authority.open(newFolder(), signal);
    await expect(authority.certify('a', 3651)).rejects.toThrow(AuthorityError);
  });

  it('writes over nothing, and leaves nothing half made', async () => {
    const folder = newFolder();
    const authority = await Authority.open(folder, signal);
    const { key, certificate } = await authority.certify('a', 1);
    const before = [key, certificate].map((file) => readFileSync(file, 'utf8'));
    await expect(authority.certify('a', 1)).rejects.toThrow(/is there already/);
    expect([key, certificate].map((file) => readFileSync(file, 'utf8'))).toEqual(before);
    const stop = new AbortController();
    const stopped = await Authority.open(folder, stop.signal);
    stop.abort();
    await expect(stopped.certify('b', 1)).rejects.toThrow(OpensslError);
    expect(readdirSync(folder).sort()).toEqual(['a-key.pem', 'a.pem', 'ca-key.pem', 'ca.pem']);
  });

  it('gives a key and its certificate their names both or neither', async () => {
    const folder = newFolder();
    const authority = await Authority.open(folder, signal);
    for (const [id, file] of [
      ['a', 'a.pem'],
      ['b', 'b-key.pem'],
    ] as const) {
      writeFileSync(join(folder, file), 'mine');
      await expect(authority.certify(id, 1)).rejects.toThrow(`${join(folder, file)} is there already`);
      expect(readFileSync(join(folder, file), 'utf8')).toBe('mine');
    }
    expect(readdirSync(folder).sort()).toEqual(['a.pem', 'b-key.pem', 'ca-key.pem', 'ca.pem']);
  });

  it('of which a part is gone, or wrong, is not replaced', async () => {
    const damages: [RegExp, (files: Files, others: Files) => void][] = [
      [/ca-key\.pem is not: put it back/, ({ key }) => rmSync(key)],
      [/ca\.pem is not: put it back/, ({ certificate }) => rmSync(certificate)],
      [/is not PEM, or has a passphrase/, ({ key }) => writeFileSync(key, 'x')],
      [/is not PEM, or has a passphrase/, ({ certificate }) => writeFileSync(certificate, 'x')],
      [/does not belong to/, ({ key }, others) => writeFileSync(key, readFileSync(others.key))],
      [
        /no authority's certificate/,
        ({ certificate }, others) => writeFileSync(certificate, readFileSync(others.certificate)),
      ],
    ];
    for (const [message, damage] of damages) {
      const folder = newFolder();
      const authority = await Authority.open(folder, signal);
      damage(authority.files, await authority.certify('a', 1));
      const opening = Authority.open(folder, signal);
      await expect(opening).rejects.toThrow(AuthorityError);
      await expect(opening).rejects.toThrow(message);
    }
  });

  it('that can not be written is told with what to do', async () => {
    const file = newFolder();
    writeFileSync(file, '');
    for (const folder of [file, join(newFolder(), 'below')]) {
      const opening = Authority.open(folder, signal);
      await expect(opening).rejects.toThrow(AuthorityError);
      await expect(opening).rejects.toMatchObject({
        message: expect.stringContaining('choose a folder'),
        cause: expect.any(Error),
      });
    }
  });
});

describe('an id with a certificate', () => {
  it.each(['a', '9', 'node-a', 'A.b_c-d', 'x'.repeat(64)])('may be %j', (id) => {
    expect(problemOf(id)).toBeNull();
  });

  it.each(['', '.', '..', '../x', '.a', '-a', 'a b', 'a/b', 'a\\b', 'a,DNS:b', 'a\nb', 'a\0', '$a', 'é', '*.a', 'ca'])(
    'may not be %j',
    (id) => {
      expect(problemOf(id)).not.toBeNull();
    },
  );

  it('shares no file with another', () => {
    for (const [id, other] of [
      ['a', 'a-key'],
      ['ca', 'b'],
    ] as const) {
      expect([problemOf(id), problemOf(other)]).not.toEqual([null, null]);
    }
    expect(Object.values(filesOf('f', 'a'))).toEqual([join('f', 'a.pem'), join('f', 'a-key.pem')]);
  });

  it('has no more than 64 letters', () => {
    expect(problemOf('x'.repeat(65))).not.toBeNull();
  });
});
