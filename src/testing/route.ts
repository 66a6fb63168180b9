/** The way from one host to another, in that direction: what is wrong with it holds for all connections that use it. */
import type { Agenda } from './agenda.js';
import { Gate } from './gate.js';

/** How long bytes are under way: uniform between the two, in milliseconds. */
export interface Latency {
  readonly min: number;
  readonly max: number;
}

export class Route {
  /** Host names. */
  readonly from: string;
  readonly to: string;
  /** Nothing gets through and nobody is told; systems go on trying, so that afterwards nothing is lost. */
  readonly partition: Gate;
  /** The same, for a while, for bytes only: connections can be opened. */
  readonly clog: Gate;
  /** In place of the network's own. */
  latency: Latency | null = null;
  /** Bytes per second. */
  rate: number = Number.POSITIVE_INFINITY;
  /** With a rate: shut until the bytes let through so far have passed. */
  readonly bandwidth: Gate;
  /** Dials fail at once. */
  refuses = false;
  /** Dials are never answered. */
  swallows = false;

  constructor(from: string, to: string, agenda: Agenda) {
    this.from = from;
    this.to = to;
    this.partition = new Gate(agenda);
    this.clog = new Gate(agenda);
    this.bandwidth = new Gate(agenda);
  }

  /** All that is wrong is put right. */
  heal(): void {
    this.partition.open();
    this.clog.open();
    this.latency = null;
    this.rate = Number.POSITIVE_INFINITY;
    this.bandwidth.open();
    this.refuses = false;
    this.swallows = false;
  }
}
