/** close(): nothing lost that can be saved, nothing left behind, and never waiting for ever. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Server } from '../../src/index.js';
import { Simulation } from '../../src/testing/simulation.js';
import { Child } from '../support/child.js';
import { eventually, heard, Log, packets, within } from '../support/events.js';
import { linked, listening, node, proxied } from '../support/nodes.js';

describe('close', () => {
  it('flushes what was accepted', async () => {
    const { a, b } = await linked<number>();
    const got = packets(b);
    const log = new Log(a);
    for (let i = 0; i < 10_000; i++) a.send('b', i);
    await within(a.close(), 'close');
    expect(got.length).toBe(10_000);
    expect(log.names).toEqual(['disconnect', 'close']);
  });

  it('flushes to a peer that takes one packet after the other with once, and has none at which it listens meanwhile', async () => {
    const sim = new Simulation({ seed: 1 });
    const [a, b] = [sim.server<number>('a'), sim.server<number>('b')];
    const log = new Log(a);
    await sim.until(a.connect('sim://b'));
    const got: unknown[] = [];
    const reading = (async () => {
      while (got.length < 100) {
        const [, packet] = await once(b, 'message');
        got.push(packet);
        await sim.delay(20);
      }
    })();
    for (let i = 0; i < 100; i++) a.send('b', i);
    await sim.until(a.close());
    await sim.until(reading);
    expect([got.length, log.count('undelivered')]).toEqual([100, 0]);
    await sim.close();
  });

  it('is idempotent: one promise, every callback, one event', async () => {
    const { a } = await linked();
    const log = new Log(a);
    let calls = 0;
    const [first, second] = [a.close(() => calls++), a.close(() => calls++)];
    expect(first).toBe(second);
    await first;
    await within(new Promise<void>((resolve) => void a.close(resolve)), 'a late callback');
    expect(calls).toBe(2);
    expect(log.count('close')).toBe(1);
  });

  it('may be called by a listener of what it tells, and both calls resolve', async () => {
    const sim = new Simulation({ seed: 1 });
    const [a] = [sim.server('a', { reconnect: true }), sim.server('b')];
    await sim.until(a.connect('sim://b'));
    sim.network.refuse('a', 'b');
    sim.network.cut('a', 'b');
    await sim.until(() => sim.trace.some((line) => line.includes('a reconnecting b')));
    const inner: Promise<unknown>[] = [];
    a.on('disconnect', () => {
      inner.push(a.close());
      expect(() => a.connect('sim://b')).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
    });
    await sim.until(a.close());
    expect(inner).toHaveLength(1);
    await sim.until(Promise.all(inner));
    await sim.close();
  });

  it('refuses a callback that is none', () => {
    const a = node('a');
    expect(() => a.close(5 as unknown as () => void)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  });

  it('before it listens, in the same turn and in the next', async () => {
    const a = new Server('a');
    const log = new Log(a);
    let told = false;
    a.on('listening', () => {
      told = true;
    });
    await within(a.close(), 'close');
    expect([log.names, told]).toEqual([['close'], false]);
    const b = new Server('b');
    await new Promise(setImmediate);
    await within(b.close(), 'close');
  });

  it('never waits for a peer that does not read longer than closeTimeout, and reports what is left', async () => {
    const { a, b } = await linked({ a: { closeTimeout: 150, window: 1024 * 1024 } });
    // Where nobody listened it would end for that.
    b.messages();
    const log = new Log(a);
    let accepted = 0;
    while (a.send('b', Buffer.alloc(64 * 1024))) accepted++;
    const begun = performance.now();
    await within(a.close(), 'close');
    expect(performance.now() - begun).toBeGreaterThanOrEqual(140);
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(log.names).toEqual(['undelivered', 'disconnect', 'close']);
    const [[, { uncertain, unsent }] = ['', { uncertain: [], unsent: [] }]] = log.of('undelivered');
    expect(uncertain.length + unsent.length).toBe(accepted);
  });

  it('never waits for a peer behind a dead line, whose system takes no more bytes', async () => {
    const { a, proxy } = await proxied({ a: { closeTimeout: 150 } });
    proxy.break('freeze');
    while (a.send('b', Buffer.alloc(512 * 1024)));
    const log = new Log(a);
    const begun = performance.now();
    await within(a.close(), 'close');
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(log.names).toEqual(['undelivered', 'disconnect', 'close']);
  });

  it('with closeTimeout 0 ends at once', async () => {
    const { a, b } = await linked({ a: { closeTimeout: 0 } });
    b.messages();
    a.send('b', 1);
    const begun = performance.now();
    await within(a.close(), 'close');
    expect(performance.now() - begun).toBeLessThan(4000);
  });

  it('while links are lost, dialled and in their handshake', async () => {
    const { a, proxy } = await proxied({ a: { reconnect: true } });
    proxy.refuse = true;
    proxy.break('reset');
    await heard(a, 'reconnecting');
    await within(a.close(), 'close');
  });

  it('makes room: the address is free, and open strangers are let go', async () => {
    const { node: a, uri } = await listening('a');
    const port = Number(new URL(uri).port);
    const stranger = connect(port, '127.0.0.1');
    const gone = new Promise((resolve) =>
      stranger
        .on('close', resolve)
        .on('error', () => undefined)
        .resume(),
    );
    await new Promise((resolve) => stranger.once('connect', resolve));
    await within(a.close(), 'close');
    await within(gone, 'the stranger is let go');
    const { uri: again } = await listening('a', { port });
    expect(again).toBe(uri);
  });

  it('after it nothing works, and says so', async () => {
    const { a, b } = await linked();
    await a.close();
    expect(() => a.connect('tcp://127.0.0.1:1')).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
    expect(a.send('b', 1)).toBe(false);
    expect(a.writable('b')).toBe(false);
    expect(a.connections()).toEqual([]);
    await expect(a.deliver('b', 1)).rejects.toMatchObject({ code: 'ERR_UNKNOWN_PEER' });
    await expect(a.ping('b')).rejects.toMatchObject({ code: 'ERR_UNKNOWN_PEER' });
    await a.flush();
    await a.disconnect('b');
    a.keep('b');
    await eventually(() => b.connections().length === 0, 'b hears of it');
  });

  it('both sides at once', async () => {
    const { a, b } = await linked<number>({ a: { closeTimeout: 9000 }, b: { closeTimeout: 9000 } });
    const [atA, atB] = [packets(a), packets(b)];
    for (let i = 0; i < 1000; i++) {
      a.send('b', i);
      b.send('a', i);
    }
    const begun = performance.now();
    await within(Promise.all([a.close(), b.close()]), 'both');
    expect([atA.length, atB.length]).toEqual([1000, 1000]);
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  it('await using closes the node', async () => {
    const log = await (async () => {
      const a = new Server('a');
      const told = new Log(a);
      await a[Symbol.asyncDispose]();
      return told;
    })();
    expect(log.names).toEqual(['close']);
  });
});

describe('a process', () => {
  it('ends by itself when its nodes are closed, with nothing left behind', async () => {
    const child = new Child('closing.mjs');
    expect(await child.says()).toEqual({ resources: [] });
    expect(await within(child.ended, 'its end', 5000)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('in which a listener throws is told by the error itself, and nothing of the node is between', async () => {
    const child = new Child('throwing.mjs');
    const { code, stderr } = await within(child.ended, 'its end');
    expect(code).toBe(1);
    expect(stderr).toContain('Error: thrown by the application');
    expect(stderr).not.toContain('MasterlessError');
  });
});
