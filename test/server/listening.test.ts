/** Where a node listens, what it says of it, and what it refuses. */
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Server, type ServerOptions } from '../../src/index.js';
import { memory } from '../../src/transports/memory.js';
import { eventually, heard, Log, packets, within } from '../support/events.js';
import { listening, node, socketPath } from '../support/nodes.js';

describe('listening', () => {
  it('happens once, and never for a node that only dials', async () => {
    const a = node('a', { listen: [] });
    let told = 0;
    a.on('listening', () => told++);
    const { uri } = await listening('b');
    await a.connect(uri);
    expect(told).toBe(0);
    expect(a.info()).toBeNull();
  });

  it('at several addresses, of which info() gives the first', async () => {
    const path = socketPath();
    const listen = [`unix://${path}`, 'tcp://127.0.0.1:0', 'memory://several'];
    const { node: b, uri } = await listening('b', { listen });
    expect(uri).toBe(`unix://${path}`);
    expect(b.info()).toBe(uri);
    const a = node('a', { listen: [] });
    const connected = heard(a, 'connect');
    await a.connect('memory://several');
    const [, info] = await connected;
    expect(info.addresses).toEqual([uri, expect.stringMatching(/^tcp:\/\/127\.0\.0\.1:\d+$/), 'memory://several']);
    expect(await a.connect(info.addresses[1] ?? '')).toBe('b');
  });

  it.each([
    ['unix', () => `unix://${socketPath()}`],
    ['memory', () => 'memory://alone'],
  ])('over %s works as over TCP', async (_scheme, address) => {
    const { node: b, uri } = await listening('b', { listen: address() });
    const a = node('a', { listen: [] });
    const [atA, atB] = [packets(a), packets(b)];
    expect(await a.connect(uri)).toBe('b');
    await a.deliver('b', Buffer.alloc(1_000_000));
    await b.deliver('a', 'back');
    expect([atA, atB.length]).toEqual([['back'], 1]);
    await b.close();
    await eventually(() => a.connections().length === 0, 'a hears of it');
  });

  it('advertise is told in place of what was bound', async () => {
    const { node: b } = await listening('b', { advertise: 'tcp://example.test:1234' });
    expect(b.info()).toBe('tcp://example.test:1234');
  });

  it('advertise is told in the one spelling that every address has', async () => {
    const { uri } = await listening('b', { advertise: ['TCP://EXAMPLE.test:1234', 'unix:///a//b'] });
    expect(uri).toBe('tcp://example.test:1234');
  });

  it('at every interface never announces a wildcard', async () => {
    const { uri } = await listening('b', { host: '0.0.0.0', insecure: true });
    expect(uri).not.toContain('0.0.0.0');
    expect(await node('a').connect(uri.replace(/\/\/.*:/, '//127.0.0.1:'))).toBe('b');
  });

  it('takes the place of no live socket file, nor of any other file', async () => {
    const path = socketPath();
    const { node: first } = await listening('first', { listen: `unix://${path}` });
    const second = node('second', { listen: `unix://${path}` });
    const [error] = await heard(second, 'error');
    expect(error).toMatchObject({ code: 'ERR_LISTEN', side: 'local' });
    expect(error.message).toContain(path);
    expect(await node('a').connect(first.info() ?? '')).toBe('first');
    const file = socketPath();
    writeFileSync(file, 'precious');
    const [other] = await heard(node('third', { listen: `unix://${file}` }), 'error');
    expect(other.code).toBe('ERR_LISTEN');
  });
});

describe('an address that is taken', () => {
  it('is an error event, then close; the message says what to do', async () => {
    const { uri } = await listening('a');
    const port = Number(new URL(uri).port);
    const late = node('late', { port });
    const log = new Log(late);
    const closed = heard(late, 'close');
    const [error] = await heard(late, 'error');
    expect(error).toMatchObject({ code: 'ERR_LISTEN', side: 'local', name: 'MasterlessError' });
    expect(error.message).toContain(`127.0.0.1:${port}`);
    expect(error.message).toContain('EADDRINUSE');
    expect(error.message).toContain('choose another');
    await closed;
    expect(log.names).toEqual(['close']);
    expect(late.info()).toBeNull();
    await within(late.close(), 'close');
  });

  it('among several leaves none bound', async () => {
    const { uri } = await listening('a');
    const free = `memory://free-${Date.now()}`;
    const late = node('late', { listen: [free, uri] });
    const closed = heard(late, 'close');
    await heard(late, 'error');
    await closed;
    await listening('next', { listen: free });
  });

  it('rejects what was to be dialled from there', async () => {
    const { uri } = await listening('a');
    const late = node('late', { listen: uri });
    const promise = late.connect(uri);
    await heard(late, 'error');
    await expect(promise).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });
});

describe('new Server throws', () => {
  const wrong: [string, ServerOptions, string, RegExp][] = [
    ['a listener for all', { host: '0.0.0.0' }, 'ERR_INSECURE', /insecure: true/],
    ['a listener for all, IPv6', { host: '::' }, 'ERR_INSECURE', /insecure: true/],
    ['a listener for a network', { listen: 'tcp://192.168.1.1:0' }, 'ERR_INSECURE', /192\.168\.1\.1/],
    ['one of several', { listen: ['tcp://127.0.0.1:0', 'tcp://[::]:0'] }, 'ERR_INSECURE', /\[::\]/],
    ['a bad URI', { listen: 'nowhere' }, 'ERR_URI', /tcp:\/\//],
    ['a bad advertised URI', { advertise: 'tcp://0.0.0.0:1' }, 'ERR_URI', /0\.0\.0\.0/],
    ['port 70000', { port: 70_000 }, 'ERR_OPTION', /port is 70000: it must be a whole number from 0 to 65535/],
    ['port "1"', { port: '1' as unknown as number }, 'ERR_OPTION', /port/],
    ['half a port', { port: 1.5 }, 'ERR_OPTION', /port/],
    ['an empty host', { host: '' }, 'ERR_OPTION', /host/],
    ['listen with port', { listen: [], port: 1 }, 'ERR_OPTION', /listen/],
    ['no list', { listen: 5 as unknown as string }, 'ERR_OPTION', /listen/],
    ['an unknown option', { prot: 1 } as ServerOptions, 'ERR_OPTION', /options\.prot/],
    ['a misspelt limit', { limits: { dept: 1 } } as ServerOptions, 'ERR_OPTION', /limits\.dept/],
    ['a misspelt delay', { reconnect: { delay: 1 } } as ServerOptions, 'ERR_OPTION', /reconnect\.delay/],
    ['a negative time', { heartbeat: -1 }, 'ERR_OPTION', /heartbeat/],
    ['NaN', { timeout: Number.NaN }, 'ERR_OPTION', /timeout/],
    ['timeout below heartbeat', { heartbeat: 100, timeout: 100 }, 'ERR_OPTION', /timeout.*heartbeat/],
    ['stallTimeout below timeout', { stallTimeout: 100 }, 'ERR_OPTION', /stallTimeout/],
    ['maxDelay below minDelay', { reconnect: { minDelay: 5, maxDelay: 1 } }, 'ERR_OPTION', /maxDelay/],
    ['a window of nothing', { window: 0 }, 'ERR_OPTION', /window/],
    ['endless time', { timeout: Number.POSITIVE_INFINITY }, 'ERR_OPTION', /timeout/],
    ['a codec without a name', { codec: {} as ServerOptions['codec'] & object }, 'ERR_OPTION', /codec/],
    ['insecure: 1', { insecure: 1 as unknown as boolean }, 'ERR_OPTION', /insecure/],
    ['a debug that is none', { debug: 'yes' as unknown as () => void }, 'ERR_OPTION', /debug/],
    ['no object', 5 as ServerOptions, 'ERR_OPTION', /object/],
    ['null', null as unknown as ServerOptions, 'ERR_OPTION', /object/],
  ];

  it.each(wrong)('for %s', (_what, options, code, message) => {
    expect(() => new Server('x', options)).toThrow(expect.objectContaining({ code, side: 'local' }));
    expect(() => new Server('x', options)).toThrow(message);
  });

  it.each([[''], ['x'.repeat(256)], ['ü'.repeat(128)], ['\ud800'], [5], [null], [undefined]])('for the id %j', (id) => {
    expect(() => new Server(id as string)).toThrow(expect.objectContaining({ code: 'ERR_ID' }));
  });

  it('and takes an id of 255 bytes', async () => {
    const long = `${'ü'.repeat(127)}x`;
    const { uri } = await listening(long);
    expect(await node('a').connect(uri)).toBe(long);
  });
});

describe('options', () => {
  it('transports: one of one’s own, in place of the built-in', async () => {
    const schemes: string[] = [];
    const own = { ...memory(), scheme: 'own' };
    const inner = memory();
    const to = (uri: string): string => uri.replace(/^own:/, 'memory:');
    const transport = {
      ...own,
      canonical: (uri: string) => {
        schemes.push(uri);
        return uri;
      },
      isLocal: () => true,
      listen: (uri: string, events: Parameters<typeof inner.listen>[1]) =>
        inner.listen(to(uri), { ...events, listening: (bound) => events.listening(bound.replace(/^memory:/, 'own:')) }),
      dial: (uri: string, events: Parameters<typeof inner.dial>[1]) => inner.dial(to(uri), events),
    };
    const { uri } = await listening('b', { listen: 'own://there', transports: [transport] });
    expect(uri).toBe('own://there');
    expect(await node('a', { listen: [], transports: [transport] }).connect(uri)).toBe('b');
    expect(schemes).toContain('own://there');
  });

  it('debug gets what the node does, and may throw', async () => {
    const said: unknown[][] = [];
    const { uri } = await listening('b', { debug: (...values) => said.push(values) });
    await node('a').connect(uri);
    await eventually(() => said.some(([first]) => first === 'connected to'), 'word of the connection');
  });

  it('limits.peers: one more than that is turned away', async () => {
    const { uri } = await listening('hub', { limits: { peers: 2 } });
    await node('a').connect(uri);
    await node('b').connect(uri);
    await expect(node('c', { reconnect: 0 }).connect(uri)).rejects.toMatchObject({ code: 'ERR_LIMIT' });
  });
});
