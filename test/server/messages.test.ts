/** How packets reach the application: listeners, iterators, and what waits for neither. */
import { describe, expect, it, vi } from 'vitest';
import type { Server } from '../../src/index.js';
import { Simulation } from '../../src/testing/index.js';
import { heard, packets, pass, within } from '../support/events.js';
import { linked } from '../support/nodes.js';

const KiB = 1024;

describe('messages', () => {
  it('holds the sender back: what is not taken stays in his window', async () => {
    const { a, b } = await linked<string>({ a: { window: 64 * KiB } });
    const reader = b.messages();
    const packet = 'x'.repeat(4 * KiB);
    let accepted = 0;
    while (a.send('b', packet)) accepted++;
    expect(accepted).toBeLessThan(17);
    await pass(100);
    expect(a.send('b', packet)).toBe(false);
    const drained = heard(a, 'drain');
    for (let i = 0; i < accepted; i++) expect((await reader.next()).value).toEqual({ sender: 'a', packet });
    await drained;
    expect(a.send('b', packet)).toBe(true);
  });

  it('acknowledges a packet when it is taken', async () => {
    const { a, b } = await linked();
    const delivered = [false, false];
    const first = a.deliver('b', 1).then(() => (delivered[0] = true));
    const second = a.deliver('b', 2).then(() => (delivered[1] = true));
    const reader = b.messages();
    await reader.next();
    await within(first, 'the first');
    expect(delivered).toEqual([true, false]);
    await reader.next();
    await within(second, 'the second');
  });

  it('gives what came before anybody read', async () => {
    const { a, b } = await linked();
    for (let i = 0; i < 10; i++) a.send('b', i);
    await a.ping('b');
    const got: unknown[] = [];
    for await (const { packet } of b.messages()) {
      got.push(packet);
      if (got.length === 10) break;
    }
    expect(got).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('ends after what waits when the node is closed', async () => {
    const { a, b } = await linked({ b: { closeTimeout: 50 } });
    for (let i = 0; i < 3; i++) a.send('b', i);
    await a.ping('b');
    const reader = b.messages();
    const closed = b.close();
    const got: unknown[] = [];
    for await (const { packet } of reader) got.push(packet);
    expect(got).toEqual([0, 1, 2]);
    await closed;
    expect(await reader.next()).toEqual({ done: true, value: undefined });
    expect(await b.messages().next()).toEqual({ done: true, value: undefined });
  });

  it('several iterators each get every packet; the slowest holds back', async () => {
    const { a, b } = await linked();
    const [fast, slow] = [b.messages(), b.messages()];
    let had = false;
    const delivered = a.deliver('b', 'x').then(() => (had = true));
    expect((await fast.next()).value?.packet).toBe('x');
    await pass(40);
    expect(had).toBe(false);
    expect((await slow.next()).value?.packet).toBe('x');
    await within(delivered, 'delivery');
  });

  it('an iterator that is left no longer holds back', async () => {
    const { a, b } = await linked();
    const [fast, slow] = [b.messages(), b.messages()];
    const delivered = a.deliver('b', 'x');
    await fast.next();
    await slow.return?.();
    await within(delivered, 'delivery');
    expect(await slow.next()).toEqual({ done: true, value: undefined });
  });

  it('beside listeners gives every packet to both', async () => {
    const { a, b } = await linked();
    const reader = b.messages();
    const listener = packets(b);
    void a.deliver('b', 1);
    expect((await reader.next()).value?.packet).toBe(1);
    expect(listener).toEqual([1]);
  });

  it('throws the reason of its signal, waiting or not', async () => {
    const { b } = await linked();
    const controller = new AbortController();
    const reader = b.messages({ signal: controller.signal });
    const next = reader.next();
    controller.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    expect(await reader.next()).toEqual({ done: true, value: undefined });
    await expect(b.messages({ signal: AbortSignal.abort(new Error('never')) }).next()).rejects.toThrow('never');
    expect(() => b.messages({ signal: 5 as unknown as AbortSignal })).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
  });

  it('several calls of next() are answered in order', async () => {
    const { a, b } = await linked();
    const reader = b.messages();
    const nexts = [reader.next(), reader.next(), reader.next()];
    for (let i = 0; i < 3; i++) a.send('b', i);
    expect((await Promise.all(nexts)).map((each) => each.value?.packet)).toEqual([0, 1, 2]);
  });
});

describe("once('message')", () => {
  it('loses nothing between two calls', async () => {
    const { a, b } = await linked<number>();
    for (let i = 0; i < 1000; i++) a.send('b', i);
    for (let i = 0; i < 1000; i++) {
      const [, packet] = await new Promise<[string, number]>((resolve) => {
        b.once('message', (...args) => resolve(args));
      });
      expect(packet).toBe(i);
      if (i % 100 === 0) await pass(1);
    }
    await within(a.flush(), 'flush');
  });

  it('nothing is acknowledged that nobody heard, and nothing lost that came before the first listener', async () => {
    const { a, b } = await linked<number>();
    const delivered = a.deliver('b', 1);
    await a.ping('b');
    const [, packet] = await heard(b, 'message');
    expect(packet).toBe(1);
    await within(delivered, 'delivery');
  });

  it('a packet that nobody hears is emitted once, and again to whoever comes', async () => {
    const { a, b } = await linked<number>();
    const emit = vi.spyOn(b, 'emit');
    const emitted = (): unknown[] => emit.mock.calls.filter(([event]) => event === 'message');
    a.send('b', 1);
    await a.ping('b');
    expect(emitted()).toEqual([['message', 'a', 1]]);
    await heard(b, 'message');
    expect(emitted()).toHaveLength(2);
    emit.mockRestore();
  });
});

describe('parting from a node that does not read', () => {
  it.each<[string, (b: Server) => unknown]>([
    ['and never did', () => undefined],
    ['whose reader never was one', (b) => b.messages({ signal: AbortSignal.abort() })],
    ['whose reader has left', (b) => b.messages().return()],
    [
      'whose listener has left',
      (b) => {
        const listener = (): void => undefined;
        b.on('message', listener);
        b.off('message', listener);
      },
    ],
  ])('is not waited for, %s', async (_, how) => {
    const sim = new Simulation();
    const [a, b] = [sim.server('a', { closeTimeout: 60_000 }), sim.server('b')];
    await sim.until(a.connect('sim://b'));
    a.send('b', 1);
    await sim.run(100);
    await how(b);
    await sim.run(100);
    const begun = sim.now;
    await sim.until(a.disconnect('b'));
    expect(sim.now - begun).toBeLessThan(5000);
    await sim.close();
  });
});
