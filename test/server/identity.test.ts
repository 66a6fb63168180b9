/** Who is who: two nodes of one id, a node that comes back, and what tells them apart. */
import { describe, expect, it } from 'vitest';
import { Simulation } from '../../src/testing/index.js';
import { eventually, heard, Log, packets, within } from '../support/events.js';
import { behindProxy, linked, listening, node } from '../support/nodes.js';

const QUICK = { heartbeat: 200, timeout: 5000, probeTimeout: 300 };

describe('two live nodes of one id', () => {
  it('are a conflict for all three; the newcomer is turned away, the first stays', async () => {
    const { node: hub, uri } = await listening('hub', { probeTimeout: 200 });
    const first = node('twin');
    const second = node('twin', { reconnect: 5 });
    await first.connect(uri);
    await eventually(() => hub.connections().length === 1, 'the first is there');
    const logs = [hub, first, second].map((each) => new Log(each));
    const error = await within(
      second.connect(uri).then(
        () => null,
        (reason: unknown) => reason,
      ),
      'a rejection',
    );
    expect(error).toMatchObject({ code: 'ERR_ID_IN_USE', side: 'remote' });
    expect(String(error)).toContain('twin');
    expect(logs.map((log) => log.of('conflict'))).toEqual([[['twin']], [['twin']], [['twin']]]);
    expect(logs.map((log) => log.count('disconnect') + log.count('reconnecting'))).toEqual([0, 0, 0]);
    const heardBy = packets(first);
    await hub.deliver('twin', 'still you');
    expect(heardBy).toEqual(['still you']);
    expect(second.connections()).toEqual([]);
  });

  it('that dial each other are a conflict on both', async () => {
    const { node: first } = await listening('twin');
    const { node: second, uri } = await listening('twin');
    const [here, there] = [heard(first, 'conflict'), heard(second, 'conflict')];
    await expect(first.connect(uri)).rejects.toMatchObject({ code: 'ERR_ID_IN_USE' });
    expect(await Promise.all([here, there])).toEqual([['twin'], ['twin']]);
    expect([first.connections(), second.connections()]).toEqual([[], []]);
  });
});

describe('a node that is restarted', () => {
  it('replaces its ghost: disconnect "restarted", then connect, with another incarnation', async () => {
    const { node: hub, proxy } = await behindProxy('hub', QUICK);
    const first = node('w', { listen: [] });
    await first.connect(proxy.uri);
    await eventually(() => hub.connections().length === 1, 'the first is there');
    const log = new Log(hub);
    // It is gone without a word, and nobody has noticed.
    proxy.break('freeze');
    const begun = performance.now();
    const again = heard(hub, 'connect');
    const second = node('w', { listen: [] });
    await second.connect(proxy.uri);
    await again;
    // Long before anybody would have suspected the silent one.
    expect(performance.now() - begun).toBeLessThan(3000);
    expect(log.names).toEqual(['disconnect', 'connect']);
    expect(log.of('disconnect')).toEqual([['w', 'restarted']]);
    expect(hub.connections()).toEqual(['w']);
    expect(log.count('conflict')).toBe(0);
  });

  it('is a new session: nothing of the old one is carried over, what was not acknowledged is reported', async () => {
    const { node: hub, proxy } = await behindProxy('hub', QUICK);
    const first = node('w', { listen: [] });
    const [, before] = await Promise.all([first.connect(proxy.uri), heard(hub, 'connect')]);
    for (let i = 0; i < 3; i++) hub.send('w', i);
    await hub.ping('w');
    proxy.break('freeze');
    for (let i = 3; i < 6; i++) hub.send('w', i);
    const log = new Log(hub);
    const second = node('w', { listen: [] });
    const heardBy = packets(second);
    const [, after] = await Promise.all([second.connect(proxy.uri), heard(hub, 'connect')]);
    expect(after[1].incarnation).not.toBe(before[1].incarnation);
    await hub.deliver('w', 'new');
    expect(heardBy).toEqual(['new']);
    expect(log.names.slice(0, 3)).toEqual(['undelivered', 'disconnect', 'connect']);
    const [[id, { uncertain, unsent }] = ['', { uncertain: [], unsent: [] }]] = log.of('undelivered');
    expect(id).toBe('w');
    expect([...uncertain, ...unsent]).toEqual([0, 1, 2, 3, 4, 5]);
    expect(uncertain.slice(0, 3)).toEqual([0, 1, 2]);
  });

  it('on the same port is found again by who keeps it', async () => {
    const { node: b, uri } = await listening('b');
    const a = node('a', { listen: [], reconnect: { attempts: 1000, minDelay: 5, maxDelay: 20 } });
    await a.connect(uri);
    const log = new Log(a);
    await b.close();
    const again = heard(a, 'connect');
    const port = Number(new URL(uri).port);
    const { node: next } = await listening('b', { port });
    const [id, info] = await again;
    expect([id, info.uri]).toEqual(['b', uri]);
    expect(log.of('disconnect')).toEqual([['b', 'restarted']]);
    const heardBy = packets(next);
    await a.deliver('b', 'hello');
    expect(heardBy).toEqual(['hello']);
  });
});

it('connect and disconnect alternate, however often a link comes and goes', async () => {
  const { a, b, uri } = await linked();
  const logs = [new Log(a), new Log(b)];
  for (let i = 0; i < 20; i++) {
    const back = heard(b, 'connect');
    await a.disconnect('b');
    await a.connect(uri);
    await back;
  }
  for (const log of logs) {
    const names = log.names.filter((name) => name === 'connect' || name === 'disconnect');
    expect(names).toEqual(Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 'disconnect' : 'connect')));
  }
});

it('what is delivered while the end of the session before is told goes to a restarted peer that is there again', async () => {
  const sim = new Simulation({ seed: 3 });
  // The smaller id follows: it hears of the restart and of the new session at once.
  const a = sim.server('a', { reconnect: true, window: 4096 });
  sim.server('b');
  await sim.until(a.connect('sim://b'));
  while (a.send('b', 'x'.repeat(500)));
  const waited = a.deliver('b', 'x'.repeat(500));
  const log = new Log(a);
  const again: Promise<void>[] = [];
  a.on('undelivered', (id, { uncertain }) => {
    expect(uncertain).toHaveLength(5);
    for (const packet of [...uncertain, 'last'.padEnd(500)]) again.push(a.deliver(id, packet));
  });
  await sim.run(100);
  sim.crash('b');
  const got = packets(sim.server('b'));
  await expect(sim.until(waited)).rejects.toMatchObject({ code: 'ERR_UNDELIVERED', uncertain: false });
  expect(again).toHaveLength(6);
  await sim.until(Promise.all(again));
  expect(got).toHaveLength(6);
  expect(log.of('disconnect')).toEqual([['b', 'restarted']]);
  expect(log.names.indexOf('disconnect')).toBeLessThan(log.names.indexOf('connect'));
  await sim.close();
});
