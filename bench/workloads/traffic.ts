/** Workloads that carry packets as fast as it goes and differ in which, and in which way. */
import { type Opening, Pair, type Traffic } from '../pair.js';
import { CPU, RATE, type Workload } from '../workload.js';

type Own = Pick<Workload, 'name' | 'title' | 'about' | 'timesRounds'>;

function carrying(own: Own, opening: Opening, traffic: Traffic): Workload {
  return {
    ...own,
    figures: [RATE, CPU],
    measure: (peer, transport, { milliseconds }) =>
      Pair.with(peer.name, transport, async (pair) => {
        await pair.open(opening);
        const { packets, seconds, cpu } = await pair.warmAndRun(traffic, milliseconds);
        return { rate: packets / seconds, cpu: cpu / packets };
      }),
  };
}

export const pingPong: Workload = carrying(
  {
    name: 'ping-pong',
    title: 'ping-pong',
    about: 'One small packet there and back, then the next. A packet is a round trip.',
    // Two processes that wake one another up, on one core or on two: which, the system decides anew for every pair.
    timesRounds: 3,
  },
  { pattern: 'duplex' },
  { mode: 'echo' },
);

export const inFlight: Workload = carrying(
  { name: 'in-flight', title: '64 in flight', about: 'Small packets there and back, 64 under way at a time.' },
  { pattern: 'duplex' },
  { mode: 'echo', inFlight: 64 },
);

export const small: Workload = carrying(
  { name: 'small', title: 'one-way small', about: 'Small packets one way: an order, 57 bytes of msgpack.' },
  {},
  { mode: 'stream' },
);

export const mixed: Workload = carrying(
  { name: 'mixed', title: 'mixed shapes', about: 'Packets of eight shapes in turn, one way.' },
  {},
  { mode: 'stream', kind: 'mixed' },
);

export const binary1k: Workload = carrying(
  { name: 'binary-1k', title: '1 KiB binary', about: 'Packets with a number and 1 KiB of bytes, one way.' },
  {},
  { mode: 'stream', kind: 'binary', size: 1024 },
);

export const binary64k: Workload = carrying(
  { name: 'binary-64k', title: '64 KiB binary', about: 'Packets with a number and 64 KiB of bytes, one way.' },
  {},
  { mode: 'stream', kind: 'binary', size: 65_536 },
);

export const fanOut: Workload = carrying(
  { name: 'fan-out', title: 'fan-out to 16', about: 'Small packets, each to 16 links. Deliveries are counted.' },
  { pattern: 'broadcast', links: 16 },
  { mode: 'broadcast' },
);
