/**
 * A good link that is to be replaced: it has reached its age, or was made under a credential that does not count any more.
 * The session goes on over the new link. Where the peer can be dialled the new connection is made first, and the old link
 * gives way when the new one has shaken hands; where it can't, the link is cut, and the peer dials.
 *
 * Whoever renews lets go of the old link before anything is agreed on for the new one: so the counts that are exchanged
 * then are the last ones, and nothing is lost or sent twice, as after any lost link.
 */
import { MasterlessError } from '../errors.js';
import type { Connection } from './connection.js';
import { startRenewal } from './dialing.js';
import { lost } from './links.js';
import type { Peer } from './peer.js';
import type { MeshState } from './state.js';

/** The link is to be replaced, at the latest within the time of a handshake. */
export function outdate(state: MeshState, peer: Peer, link: Connection, now: number): void {
  if (link.outdated) return;
  link.outdated = true;
  link.cutAt = now;
  if (peer.addresses.length > 0) {
    link.cutAt = now + state.config.handshakeTimeout;
    startRenewal(state, peer, now);
  }
  state.wake(link.cutAt);
}

/** Another connection of the peer has shaken hands: an outdated link makes room for it. Returns whether it did. */
export function giveWay(state: MeshState, peer: Peer, now: number): boolean {
  // A link over which the two are parting is at its end anyway.
  if (!peer.link?.outdated || peer.parting !== null) return false;
  const until = now + state.config.handshakeTimeout;
  // The session is held for the connection at hand, whatever the policy says of lost links.
  if (peer.connected) peer.heldUntil = Math.max(until, peer.theirKeep ? now + peer.resumeWindow : 0);
  lost(state, peer, replaced(peer), now);
  // Only should it fail is the peer dialled again.
  if (peer.redial !== null && peer.redial.attempt === 0) peer.redial.next = until;
  return true;
}

/** Replaces a link that has reached its age; cuts one that was not replaced in time. */
export function tickRenewal(state: MeshState, peer: Peer, now: number): void {
  const { link } = peer;
  if (link === null || peer.parting !== null) return;
  if (!link.outdated && peer.confirmed) {
    if (now >= link.renewAt) outdate(state, peer, link, now);
    else state.wake(link.renewAt);
  }
  if (!link.outdated) return;
  if (now >= link.cutAt) lost(state, peer, replaced(peer), now);
  else state.wake(link.cutAt);
}

function replaced(peer: Peer): MasterlessError {
  return new MasterlessError('ERR_CONNECTION_LOST', `the link to ${peer.id} was outdated (maxLinkAge, or rotate)`);
}
