/** What is measured: each workload is a file in `workloads`. */
import type { PeerInfo, TransportName } from './peer.js';
import type { Better } from './statistics.js';

export interface Figure {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  readonly better: Better;
}

/** How much time a measurement is given. */
export interface Scale {
  /** Only shows that it works; its figures mean nothing. */
  readonly quick: boolean;
  /** Milliseconds that one piece of traffic should take. */
  readonly milliseconds: number;
}

/** Figures by key; where there is an axis, by `key@point`. One that a peer does not have is missing. */
export type Readings = Readonly<Record<string, number>>;

export interface Workload {
  readonly name: string;
  readonly title: string;
  /** What exactly happens, and what the figures mean; for the report. */
  readonly about: string;
  /** The first is the one that is compared first. */
  readonly figures: readonly Figure[];
  /** Where it is measured how a figure grows. */
  readonly axis?: { readonly title: string; readonly unit: string; points(scale: Scale): readonly number[] };
  /** Rounds at most, for those that take long. */
  readonly mostRounds?: number;
  /** So many rounds for each that is asked for, where one round says more about the system's scheduler than about the peer. Default: 1. */
  readonly timesRounds?: number;
  /** Why it makes no sense for a peer; `null` when it does. */
  refuses?(peer: PeerInfo, transport: TransportName): string | null;
  /** One measurement, warmed up, with processes of its own. Rejects when what came is not what was sent. */
  measure(peer: PeerInfo, transport: TransportName, scale: Scale): Promise<Readings>;
}

/** What most workloads tell. */
export const RATE: Figure = { key: 'rate', title: 'packets', unit: '/s', better: 'more' };
export const CPU: Figure = { key: 'cpu', title: 'CPU of both processes', unit: 'µs/packet', better: 'less' };
