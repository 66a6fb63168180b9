/**
 * A node with many peers that sends each of them a packet now and then would read an acknowledgement for nearly every one:
 * half of all its work. So it says that it is crowded, and what is little is then acknowledged with the next sign of life.
 */
import type { Connection } from './connection.js';
import { Extension, encodeExtension } from './control.js';
import type { MeshState } from './state.js';

/** With more peers a node is crowded; with half as many it is so no more. */
export const CROWD = 128;
/** Bytes as they count against a window: with no more of them, an acknowledgement may wait. */
export const LITTLE = 4096;
/** Milliseconds that it waits at most. */
export const PATIENCE = 1000;

/** There is a link more. */
export function joined(state: MeshState, link: Connection): void {
  if (!recount(state) && state.crowded) say(state, link);
}

/** Looks again whether this node is crowded; if that has changed, all hear of it. */
export function recount(state: MeshState): boolean {
  const { size } = state.peers;
  // What waits at all of them must leave room for more. Once said, it is not taken back for a peer more or less.
  const fits = size * LITTLE <= state.config.totalWindow / (state.crowded ? 2 : 4);
  const crowded = fits && size > (state.crowded ? CROWD / 2 : CROWD);
  if (crowded === state.crowded) return false;
  state.crowded = crowded;
  for (const { link, confirmed } of state.peers.values()) if (link !== null && confirmed) say(state, link);
  return true;
}

/** A packet found no room: what others have had is to be told now. */
export function hurry(state: MeshState): void {
  if (!state.crowded) return;
  for (const { session, link } of state.peers.values()) {
    if (link === null || session.settled) continue;
    session.ask = true;
    state.touch(link);
  }
}

function say(state: MeshState, link: Connection): void {
  state.send(link, encodeExtension(state.crowded ? Extension.Crowded : Extension.Roomy));
}
