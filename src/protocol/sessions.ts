/**
 * How a session ends: everything accepted and not acknowledged is reported, told apart by whether it was on a wire. And
 * how the application hears that a peer is gone. `connect` and `disconnect` alternate because only this file and
 * `links.ts` write `peer.connected`.
 */
import { ByeReason } from './control.js';
import type { DisconnectReason } from './output.js';
import type { Peer } from './peer.js';
import { tellRoom } from './room.js';
import { Session } from './session.js';
import type { MeshState } from './state.js';

/** Ends the session and reports what it did not deliver; a fresh one takes its place. */
export function endSession(state: MeshState, peer: Peer): void {
  unfence(state, peer);
  const { session } = peer;
  const leftover = session.leftover();
  state.budget.change(session.outstanding, 0);
  peer.session = new Session();
  state.starved.delete(peer);
  if (leftover.uncertain.length > 0 || leftover.unsent.length > 0) {
    state.emit({ kind: 'undelivered', id: peer.id, leftover });
  }
  state.emit({ kind: 'ended', id: peer.id, session });
  // What it held of the window of all peers is free for the others.
  tellRoom(state);
}

/** The stream of the link that gave way is closed. */
export function unfence(state: MeshState, peer: Peer): void {
  if (peer.fenced !== null) state.emit({ kind: 'close', connection: peer.fenced, flush: false });
  peer.fenced = null;
}

/** Whether this side has decided to part, and does as soon as what it accepted is flushed. */
export function leaves({ parting }: Peer): boolean {
  return parting !== null && !parting.replies && parting.reason !== ByeReason.Unwanted;
}

/** Ends the session and tells the application that the peer is gone. */
export function disconnected(state: MeshState, peer: Peer, reason: DisconnectReason): void {
  endSession(state, peer);
  peer.heldUntil = 0;
  if (peer.redial !== null) state.dials.delete(peer.redial);
  peer.redial = null;
  if (peer.renewal !== null) state.dials.delete(peer.renewal);
  peer.renewal = null;
  if (peer.connected) {
    peer.connected = false;
    state.emit({ kind: 'disconnect', id: peer.id, reason });
  }
  endParting(state, peer);
}

/** Whoever waits for the end of parting need not wait longer. */
export function endParting(state: MeshState, peer: Peer): void {
  if (peer.parting === null) return;
  peer.parting = null;
  state.emit({ kind: 'parted', id: peer.id });
}
