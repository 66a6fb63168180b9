/** Nodes with a secret, over real sockets. */
import { once } from 'node:events';
import { type AddressInfo, connect as connectPlain, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readSecret } from '../../src/credentials/secret.js';
import { MasterlessError, newSecret, type Secret, Server, type ServerOptions } from '../../src/index.js';
import { outcome, watched } from '../support/entrance.js';
import { eventually, heard, Log, within } from '../support/events.js';
import { atEnd, linked, listening, node } from '../support/nodes.js';

const secret = newSecret();

describe('the right secret', () => {
  it('lets in, and packets pass both ways', async () => {
    const { a, b } = await linked({ a: { secret }, b: { secret } });
    const there = heard(b, 'message');
    a.send('b', { n: 1 });
    expect(await there).toEqual(['a', { n: 1 }]);
  });

  it('is the same as text, as a list and as bytes', async () => {
    const bytes = Buffer.from(secret.slice('masterless-secret-'.length), 'base64url');
    await linked({ a: { secret: bytes }, b: { secret: [newSecret(), secret] } });
  });

  it('lets a node listen where other machines reach it, without a warning', async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error): void => void warnings.push(warning);
    process.on('warning', hear);
    const { node: b } = await listening('b', { secret, host: '0.0.0.0' });
    const port = new URL(b.info() ?? '').port;
    const a = node('a', { secret, listen: [] });
    expect(await outcome(a, `tcp://127.0.0.1:${port}`)).toBe('b');
    process.off('warning', hear);
    expect(warnings).toEqual([]);
  });

  it('encrypts: what flows shows neither ids nor packets', async () => {
    const seen: Buffer[] = [];
    const { uri } = await listening('node-that-is-called-b', { secret });
    const spy = createServer((inner) => {
      const outer = connectPlain(Number(new URL(uri).port), '127.0.0.1');
      for (const [from, to] of [
        [inner, outer],
        [outer, inner],
      ] as const) {
        from.on('data', (chunk) => {
          seen.push(chunk);
          to.write(chunk);
        });
        from.on('error', () => to.destroy());
        from.on('close', () => to.destroy());
      }
    });
    atEnd(async () => spy.close());
    spy.listen(0, '127.0.0.1');
    await once(spy, 'listening');
    const a = node('node-that-is-called-a', { secret, listen: [] });
    await within(a.connect(`tcp://127.0.0.1:${(spy.address() as AddressInfo).port}`), 'linking through the spy');
    a.send('node-that-is-called-b', 'a packet that nobody else should read');
    await a.ping('node-that-is-called-b');
    const bytes = Buffer.concat(seen);
    expect(bytes.length).toBeGreaterThan(500);
    for (const text of ['node-that-is-called', 'nobody else', secret]) expect(bytes.includes(text)).toBe(false);
    // A key goes with a Diffie-Hellman exchange only (psk_key_exchange_modes: psk_dhe_ke and no other): forward secrecy.
    expect(bytes.includes(Buffer.from('002d00020101', 'hex'))).toBe(true);
    // The key is named, and that is all.
    expect(bytes.includes(readSecret('secret', secret).identity)).toBe(true);
  });
});

describe('who has no right to come in', () => {
  it('with another secret, is told so, and the node says who it was', async () => {
    const { uri, node: b, said } = await watched('b', { secret });
    const log = new Log(b);
    const a = node('a', { secret: newSecret(), listen: [] });
    expect(await outcome(a, uri)).toMatchObject({
      code: 'ERR_UNAUTHORIZED',
      message: expect.stringContaining('same secret'),
    });
    await said('ERR_UNAUTHORIZED');
    expect(b.connections()).toEqual([]);
    expect(log.names).toEqual([]);
  });

  it('with the name of the key and another key', async () => {
    const { port, said } = await watched('b', { secret });
    const { identity } = readSecret('secret', secret);
    const socket = connectTls({
      ...{
        port,
        host: '127.0.0.1',
        minVersion: 'TLSv1.3',
        ciphers: 'TLS_AES_128_GCM_SHA256',
        rejectUnauthorized: false,
      },
      pskCallback: () => ({ identity, psk: Buffer.alloc(32, 7) }),
      ALPNProtocols: ['masterless'],
    });
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: expect.stringContaining('ALERT') });
    await said('BINDER_DOES_NOT_VERIFY');
  });

  it('with neither key nor certificate', async () => {
    const { port, said } = await watched('b', { secret });
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'error');
    await said('ERR_UNAUTHORIZED');
  });

  it('in plain text: both sides have an error that says what is the matter', async () => {
    const { uri, said } = await watched('b', { secret });
    const a = node('a', { listen: [] });
    expect(await outcome(a, uri)).toMatchObject({
      code: expect.stringMatching(/^ERR_(CONNECTION_LOST|PROTOCOL)$/),
      message: expect.stringMatching(/credentials \(options secret, tls\)/),
    });
    await said('does not speak TLS');
  });

  it('as a node with a secret at one without', async () => {
    const { uri, said } = await watched('b', {});
    const a = node('a', { secret, listen: [] });
    expect(await outcome(a, uri)).toMatchObject({
      code: 'ERR_PROTOCOL',
      message: expect.stringContaining('does not speak TLS'),
    });
    await said('speaks TLS');
  });

  it.each<[string, ServerOptions]>([
    ['a node with a secret', { secret }],
    ['one without', {}],
  ])('as a web browser at %s', async (_what, options) => {
    const { port, said, node: b } = await watched('b', options);
    const socket = connectPlain(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    socket.resume();
    await within(once(socket, 'close'), 'the end of the browser');
    await said('HTTP');
    expect(b.connections()).toEqual([]);
  });

  it('with an impostor that has a certificate in place of the secret', async () => {
    const { createServer: createTls } = await import('node:tls');
    const { pem } = await import('../support/certificates.js');
    let bytes = 0;
    const impostor = createTls({ key: pem('b.key'), cert: pem('b.pem'), ALPNProtocols: ['masterless'] }, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
    });
    impostor.on('tlsClientError', () => undefined);
    atEnd(async () => impostor.close());
    impostor.listen(0, '127.0.0.1');
    await once(impostor, 'listening');
    const a = node('a', { secret, listen: [] });
    expect(await outcome(a, `tcp://127.0.0.1:${(impostor.address() as AddressInfo).port}`)).toMatchObject({
      code: 'ERR_UNAUTHORIZED',
    });
    expect(bytes).toBe(0);
  });

  it('with a session of before, in place of the secret', async () => {
    const { port, said } = await watched('b', { secret });
    const { identity, psk } = readSecret('secret', secret);
    const parameters = {
      ...{
        port,
        host: '127.0.0.1',
        ciphers: 'TLS_AES_128_GCM_SHA256',
        rejectUnauthorized: false,
        ALPNProtocols: ['masterless'],
      },
      minVersion: 'TLSv1.3',
    } as const;
    const member = connectTls({ ...parameters, pskCallback: () => ({ identity, psk }) });
    member.on('error', () => undefined);
    const sessions: Buffer[] = [];
    member.on('session', (session) => sessions.push(session));
    await within(once(member, 'secureConnect'), 'a member of our own making');
    expect(member.isSessionReused()).toBe(true);
    member.resume();
    member.write('x');
    await within(once(member, 'close'), 'being turned away for nonsense');
    for (const session of sessions) {
      const again = connectTls({ ...parameters, session });
      const [error] = await once(again, 'error');
      expect(error).toBeInstanceOf(Error);
    }
    await said('ERR_PROTOCOL');
  });
});

describe('a socket that says nothing', () => {
  it.each<[string, ServerOptions]>([
    ['before TLS', { secret, handshakeTimeout: 300 }],
    ['to a node without credentials', { handshakeTimeout: 300 }],
  ])('%s is closed after handshakeTimeout', async (_when, options) => {
    const { port } = await watched('b', options);
    const begun = performance.now();
    const socket = connectPlain(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    await within(once(socket, 'close'), 'being closed');
    expect(performance.now() - begun).toBeGreaterThan(250);
  });

  it('after TLS is closed at the same time, counted from its beginning', async () => {
    const { port } = await watched('b', { secret, handshakeTimeout: 1500 });
    const { identity, psk } = readSecret('secret', secret);
    const raw = connectPlain(port, '127.0.0.1');
    await once(raw, 'connect');
    const begun = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const socket = connectTls({
      ...{ socket: raw, ciphers: 'TLS_AES_128_GCM_SHA256', minVersion: 'TLSv1.3', rejectUnauthorized: false },
      ...{ pskCallback: () => ({ identity, psk }), ALPNProtocols: ['masterless'] },
    });
    socket.on('error', () => undefined);
    await within(once(socket, 'secureConnect'), 'TLS');
    socket.resume();
    await within(once(socket, 'close'), 'being closed');
    const took = performance.now() - begun;
    expect(took).toBeGreaterThan(1400);
    // Counted from TLS on, it would be no sooner than this.
    expect(took).toBeLessThan(1200 + 1500);
  });

  it('counts from when it was accepted', async () => {
    const { port, uri } = await watched('b', { secret, limits: { handshakes: 2 }, handshakeTimeout: 60_000 });
    const sockets = [1, 2].map(() => connectPlain(port, '127.0.0.1'));
    atEnd(async () => {
      for (const socket of sockets) socket.destroy();
    });
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const a = node('a', { secret, listen: [] });
    expect(await outcome(a, uri)).toBeInstanceOf(MasterlessError);
    sockets[0]?.destroy();
    const later = async (): Promise<void> => {
      while ((await outcome(a, uri)) !== 'b');
    };
    await within(later(), 'room after one has gone');
  });
});

describe('rotation', () => {
  const [old, next] = [newSecret(), newSecret()];
  const steps: readonly (readonly Secret[])[] = [[old, next], [next, old], [next]];

  it.each(['abc', 'cba', 'bca'])(
    'in three steps under traffic, node after node (%s), loses and doubles nothing',
    async (order) => {
      const { node: b, uri } = await listening<number>('b', { secret: old, reconnect: 5 });
      const { node: c } = await listening<number>('c', { secret: old, reconnect: 5 });
      const a = node<number>('a', { secret: old, listen: [], reconnect: 5 });
      const nodes = [a, b, c];
      await within(a.connect(uri), 'a to b');
      await within(c.connect(uri), 'c to b');
      await within(a.connect(c.info() ?? ''), 'a to c');
      const logs = nodes.map((each) => new Log(each));
      const had = new Map<string, number[]>();
      for (const to of nodes) {
        to.on('message', (from, number) => {
          const way = `${from}→${to.id}`;
          had.set(way, [...(had.get(way) ?? []), number]);
        });
      }
      const sent = new Map<string, number>();
      let running = true;
      const work = nodes.flatMap((from) =>
        nodes
          .filter((to) => to !== from)
          .map(async (to) => {
            const way = `${from.id}→${to.id}`;
            for (let i = 0; running; i++) {
              if (from.send(to.id, i)) sent.set(way, i + 1);
              else i--;
              await new Promise((resolve) => setImmediate(resolve));
            }
          }),
      );
      for (const step of steps) {
        for (const id of order) {
          nodes.find((each) => each.id === id)?.rotate({ secret: step });
          await new Promise((resolve) => setTimeout(resolve, 30));
        }
      }
      await eventually(() => logs.every((log) => log.count('reconnect') > 1), 'every link to be replaced');
      running = false;
      await Promise.all(work);
      await within(Promise.all(nodes.map((each) => each.flush())), 'everything to arrive');
      for (const [way, count] of sent)
        expect([way, had.get(way)]).toEqual([way, Array.from({ length: count }, (_, i) => i)]);
      expect(sent.size).toBe(6);
      for (const log of logs)
        for (const event of ['disconnect', 'undelivered', 'unreachable'] as const) expect(log.of(event)).toEqual([]);
      // And who has the old one only is out.
      const late = node('late', { secret: old, listen: [] });
      expect(await outcome(late, uri)).toMatchObject({ code: 'ERR_UNAUTHORIZED' });
    },
  );

  it('replaces no link whose secret is still among them', async () => {
    const { a, b } = await linked({ a: { secret: old }, b: { secret: old } });
    const log = new Log(b);
    b.rotate({ secret: [next, old] });
    a.rotate({ secret: [old, next] });
    await a.ping('b');
    await a.ping('b');
    expect(log.names).toEqual([]);
  });

  it('cuts off who has only the secret that was dropped', async () => {
    const { a, b, uri } = await linked({ a: { secret: old, resumeWindow: 200 }, b: { secret: old } });
    const gone = heard(b, 'disconnect');
    const lost = heard(a, 'disconnect');
    b.rotate({ secret: next });
    expect(await lost).toEqual(['b', 'unreachable']);
    expect(await outcome(a, uri)).toMatchObject({ code: 'ERR_UNAUTHORIZED' });
    await gone;
  });

  it('is refused, and changes nothing, where it makes no sense', async () => {
    const { node: b } = await listening('b', { secret: old });
    const wrong: unknown[] = [
      {},
      { secret: next, authorize: () => true },
      { secret: 'password' },
      { secret: [] },
      { secret: undefined },
      null,
      { tls: {} },
    ];
    for (const given of wrong) {
      expect(() => b.rotate(given as { secret: Secret })).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
    }
    const a = node('a', { secret: old, listen: [] });
    expect(await outcome(a, b.info() ?? '')).toBe('b');
    const plain = node('plain', { listen: [] });
    expect(() => plain.rotate({ secret: old })).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
    await b.close();
    expect(() => b.rotate({ secret: old })).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
  });
});

describe('a secret is shown nowhere', () => {
  it('neither by the node, nor in what it tells, nor in its errors', async () => {
    const forms = [secret, secret.slice(18), readSecret('secret', secret).psk.toString('hex')];
    const texts: string[] = [];
    const debug = (...values: unknown[]): void =>
      void texts.push(values.map((value) => inspect(value, { depth: null })).join(' '));
    const { node: b, uri } = await listening('b', { secret, debug });
    const other = newSecret();
    const a = node('a', { secret: other, listen: [], debug });
    texts.push(inspect(await outcome(a, uri), { depth: null, showHidden: true }));
    for (const made of [a, b]) texts.push(inspect(made, { depth: null, showHidden: true }), JSON.stringify(made));
    for (const options of [
      { secrt: secret },
      { secret: `${secret}x` },
      { secret: secret.slice(0, -1) },
      { secret: [secret, 5] },
      { secret: [secret, secret.toUpperCase()] },
      { secret, tls: { key: secret } },
      { tls: { key: secret, cert: secret, ca: secret } },
      { tls: { kee: secret } },
    ]) {
      try {
        new Server('x', options as ServerOptions);
        expect.unreachable();
      } catch (error) {
        texts.push(inspect(error, { depth: null, showHidden: true }));
      }
    }
    const all = texts.join('\n');
    expect(all).toContain('ERR_UNAUTHORIZED');
    for (const form of [...forms, other]) expect(all).not.toContain(form);
  });
});
