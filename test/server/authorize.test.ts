/** The application's say in who may come in, over every transport. */
import { describe, expect, it } from 'vitest';
import { type Authorize, type Claim, newSecret, type ServerOptions, type Transport } from '../../src/index.js';
import { memory } from '../../src/transports/memory.js';
import { certificate } from '../support/certificates.js';
import { outcome, watched } from '../support/entrance.js';
import { heard, Log } from '../support/events.js';
import { listening, node, socketPath } from '../support/nodes.js';

const secret = newSecret();
let names = 0;

const ways: [
  string,
  () => { readonly own: ServerOptions; readonly other: ServerOptions; readonly transport: string },
][] = [
  ['plain', () => ({ own: {}, other: {}, transport: 'tcp' })],
  ['a secret', () => ({ own: { secret }, other: { secret }, transport: 'tcp' })],
  ['certificates', () => ({ own: { tls: certificate('b') }, other: { tls: certificate('a') }, transport: 'tcp' })],
  ['unix', () => ({ own: { secret, listen: `unix://${socketPath()}` }, other: { secret }, transport: 'unix' })],
  ['memory', () => ({ own: { listen: `memory://authorize-${++names}` }, other: {}, transport: 'memory' })],
];

const soon = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), 20));

describe.each(ways)('over %s', (way, options) => {
  it.each<[string, Authorize]>([
    ['true', () => true],
    ['a promise of true', () => soon(true)],
  ])('%s lets in, on both sides', async (_what, authorize) => {
    const { own, other } = options();
    const { node: b, uri } = await listening('b', { ...own, authorize });
    const connected = heard(b, 'connect');
    const a = node('a', { ...other, authorize, listen: [] });
    expect(await outcome(a, uri)).toBe('b');
    await connected;
    const there = heard(b, 'message');
    a.send('b', 'packet');
    expect(await there).toEqual(['a', 'packet']);
  });

  it.each<[string, Authorize]>([
    ['false', () => false],
    ['a promise of false', () => soon(false)],
    [
      'a throw',
      () => {
        throw new Error('broken');
      },
    ],
    ['a rejection', () => Promise.reject(new Error('broken'))],
    ['nothing', (() => undefined) as unknown as Authorize],
    ['1', (() => 1) as unknown as Authorize],
    ["a promise of 'yes'", (() => soon('yes')) as unknown as Authorize],
  ])('%s turns away, and both know it', async (_what, authorize) => {
    const { own, other } = options();
    const { node: b, uri, said } = await watched('b', { ...own, authorize });
    const log = new Log(b);
    const a = node('a', { ...other, listen: [] });
    const error = await outcome(a, uri);
    expect(error).toMatchObject({ code: 'ERR_UNAUTHORIZED', message: expect.stringContaining('not authorized') });
    expect(String(error)).not.toContain('broken');
    await said('ERR_UNAUTHORIZED');
    expect(log.names).toEqual([]);
  });

  it('who dials may refuse as well', async () => {
    const { own, other } = options();
    const { node: b, uri } = await listening('b', own);
    const log = new Log(b);
    const a = node('a', { ...other, authorize: (id) => id !== 'b', listen: [] });
    expect(await outcome(a, uri)).toMatchObject({ code: 'ERR_UNAUTHORIZED' });
    expect(log.names).toEqual([]);
  });

  it('no answer is one after handshakeTimeout', async () => {
    const { own, other } = options();
    const { node: b, uri } = await listening('b', {
      ...own,
      handshakeTimeout: 200,
      authorize: () => new Promise(() => undefined),
    });
    const a = node('a', { ...other, listen: [] });
    expect(await outcome(a, uri)).toMatchObject({ side: 'remote' });
    expect(b.connections()).toEqual([]);
  });

  it('an answer that comes when nobody waits any more does nothing', async () => {
    const { own, other } = options();
    let answer: (allowed: boolean) => void = () => undefined;
    let called: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      called = resolve;
    });
    const authorize: Authorize = () => {
      called();
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    const { node: b, uri } = await listening('b', { ...own, authorize });
    const a = node('a', { ...other, listen: [] });
    const dialled = outcome(a, uri);
    await asked;
    await a.close();
    await dialled;
    answer(true);
    await soon(null);
    expect(b.connections()).toEqual([]);
  });

  it('is told what is known', async () => {
    const { own, other, transport } = options();
    const claims: [string, Claim][] = [];
    const authorize: Authorize = (id, claim) => claims.push([id, claim]) > 0;
    const { uri } = await listening('b', { ...own, authorize });
    const a = node('a', { ...other, authorize, listen: [] });
    expect(await outcome(a, uri)).toBe('b');
    const [[, accepted] = [], [, dialled] = []] = [...claims].sort(([left], [right]) => (left < right ? -1 : 1));
    expect(accepted).toMatchObject({ transport, uri: null, remote: expect.stringContaining(`${transport}://`) });
    expect(dialled).toMatchObject({ transport, uri });
    const subjects = [accepted, dialled].map((claim) => claim?.certificate?.subject ?? null);
    expect(subjects).toEqual(way === 'certificates' ? ['CN=a', 'CN=b'] : [null, null]);
  });
});

it.each(['192.0.2.1', '::1', 'unix://x', ''])(
  'is told the transport where that says of the other end %j',
  async (remote) => {
    const own: Transport = {
      ...memory(),
      scheme: 'own',
      canonical: (uri) => uri,
      isLocal: () => true,
      listen: (_uri, events) =>
        memory().listen(`memory://${name}`, {
          ...events,
          listening: () => events.listening('own://there'),
          accept: (stream) => events.accept(Object.defineProperty(stream, 'remote', { value: remote })),
        }),
      dial: (_uri, events) => memory().dial(`memory://${name}`, events),
    };
    const name = `authorize-${++names}`;
    const claims: Claim[] = [];
    const authorize: Authorize = (_id, claim) => claims.push(claim) > 0;
    const { uri } = await listening('b', { listen: 'own://there', transports: [own], authorize });
    await node('a', { listen: [], transports: [own], authorize }).connect(uri);
    expect(claims).toEqual([
      { transport: 'own', remote, uri: null, certificate: null },
      { transport: 'own', remote: `memory://${name}`, uri: 'own://there', certificate: null },
    ]);
  },
);
