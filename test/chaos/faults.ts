/** Nodes behind networks that do to them what networks do, in an order that a seed decides. */
import { pass } from '../support/events.js';
import type { Network } from '../support/proxy.js';
import { type Figures, PERSISTENT, withFleet } from './fleet.js';

/** @param below - chance: a whole number from 0 to `end - 1` */
type Fault = (network: Network, below: (end: number) => number) => void;

export const FAULTS: Readonly<Record<string, Fault>> = {
  reset: (network) => network.break('reset'),
  'half-open': (network) => network.break('freeze'),
  'cut on a byte': (network, below) => network.cutAfter(below(3000), 'reset'),
  'half-open on a byte': (network, below) => network.cutAfter(below(3000), 'freeze'),
  'cut within the replay': (network, below) => {
    network.break('reset');
    // The handshake, and some of what is sent again.
    network.cutAfter(150 + below(2000), 'reset');
  },
  delay: (network, below) => {
    network.delay = below(120);
  },
  rate: (network, below) => {
    network.rate = 20_000 + below(500_000);
  },
  bytewise: (network, below) => {
    network.piece = 1 + below(4);
  },
  refuse: (network) => {
    network.refuse = true;
  },
  calm,
};

export function calm(network: Network): void {
  network.delay = 0;
  network.rate = Number.POSITIVE_INFINITY;
  network.piece = Number.POSITIVE_INFINITY;
  network.refuse = false;
}

export function faults({ seed, seconds }: { readonly seed: number; readonly seconds: number }): Promise<Figures> {
  return withFleet(seed, async (fleet) => {
    const { random } = fleet;
    const networks: Network[] = [];
    for (const id of ['a', 'b', 'c']) {
      networks.push((await fleet.addBehindNetwork(id, { ...PERSISTENT, window: 256 * 1024 })).network);
    }
    fleet.mesh();
    await fleet.pour({ every: 10, burst: 4, large: 0.01, most: 150_000 });
    await fleet.start();
    const fired: Record<string, number> = {};
    const names = Object.keys(FAULTS);
    for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
      await pass(20 + random.below(300));
      const name = random.chance(0.3) ? 'calm' : random.pick(names);
      fired[`fired ${name}`] = (fired[`fired ${name}`] ?? 0) + 1;
      FAULTS[name]?.(random.pick(networks), (below) => random.below(below));
    }
    networks.forEach(calm);
    return { ...(await fleet.finish()), ...fired };
  });
}
