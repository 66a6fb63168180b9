import { describe, expect, it } from 'vitest';
import type { Credentials } from '../src/credentials/credentials.js';
import { newSecret } from '../src/credentials/secret.js';
import { Entrance } from '../src/entrance.js';
import { Connection } from '../src/protocol/connection.js';
import { Addresses } from '../src/transports/addresses.js';
import { memory } from '../src/transports/memory.js';
import { tcp } from '../src/transports/tcp.js';
import type { Transport } from '../src/transports/transport.js';
import { unix } from '../src/transports/unix.js';
import { security } from './support/certificates.js';

const web: Transport = { ...memory(), scheme: 'web', canonical: (uri) => uri, isLocal: () => false };
const own = new Addresses([tcp(), unix(), memory()]);
const connection = new Connection(1, null, 'tcp://198.51.100.7', 0, 5000);

/** What is dialled of what a peer tells, as it is spelled then. */
function dialled(at: { readonly local: boolean; readonly secured?: boolean }, uris: string[]): string[] {
  const own = at.secured ? tcp(security({ secret: newSecret() })) : tcp();
  const entrance = new Entrance({
    addresses: new Addresses([own, unix(), memory(), web], at.secured),
    ...{ credentials: null, authorize: null },
    otherEnd: () => ({ scheme: 'tcp', remote: 'tcp://198.51.100.7', proof: null, local: at.local }),
    settled: () => undefined,
    debug: () => undefined,
  });
  return uris.map((uri) => entrance.dialable(connection, uri)).filter((uri) => uri !== null);
}

const far = ['tcp://192.0.2.1:2435', 'tcp://node.example.com:1', 'TCP://[2001:db8::1]:5'];
const near = [
  'tcp://127.0.0.1:22',
  'tcp://LOCALHOST:22',
  'tcp://[::1]:22',
  'tcp://[::ffff:127.0.0.1]:22',
  'tcp://[::1%lo]:22',
  'unix:///run/docker.sock',
  'memory://x',
];
const spelled = (uris: string[]): string[] => uris.map((uri) => own.canonical(uri));
const wrong = [
  'gopher://192.0.2.1',
  'nonsense',
  '',
  'tcp://0.0.0.0:5',
  'tcp://192.0.2.1:0',
  'tcp://[::]:5',
  'tcp://[::%lo]:5',
  'unix://x',
];

describe('addresses that a peer tells', () => {
  it('are dialled where they lead to other machines', () => {
    expect(dialled({ local: false }, [...far, ...near, ...wrong])).toEqual(spelled(far));
  });

  it('are dialled on this machine where the peer is on it', () => {
    expect(dialled({ local: true }, [...far, ...near, ...wrong])).toEqual(spelled([...far, ...near]));
  });

  it('are never dialled in a weaker way than the node itself would', () => {
    expect(dialled({ local: false }, ['web://192.0.2.1'])).toEqual(['web://192.0.2.1']);
    expect(dialled({ local: false, secured: true }, [...far, 'web://192.0.2.1'])).toEqual(spelled(far));
  });

  it('are dialled in one spelling, whatever the peer has written', () => {
    expect(dialled({ local: true }, ['tcp://LOCALHOST:22', 'UNIX:///a//b', 'TCP://[2001:DB8::1]:5'])).toEqual([
      'tcp://localhost:22',
      'unix:///a/b',
      'tcp://[2001:db8::1]:5',
    ]);
  });

  it('of a connection that is over are not dialled', () => {
    const entrance = new Entrance({
      addresses: new Addresses([tcp()]),
      ...{ credentials: null, authorize: null, otherEnd: () => null, settled: () => undefined, debug: () => undefined },
    });
    expect([entrance.dialable(connection, 'tcp://127.0.0.1:5'), entrance.near(connection)]).toEqual([null, false]);
    expect(entrance.admit(connection, 'a')).toMatchObject({ code: 'ERR_UNAUTHORIZED' });
  });
});

it.each([
  ['is turned away', false, 'ERR_UNAUTHORIZED'],
  ['shakes hands anew where its authority was dropped meanwhile', true, 'ERR_CONNECTION_LOST'],
])('a certificate that does not cover the id %s', (_what, isOfBefore, code) => {
  const proof = { certificate: null, holds: () => true };
  const end = { scheme: 'tcp', remote: 'tcp://198.51.100.7', proof, local: false };
  const credentials = { covers: () => false, isOfBefore: () => isOfBefore } as unknown as Credentials;
  const entrance = new Entrance({
    addresses: new Addresses([tcp()]),
    ...{ credentials, authorize: null, otherEnd: () => end },
    ...{ settled: () => undefined, debug: () => undefined },
  });
  expect(entrance.admit(connection, 'a')).toMatchObject({ code });
});
