/** Credentials: wrong, old, short, expired, of others; and what TLS itself can be told. */
import { ok } from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect as connectPlain, createServer as createPlain } from 'node:net';
import { type ConnectionOptions, connect, createServer } from 'node:tls';
import { readSecret } from '../../src/credentials/secret.js';
import { newSecret } from '../../src/index.js';
import * as control from '../../src/protocol/control.js';
import { certificate, pem } from '../support/certificates.js';
import { within } from '../support/events.js';
import { BORNE, type Case, type Outcome, TOLD } from './case.js';
import { byCertificate, byKey, membership, NOTHING_TO_SHOW, SECRET } from './mode.js';
import type { Scene } from './scene.js';
import { hello, type Wire } from './wire.js';

const SHUT: Outcome = { fault: ['ERR_UNAUTHORIZED', /could not agree on TLS/], told: TOLD.shut };
/** Certificates are looked at when TLS has agreed: who shows a wrong one is told so in the protocol's own words. */
function unacceptable(words: RegExp): Outcome {
  return { fault: ['ERR_UNAUTHORIZED', words], told: TOLD.unauthorized };
}

/** Each of these says HELLO over TLS, if it comes so far. */
function shaking(scene: Scene, ...all: readonly ConnectionOptions[]): Promise<Wire[]> {
  return Promise.all(
    all.map(async (options) => {
      const wire = scene.secured(options);
      await wire.open;
      wire.say(control.encodeHello(hello()));
      return wire;
    }),
  );
}

export const credentials: readonly Case[] = [
  {
    name: 'another secret',
    items: ['wrong secret'],
    modes: ['secret'],
    outcome: SHUT,
    attack: (scene) => shaking(scene, byKey(newSecret()), byKey(newSecret())),
  },
  {
    name: 'the name of the secret, and another key',
    items: ['wrong secret', 'short secret'],
    modes: ['secret'],
    outcome: SHUT,
    attack(scene) {
      const keys = [Buffer.alloc(32, 7), Buffer.alloc(16), Buffer.alloc(1), Buffer.alloc(48, 1)];
      return shaking(scene, ...keys.map((psk) => byKey(SECRET, { psk })));
    },
  },
  {
    name: 'a secret that is too short, or none',
    items: ['short secret'],
    modes: ['secret'],
    outcome: BORNE,
    async attack(scene) {
      const wrong = ['password', '', 'masterless-secret-', `${SECRET}x`, SECRET.slice(0, -1), [], [SECRET, 'short']];
      for (const secret of wrong) {
        const { code } = await scene.victim.make({ secret }, false);
        ok(code === 'ERR_OPTION', `${JSON.stringify(secret)} came to ${code}`);
      }
      return [];
    },
  },
  {
    name: 'a secret that was replaced',
    items: ['old secret', 'revoked secret with an old ticket'],
    modes: ['secret'],
    options: () => ({ secret: [SECRET, OLD] }),
    outcome: SHUT,
    async attack(scene) {
      // It counts until then, and its links are cut.
      const linked = scene.secured(byKey(OLD));
      await linked.follow();
      await scene.victim.rotate({ secret: SECRET });
      return shaking(scene, byKey(OLD));
    },
  },
  {
    name: 'a session of TLS in place of a secret that is gone',
    items: ['revoked secret with an old ticket'],
    modes: ['secret'],
    options: () => ({ secret: [SECRET, OLD] }),
    outcome: SHUT,
    async attack(scene) {
      const linked = scene.secured(byKey(OLD));
      const given: Buffer[] = [];
      linked.socket.on('session', (session: Buffer) => given.push(session));
      await linked.follow();
      await scene.victim.rotate({ secret: SECRET });
      // Its own, if it gives any, and one of another server of the same secret, which does.
      const sessions = [...given, await ticketOf(byKey(OLD))];
      return shaking(scene, ...sessions.map((session) => ({ ...NOTHING_TO_SHOW, session })));
    },
  },
  {
    name: 'a session of TLS in place of a certificate',
    items: ['revoked secret with an old ticket'],
    modes: ['tls'],
    outcome: unacceptable(/showed no certificate/),
    async attack(scene) {
      const session = await ticketOf(byCertificate('a'));
      return shaking(scene, { ...NOTHING_TO_SHOW, session });
    },
  },
  {
    name: 'nothing to show',
    items: ['wrong secret', 'foreign certificate'],
    modes: ['secret', 'tls'],
    outcome: { plain: BORNE, secret: SHUT, tls: unacceptable(/showed no certificate/) },
    attack: (scene) => shaking(scene, NOTHING_TO_SHOW),
  },
  {
    name: 'a certificate in place of a secret, a secret in place of a certificate',
    items: ['wrong secret', 'foreign certificate'],
    modes: ['secret', 'tls'],
    outcome: { plain: BORNE, secret: SHUT, tls: unacceptable(/showed no certificate/) },
    attack: (scene) =>
      shaking(scene, scene.mode === 'secret' ? byCertificate('a') : { ...byKey(SECRET), ciphers: CIPHERS }),
  },
  {
    name: 'an expired certificate',
    items: ['expired certificate'],
    modes: ['tls'],
    outcome: unacceptable(/CERT_HAS_EXPIRED/),
    attack: (scene) => shaking(scene, byCertificate('b-expired')),
  },
  {
    name: 'a certificate of another authority',
    items: ['foreign certificate'],
    modes: ['tls'],
    outcome: unacceptable(/not accepted \((Error: )?(unable|UNABLE_TO)/),
    attack: (scene) => shaking(scene, byCertificate('b-foreign')),
  },
  {
    name: 'a certificate of another authority, with that authority',
    items: ['foreign certificate'],
    modes: ['tls'],
    outcome: unacceptable(/not accepted/),
    attack(scene) {
      const cert = `${pem('b-foreign.pem')}\n${pem('foreign-authority.pem')}`;
      return shaking(scene, { ...byCertificate('b-foreign'), cert });
    },
  },
  {
    name: 'a good certificate of another node',
    items: ['swapped certificate', 'an id that the credential does not cover'],
    modes: ['tls'],
    outcome: unacceptable(/does not cover it/),
    attack: (scene) => shaking(scene, byCertificate('m'), byCertificate('b')),
  },
  {
    name: 'a certificate whose authority was replaced',
    items: ['swapped certificate', 'foreign certificate'],
    modes: ['tls'],
    options: () => ({ tls: certificate('b') }),
    outcome: unacceptable(/not accepted/),
    async attack(scene) {
      await scene.victim.rotate({ tls: certificate('b', { ca: pem('foreign-authority.pem') }) });
      return shaking(scene, byCertificate('a'));
    },
  },
  {
    name: 'a certificate that is not in the table',
    items: ['swapped certificate'],
    modes: ['tls'],
    options: () => ({ tls: certificate('b', { identity: { a: '00'.repeat(32) } }) }),
    outcome: unacceptable(/does not cover it/),
    attack: (scene) => shaking(scene, byCertificate('a'), byCertificate('a-renewed')),
  },
  {
    name: 'names of keys and servers that nobody expects',
    items: ['CVE-2026-21637', 'wrong secret'],
    modes: ['secret'],
    outcome: SHUT,
    attack(scene) {
      const identities = [
        'x',
        '__proto__',
        'constructor',
        'x'.repeat(128),
        'masterless-1-',
        '\u00e9\u{1f600}',
        '%s%n',
        '\r\n',
      ];
      return shaking(scene, ...identities.map((identity) => byKey(SECRET, { identity })));
    },
  },
  {
    name: 'names of servers and protocols that nobody expects',
    items: ['CVE-2026-21637'],
    modes: ['secret', 'tls'],
    outcome: {
      plain: BORNE,
      secret: { fault: ['ERR_UNAUTHORIZED', /could not agree on TLS/] },
      tls: { fault: ['ERR_UNAUTHORIZED', /could not agree|something else than a node/] },
    },
    attack(scene) {
      const own = membership(scene.mode, 'a') ?? {};
      const protocols = [['h2', 'http/1.1'], ['x'.repeat(255)], ['Masterless']];
      return shaking(scene, ...protocols.map((ALPNProtocols) => ({ ...own, ALPNProtocols, servername: '__proto__' })));
    },
  },
  {
    name: 'TLS 1.2 and older ciphers',
    items: ['TLS to a plain port', 'CVE-2026-21637'],
    modes: ['secret', 'tls'],
    outcome: { fault: ['ERR_PROTOCOL', /does not speak TLS 1.3/], told: TOLD.shut },
    attack(scene) {
      const { ciphers: _, ...own } = membership(scene.mode, 'a') ?? {};
      return shaking(scene, {
        ...own,
        minVersion: 'TLSv1.2',
        maxVersion: 'TLSv1.2',
        ciphers: 'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:PSK-AES128-GCM-SHA256',
      });
    },
  },
  {
    name: 'the records of a handshake, once more',
    items: ['a replayed handshake'],
    modes: ['secret', 'tls'],
    outcome: { fault: ['ERR_UNAUTHORIZED', /could not agree on TLS|broke off/] },
    async attack(scene) {
      const records = await recorded(scene);
      const wire = scene.stranger();
      await wire.open;
      wire.say(records);
      return [wire];
    },
  },
  {
    name: 'garbage behind a good ClientHello',
    items: ['plain bytes to a TLS port'],
    modes: ['secret', 'tls'],
    outcome: { fault: ['ERR_PROTOCOL', /does not speak TLS/] },
    async attack(scene) {
      const records = await recorded(scene);
      const first = records.subarray(0, 5 + ((records[3] as number) << 8) + (records[4] as number));
      const wire = scene.stranger();
      await wire.open;
      wire.say(first, new Uint8Array(4000).fill(0x41));
      return [wire];
    },
  },
];

const OLD: string = newSecret();
const CIPHERS = 'TLS_AES_128_GCM_SHA256';

/** A ticket of a server with the same credentials that, other than the attacked node, gives tickets. */
async function ticketOf(options: ConnectionOptions): Promise<Buffer> {
  const { identity, psk } = readSecret('secret', OLD);
  const server = createServer({
    ...{
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['masterless'],
      key: pem('b.key'),
      cert: pem('b.pem'),
      ca: pem('authority.pem'),
    },
    pskCallback: (_socket, given) => (given === identity ? psk : null),
  });
  server.on('secureConnection', (socket) => socket.on('error', () => undefined).write('x'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { pskCallback: _, ...bare } = options;
  const client = connect({ ...bare, port, host: '127.0.0.1' });
  client.on('error', () => undefined).resume();
  const [session] = (await within(once(client, 'session'), 'a ticket')) as [Buffer];
  client.destroy();
  server.close();
  return session;
}

/** All bytes that a member said up to its first packet, as they were on the wire. */
async function recorded(scene: Scene): Promise<Buffer> {
  const said: Buffer[] = [];
  const tap = createPlain((outer) => {
    const inner = connectPlain(scene.port, '127.0.0.1');
    outer
      .on('data', (chunk) => said.push(chunk))
      .on('error', () => inner.destroy())
      .pipe(inner);
    inner.on('error', () => outer.destroy()).pipe(outer);
    outer.on('close', () => inner.destroy());
  });
  tap.listen(0, '127.0.0.1');
  await once(tap, 'listening');
  const member = scene.through((tap.address() as AddressInfo).port);
  await member.follow();
  member.close();
  tap.close();
  await member.ended;
  return Buffer.concat(said);
}
