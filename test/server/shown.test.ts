/** Nothing that a node says, whatever goes wrong and however much is asked for, has a secret or a private key in it. */
import { createPrivateKey } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readSecret } from '../../src/credentials/secret.js';
import { errorCodes, newSecret } from '../../src/index.js';
import { encodeHello, type Hello } from '../../src/protocol/control.js';
import { certificate, pem } from '../support/certificates.js';
import { Child } from '../support/child.js';
import { within } from '../support/events.js';

/** Bytes of a secret in a row, and signs of text in a row, that do not come by chance. */
const BYTES = 8;
const SIGNS = 12;
/** For a child that waits for some deadlines, on a busy machine. */
const DEADLINE = 60_000;

/** Every piece of `text` of that length. */
function pieces(text: string, length: number): string[] {
  return Array.from({ length: Math.max(0, text.length - length + 1) }, (_, at) => text.slice(at, at + length));
}

/** Base64 of the bytes behind none, one and two others: where they lie within more is not known. */
function encoded(bytes: Uint8Array): string[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes, Buffer.alloc(3)]).toString('base64');
    return text.slice(4, Math.floor(((shift + bytes.length) * 4) / 3) - 1);
  });
}

/** The first piece of the secret bytes that a text shows as hexadecimal digits, numbers, base64 or as they are. */
function found(text: string, bytes: Uint8Array): string | null {
  const joined = text.replace(/\s/g, '');
  const digits = joined.replace(/0x|\\x|[:,-]/g, '').toLowerCase();
  const windows = Array.from({ length: bytes.length - BYTES + 1 }, (_, at) => bytes.subarray(at, at + BYTES));
  const base64 = encoded(bytes).flatMap((each) => pieces(each, SIGNS));
  const shown: [where: string, pieces: string[]][] = [
    [digits, windows.map((part) => Buffer.from(part).toString('hex'))],
    [joined, windows.map((part) => part.join())],
    [joined, base64],
    [joined, base64.map((part) => part.replaceAll('+', '-').replaceAll('/', '_'))],
    [text, windows.map((part) => Buffer.from(part).toString('latin1'))],
  ];
  for (const [where, all] of shown) {
    const piece = all.find((each) => where.includes(each));
    if (piece !== undefined) return piece;
  }
  return null;
}

function hello(more: Partial<Hello>): string {
  const plain: Hello = {
    ...{ minVersion: 1, maxVersion: 1, offered: 0, required: 0, nonce: 1, incarnation: '0123456789abcdef' },
    ...{ id: 'hand-made', codec: 'msgpack', keep: false, heartbeat: 1000, resumeWindow: 1000 },
    ...{ window: 2 ** 20, maxPacket: 2 ** 20, addresses: [] },
  };
  return Buffer.from(encodeHello({ ...plain, ...more })).toString('hex');
}

const hellos = [hello({ minVersion: 9, maxVersion: 9 }), hello({ required: 2 ** 34 }), 'ff'.repeat(64)];

/** All that a child prints which runs into every documented error with these credentials. */
async function said(credentials: object): Promise<string> {
  const child = new Child('failing.mjs');
  child.process.send({ ...credentials, hellos });
  const { code, stdout, stderr } = await within(child.ended, 'the end of failing.mjs', DEADLINE);
  expect([code, stdout.split('\n').at(-2)], stderr.slice(-3000)).toEqual([0, 'all of it went wrong']);
  const text = `${stdout}\n${stderr}`;
  // Both what was thrown and what the debugger says.
  expect(errorCodes.filter((each) => !text.includes(`'${each}'`))).toEqual([]);
  expect(stderr).toMatch(/masterless .*listening at/);
  return text;
}

describe('the search for a secret', () => {
  const bytes = Buffer.from(newSecret().slice('masterless-secret-'.length), 'base64url');
  const part = bytes.subarray(7, 27);

  it.each<[string, string]>([
    ['inspected', inspect({ key: part })],
    ['inspected as numbers', inspect([new Uint8Array(part)], { maxArrayLength: null })],
    ['as JSON', JSON.stringify({ part })],
    [
      'in capital letters with colons',
      part
        .toString('hex')
        .toUpperCase()
        .replace(/..(?=.)/g, '$&:'),
    ],
    ['as base64', part.toString('base64')],
    ['as base64 for addresses, within more', Buffer.concat([Buffer.from('key='), part]).toString('base64url')],
    ['as it is', part.toString('latin1')],
  ])('finds it %s', (_what, text) => {
    expect(found(`said ${text}.`, bytes)).not.toBeNull();
  });

  it('finds nothing where nothing is', () => {
    expect(found(newSecret() + inspect(Buffer.from(newSecret())), bytes)).toBeNull();
  });
});

describe('every documented error, with all that can be said of it', () => {
  it(
    'shows no secret',
    async () => {
      const [secret, other] = [newSecret(), newSecret()];
      const { identity, psk } = readSecret('secret', secret);
      const text = await said({
        credentials: { secret },
        stranger: [{ secret: other }, {}],
        wrong: [
          { secret: `${secret}x` },
          { secret: secret.slice(0, -1) },
          { secret: secret.slice('masterless-secret-'.length) },
          { secret: [secret, 5] },
          { secret: [secret, other.toUpperCase()] },
          { secret: Array.from({ length: 17 }, () => secret) },
          { tls: { key: secret, cert: secret, ca: secret } },
          { tls: { key: other, cert: pem('b.pem'), ca: pem('authority.pem') } },
        ],
        member: { psk: psk.toString('hex'), ciphers: 'TLS_AES_128_GCM_SHA256' },
        text: 'an item',
      });
      // The name of the key may be shown, and is not here.
      expect(text).not.toContain(identity);
      for (const each of [secret, other]) {
        const { psk: derived } = readSecret('secret', each);
        const bytes = Buffer.from(each.slice('masterless-secret-'.length), 'base64url');
        for (const hidden of [bytes, derived]) expect(found(text, hidden)).toBeNull();
      }
    },
    DEADLINE,
  );

  it(
    'shows no private key',
    async () => {
      const keys = ['m', 'b-foreign', 'a'];
      const tls = certificate('m', { identity: 'authorize' });
      const text = await said({
        credentials: { tls },
        stranger: [{ tls: certificate('b-foreign', { identity: { h: 'ab'.repeat(32) } }) }, {}],
        wrong: [
          { tls: certificate('b', { key: pem('a.key') }) },
          { tls: { ...tls, ca: pem('a.key') } },
          { tls: { ...tls, cert: pem('m.key') } },
          { tls: { ...tls, identity: pem('m.key') } },
          { tls: { ...tls, identity: { b: pem('m.key') } } },
          { secret: pem('a.key') },
        ],
        member: { key: tls.key, cert: tls.cert, ca: tls.ca, requestCert: true },
        text: 'an item',
      });
      for (const name of keys) {
        const { d = '' } = createPrivateKey(pem(`${name}.key`)).export({ format: 'jwk' });
        const bytes = Buffer.from(d, 'base64url');
        expect(bytes.length).toBe(32);
        expect(found(text, bytes)).toBeNull();
      }
    },
    DEADLINE,
  );
});
