/**
 * The numbered conversation of two incarnations. It outlives links: what was accepted for sending stays here until the
 * other application has had it, and what was received is counted here, so that a new link goes on where the old one
 * stopped.
 *
 * Two lanes, each once and in order: *normal*, and *urgent*, which passes ahead of what waits in the normal one.
 * In each lane `acked <= handled <= received`: told to the other side, had by the application, arrived.
 */
import type { Assembly } from './assembly.js';
import type { Counts } from './fields.js';
import { Frame } from './frame.js';
import { type RetainedPacket, SendBuffer } from './send-buffer.js';

export const NORMAL = 0;
export const URGENT = 1;
export type LaneIndex = typeof NORMAL | typeof URGENT;

export class Lane {
  readonly outgoing: SendBuffer;
  /** Frames that arrived, each counted once. */
  received = 0;
  /** Frames up to the last packet that the application has had. */
  handled = 0;
  /** What of `handled` was told. */
  acked = 0;
  /** The beginning of a packet whose last piece has not come, if ever one came in pieces. */
  assembly: Assembly | null = null;

  constructor(kind: typeof Frame.Data | typeof Frame.Urgent) {
    this.outgoing = new SendBuffer(kind);
  }
}

/**
 * So much handled of a window is acknowledged at once: seldom enough to cost next to nothing, and so often that the sender
 * never waits for the delay instead.
 */
export function ackBytesOf(window: number): number {
  return Math.min(512 * 1024, Math.max(64 * 1024, window / 8), window / 2);
}

/** What was accepted and never acknowledged, told apart by whether it can have arrived. */
export interface Leftover {
  /** Was on a wire: may have arrived or not. */
  readonly uncertain: readonly Uint8Array[];
  /** Was on no wire: has not arrived. */
  readonly unsent: readonly Uint8Array[];
}

export class Session {
  /** Given by the arbiter, 0 until then. */
  id = 0;
  /** Arbiter: the follower has accepted it. Until then it is proposed again under the same id. */
  confirmed = false;
  readonly lanes: readonly [Lane, Lane] = [new Lane(Frame.Data), new Lane(Frame.Urgent)];
  /** What arrived counts against the window, and what of it the application has had. */
  receivedBytes = 0;
  handledBytes = 0;
  /** `handledBytes` at the last acknowledgement. */
  ackedBytes = 0;
  /** So much handled is told without delay. */
  ackBytes = 0;
  /** When the next acknowledgement is due; Infinity when none is. */
  ackAt: number = Number.POSITIVE_INFINITY;
  /** The other side wants to know at once when these have been handled. */
  asked: Counts = NONE;
  /** This side wants to know at once: to be asked behind the last byte that waits. */
  ask = false;

  /** What was accepted and not acknowledged counts against the window. */
  get outstanding(): number {
    return this.lanes[NORMAL].outgoing.cost + this.lanes[URGENT].outgoing.cost;
  }

  /** Whether everything accepted was acknowledged. */
  get settled(): boolean {
    const [normal, urgent] = this.lanes;
    return normal.outgoing.acked === normal.outgoing.total && urgent.outgoing.acked === urgent.outgoing.total;
  }

  get received(): Counts {
    return [this.lanes[NORMAL].received, this.lanes[URGENT].received];
  }

  get handled(): Counts {
    return [this.lanes[NORMAL].handled, this.lanes[URGENT].handled];
  }

  get acked(): Counts {
    return [this.lanes[NORMAL].outgoing.acked, this.lanes[URGENT].outgoing.acked];
  }

  /** Whether there is something new to acknowledge. */
  get unacked(): boolean {
    // Asked for each packet: a pattern in place of the indexes would be taken apart by an iterator.
    const normal = this.lanes[NORMAL];
    const urgent = this.lanes[URGENT];
    return normal.handled > normal.acked || urgent.handled > urgent.acked;
  }

  /** Sending starts anew on a new link, from what the other side says it has. */
  rewind(counts: Counts): void {
    this.lanes[NORMAL].outgoing.rewind(counts[NORMAL]);
    this.lanes[URGENT].outgoing.rewind(counts[URGENT]);
    this.ask = !this.settled;
  }

  /** Whether the counts are possible as the other side's received ones. */
  plausible(counts: Counts): boolean {
    return ([NORMAL, URGENT] as const).every((lane) => {
      const { acked, everSent } = this.lanes[lane].outgoing;
      return counts[lane] >= acked && counts[lane] <= everSent;
    });
  }

  /** @throws MasterlessError `ERR_PROTOCOL` for counts that can't be, and then nothing has changed */
  acknowledge(counts: Counts): void {
    // Both or neither: what is outstanding is also counted elsewhere.
    this.lanes[URGENT].outgoing.acknowledgeable(counts[URGENT]);
    this.lanes[NORMAL].outgoing.acknowledge(counts[NORMAL]);
    this.lanes[URGENT].outgoing.acknowledge(counts[URGENT]);
  }

  /** Notes that everything handled so far is being told. */
  tell(): Counts {
    const [normal, urgent] = this.lanes;
    normal.acked = normal.handled;
    urgent.acked = urgent.handled;
    this.ackedBytes = this.handledBytes;
    this.ackAt = Number.POSITIVE_INFINITY;
    if (this.answered) this.asked = NONE;
    return this.handled;
  }

  /** The other side asked, and all that had come by then has been handled. */
  get answered(): boolean {
    if (this.asked === NONE) return false;
    const [normal, urgent] = this.asked;
    return normal + urgent > 0 && this.lanes[NORMAL].handled >= normal && this.lanes[URGENT].handled >= urgent;
  }

  /** A new link: what was told on the old one may not have arrived, so all of it is told again, at once. */
  retell(): void {
    for (const lane of this.lanes) lane.acked = 0;
    this.ackAt = Number.NEGATIVE_INFINITY;
  }

  leftover(): Leftover {
    const packets = this.lanes.flatMap((lane): RetainedPacket[] => lane.outgoing.retained());
    return {
      uncertain: packets.filter((packet) => packet.written).map((packet) => packet.payload),
      unsent: packets.filter((packet) => !packet.written).map((packet) => packet.payload),
    };
  }
}

const NONE: Counts = [0, 0];
