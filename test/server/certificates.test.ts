/** Nodes with certificates, over real sockets. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { TlsOptions } from '../../src/index.js';
import { MOST_SKIPPED } from '../../src/runtime/wire.js';
import { certificate, pem } from '../support/certificates.js';
import { outcome, watched } from '../support/entrance.js';
import { heard, Log, within } from '../support/events.js';
import { atEnd, linked, listening, node } from '../support/nodes.js';

const b = { tls: certificate('b') };

/** The fingerprint of a certificate, as openssl and node print it. */
function fingerprintOf(name: string): string {
  return new X509Certificate(pem(`${name}.pem`)).fingerprint256;
}

describe('certificates of one authority', () => {
  it('let in, and packets pass both ways', async () => {
    const nodes = await linked({ a: { tls: certificate('a') }, b });
    const there = heard(nodes.b, 'message');
    nodes.a.send('b', { n: 1 });
    expect(await there).toEqual(['a', { n: 1 }]);
  });

  it('cover each of their names', async () => {
    const { uri } = await listening('m', { tls: certificate('m') });
    expect(await outcome(node('b2', { ...b, listen: [] }), uri)).toBe('m');
    expect(await outcome(node('b', { ...b, listen: [] }), uri)).toBe('m');
  });

  it.each(['c', 'B', 'a.example.com', '.example.com', 'b\0', 'authority'])('are no use for the id %j', async (id) => {
    // Whoever wants to cheat does not ask his own node.
    const cheat = node(id, { tls: certificate('b', { identity: 'authorize' }), authorize: () => true, listen: [] });
    const { uri, node: honest, said } = await watched('m', { tls: certificate('m') });
    const log = new Log(honest);
    expect(await outcome(cheat, uri)).toMatchObject({
      code: 'ERR_UNAUTHORIZED',
      message: expect.stringContaining('does not cover'),
    });
    await said('ERR_UNAUTHORIZED');
    expect(log.names).toEqual([]);
    expect(honest.isKept(id)).toBe(false);
  });

  it('are no use for the id of who is dialled, either', async () => {
    const cheat = await listening('c', { tls: certificate('b', { identity: 'authorize' }), authorize: () => true });
    const honest = node('a', { tls: certificate('a'), listen: [] });
    expect(await outcome(honest, cheat.uri)).toMatchObject({ code: 'ERR_UNAUTHORIZED' });
    expect(honest.connections()).toEqual([]);
  });

  it('that have a name for many are no use for an id of that name, whoever dials', async () => {
    const cheating = { tls: certificate('m', { identity: 'authorize' }), authorize: () => true };
    const { uri, node: honest, said } = await watched('b', b);
    const log = new Log(honest);
    const refused = { code: 'ERR_UNAUTHORIZED', message: expect.stringContaining('does not cover') };
    expect(await outcome(node('*.example.com', { ...cheating, listen: [] }), uri)).toMatchObject(refused);
    await said('ERR_UNAUTHORIZED');
    const cheat = await watched('*.example.com', cheating);
    expect(await outcome(honest, cheat.uri)).toMatchObject(refused);
    await cheat.said('ERR_UNAUTHORIZED');
    expect(log.names).toEqual(['unreachable']);
    expect([honest.isKept('*.example.com'), cheat.node.connections()]).toEqual([false, []]);
    // Its other names are as good as ever.
    expect(await outcome(node('host.example.com', { tls: certificate('m'), listen: [] }), uri)).toBe('b');
  });

  it('must cover the id of the node that has them', () => {
    for (const [id, name] of [
      ['a', 'b'],
      ['B', 'b'],
      ['c', 'b'],
      ['*.example.com', 'm'],
    ] as const) {
      expect(() => node(id, { tls: certificate(name) })).toThrow(
        expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining('subjectAltName') }),
      );
    }
  });
});

describe('a certificate that does not do', () => {
  it.each<[string, string, string]>([
    ['expired', 'b-expired', 'CERT_HAS_EXPIRED'],
    ['of another authority', 'b-foreign', 'UNABLE_TO_'],
  ])('%s, is turned away by who is dialled, and both know why', async (_what, name, code) => {
    const { uri, said, node: honest } = await watched('m', { tls: certificate('m') });
    const stranger = node('b', { tls: certificate(name), listen: [] });
    expect(await outcome(stranger, uri)).toMatchObject({
      code: 'ERR_UNAUTHORIZED',
      message: expect.stringContaining(code),
    });
    await said(code);
    expect(honest.connections()).toEqual([]);
  });

  it.each<[string, string, string]>([
    ['expired', 'b-expired', 'CERT_HAS_EXPIRED'],
    ['of another authority', 'b-foreign', 'UNABLE_TO_'],
  ])('%s, is turned away by who dials, and both know why', async (_what, name, code) => {
    const { uri, said } = await watched('b', { tls: certificate(name) });
    const honest = node('m', { tls: certificate('m'), listen: [] });
    expect(await outcome(honest, uri)).toMatchObject({
      code: 'ERR_UNAUTHORIZED',
      message: expect.stringContaining(code),
    });
    await said(code);
  });

  it('is none at all', async () => {
    const { connect } = await import('node:tls');
    const { port, said } = await watched('b', b);
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['masterless'] });
    socket.on('error', () => undefined);
    socket.resume();
    await said('showed no certificate');
  });

  it('is none, of one who pours on: it is cut, and not read for as long as a connection has that is turned away', async () => {
    const { port, said } = await watched('b', b);
    const raw = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const socket = connect({
      socket: raw,
      rejectUnauthorized: false,
      ALPNProtocols: ['masterless'],
    });
    let written = 0;
    const chunk = Buffer.alloc(MOST_SKIPPED / 64);
    const pour = (error?: Error | null): void => {
      if (error) return;
      written += chunk.length;
      socket.write(chunk, pour);
    };
    socket.on('error', () => undefined);
    socket.resume();
    socket.once('secureConnect', () => pour());
    await said('showed no certificate');
    await within(new Promise((resolve) => socket.once('close', resolve)), 'being cut');
    // What is read of it, and as much more in the buffers of both sides at most.
    expect(written).toBeLessThan(2 * MOST_SKIPPED);
  });

  it('is a good one, for another purpose', async () => {
    const { connect } = await import('node:tls');
    const { port, said } = await watched('b', b);
    const { key, cert, ca } = certificate('a') as { key: string; cert: string; ca: string };
    const socket = connect({ port, host: '127.0.0.1', key, cert, ca, checkServerIdentity: () => undefined });
    socket.on('error', () => undefined);
    socket.resume();
    await said('something else than a node');
  });

  it('is a secret', async () => {
    const { newSecret } = await import('../../src/index.js');
    const { uri, said } = await watched('b', b);
    expect(await outcome(node('a', { secret: newSecret(), listen: [] }), uri)).toMatchObject({
      code: 'ERR_UNAUTHORIZED',
    });
    await said('ERR_');
    const secret = await watched('c', { secret: newSecret() });
    expect(await outcome(node('a', { tls: certificate('a'), listen: [] }), secret.uri)).toMatchObject({
      code: 'ERR_UNAUTHORIZED',
    });
    await secret.said('ERR_UNAUTHORIZED');
  });
});

describe('a table of fingerprints', () => {
  it('says which certificate an id has, whatever its names are', async () => {
    const [a, renewed] = ['a', 'a-renewed'].map(fingerprintOf);
    const identity = { one: a ?? '', two: [renewed ?? '', (a ?? '').toLowerCase().replaceAll(':', '')] };
    const { uri } = await listening('b', { tls: certificate('b', { identity }) });
    const dial = (id: string, name: string): ReturnType<typeof outcome> =>
      outcome(node(id, { tls: certificate(name, { identity: 'authorize' }), authorize: () => true, listen: [] }), uri);
    expect(await dial('one', 'a')).toBe('b');
    expect(await dial('two', 'a-renewed')).toBe('b');
    for (const [id, name] of [
      ['one', 'a-renewed'],
      ['a', 'a'],
      ['__proto__', 'a'],
      ['constructor', 'a'],
    ] as const) {
      expect(await dial(id, name)).toMatchObject({ code: 'ERR_UNAUTHORIZED' });
    }
  });
});

describe('certificates exchanged at run time', () => {
  it('are shown from then on, and sessions go on over the links of before', async () => {
    const shown: (string | undefined)[] = [];
    const { uri } = await listening('b', {
      ...b,
      authorize: (_id, { certificate: own }) => {
        shown.push(own?.fingerprint256);
        return true;
      },
    });
    const a = node('a', { tls: certificate('a'), listen: [] });
    expect(await outcome(a, uri)).toBe('b');
    const log = new Log(a);
    a.rotate({ tls: certificate('a-renewed') });
    await a.ping('b');
    expect(log.names).toEqual([]);
    await a.close();
    const again = node('a', { tls: certificate('a-renewed'), listen: [] });
    again.rotate({ tls: certificate('a') });
    expect(await outcome(again, uri)).toBe('b');
    const [old, renewed] = ['a', 'a-renewed'].map(fingerprintOf);
    expect(shown).toEqual([old, old]);
    expect(renewed).not.toBe(old);
  });

  it('reach the links of before with maxLinkAge, and nothing is lost', async () => {
    const { a, b: other } = await linked<number>({ a: { tls: certificate('a'), maxLinkAge: 300 }, b });
    const log = new Log(a);
    const had: number[] = [];
    other.on('message', (_sender, packet) => had.push(packet));
    a.rotate({ tls: certificate('a-renewed') });
    let sent = 0;
    while (log.count('reconnect') < 3) {
      if (a.send('b', sent)) sent++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await a.flush('b');
    expect(had).toEqual(Array.from({ length: sent }, (_, i) => i));
    expect(log.names.filter((name) => name !== 'reconnect' && name !== 'reconnecting' && name !== 'drain')).toEqual([]);
  });

  it('of an authority that is trusted no more do not come in again', async () => {
    const { node: server, uri } = await listening('b', b);
    server.rotate({ tls: certificate('b-foreign', { ca: pem('foreign-authority.pem') }) });
    expect(await outcome(node('a', { tls: certificate('a'), listen: [] }), uri)).toMatchObject({
      code: 'ERR_UNAUTHORIZED',
    });
  });

  describe.each<[string, Partial<TlsOptions>, () => TlsOptions]>([
    ['an authority', {}, () => certificate('b-foreign', { ca: pem('foreign-authority.pem') })],
    [
      'a fingerprint',
      { identity: { a: fingerprintOf('a') } },
      () => certificate('b', { identity: { a: fingerprintOf('a-renewed') } }),
    ],
  ])('that drop %s', (_what, more, dropped) => {
    it.each<[string, (rotate: () => void) => boolean | Promise<boolean>]>([
      [
        'while the application is asked',
        (rotate) => {
          rotate();
          return true;
        },
      ],
      [
        'while its answer is waited for',
        (rotate) => new Promise((resolve) => resolve(true)).then(rotate).then(() => true),
      ],
      [
        'when its answer is there',
        (rotate) => {
          queueMicrotask(rotate);
          return true;
        },
      ],
    ])('end a handshake that is under way: %s', async (_when, answer) => {
      const { node: server, uri } = await listening('b', {
        tls: certificate('b', more),
        authorize: () => answer(() => server.rotate({ tls: dropped() })),
      });
      const log = new Log(server);
      const ca = [pem('authority.pem'), pem('foreign-authority.pem')];
      const a = node('a', { tls: certificate('a', { ca }), listen: [] });
      expect(await outcome(a, uri)).toMatchObject({ code: 'ERR_UNAUTHORIZED' });
      await a.close();
      expect([log.names, server.connections(), server.isKept('a')]).toEqual([[], [], false]);
    });
  });

  it('are refused where they do not do, and nothing has changed', async () => {
    const { node: server, uri } = await listening('b', b);
    const wrong: TlsOptions[] = [
      certificate('a'),
      certificate('b', { key: pem('a.key') }),
      certificate('b', { identity: 'authorize' }),
    ];
    for (const tls of wrong)
      expect(() => server.rotate({ tls })).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
    expect(await outcome(node('a', { tls: certificate('a'), listen: [] }), uri)).toBe('b');
  });
});

/** What a node shows to a stranger that dials it, and to one that answers where it dials. */
async function shownToStrangers(id: string, tls: TlsOptions): Promise<Buffer> {
  const shown: Buffer[] = [];
  const look = async (socket: TLSSocket): Promise<void> => {
    shown.push(socket.getPeerCertificate().raw);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => shown.push(chunk));
    await once(socket, 'close');
  };
  const { node: made, uri } = await listening(id, { tls });
  const common = { rejectUnauthorized: false, ALPNProtocols: ['masterless'] };
  const dialled = connect({ ...common, host: '127.0.0.1', port: Number(new URL(uri).port) });
  await once(dialled, 'secureConnect');
  await within(look(dialled), 'turning away who dials');
  const stranger = { key: pem('b-foreign.key'), cert: pem('b-foreign.pem') };
  const server = createServer({ ...stranger, ...common, requestCert: true }).listen(0, '127.0.0.1');
  atEnd(async () => server.close());
  await once(server, 'listening');
  const answered = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const refused = outcome(made, `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await within(
    answered.then(([socket]) => look(socket)),
    'turning away who answers',
  );
  expect(await refused).toMatchObject({ code: 'ERR_UNAUTHORIZED' });
  expect(shown.length).toBeGreaterThan(3);
  expect(Buffer.concat(shown).includes(uri)).toBe(false);
  return Buffer.concat(shown);
}

describe('to strangers', () => {
  it('the names of a certificate are shown', async () => {
    expect((await shownToStrangers('host.example.com', certificate('m'))).includes('host.example.com')).toBe(true);
  });

  it('no id is shown, where a table ties it to a certificate of other names', async () => {
    const id = 'nobodys-business';
    const tls = certificate('m', { identity: { [id]: fingerprintOf('m') } });
    expect((await shownToStrangers(id, tls)).includes(id)).toBe(false);
  });
});
