/**
 * The numbered conversation of two incarnations. It outlives links: what was accepted for sending stays here until the
 * other application has had it, and what was received is counted here, so that a new link goes on where the old one
 * stopped.
 *
 * Two lanes, each once and in order: *normal*, and *urgent*, which passes ahead of what waits in the normal one.
 * In each lane `acked <= handled <= received`: told to the other side, had by the application, arrived.
 */
import type { Assembly } from './assembly.js';
import type { Expiries } from './expiry.js';
import type { Counts } from './fields.js';
import { Frame } from './frame.js';
import type { RetainedPacket } from './retained.js';
import { SendBuffer } from './send-buffer.js';

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
  /** Packets going out that are of use for a time only, and were not written when they were looked at last. */
  expiries: Expiries | null = null;

  constructor(kind: typeof Frame.Data | typeof Frame.Urgent) {
    this.outgoing = new SendBuffer(kind);
  }
}

/**
 * The urgent lane of sessions that have had no urgent packet, which are most: one for all, in which everything is 0, and
 * stays so.
 */
export const UNUSED: Lane = new Lane(Frame.Urgent);

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
  readonly normal: Lane = new Lane(Frame.Data);
  /** What goes through it goes through `use`. */
  urgent: Lane = UNUSED;
  /** What arrived counts against the window, and what of it the application has had. */
  receivedBytes = 0;
  handledBytes = 0;
  /** `handledBytes` at the last acknowledgement. */
  ackedBytes = 0;
  /** So much handled is told without delay. */
  ackBytes = 0;
  /** When the next acknowledgement is due; Infinity when none is. */
  ackAt: number = Number.POSITIVE_INFINITY;
  /** The other side is crowded: what is little may be acknowledged with the next sign of life. */
  patient = false;
  /** The other side wants to know at once when these have been handled, each of them: the fewest first. */
  private questions: Counts[] = NONE;
  /** This side wants to know at once: to be asked behind the last byte that waits, and behind urgent ones that pass others. */
  ask = false;

  /** The lane, to be looked at. */
  lane(index: LaneIndex): Lane {
    return index === NORMAL ? this.normal : this.urgent;
  }

  /** The lane, for something to go through it. */
  use(index: LaneIndex): Lane {
    if (index === NORMAL) return this.normal;
    if (this.urgent === UNUSED) this.urgent = new Lane(Frame.Urgent);
    return this.urgent;
  }

  /** What was accepted and not acknowledged counts against the window. */
  get outstanding(): number {
    return this.normal.outgoing.cost + this.urgent.outgoing.cost;
  }

  /** Whether some of it may be of use for a time only. */
  get limited(): boolean {
    return this.normal.expiries !== null || this.urgent.expiries !== null;
  }

  /** Whether everything accepted was acknowledged. */
  get settled(): boolean {
    const { normal, urgent } = this;
    return normal.outgoing.acked === normal.outgoing.total && urgent.outgoing.acked === urgent.outgoing.total;
  }

  get received(): Counts {
    return [this.normal.received, this.urgent.received];
  }

  /** Frames up to the last packet that has come whole. */
  get whole(): Counts {
    const { normal, urgent } = this;
    return [normal.received - (normal.assembly?.pieces ?? 0), urgent.received];
  }

  get handled(): Counts {
    return [this.normal.handled, this.urgent.handled];
  }

  get acked(): Counts {
    return [this.normal.outgoing.acked, this.urgent.outgoing.acked];
  }

  /** Whether there is something new to acknowledge. */
  get unacked(): boolean {
    const { normal, urgent } = this;
    return normal.handled > normal.acked || urgent.handled > urgent.acked;
  }

  /** Sending starts anew on a new link, from what the other side says it has. */
  rewind(counts: Counts): void {
    this.normal.outgoing.rewind(counts[NORMAL]);
    this.urgent.outgoing.rewind(counts[URGENT]);
    this.ask = !this.settled;
  }

  /** Whether the counts are possible as the other side's received ones. */
  plausible(counts: Counts): boolean {
    return ([NORMAL, URGENT] as const).every((lane) => {
      const { acked, everSent } = this.lane(lane).outgoing;
      return counts[lane] >= acked && counts[lane] <= everSent;
    });
  }

  /** @throws MasterlessError `ERR_PROTOCOL` for counts that can't be, and then nothing has changed */
  acknowledge(counts: Counts): void {
    // Both or neither: what is outstanding is also counted elsewhere.
    this.urgent.outgoing.acknowledgeable(counts[URGENT]);
    this.normal.outgoing.acknowledge(counts[NORMAL]);
    this.urgent.outgoing.acknowledge(counts[URGENT]);
  }

  /** Notes that everything handled so far is being told. */
  tell(): Counts {
    const { normal, urgent } = this;
    normal.acked = normal.handled;
    urgent.acked = urgent.handled;
    this.ackedBytes = this.handledBytes;
    this.ackAt = Number.POSITIVE_INFINITY;
    while (this.answers) this.questions.shift();
    if (this.questions.length === 0) this.questions = NONE;
    return this.handled;
  }

  /**
   * The other side wants to know when all that has come whole by now is handled.
   * @returns whether something has, and is; else it `answers` when it is
   */
  question(): boolean {
    const counts = this.whole;
    const [normal, urgent] = counts;
    if (this.has(counts)) return normal + urgent > 0;
    const last = this.questions.at(-1);
    if (last !== undefined && last[NORMAL] === normal && last[URGENT] === urgent) return false;
    if (this.questions.length === 0) this.questions = [counts];
    else if (this.questions.length < MOST_QUESTIONS) this.questions.push(counts);
    else this.questions[MOST_QUESTIONS - 1] = counts;
    return false;
  }

  /** The other side asked, and has had no answer. */
  get asked(): boolean {
    return this.questions !== NONE;
  }

  /** The other side asked, and all that had come by then has been handled. */
  get answers(): boolean {
    // Asked for each packet: not taken apart, which goes through an iterator.
    const first = this.questions[0];
    return first !== undefined && this.has(first);
  }

  private has([normal, urgent]: Counts): boolean {
    return this.normal.handled >= normal && this.urgent.handled >= urgent;
  }

  /** A new link: what was told on the old one may not have arrived, so all of it is told again, at once. */
  retell(): void {
    this.normal.acked = 0;
    this.urgent.acked = 0;
    this.ackAt = Number.NEGATIVE_INFINITY;
    this.patient = false;
  }

  leftover(): Leftover {
    const packets: RetainedPacket[] = [...this.normal.outgoing.retained(), ...this.urgent.outgoing.retained()];
    return {
      uncertain: packets.filter((packet) => packet.written).map((packet) => packet.payload),
      unsent: packets.filter((packet) => !packet.written).map((packet) => packet.payload),
    };
  }
}

/** Questions that are answered each in its time: of more, those between them and the last have no answer of their own. */
const MOST_QUESTIONS = 256;

/** What a session that is asked nothing holds: one list for all. */
const NONE: Counts[] = [];
