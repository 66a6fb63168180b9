import dns from 'node:dns';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { reachable, tcp } from '../../src/transports/tcp.js';
import { loopback, onBench } from './bench.js';
import { compliance } from './compliance.js';

const HOST = loopback(1);
const { canonical, isLocal } = tcp();
const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
const hasIPv6 = all.some(({ address }) => address === '::1');

compliance({ transport: tcp(), free: () => `tcp://${HOST}:0` });
describe.runIf(hasIPv6)('over IPv6', () => compliance({ transport: tcp(), free: () => 'tcp://[::1]:0' }));

describe('TCP addresses', () => {
  it.each([
    ['tcp://127.0.0.1:2435', 'tcp://127.0.0.1:2435'],
    ['TCP://Example.COM:80', 'tcp://example.com:80'],
    ['tcp://localhost:1/', 'tcp://localhost:1'],
    ['tcp://a_b.service-1:00080', 'tcp://a_b.service-1:80'],
    ['tcp://example.com.:65535', 'tcp://example.com.:65535'],
    ['tcp://1e100.net:1', 'tcp://1e100.net:1'],
    ['tcp://[::1]:2435', 'tcp://[::1]:2435'],
    ['tcp://[0:0:0:0:0:0:0:1]:2435', 'tcp://[::1]:2435'],
    ['tcp://[2001:DB8:0:0:1::0001]:1', 'tcp://[2001:db8::1:0:0:1]:1'],
    ['tcp://[::ffff:10.0.0.1]:1', 'tcp://[::ffff:a00:1]:1'],
    ['tcp://[fe80::1%eth0]:1', 'tcp://[fe80::1%eth0]:1'],
    ['tcp://[FE80::1%25En0]:1', 'tcp://[fe80::1%En0]:1'],
  ])('%s is %s', (uri, expected) => {
    expect(canonical(uri)).toBe(expected);
    expect(canonical(expected)).toBe(expected);
  });

  it.each([
    ['127.0.0.1:80', 'it does not begin with tcp://'],
    ['http://127.0.0.1:80', 'it does not begin with tcp://'],
    ['tcp:127.0.0.1:80', 'it does not begin with tcp://'],
    ['tcp://', 'it has no host and no port'],
    ['tcp://127.0.0.1', 'it has no port'],
    ['tcp://127.0.0.1:', 'it has no port'],
    ['tcp://[::1]', 'it has no port'],
    ['tcp://[::1]80', 'it has no port'],
    ['tcp://:80', 'it has no host'],
    ['tcp:///80', 'it has a path'],
    ['tcp://a:0', 'port 0 is for listening only'],
    ['tcp://a:65536', 'port 65536 is not a number up to 65535'],
    ['tcp://a:999999999999', 'port 999999999999 is not'],
    ['tcp://a:-1', 'port -1 is not a number'],
    ['tcp://a:8o', 'port 8o is not a number'],
    ['tcp://a: 80', 'port  80 is not a number'],
    ['tcp://u@a:80', 'it has a user name'],
    ['tcp://u:p@a:80', 'it has a user name'],
    ['tcp://a:80/x', 'it has a path'],
    ['tcp://a:80//', 'it has a path'],
    ['tcp://a:80?x', 'it has a query'],
    ['tcp://a:80#x', 'it has a fragment'],
    ['tcp://::1:80', 'an IPv6 address must be in brackets'],
    ['tcp://[::1:80', 'an IPv6 address must be in brackets'],
    ['tcp://[::g]:80', '[::g] is no IPv6 address'],
    ['tcp://[]:80', '[] is no IPv6 address'],
    ['tcp://[127.0.0.1]:80', '[127.0.0.1] is no IPv6 address'],
    ['tcp://[fe80::1%]:80', 'is no IPv6 address'],
    ['tcp://[fe80::1%a%b]:80', 'is no IPv6 address'],
    ['tcp://1.2.3:80', 'its host is no IPv4 address or host name'],
    ['tcp://1.2.3.256:80', 'its host is no'],
    ['tcp://01.2.3.4:80', 'its host is no'],
    ['tcp://2130706433:80', 'its host is no'],
    ['tcp://0x7f.0x1:80', 'its host is no'],
    ['tcp://a..b:80', 'its host is no'],
    ['tcp://-a:80', 'its host is no'],
    ['tcp://a b:80', 'its host is no'],
    ['tcp://a\n:80', 'its host is no'],
    [`tcp://${'a'.repeat(64)}:80`, 'its host is no'],
    [`tcp://${'a.'.repeat(127)}:80`, 'its host is no'],
    ['tcp://0.0.0.0:80', '0.0.0.0 is for listening only'],
    ['tcp://[::]:80', ':: is for listening only'],
    ['tcp://[0::0]:80', ':: is for listening only'],
    ['tcp://[::ffff:0.0.0.0]:80', '::ffff:0:0 is for listening only'],
  ])('%j: %s', (uri, why) => {
    expect(() => canonical(uri)).toThrow(
      expect.objectContaining({
        code: 'ERR_URI',
        message: expect.stringContaining(`${JSON.stringify(uri).slice(0, 121)}`),
      }),
    );
    expect(() => canonical(uri)).toThrow(why);
    expect(() => canonical(uri)).toThrow('a right one is tcp://127.0.0.1:2435');
  });

  it('a hostile address is refused quickly, and shown in part', () => {
    const uri = `tcp://${'a-'.repeat(5_000_000)}:80`;
    expect(() => canonical(uri)).toThrow(expect.objectContaining({ message: expect.stringMatching(/^.{1,400}$/) }));
  });

  it.each([
    ['tcp://127.0.0.1:0', true],
    ['tcp://127.255.3.4:80', true],
    ['tcp://LOCALHOST:80', true],
    ['tcp://[::1]:0', true],
    ['tcp://[0:0::1]:0', true],
    ['tcp://[::ffff:127.0.0.1]:0', true],
    ['tcp://[::ffff:127.9.9.9]:0', true],
    ['tcp://[::1%lo]:0', true],
    ['tcp://[::%lo]:0', false],
    ['tcp://[fe80::1%lo]:0', false],
    ['tcp://0.0.0.0:0', false],
    ['tcp://[::]:0', false],
    ['tcp://[::ffff:0.0.0.0]:0', false],
    ['tcp://[::ffff:128.0.0.1]:0', false],
    ['tcp://128.0.0.1:0', false],
    ['tcp://127.example.com:0', false],
    ['tcp://localhost.example.com:0', false],
    ['tcp://[2001:db8::1]:0', false],
  ])('%s reaches only this machine: %s', (uri, local) => {
    expect(isLocal(uri)).toBe(local);
  });
});

describe('what a wildcard announces', () => {
  const lo = { address: '127.0.0.1', internal: true };
  const lo6 = { address: '::1', internal: true };
  const v4 = { address: '10.1.2.3', internal: false };
  const other = { address: '192.168.0.1', internal: false };
  const v6 = { address: '2001:db8::5', internal: false };
  const linkLocal = { address: 'fe80::1', internal: false };
  const without = { address: '169.254.7.8', internal: false };

  it.each([
    ['0.0.0.0', [lo, lo6, linkLocal, v6, v4, other], '10.1.2.3'],
    ['0.0.0.0', [lo, v6], '127.0.0.1'],
    ['0.0.0.0', [], '127.0.0.1'],
    ['0.0.0.0', [lo, without, v4], '10.1.2.3'],
    ['0.0.0.0', [lo, without], '169.254.7.8'],
    ['::', [lo, without, v6], '2001:db8::5'],
    ['::', [lo, without, linkLocal], '169.254.7.8'],
    ['::', [lo, linkLocal, v6, v4], '10.1.2.3'],
    ['::', [lo, lo6, linkLocal, v6], '2001:db8::5'],
    ['::', [lo, lo6, linkLocal], '::1'],
    ['::', [], '::1'],
  ])('%s: %j gives %s', (wildcard, list, expected) => {
    expect(reachable(wildcard, list)).toBe(expected);
  });

  it.each(['tcp://0.0.0.0:0', ...(hasIPv6 ? ['tcp://[::]:0', 'tcp://[::ffff:0.0.0.0]:0'] : [])])('%s', (uri) =>
    onBench(tcp(), async (bench) => {
      const place = await bench.listen(uri);
      // canonical() refuses port 0 and wildcards.
      expect(canonical(place.uri)).toBe(place.uri);
      await bench.pair(place);
    }),
  );

  it('a name is announced as it was given', () =>
    onBench(tcp(), async (bench) => {
      const place = await bench.listen('tcp://LocalHost:0');
      expect(place.uri).toMatch(/^tcp:\/\/localhost:\d+$/);
      await bench.pair(place);
    }));
});

describe('the other end', () => {
  it('is its address without the port', () =>
    onBench(tcp(), async (bench) => {
      const { far } = await bench.pair(await bench.listen('tcp://127.0.0.1:0'));
      expect(far.connection.remote).toBe('tcp://127.0.0.1');
    }));

  it.runIf(hasIPv6)('is the same for IPv4 and for IPv4 that arrives at an IPv6 listener', () =>
    onBench(tcp(), async (bench) => {
      const place = await bench.listen('tcp://[::]:0');
      bench.dial(`tcp://127.0.0.1:${new URL(place.uri).port}`);
      expect((await place.next()).connection.remote).toBe('tcp://127.0.0.1');
      bench.dial(`tcp://[::1]:${new URL(place.uri).port}`);
      expect((await place.next()).connection.remote).toBe('tcp://[::1]');
    }),
  );
});

describe('names', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Answers each look-up with the next of the lists. */
  function resolveTo(...answers: readonly (readonly string[] | Error)[]): readonly string[] {
    const asked: string[] = [];
    const lookup = (host: string, ...rest: unknown[]): void => {
      const answer = answers[asked.length] ?? [];
      asked.push(host);
      const callback = rest.at(-1) as (error: unknown, found?: unknown, family?: number) => void;
      setImmediate(() => {
        if (answer instanceof Error) {
          callback(answer);
          return;
        }
        const found = answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
        if ((rest[0] as { all?: boolean }).all === true) callback(null, found);
        else callback(null, found[0]?.address, found[0]?.family);
      });
    };
    vi.spyOn(dns, 'lookup').mockImplementation(lookup as typeof dns.lookup);
    return asked;
  }

  it('are resolved anew for each connection', () =>
    onBench(tcp(), async (bench) => {
      const place = await bench.listen('tcp://127.0.0.1:0');
      const uri = place.uri.replace('127.0.0.1', 'node.test');
      const asked = resolveTo(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), ['127.0.0.1'], ['127.0.0.1']);
      expect(await bench.dial(uri).closed).toMatchObject({
        code: 'ERR_UNREACHABLE',
        message: expect.stringMatching(/^tcp:\/\/node\.test:\d+: the host name is unknown.*\(ENOTFOUND\)$/),
      });
      await bench.dial(uri).opened;
      await bench.dial(uri).opened;
      expect(asked).toEqual(['node.test', 'node.test', 'node.test']);
    }));

  it('with several addresses, that which answers is taken', () =>
    onBench(tcp(), async (bench) => {
      const place = await bench.listen('tcp://127.0.0.1:0');
      resolveTo(['::1', '127.0.0.1']);
      await bench.dial(place.uri.replace('127.0.0.1', 'node.test')).opened;
    }));

  it.runIf(hasIPv6)('with several addresses, none of which answers, the causes of all are kept', () =>
    onBench(tcp(), async (bench) => {
      const place = await bench.listen(`tcp://${HOST}:0`);
      await place.close();
      resolveTo(['::1', HOST]);
      const error = await bench.dial(place.uri.replace(HOST, 'node.test')).closed;
      expect(error).toMatchObject({ code: 'ERR_REFUSED', cause: expect.any(AggregateError) });
      expect(error?.message).toContain('(ECONNREFUSED)');
    }),
  );

  it('that are not known can not be listened at', () =>
    onBench(tcp(), async (bench) => {
      resolveTo(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
      await expect(bench.listen('tcp://node.test:0')).rejects.toMatchObject({
        code: 'ERR_LISTEN',
        message: expect.stringMatching(/the host name is unknown; check its spelling.*\(ENOTFOUND\)$/),
      });
    }));
});

describe('faults', () => {
  it('a port in use', () =>
    onBench(tcp(), async (bench) => {
      const { uri } = await bench.listen('tcp://127.0.0.1:0');
      await expect(bench.listen(uri)).rejects.toMatchObject({
        code: 'ERR_LISTEN',
        message: `can't listen at ${uri}: the port is in use; choose another, or port 0 for any free one (EADDRINUSE)`,
        cause: { code: 'EADDRINUSE' },
      });
    }));

  it('an address of another machine', () =>
    onBench(tcp(), async (bench) => {
      await expect(bench.listen('tcp://192.0.2.1:0')).rejects.toMatchObject({
        code: 'ERR_LISTEN',
        message: expect.stringContaining('this machine does not have that address'),
      });
    }));

  it('a reset', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const uri = await listening(server);
    await onBench(tcp(), async (bench) => {
      const near = bench.dial(uri);
      near.write(10);
      expect(await near.closed).toMatchObject({
        code: 'ERR_CONNECTION_LOST',
        message: `${uri}: the connection broke (ECONNRESET)`,
        cause: { code: 'ECONNRESET' },
      });
    });
    await new Promise((resolve) => server.close(resolve));
  });
});

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `tcp://127.0.0.1:${(server.address() as { port: number }).port}`;
}
