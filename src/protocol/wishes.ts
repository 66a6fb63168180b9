/**
 * What the application wishes for: links to whoever is at an address. A wish is a dial, and so goes through attempts like any
 * other; what ends it is an answer to the application.
 */
import type { MasterlessError } from '../errors.js';
import { Dial } from './dial.js';
import { addDial, dropDial, recover } from './dialing.js';
import { abandon, stay, tellKeep } from './keep.js';
import { partIfUnwanted } from './parting.js';
import type { Peer } from './peer.js';
import type { MeshState } from './state.js';

/** The application wants whoever is at `uri`, or `expected` there. */
export function startWish(state: MeshState, wish: number, uri: string, expected: string | null, now: number): void {
  const linked = linkedAt(state, uri, expected);
  if (linked !== null) {
    linked.keep = true;
    linked.decideKeep();
    tellKeep(state, linked);
    state.emit({ kind: 'wish', wish, id: linked.id, error: null });
    return;
  }
  addDial(state, new Dial('wish', [uri], null, expected, now, wish));
}

/** Withdraws a wish that has not come true; its connection, if any, is left to its own end. */
export function cancelWish(state: MeshState, wish: number, now: number): void {
  for (const dial of [...state.dials]) {
    if (dial.purpose !== 'wish' || dial.wish !== wish) continue;
    dropDial(state, dial);
    if (dial.peer === null) continue;
    abandon(state, dial, dial.peer);
    // It may have been met by another link, and be kept for this wish alone.
    partIfUnwanted(state, dial.peer, now);
  }
}

/** The application wants the peer kept, or no longer. */
export function setKept(state: MeshState, peer: Peer, keep: boolean, now: number): void {
  peer.keep = keep;
  peer.decideKeep();
  const { connected, link, redial, fenced, parting } = peer;
  // The link is lost, and nobody dials: all attempts have failed, or it was not kept then.
  const idle = link === null && redial === null && fenced === null && parting === null;
  if (keep && connected && idle) recover(state, peer, now);
  if (keep) stay(state, peer);
  tellKeep(state, peer);
  partIfUnwanted(state, peer, now);
}

/** All wishes end unfulfilled. */
export function endWishes(state: MeshState, error: MasterlessError): void {
  for (const dial of [...state.dials]) {
    if (dial.purpose !== 'wish') continue;
    state.emit({ kind: 'wish', wish: dial.wish, id: null, error });
    dropDial(state, dial);
  }
}

function linkedAt(state: MeshState, uri: string, expected: string | null): Peer | null {
  if (expected !== null) {
    const peer = state.peers.get(expected);
    const there = peer !== undefined && isLinked(peer) && (peer.dialled === uri || peer.advertised.includes(uri));
    return there ? peer : null;
  }
  // What a peer only tells of itself may be another's address: without an id to go by it is dialled, and found out.
  for (const peer of state.peers.values()) if (isAt(peer, uri) && isLinked(peer)) return peer;
  return null;
}

/** Where it came by itself since it was dialled it may be elsewhere by now, and another there, unless it still tells that address. */
function isAt({ link, dialled, advertised }: Peer, uri: string): boolean {
  return dialled === uri && (link?.uri === uri || advertised.includes(uri));
}

function isLinked({ link, confirmed, suspect, parting }: Peer): boolean {
  return link !== null && confirmed && !suspect && parting === null;
}
