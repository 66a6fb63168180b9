/** Processes that are killed, stopped and blocked, networks that fail, dials that cross: each piece for itself, with a seed. */
import { churn } from '../chaos/churn.js';
import { farewells } from '../chaos/farewells.js';
import { faults } from '../chaos/faults.js';
import type { Figures } from '../chaos/fleet.js';
import { joining, races } from '../chaos/joining.js';
import { kills } from '../chaos/kills.js';
import { blocked, large, pauses } from '../chaos/stalls.js';
import { figure, type Outcome, type Part, type Report, type Scale, type Seeds } from './part.js';

interface Task {
  readonly piece: string;
  readonly seed: number;
}

interface Kind {
  readonly run: (seed: number) => Promise<Figures>;
  /** How often. */
  readonly times: Readonly<Record<Scale, number>>;
}

/** The longest first. */
const KINDS: Readonly<Record<string, Kind>> = {
  'long churn': { run: () => churn({ cycles: 100_000 }), times: { proof: 0, nightly: 1 } },
  churn: { run: () => churn({ cycles: 10_000 }), times: { proof: 1, nightly: 0 } },
  'pause of 30 s': { run: (seed) => pauses({ seed, rounds: 1, seconds: 30 }), times: { proof: 1, nightly: 3 } },
  'block of 30 s': { run: (seed) => blocked({ seed, seconds: 30 }), times: { proof: 1, nightly: 4 } },
  'packet of 100 MB': {
    run: (seed) => large({ seed, bytes: 100_000_000, rate: 5_000_000 }),
    times: { proof: 1, nightly: 4 },
  },
  faults: { run: (seed) => faults({ seed, seconds: 30 }), times: { proof: 3, nightly: 40 } },
  pauses: { run: (seed) => pauses({ seed, rounds: 2 }), times: { proof: 1, nightly: 17 } },
  block: { run: (seed) => blocked({ seed, seconds: 8 }), times: { proof: 2, nightly: 96 } },
  'large packet': {
    run: (seed) => large({ seed, bytes: 10_000_000, rate: 1_000_000 }),
    times: { proof: 2, nightly: 96 },
  },
  kills: { run: (seed) => kills({ seed, kills: 15 }), times: { proof: 2, nightly: 20 } },
  farewells: { run: (seed) => farewells({ seed, partings: 20 }), times: { proof: 1, nightly: 10 } },
  joining: { run: (seed) => joining({ seed, nodes: 30 }), times: { proof: 1, nightly: 3 } },
  races: { run: (seed) => races({ seed, races: 1000 }), times: { proof: 1, nightly: 10 } },
};

/** Where the seeds begin. */
const FIRST = 60_000_000;

/** What there must be of it. */
const LEAST: Readonly<Record<Scale, Readonly<Record<string, number>>>> = {
  proof: {
    kills: 30,
    partings: 20,
    stops: 4,
    blocks: 3,
    large: 3,
    races: 1000,
    joined: 30,
    cycles: 10_000,
    delivered: 100_000,
  },
  nightly: {
    kills: 300,
    partings: 200,
    stops: 100,
    blocks: 100,
    large: 100,
    races: 10_000,
    joined: 90,
    cycles: 100_000,
  },
};

export const chaos: Part = {
  name: 'chaos',
  lanes: 3,

  tasks(scale: Scale, seeds: Seeds): Task[] {
    return Object.entries(KINDS).flatMap(([piece, { times }]) => {
      const count = times[scale] === 0 ? 0 : (seeds.count ?? (seeds.first === null ? times[scale] : 1));
      return Array.from({ length: count }, (_, i) => ({ piece, seed: (seeds.first ?? FIRST) + i }));
    });
  },

  async run(task: object): Promise<Outcome> {
    const { piece, seed } = task as Task;
    const kind = KINDS[piece] as Kind;
    try {
      return { figures: await kind.run(seed), failure: null };
    } catch (error) {
      const again = `npm run proof -- --only=chaos --piece='${piece}' --first=${seed}`;
      return { figures: {}, failure: `${piece}: ${String(error)}\nrepeat it with: ${again}` };
    }
  },

  report(figures: Readonly<Record<string, number>>, scale: Scale): Report {
    const of = (name: string): string => figure(figures[name] ?? 0);
    const mb = (name: string): string => ((figures[name] ?? 0) / 1e6).toFixed(2);
    const lines = [
      `${of('accepted')} packets accepted, ${of('delivered')} delivered, ${of('uncertain')} reported as uncertain, ${of('unsent')} as unsent`,
      `${of('sessions')} sessions, ${of('disconnects')} ended where that was due and none otherwise; ${of('reconnects')} links won back`,
      `${of('kills')} kills, ${of('partings')} partings in good order, ${of('stops')} stops, ${of('blocks')} blocked loops, ${of('large')} large packets, ${of('races')} races of dials, ${of('joined')} processes that started together`,
      `${of('cycles')} connects and disconnects: heap ${mb('heapBefore')} to ${mb('heapAfter')} MB, descriptors ${of('descriptorsBefore')} to ${of('descriptorsAfter')}`,
      ...Object.keys(figures)
        .filter((name) => name.startsWith('fired '))
        .sort()
        .map((name) => `${name.slice('fired '.length).padEnd(28)} ${of(name).padStart(9)}`),
    ];
    const failures = Object.entries(LEAST[scale])
      .filter(([name, least]) => (figures[name] ?? 0) < least)
      .map(([name, least]) => `${of(name)} ${name}, and ${figure(least)} are the least`);
    return { lines, failures };
  },
};
