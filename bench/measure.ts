/**
 * Measures workloads in rounds. In each round every peer is measured once, each round begins with another one, and ratios are
 * taken within a round: what the machine does besides strikes all alike.
 */
import type { PeerInfo, TransportName } from './peer.js';
import type { PeerReadings, WorkloadResult } from './result.js';
import { median, medianAdvantage, spread } from './statistics.js';
import type { Figure, Readings, Scale, Workload } from './workload.js';

/** Whoever takes part, or why not. */
interface Entry {
  readonly peer: PeerInfo;
  readonly rounds: Readings[];
  readonly reason: string | null;
  error: string | null;
}

export async function measure(
  workload: Workload,
  transport: TransportName,
  peers: readonly PeerInfo[],
  scale: Scale,
  asked: number,
  tell: (line: string) => void,
): Promise<WorkloadResult> {
  const wanted = asked * (scale.quick ? 1 : (workload.timesRounds ?? 1));
  const rounds = Math.min(wanted, workload.mostRounds ?? wanted);
  const entries = peers.map(
    (peer) => ({ peer, rounds: [], reason: reasonOf(workload, peer, transport), error: null }) as Entry,
  );
  const taking = entries.filter(({ reason }) => reason === null);
  for (let round = 0; round < rounds; round++) {
    for (const entry of rotated(taking, round)) {
      if (entry.error !== null) continue;
      const begun = performance.now();
      try {
        entry.rounds.push(await workload.measure(entry.peer, transport, scale));
      } catch (error) {
        entry.error = error instanceof Error ? error.message : String(error);
      }
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      const what = `${workload.name} ${transport} ${round + 1}/${rounds} ${entry.peer.name}`;
      tell(`${what.padEnd(48)} ${seconds.padStart(6)} s${entry.error === null ? '' : `  ERROR ${entry.error}`}`);
    }
  }
  const { name, title, about, figures, axis } = workload;
  const points = axis === undefined ? null : { title: axis.title, unit: axis.unit, points: axis.points(scale) };
  return { name, title, about, transport, figures, axis: points, results: summed(entries, figures) };
}

/** The same list, beginning elsewhere. */
export function rotated<T>(list: readonly T[], by: number): T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

function reasonOf(workload: Workload, peer: PeerInfo, transport: TransportName): string | null {
  if (!peer.transports.includes(transport)) return `not over ${transport}`;
  return workload.refuses?.(peer, transport) ?? null;
}

function summed(entries: readonly Entry[], figures: readonly Figure[]): PeerReadings[] {
  const complete = (name: string): Entry | undefined =>
    entries.find(({ peer, error, rounds }) => peer.name === name && error === null && rounds.length > 0);
  const [floor, ours] = [complete('floor'), complete('ours')];
  return entries.map(({ peer, rounds, error, reason }) => {
    const good = error === null ? rounds : [];
    return {
      peer: peer.name,
      rounds: good,
      medians: over(good, (values) => median(values)),
      spreads: over(good, (values) => spread(values)),
      toFloor: floor === undefined ? {} : advantages(good, floor.rounds, figures),
      oursTo: ours === undefined ? {} : advantages(ours.rounds, good, figures),
      error,
      reason,
    };
  });
}

function over(rounds: readonly Readings[], what: (values: readonly number[]) => number): Readings {
  const keys = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(keys.map((key) => [key, what(column(rounds, key))]));
}

/** Of the figures that both have. */
function advantages(mine: readonly Readings[], theirs: readonly Readings[], figures: readonly Figure[]): Readings {
  if (mine.length === 0 || theirs.length === 0) return {};
  const found: Record<string, number> = {};
  for (const key of Object.keys(mine[0] ?? {})) {
    const better = figures.find((figure) => figure.key === key.split('@')[0])?.better;
    if (better === undefined || theirs[0]?.[key] === undefined) continue;
    const advantage = medianAdvantage(column(mine, key), column(theirs, key), better);
    if (advantage !== null) found[key] = advantage;
  }
  return found;
}

function column(rounds: readonly Readings[], key: string): number[] {
  return rounds.map((round) => round[key] as number);
}
