/** Names that a peer on another machine told, and all that name servers can answer. */
import dns, { type LookupAddress } from 'node:dns';
import { connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { newSecret } from '../../src/index.js';
import { elsewhereOnly } from '../../src/transports/elsewhere.js';
import { tcp } from '../../src/transports/tcp.js';
import type { Transport } from '../../src/transports/transport.js';
import { certificate, security } from '../support/certificates.js';
import { onBench } from './bench.js';

const URI = 'tcp://node.test:7';
const FORBIDDEN = {
  code: 'ERR_UNREACHABLE',
  message: expect.stringMatching(/^tcp:\/\/node\.test:\d+: the host name stands for this machine/),
};

afterEach(() => {
  vi.restoreAllMocks();
});

/** All look-ups are answered with these addresses; what they asked for. */
function resolving(...addresses: readonly string[]): dns.LookupOptions[] {
  const asked: dns.LookupOptions[] = [];
  const lookup = (
    _host: string,
    options: dns.LookupOptions,
    callback: (error: Error | null, found: string | LookupAddress[], family?: number) => void,
  ): void => {
    asked.push(options);
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    setImmediate(() => {
      if (options.all === true) callback(null, found);
      else callback(null, found[0]?.address ?? '', found[0]?.family);
    });
  };
  vi.spyOn(dns, 'lookup').mockImplementation(lookup as typeof dns.lookup);
  return asked;
}

/** What `net` would be handed. */
function handed(options: dns.LookupOptions): Promise<unknown> {
  return new Promise((resolve) => {
    elsewhereOnly(URI)('node.test', options, (error, address, family) => {
      resolve(error ?? (family === undefined ? address : { address, family }));
    });
  });
}

describe('a name', () => {
  it.each([
    ...['127.0.0.1', '127.255.3.4', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::1%lo'],
    ...['0.0.0.0', '::', '::ffff:0.0.0.0', '::ffff:0:0'],
  ])('that stands for %s is not handed on', async (address) => {
    resolving(address);
    expect(await handed({ all: true })).toMatchObject(FORBIDDEN);
    expect(await handed({})).toMatchObject(FORBIDDEN);
  });

  it('that stands for this machine and others leads to the others', async () => {
    const asked = resolving('127.0.0.1', '192.0.2.1', '::1', '2001:db8::1', '10.0.0.1');
    expect(await handed({ all: true, family: 0, hints: dns.ADDRCONFIG })).toEqual([
      { address: '192.0.2.1', family: 4 },
      { address: '2001:db8::1', family: 6 },
      { address: '10.0.0.1', family: 4 },
    ]);
    expect(await handed({ family: 4 })).toEqual({ address: '192.0.2.1', family: 4 });
    // All are asked for, or the one that came would hide the others.
    expect(asked).toEqual([
      { all: true, family: 0, hints: dns.ADDRCONFIG },
      { all: true, family: 4 },
    ]);
  });

  it('that is unknown ends as it always does', async () => {
    const unknown = Object.assign(new Error('no'), { code: 'ENOTFOUND' });
    const fail = (...args: unknown[]): void => (args.at(-1) as (error: Error) => void)(unknown);
    vi.spyOn(dns, 'lookup').mockImplementation(fail as typeof dns.lookup);
    expect(await handed({ all: true })).toBe(unknown);
  });
});

/** Dials as for a peer on another machine. */
function told(transport: Transport): Transport {
  return { ...transport, dial: (uri, events) => transport.dial(uri, events, true) };
}

describe.each([
  ['plain', tcp()],
  ['with a secret', tcp(security({ secret: newSecret() }))],
  ['with certificates', tcp(security({ tls: certificate('a') }))],
])('dialling %s', (_mode, transport) => {
  it('opens nothing where the name leads here, whichever answer it is', () =>
    onBench(told(transport), async (bench) => {
      const place = await bench.listen('tcp://127.0.0.1:0');
      const uri = place.uri.replace('127.0.0.1', 'node.test');
      const answer = vi.spyOn(dns, 'lookup');
      const answers = [['127.0.0.1'], ['::ffff:127.0.0.1'], ['0.0.0.0'], ['127.0.0.1', '::1']];
      for (const addresses of answers) {
        answer.mockRestore();
        resolving(...addresses);
        expect(await bench.dial(uri).closed).toMatchObject(FORBIDDEN);
      }
      // Had one of them come so far, it would have come before this.
      const { port } = new URL(place.uri);
      connect(Number(port), '127.0.0.1').on('error', () => undefined);
      await place.next();
      expect(place.accepted).toHaveLength(1);
    }));

  it('opens what the application gave', () =>
    onBench(transport, async (bench) => {
      const place = await bench.listen('tcp://127.0.0.1:0');
      resolving('127.0.0.1');
      await bench.dial(place.uri.replace('127.0.0.1', 'node.test')).opened;
    }));
});
