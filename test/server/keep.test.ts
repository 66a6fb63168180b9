/** Wishes: who wants a link kept, what that means, and how they are withdrawn. */
import { describe, expect, it } from 'vitest';
import { eventually, heard, Log, packets, pass } from '../support/events.js';
import { linked, listening, node, proxied } from '../support/nodes.js';

describe('keep', () => {
  it('is this node’s own wish, and shows in isKept', async () => {
    const { a, b } = await linked();
    expect([a.isKept('b'), b.isKept('a'), a.isKept('nobody')]).toEqual([true, false, false]);
    b.keep('a');
    expect(b.isKept('a')).toBe(true);
    b.keep('a', false);
    expect(b.isKept('a')).toBe(false);
    expect(() => b.keep('')).toThrow(expect.objectContaining({ code: 'ERR_ID' }));
    expect(() => b.keep('a', 1 as unknown as boolean)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
    expect(() => b.isKept(5 as unknown as string)).toThrow(expect.objectContaining({ code: 'ERR_ID' }));
  });

  it('a link that one side keeps stays when the other does not', async () => {
    const { a, b } = await linked();
    const log = new Log(a);
    b.keep('a');
    await b.ping('a');
    a.keep('b', false);
    await a.ping('b');
    await b.ping('a');
    expect([log.names, a.connections()]).toEqual([[], ['b']]);
    const gone = heard(a, 'disconnect');
    b.keep('a', false);
    expect(await gone).toEqual(['b', 'unwanted']);
  });

  it('for one not yet met holds once it has come', async () => {
    const { node: b, uri } = await listening('b');
    b.keep('a');
    expect(b.isKept('a')).toBe(true);
    const a = node('a');
    await a.connect(uri);
    a.keep('b', false);
    await a.ping('b');
    await pass(20);
    expect(a.connections()).toEqual(['b']);
  });

  it('the side that is kept from away is dialled by the one that keeps', async () => {
    // b dialled, but only a keeps: a has b's address from its HELLO.
    const { node: a, uri } = await listening('a');
    const { node: b } = await listening('b');
    await b.connect(uri);
    await eventually(() => a.connections().length === 1, 'a has it too');
    a.keep('b');
    await a.ping('b');
    b.keep('a', false);
    await b.ping('a');
    const log = new Log(a);
    const back = heard(a, 'reconnect');
    void b.disconnect('a');
    await back;
    expect(log.names).toEqual(['reconnecting', 'reconnect']);
  });
});

describe('disconnect', () => {
  it('flushes what was accepted before', async () => {
    const { a, b } = await linked<number>();
    const got = packets(b);
    for (let i = 0; i < 5000; i++) a.send('b', i);
    await a.disconnect('b');
    expect(got.length).toBe(5000);
    expect(a.isKept('b')).toBe(false);
  });

  it('withdraws the wish, and nothing is dialled again', async () => {
    const { a, b, proxy } = await proxied({ a: { reconnect: true } });
    await a.disconnect('b');
    await eventually(() => b.connections().length === 0, 'b has none');
    await pass(50);
    expect([proxy.connections, proxy.open, a.isKept('b')]).toEqual([1, 0, false]);
  });

  it('resolves at once for who is not connected; twice is as once', async () => {
    const { a } = await linked();
    await a.disconnect('nobody');
    const log = new Log(a);
    await Promise.all([a.disconnect('b'), a.disconnect('b')]);
    await a.disconnect('b');
    expect(log.names).toEqual(['disconnect']);
    expect(() => a.disconnect('')).toThrow(expect.objectContaining({ code: 'ERR_ID' }));
  });

  it('while the link is down ends the attempts', async () => {
    const { a, proxy } = await proxied({ a: { reconnect: { attempts: 1000, minDelay: 10, maxDelay: 20 } } });
    const log = new Log(a);
    proxy.refuse = true;
    proxy.break('reset');
    await heard(a, 'reconnecting', (_id, attempt) => attempt === 3);
    await a.disconnect('b');
    expect(log.names.at(-1)).toBe('disconnect');
    const attempts = log.count('reconnecting');
    await pass(60);
    expect(log.count('reconnecting')).toBe(attempts);
  });

  it('of a peer that does not read ends after closeTimeout, and what is left is reported', async () => {
    const { a, b } = await linked({ a: { closeTimeout: 100 } });
    // Where nobody listened it would end for that.
    b.messages();
    const log = new Log(a);
    a.send('b', 'never taken');
    const begun = performance.now();
    await a.disconnect('b');
    expect(performance.now() - begun).toBeLessThan(4000);
    expect(log.names).toEqual(['undelivered', 'disconnect']);
    expect(log.of('undelivered')).toEqual([['b', { uncertain: ['never taken'], unsent: [] }]]);
  });
});
