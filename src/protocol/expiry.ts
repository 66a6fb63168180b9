/**
 * Packets that are of use for a time only. One whose time is over before any of it was written is taken out and reported. What
 * has been on a link may have arrived, so it is written again like all else, however old it is.
 *
 * Times are those of this node alone: nothing of this is on the wire.
 */
import { advance } from './parting.js';
import type { Peer } from './peer.js';
import { tellRoom } from './room.js';
import { type Lane, type LaneIndex, NORMAL, URGENT } from './session.js';
import type { MeshState } from './state.js';
import type { Withdrawn } from './withdrawal.js';

interface Limit {
  /** Frames up to the packet's last one. */
  end: number;
  readonly until: number;
}

/**
 * The packets of one lane that have a time, in the order of acceptance. They are looked through when the time of one is over, and
 * not for each write: mostly all of them are written long before.
 */
export class Expiries {
  /** No time is over before; that of one that was written meanwhile still counts. Infinity when there are none. */
  next: number = Number.POSITIVE_INFINITY;
  private limits: Limit[] = [];
  /** Those before it are forgotten. */
  private head = 0;

  add(end: number, until: number): void {
    this.limits.push({ end, until });
    if (until < this.next) this.next = until;
  }

  /** Ends of those whose time is over, which are forgotten, as is what was written: `everSent` frames. */
  takeDue(everSent: number, now: number): readonly number[] {
    this.forget(everSent);
    if (this.next > now) return NONE;
    const due: number[] = [];
    const waiting: Limit[] = [];
    this.next = Number.POSITIVE_INFINITY;
    for (let i = this.head; i < this.limits.length; i++) {
      const limit = this.limits[i] as Limit;
      if (limit.until <= now) {
        due.push(limit.end);
      } else {
        waiting.push(limit);
        this.next = Math.min(this.next, limit.until);
      }
    }
    this.limits = waiting;
    this.head = 0;
    return due;
  }

  private forget(everSent: number): void {
    const { limits } = this;
    let { head } = this;
    while (head < limits.length && (limits[head] as Limit).end <= everSent) head++;
    this.head = head;
    if (head === limits.length) this.next = Number.POSITIVE_INFINITY;
    // What is forgotten takes memory until it is more than what is not.
    if (2 * head < limits.length) return;
    limits.splice(0, head);
    this.head = 0;
  }

  /** Packets were taken out from before or between these. */
  moveUp(withdrawn: readonly Withdrawn[]): void {
    let next = 0;
    let gone = 0;
    for (const limit of this.limits) {
      for (; next < withdrawn.length && (withdrawn[next] as Withdrawn).end < limit.end; next++) {
        gone += (withdrawn[next] as Withdrawn).frames;
      }
      limit.end -= gone;
    }
  }
}

const NONE: readonly number[] = [];

/** The packet that ends with frame `end` of the lane is of use until then. */
export function limit(state: MeshState, lane: Lane, end: number, until: number): void {
  lane.expiries ??= new Expiries();
  lane.expiries.add(end, until);
  state.wake(until);
}

/** Takes out what has waited too long for the peer. */
export function expire(state: MeshState, peer: Peer, now: number): void {
  const before = peer.session.outstanding;
  expireLane(state, peer, NORMAL, now);
  expireLane(state, peer, URGENT, now);
  const { outstanding } = peer.session;
  if (outstanding === before) return;
  state.budget.change(before, outstanding);
  tellRoom(state);
  advance(state, peer, now);
}

function expireLane(state: MeshState, peer: Peer, index: LaneIndex, now: number): void {
  const { session } = peer;
  const lane = session.lane(index);
  const { expiries, outgoing } = lane;
  if (expiries === null) return;
  // A packet is being encoded behind the last one, and code of the application came here: soon, then.
  if (outgoing.reserved === null) {
    const withdrawn = outgoing.withdraw(expiries.takeDue(outgoing.everSent, now));
    if (withdrawn.length > 0) {
      expiries.moveUp(withdrawn);
      const { withdrawals } = outgoing;
      state.emit({ kind: 'expired', id: peer.id, session, lane: index, withdrawn, withdrawals });
    }
  }
  if (expiries.next === Number.POSITIVE_INFINITY) lane.expiries = null;
  else state.wake(expiries.next);
}
