/** How cost grows: with links, with packets under way, with the size of packets. */
import { Pair } from '../pair.js';
import type { PeerInfo, TransportName } from '../peer.js';
import { CPU, type Scale, type Workload } from '../workload.js';

/** Each takes a minute or so: what a curve looks like needs no fifth, and where one end is held to the other no more than three. */
const MOST_ROUNDS = 2;
const MOST_ROUNDS_OF_LINKS = 3;
/** Packets a second over all links together: each of 2,000 links has two and a half. */
const RATE_OF_ALL = 5000;
/** Bytes that a million small packets take of a window, with room to spare. */
const WINDOW = 1024 * 1024 * 1024;

export const growthLinks: Workload = {
  name: 'growth-links',
  title: 'links of one node',
  about:
    'One sender, from one link to 2,000, 5,000 small packets a second over all of them together. Each packet is sent in a turn ' +
    'of the event loop of its own, so that a single link does not win by gathering.',
  figures: [CPU],
  mostRounds: MOST_ROUNDS_OF_LINKS,
  refuses,
  axis: { title: 'links', unit: '', points: ({ quick }) => (quick ? [1, 8] : [1, 10, 100, 500, 2000]) },
  async measure(peer, transport, scale) {
    const readings: Record<string, number> = {};
    for (const links of pointsOf(growthLinks, scale)) {
      readings[`cpu@${links}`] = await Pair.with(peer.name, transport, async (pair) => {
        await pair.open({ pattern: 'duplex', links });
        const count = Math.max(links, Math.ceil((RATE_OF_ALL * scale.milliseconds * 2) / 1000));
        // At such a rate code is compiled late: as much again as is measured goes before it.
        await pair.run({ mode: 'paced', rate: RATE_OF_ALL, count });
        const { cpu, packets } = await pair.run({ mode: 'paced', rate: RATE_OF_ALL, count });
        return cpu / packets;
      });
    }
    return readings;
  },
};

export const growthOutstanding: Workload = {
  name: 'growth-outstanding',
  title: 'packets under way',
  about:
    'Small packets there and back over one link, from one under way to a million. The windows of masterless, 16 MiB by default, ' +
    'are raised to hold them all.',
  figures: [CPU, { key: 'memory', title: 'memory of the sender, at most', unit: 'MiB', better: 'less' }],
  mostRounds: MOST_ROUNDS,
  refuses,
  axis: {
    title: 'packets under way',
    unit: '',
    points: ({ quick }) => (quick ? [1, 100] : [1, 10, 100, 1000, 10_000, 100_000, 1_000_000]),
  },
  measure: (peer, transport, scale) =>
    Pair.with(peer.name, transport, async (pair) => {
      await pair.open({ pattern: 'duplex', window: WINDOW });
      await pair.warmAndRun({ mode: 'echo', inFlight: 100 }, scale.milliseconds);
      const readings: Record<string, number> = {};
      for (const inFlight of pointsOf(growthOutstanding, scale)) {
        const { cpu, packets } = await pair.warmAndRun({ mode: 'echo', inFlight }, scale.milliseconds / 2);
        readings[`cpu@${inFlight}`] = cpu / packets;
        readings[`memory@${inFlight}`] = (await pair.peak()) / 1024 / 1024;
      }
      return readings;
    }),
};

export const growthSize: Workload = {
  name: 'growth-size',
  title: 'size of packets',
  about: 'Packets with a number and so many bytes, one way, as fast as it goes.',
  figures: [{ key: 'throughput', title: 'throughput', unit: 'MB/s', better: 'more' }, CPU],
  mostRounds: MOST_ROUNDS,
  refuses,
  axis: {
    title: 'bytes',
    unit: 'B',
    points: ({ quick }) => (quick ? [10, 10_000] : [10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000]),
  },
  measure: (peer, transport, scale) =>
    Pair.with(peer.name, transport, async (pair) => {
      await pair.open();
      const readings: Record<string, number> = {};
      for (const size of pointsOf(growthSize, scale)) {
        const traffic = { mode: 'stream', kind: 'binary', size } as const;
        const { cpu, packets, seconds } = await pair.warmAndRun(traffic, scale.milliseconds);
        readings[`cpu@${size}`] = cpu / packets;
        readings[`throughput@${size}`] = (packets * size) / seconds / 1e6;
      }
      return readings;
    }),
};

/** What a curve looks like is no matter of the transport. */
function refuses(_: PeerInfo, transport: TransportName): string | null {
  return transport === 'tcp' ? null : 'over tcp only';
}

function pointsOf({ axis }: Workload, scale: Scale): readonly number[] {
  return axis?.points(scale) ?? [];
}
