/** Events: their arguments, their order, and listeners that throw. */
import { describe, expect, it } from 'vitest';
import { MasterlessError, msgpack } from '../../src/index.js';
import { eventually, heard, Log, packets, pass, within } from '../support/events.js';
import { behindProxy, linked, listening, node, proxied } from '../support/nodes.js';

/** What reaches the process as uncaught while `run` runs; vitest's own listeners stand aside. */
async function uncaught(run: () => Promise<void>): Promise<unknown[]> {
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const errors: unknown[] = [];
  process.on('uncaughtException', (error) => errors.push(error));
  try {
    await run();
    await pass(5);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener);
  }
  return errors;
}

describe('listeners', () => {
  it('have the node as this, in every event', async () => {
    const { node: b, uri } = await listening('b');
    const a = node('a');
    const selves: unknown[] = [];
    const note = function (this: unknown): void {
      selves.push(this);
    };
    a.on('listening', note).on('connect', note).on('message', note).on('disconnect', note).on('close', note);
    await a.connect(uri);
    await eventually(() => b.connections().length === 1, 'b has it too');
    await b.deliver('a', 1);
    await a.close();
    expect(selves).toEqual([a, a, a, a, a]);
  });

  it.each(['on', 'once', 'addListener', 'prependListener', 'prependOnceListener'] as const)(
    'added by %s get what waited for one',
    async (add) => {
      const { a, b } = await linked();
      const delivered = a.deliver('b', 'waited');
      await a.ping('b');
      const heardBy: unknown[] = [];
      b[add]('message', (_sender, packet) => heardBy.push(packet));
      await within(delivered, 'delivery');
      expect(heardBy).toEqual(['waited']);
    },
  );

  it('can be removed, and then hear nothing', async () => {
    const { a, b } = await linked();
    const [first, second]: [unknown[], unknown[]] = [[], []];
    const hearFirst = (_sender: string, packet: unknown): void => void first.push(packet);
    const hearSecond = (_sender: string, packet: unknown): void => void second.push(packet);
    b.on('message', hearFirst).on('message', hearSecond);
    await a.deliver('b', 1);
    b.off('message', hearFirst);
    await a.deliver('b', 2);
    b.removeListener('message', hearSecond);
    a.send('b', 3);
    await a.ping('b');
    expect([first, second]).toEqual([[1], [1, 2]]);
    const reader = b.messages();
    expect((await reader.next()).value?.packet).toBe(3);
  });

  it('that throw neither disturb the node nor go unheard', async () => {
    const { a, b } = await linked<number>();
    const got: number[] = [];
    b.on('message', (_sender, packet) => {
      got.push(packet);
      if (packet % 2 === 0) throw new Error(`at ${packet}`);
    });
    const errors = await uncaught(async () => {
      for (let i = 0; i < 10; i++) a.send('b', i);
      await within(a.flush(), 'flush');
    });
    expect(got).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(errors.map(String)).toEqual(['Error: at 0', 'Error: at 2', 'Error: at 4', 'Error: at 6', 'Error: at 8']);
    expect(b.connections()).toEqual(['a']);
  });

  it('that throw in connect and disconnect leave the node in order', async () => {
    const { node: b, uri } = await listening('b');
    const a = node('a');
    const fail = (): void => {
      throw new Error('listener');
    };
    for (const each of [a, b]) each.on('connect', fail).on('disconnect', fail);
    const errors = await uncaught(async () => {
      await a.connect(uri);
      await eventually(() => b.connections().length === 1, 'b has it too');
      const heardBy = packets(b);
      await a.deliver('b', 1);
      expect(heardBy).toEqual([1]);
      await a.disconnect('b');
      await eventually(() => b.connections().length === 0, 'b has none');
    });
    expect(errors.map(String)).toEqual(Array(4).fill('Error: listener'));
  });

  it('may do anything in any event: send, disconnect, connect, close', async () => {
    const { node: b, uri } = await listening<string>('b');
    const a = node<string>('a');
    a.on('connect', (id) => {
      a.send(id, 'first');
      a.send(id, 'second');
    });
    const got: string[] = [];
    b.on('message', (sender, packet) => {
      got.push(packet);
      if (packet === 'first') b.send(sender, 'back');
      if (packet === 'second') void b.close();
    });
    const back = packets(a);
    const gone = heard(a, 'disconnect');
    await a.connect(uri);
    expect(await gone).toEqual(['b', 'closed']);
    expect([got, back]).toEqual([['first', 'second'], ['back']]);
  });

  it('an error event that nobody hears is uncaught', async () => {
    const { uri } = await listening('a');
    const errors = await uncaught(async () => {
      const late = node('late', { listen: uri });
      await heard(late, 'close');
    });
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_LISTEN' })]);
  });
});

describe('disconnect gives the reason', () => {
  it('local and disconnected', async () => {
    const { a, b } = await linked();
    const [here, there] = [heard(a, 'disconnect'), heard(b, 'disconnect')];
    await a.disconnect('b');
    expect(await Promise.all([here, there])).toEqual([
      ['b', 'local'],
      ['a', 'disconnected'],
    ]);
  });

  it('closed', async () => {
    const { a, b } = await linked({ a: { reconnect: 0 } });
    const there = heard(a, 'disconnect');
    await b.close();
    expect(await there).toEqual(['b', 'closed']);
  });

  it('unwanted, on both', async () => {
    const { a, b } = await linked();
    const both = [heard(a, 'disconnect'), heard(b, 'disconnect')];
    a.keep('b', false);
    expect(await Promise.all(both)).toEqual([
      ['b', 'unwanted'],
      ['a', 'unwanted'],
    ]);
  });

  it('unreachable and expired, after the attempts and the window', async () => {
    const reconnect = { attempts: 3, minDelay: 5, maxDelay: 10 };
    const { a, b, proxy } = await proxied({ a: { reconnect, resumeWindow: 100 } });
    const log = new Log(a);
    const both = [heard(a, 'disconnect'), heard(b, 'disconnect')];
    proxy.refuse = true;
    proxy.break('reset');
    expect(await Promise.all(both)).toEqual([
      ['b', 'unreachable'],
      ['a', 'expired'],
    ]);
    expect(log.of('reconnecting').map(([, attempt]) => attempt)).toEqual([1, 2, 3]);
    expect(a.isKept('b')).toBe(false);
  });

  it('bad-packet and fault, also where the codec blames the calling code', async () => {
    const codec = {
      ...msgpack(),
      name: 'strict',
      decode: (): unknown => {
        throw new MasterlessError('ERR_ARGUMENT', 'not for me');
      },
    };
    const { node: b, uri } = await listening('b', { codec });
    const a = node('a', { codec, listen: [] });
    await a.connect(uri);
    b.on('message', () => undefined);
    const fault = heard(b, 'fault');
    a.send('b', 'bad');
    const [, error] = await fault;
    expect(error).toMatchObject({ code: 'ERR_BAD_PACKET', message: 'not for me', cause: { code: 'ERR_ARGUMENT' } });
  });

  it('bad-packet, where a packet can not be decoded', async () => {
    const codec = {
      name: 'same',
      encode: (packet: unknown) => Buffer.from(String(packet)),
      decode: (bytes: Uint8Array): unknown => {
        const text = Buffer.from(bytes).toString();
        if (text === 'bad') throw new Error('no');
        return text;
      },
    };
    const { node: b, uri } = await listening('b', { codec });
    const a = node('a', { codec, listen: [] });
    await a.connect(uri);
    const got = packets(b);
    const both = [heard(a, 'disconnect'), heard(b, 'disconnect')];
    const log = new Log(a);
    a.send('b', 'good');
    a.send('b', 'bad');
    a.send('b', 'behind');
    expect(await Promise.all(both)).toEqual([
      ['b', 'bad-packet'],
      ['a', 'bad-packet'],
    ]);
    expect(got).toEqual(['good']);
    // What this side can not decode either is reported as its bytes.
    const [[, { uncertain, unsent }] = ['', { uncertain: [], unsent: [] }]] = log.of('undelivered');
    expect([...uncertain, ...unsent]).toContainEqual(new Uint8Array(Buffer.from('bad')));
    expect([...uncertain, ...unsent]).toContain('behind');
    expect(log.names).toEqual(['undelivered', 'disconnect']);
  });
});

describe('undelivered', () => {
  it('comes before disconnect, and tells what left from what never did', async () => {
    const { node: b, proxy } = await behindProxy('b');
    const a = node('a', { listen: [], reconnect: 0 });
    await a.connect(proxy.uri);
    await eventually(() => b.connections().length === 1, 'b has it too');
    a.send('b', 'left');
    await a.ping('b');
    proxy.break('reset');
    const log = new Log(a);
    a.send('b', 'stayed');
    await heard(a, 'disconnect');
    expect(log.names).toEqual(['undelivered', 'disconnect']);
    const [[id, { uncertain, unsent }] = ['', { uncertain: [], unsent: [] }]] = log.of('undelivered');
    expect(id).toBe('b');
    expect([...uncertain, ...unsent]).toEqual(['left', 'stayed']);
    expect(uncertain).toContain('left');
  });

  it('does not come when nothing is left', async () => {
    const { a, b } = await linked();
    const log = new Log(a);
    packets(b);
    await a.deliver('b', 1);
    await a.disconnect('b');
    expect(log.names).toEqual(['disconnect']);
  });
});
