/** A link that is cut again and again, on any byte: nothing is lost, doubled or out of order, in either direction. */
import { describe, expect, it } from 'vitest';
import type { Server, ServerOptions } from '../../src/index.js';
import type { Random } from '../../src/testing/random.js';
import { eventually, heard, Log, within } from '../support/events.js';
import { proxied } from '../support/nodes.js';
import type { Break, Network } from '../support/proxy.js';
import { scaled, seeded } from '../support/seed.js';

const PERSISTENT: ServerOptions = {
  heartbeat: 20,
  timeout: 150,
  // A frozen link is given up only when its probe has failed, on either side.
  probeTimeout: 100,
  stallTimeout: 2000,
  handshakeTimeout: 500,
  reconnect: { attempts: Number.POSITIVE_INFINITY, minDelay: 1, maxDelay: 10 },
  resumeWindow: 60_000,
};

/** Sends the numbers below `count`, some of them much larger than others. */
async function pour(node: Server<unknown>, to: string, count: number, random: Random): Promise<void> {
  for (let n = 0; n < count; ) {
    const packet = random.chance(0.001) ? [n, Buffer.alloc(random.below(300_000))] : n;
    if (node.send(to, packet)) n++;
    else await heard(node, 'drain', undefined, 60_000);
    // So that accepting and cutting alternate.
    if (n % 500 === 0) await new Promise(setImmediate);
  }
}

/** Checks the numbers as they come; how many came so far. */
function count(node: Server<unknown>): { readonly came: number } {
  const counter = { came: 0 };
  node.on('message', (_sender, packet) => {
    const n = Array.isArray(packet) ? packet[0] : packet;
    if (n !== counter.came) throw new Error(`${node.id} got ${n} in place of ${counter.came}`);
    counter.came++;
  });
  return counter;
}

/** Cuts `cuts` times, each so many bytes after the one before as `gap` says. */
function cutAgain(network: Network, cuts: number, gap: () => number, how: () => Break): { readonly done: number } {
  const counter = { done: 0 };
  network.onCut = () => {
    if (++counter.done < cuts) network.cutAfter(gap(), how());
  };
  network.cutAfter(gap(), how());
  return counter;
}

async function storm(
  total: number,
  cuts: number,
  gap: (random: Random) => number,
  how: (random: Random) => Break,
): Promise<void> {
  const random = seeded();
  const { a, b, proxy } = await proxied({ a: PERSISTENT, b: PERSISTENT });
  const logs = [new Log(a), new Log(b)];
  const [atA, atB] = [count(a), count(b)];
  const cut = cutAgain(
    proxy,
    cuts,
    () => gap(random),
    () => how(random),
  );
  await Promise.all([pour(a, 'b', total, random), pour(b, 'a', total, random)]);
  const all = (): boolean => atA.came === total && atB.came === total;
  await eventually(all, 'all packets', 120_000);
  // Cuts that the traffic did not reach come now, between the heartbeats.
  await eventually(() => cut.done === cuts, 'all cuts', 120_000);
  await within(Promise.all([a.deliver('b', total), b.deliver('a', total)]), 'the last packets', 30_000);
  expect([atA.came, atB.came]).toEqual([total + 1, total + 1]);
  for (const log of logs) {
    expect([log.count('disconnect'), log.count('undelivered'), log.count('conflict')]).toEqual([0, 0, 0]);
  }
  expect(proxy.connections).toBeGreaterThan(cuts / 2);
}

describe('100,000 packets in each direction', () => {
  it('and 200 resets', { timeout: 180_000 }, async () => {
    await storm(
      100_000,
      scaled(200, 1000),
      (random) => (random.chance(0.2) ? random.below(300) : random.below(100_000)),
      () => 'reset',
    );
  });

  it('and half-open cuts among resets', { timeout: 180_000 }, async () => {
    await storm(
      100_000,
      scaled(40, 400),
      (random) => random.below(100_000),
      (random) => (random.chance(0.5) ? 'freeze' : 'reset'),
    );
  });
});

describe('cuts within the replay', () => {
  it.each(['reset', 'freeze'] as const)(
    '%s: each falls a little further into it',
    { timeout: 120_000 },
    async (how) => {
      const { a, b, proxy } = await proxied({ a: PERSISTENT, b: PERSISTENT });
      const atB = count(b);
      // Nothing arrives while this is accepted.
      proxy.break(how);
      for (let n = 0; n < 2000; n++) a.send('b', n);
      let at = 100;
      const cut = cutAgain(
        proxy,
        scaled(how === 'reset' ? 60 : 15, 200),
        () => (at += 37),
        () => how,
      );
      await eventually(() => atB.came === 2000, 'all packets', 60_000);
      expect(cut.done).toBeGreaterThan(3);
      await within(a.flush('b'), 'flush', 60_000);
    },
  );

  it('resume at count 0: cut before anything arrived, many times in a row', { timeout: 60_000 }, async () => {
    const { a, b, proxy } = await proxied({ a: PERSISTENT, b: PERSISTENT });
    const logs = [new Log(a), new Log(b)];
    for (let i = 0; i < 100; i++) {
      const both = [heard(a, 'reconnect'), heard(b, 'reconnect')];
      proxy.break('reset');
      await Promise.all(both);
    }
    const atB = count(b);
    await a.deliver('b', 0);
    expect(atB.came).toBe(1);
    expect(logs.map((log) => log.count('disconnect'))).toEqual([0, 0]);
  });
});
