/**
 * How a session ends: everything accepted and not acknowledged is reported, told apart by whether it was on a wire. And
 * how the application hears that a peer is gone. `connect` and `disconnect` alternate because only this file and
 * `links.ts` write `peer.connected`.
 */
import { ByeReason } from './control.js';
import type { DisconnectReason } from './output.js';
import type { Peer } from './peer.js';
import { SendBuffer } from './send-buffer.js';
import { Session } from './session.js';
import type { MeshState } from './state.js';

/** Ends the session and reports what it did not deliver; a fresh one takes its place. */
export function endSession(state: MeshState, peer: Peer): void {
  unfence(state, peer);
  const { session } = peer;
  const leftover = session.leftover();
  state.outstanding -= session.outstanding;
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

/** Whether this side still accepts packets for the peer: until it has said goodbye. */
export function takes(peer: Peer): boolean {
  return peer.connected && (peer.parting === null || (peer.parting.replies && !peer.parting.said));
}

/** Whether this side has decided to part, and does as soon as what it accepted is flushed. */
export function leaves({ parting }: Peer): boolean {
  return parting !== null && !parting.replies && parting.reason !== ByeReason.Unwanted;
}

/**
 * Whether there is room for a packet. One that is larger than the whole window goes when nothing else is on its way, and
 * does not count against urgent ones, which pass it: the receiver allows its window and one packet.
 */
export function fits(state: MeshState, peer: Peer, size: number, urgent: boolean): boolean {
  const { window, totalWindow } = state.config;
  const cost = SendBuffer.cost(size);
  const most = Math.min(window, peer.window);
  const { outstanding, normal } = peer.session;
  if (outstanding > 0 && outstanding + cost > most) {
    const large = normal.outgoing.cost;
    if (!urgent || large <= most || outstanding - large + cost > most) return false;
  }
  return state.outstanding + cost <= Math.max(totalWindow, cost);
}

/** Tells of room to whoever was refused for want of it, or because of a goodbye that came to nothing. */
export function tellRoom(state: MeshState): void {
  const { window, totalWindow } = state.config;
  for (const peer of state.starved) {
    // Told too early, an application encodes a large packet again and again to hear that there is no room for it.
    if (!takes(peer)) continue;
    const most = Math.min(window, peer.window);
    const { cost } = peer.session.normal.outgoing;
    // Beside one that is larger than the window there is room for urgent ones only.
    const urgent = cost > most && peer.refusedUrgent > 0;
    if (!fits(state, peer, urgent ? peer.refusedUrgent : peer.refused, urgent)) continue;
    const beside = urgent ? cost : 0;
    const outstanding = peer.session.outstanding - beside;
    if (outstanding > 0 && (outstanding > most / 2 || state.outstanding - beside > totalWindow / 2)) continue;
    state.starved.delete(peer);
    state.emit({ kind: 'drain', id: peer.id });
  }
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
