/** What one piece of traffic consists of. Both processes are given the same. */
import type { Kind } from '../packets.js';

export interface Spec {
  readonly kind: Kind;
  /** Bytes of a binary packet. */
  readonly size: number;
  /**
   * `stream`: as fast as the library takes them, over the links in turn; `broadcast`: each to all links; `echo`: each comes
   * back, `inFlight` at a time; `paced`: `rate` a second, each in a turn of the event loop of its own.
   */
  readonly mode: 'stream' | 'broadcast' | 'echo' | 'paced';
  readonly links: number;
  readonly count: number;
  /** The number of the first packet. */
  readonly first: number;
  readonly inFlight: number;
  /** Packets a second. */
  readonly rate: number;
}

/** What one side sent or received, added up. */
export interface Sum {
  readonly packets: number;
  readonly weight: number;
}

/** A moment on the clock that all processes of a machine share, in nanoseconds. */
export function moment(): number {
  return Number(process.hrtime.bigint());
}

/** What receivers must have in the end. */
export function multiplied({ packets, weight }: Sum, times: number): Sum {
  return { packets: packets * times, weight: weight * times };
}
