/**
 * A node with many peers that sends each of them a packet now and then would read an acknowledgement for nearly every one,
 * and signs of life in between: half of all its work. So it says that it is crowded, to those whose signs of life come often
 * beside its patience with them: these then come half as often, and what is little is acknowledged with the next of them.
 */
import { LITTLE } from './acknowledgement.js';
import type { Connection } from './connection.js';
import { Extension, encodeExtension } from './control.js';
import type { Peer } from './peer.js';
import type { MeshState } from './state.js';

/** With more peers a node is crowded; with half as many it is so no more. */
export const CROWD = 128;
/** To whom is crowded, signs of life are so many heartbeats apart. */
const SELDOM = 2;
/** From that part of the time between them on, a packet that came is acknowledged with it, and the next is not waited for. */
const NEAR = 3 / 4;
/** So many of them, at least, must fall into the time after which silence is suspected. */
const SIGNS = 2.5;

/** Milliseconds between signs of life of this node on the link with that peer. */
export function heartbeatTo({ config }: MeshState, { session }: Peer): number {
  return session.patient ? SELDOM * config.heartbeat : config.heartbeat;
}

/** Milliseconds between those of the peer. */
export function heartbeatOf(state: MeshState, peer: Peer): number {
  return state.crowded && isTold(state, peer) ? SELDOM * peer.heartbeat : peer.heartbeat;
}

/**
 * Whether packets that just came from a crowded node are acknowledged at once, since a sign of life would follow soon. All that
 * takes is at hand now, here and there, and the system acknowledges them in the same segment, for which it else sends another.
 */
export function isSignNear(state: MeshState, peer: Peer, link: Connection): boolean {
  return peer.session.patient && link.heardAt >= link.spokeAt + heartbeatTo(state, peer) * NEAR;
}

/** Whether the peer is to know that this node is crowded: nothing is suspected later for that. */
function isTold({ config }: MeshState, { heartbeat }: Peer): boolean {
  return config.timeout >= SIGNS * SELDOM * heartbeat;
}

/** There is a link more. */
export function joined(state: MeshState, peer: Peer, link: Connection): void {
  if (!recount(state) && state.crowded) say(state, peer, link);
}

/** The peer says on its link that it is crowded, or that it is no more. */
export function heardCrowd(state: MeshState, peer: Peer, link: Connection, crowded: boolean): void {
  peer.session.patient = crowded;
  state.wake(Math.max(link.spokeAt + heartbeatTo(state, peer), link.heardAt));
}

/** Looks again whether this node is crowded; if that has changed, all hear of it. */
export function recount(state: MeshState): boolean {
  const { size } = state.peers;
  // What waits at all of them must leave room for more. Once said, it is not taken back for a peer more or less.
  const fits = size * LITTLE <= state.config.totalWindow / (state.crowded ? 2 : 4);
  const crowded = fits && size > (state.crowded ? CROWD / 2 : CROWD);
  if (crowded === state.crowded) return false;
  state.crowded = crowded;
  for (const peer of state.peers.values()) if (peer.link !== null && peer.confirmed) say(state, peer, peer.link);
  return true;
}

function say(state: MeshState, peer: Peer, link: Connection): void {
  if (!isTold(state, peer)) return;
  state.send(link, encodeExtension(state.crowded ? Extension.Crowded : Extension.Roomy));
}
