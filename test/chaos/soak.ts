/**
 * Hours of everything at once: four nodes that send at random over networks that fail at random, two of them killed and
 * started again, all of them stopped at times. At the end the ledger is right, and the two that lived through it hold no
 * more memory and descriptors than at the beginning.
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pass } from '../support/events.js';
import { ROOT } from '../support/program.js';
import type { Network } from '../support/proxy.js';
import { calm, FAULTS } from './faults.js';
import { type Figures, type Fleet, PERSISTENT, withFleet } from './fleet.js';
import type { Member, State } from './member.js';
import { plot } from './plot.js';
import { byNode, CSV_HEAD, csvLine, type Sample, trend } from './samples.js';

/** Caches and compiled code have grown to their size by then, in seconds. */
const WARM_UP = 40;
/** The most by which the heap of a node may rise, in bytes a second: 50 bytes for each packet it sends. */
const STEEPEST = 15_000;
/** Descriptors that a node may have at any time: links, and connections that are being tried and left. */
const MOST_DESCRIPTORS = 100;

interface Soak {
  readonly seed: number;
  readonly seconds: number;
  /** Seconds between samples. */
  readonly every: number;
}

export interface Soaked {
  readonly figures: Figures;
  /** What there is to say of each node that lived through it. */
  readonly lines: readonly string[];
  /** Where `samples.csv` and `plot.svg` are. */
  readonly folder: string;
}

export async function soak({ seed, seconds, every }: Soak): Promise<Soaked> {
  const folder = join(ROOT, '.cache/soak', `${seed}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'samples.csv'), CSV_HEAD);
  const samples: Sample[] = [];
  const lines: string[] = [];
  const figures = await withFleet(seed, async (fleet) => {
    const networks: Network[] = [];
    for (const id of ['a', 'b', 'c', 'd']) {
      networks.push((await fleet.addBehindNetwork(id, { ...PERSISTENT, window: 256 * 1024 })).network);
    }
    fleet.mesh();
    await fleet.start();
    await fleet.settle();
    const lasting = fleet.members.slice(0, 2);
    const before = await descriptors(lasting);
    await fleet.pour({ every: 20, burst: 2, large: 0.01, most: 60_000 });
    const begun = performance.now();
    const now = (): number => (performance.now() - begun) / 1000;
    let over = false;
    const sampling = async (): Promise<void> => {
      for (; !over; await pass(every * 1000)) {
        await Promise.all(
          fleet.members.map(async (member) => {
            const sample = await measured(member, now());
            if (sample === null) return;
            samples.push(sample);
            appendFileSync(join(folder, 'samples.csv'), csvLine(sample));
          }),
        );
      }
    };
    const sampled = sampling();
    // It is waited for below; until then nobody hears of its failure.
    sampled.catch(() => undefined);
    let fired: Figures;
    try {
      fired = await trouble(fleet, networks, () => now() < seconds);
    } finally {
      over = true;
    }
    await sampled;
    networks.forEach(calm);
    await fleet.settle();
    await atRest(lasting, before);
    writeFileSync(join(folder, 'plot.svg'), plot(samples, WARM_UP));
    for (const member of lasting) lines.push(verdict(member.id, samples));
    return { ...(await fleet.finish({ allowed: ['restarted'] })), ...fired, samples: samples.length };
  });
  return { figures, lines, folder };
}

/** Faults, kills and stops, one after the other. Returns how many there were. */
async function trouble(fleet: Fleet, networks: readonly Network[], goesOn: () => boolean): Promise<Figures> {
  const { random, members } = fleet;
  const mortal = members.slice(2);
  const counts = { faults: 0, kills: 0, stops: 0 };
  while (goesOn()) {
    await pass(100 + random.below(900));
    const dice = random.next();
    if (dice < 0.1) {
      counts.kills++;
      const victim = random.pick(mortal);
      await victim.kill();
      await pass(random.below(500));
      await victim.start();
    } else if (dice < 0.2) {
      counts.stops++;
      const stopped = random.pick(members);
      stopped.signal('SIGSTOP');
      await pass(random.below(2000));
      stopped.signal('SIGCONT');
    } else {
      counts.faults++;
      const name = random.chance(0.3) ? 'calm' : random.pick(Object.keys(FAULTS));
      FAULTS[name]?.(random.pick(networks), (below) => random.below(below));
    }
    for (const member of members) member.absorb();
  }
  return counts;
}

/** Null for one that is killed just now. */
async function measured(member: Member, time: number): Promise<Sample | null> {
  const { lives } = member;
  try {
    const { heap, rss, descriptors: open } = await member.order<State>('state');
    return { time: Math.round(time * 10) / 10, node: member.id, life: lives, heap, rss, descriptors: open };
  } catch (error) {
    if (member.lives === lives && member.running) throw error;
    return null;
  }
}

async function descriptors(members: readonly Member[]): Promise<number[]> {
  const states = await Promise.all(members.map((member) => member.order<State>('state')));
  return states.map((state) => state.descriptors);
}

/** When nothing happens any more, each has as many descriptors as before anything had. */
async function atRest(members: readonly Member[], before: readonly number[]): Promise<void> {
  let shown = '';
  for (const end = performance.now() + 60_000; performance.now() < end; await pass(500)) {
    const after = await descriptors(members);
    if (after.every((count, at) => count <= (before[at] as number))) return;
    shown = `${before.join(' and ')} descriptors became ${after.join(' and ')}`;
  }
  throw new Error(`${shown}, and nothing goes on`);
}

/** What the samples of a node say; throws when they rise. */
function verdict(node: string, samples: readonly Sample[]): string {
  const own = (byNode(samples).get(node) ?? []).filter(({ time }) => time >= WARM_UP);
  if (own.length < 8) throw new Error(`${node} was measured ${own.length} times, which says nothing`);
  const heap = trend(own, 'heap').slope;
  const rss = trend(own, 'rss').slope;
  const most = Math.max(...own.map((sample) => sample.descriptors));
  const perHour = (slope: number): string => `${((slope * 3600) / 1e6).toFixed(2)} MB an hour`;
  const line = `${node}: heap ${perHour(heap)}, resident memory ${perHour(rss)}, at most ${most} descriptors; ${own.length} samples`;
  if (heap > STEEPEST) throw new Error(`${line}: the heap rises by more than ${STEEPEST} bytes a second`);
  if (most > MOST_DESCRIPTORS) throw new Error(`${line}: more than ${MOST_DESCRIPTORS}`);
  return line;
}
