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

/** The packets of one lane that have a time, in the order of acceptance. */
export class Expiries {
  /** When the first of them is over; Infinity when there are none. */
  next: number = Number.POSITIVE_INFINITY;
  private limits: Limit[] = [];

  add(end: number, until: number): void {
    this.limits.push({ end, until });
    this.next = Math.min(this.next, until);
  }

  /** Ends of those whose time is over, which are forgotten, as is what was written: `everSent` frames. */
  takeDue(everSent: number, now: number): number[] {
    const waiting = this.limits.filter(({ end }) => end > everSent);
    this.limits = waiting.filter(({ until }) => until > now);
    this.next = this.limits.reduce((next, { until }) => Math.min(next, until), Number.POSITIVE_INFINITY);
    return waiting.filter(({ until }) => until <= now).map(({ end }) => end);
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
