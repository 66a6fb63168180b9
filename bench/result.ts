/** All that a run found out: what `--json` writes, and what the reports are made of. */
import type { TransportName } from './peer.js';
import type { Figure, Readings } from './workload.js';

export interface Report {
  readonly format: 1;
  /** ISO 8601. */
  readonly started: string;
  readonly seconds: number;
  readonly command: string;
  readonly quick: boolean;
  readonly rounds: number;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly peers: readonly PeerResult[];
  readonly workloads: readonly WorkloadResult[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** Average number of busy processes in the minute before the run: near 0 on a quiet machine. */
  readonly loadBefore: number;
}

export interface PeerResult {
  readonly name: string;
  readonly title: string;
  readonly remark: string;
}

export interface WorkloadResult {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly transport: TransportName;
  readonly figures: readonly Figure[];
  readonly axis: { readonly title: string; readonly unit: string; readonly points: readonly number[] } | null;
  readonly results: readonly PeerReadings[];
}

export interface PeerReadings {
  readonly peer: string;
  /** One per round. Empty when there is an error or a reason. */
  readonly rounds: readonly Readings[];
  readonly medians: Readings;
  /** The widest difference of rounds, as a part of the median. */
  readonly spreads: Readings;
  /** How many times as good as the floor. */
  readonly toFloor: Readings;
  /** How many times as good ours is. */
  readonly oursTo: Readings;
  /** It was tried and went wrong: what came was not what was sent, say. */
  readonly error: string | null;
  /** It was not tried, and why. */
  readonly reason: string | null;
}
