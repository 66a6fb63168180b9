/**
 * A good link that is to be replaced: it has reached its age, or was made under a credential that does not count any more.
 * The session goes on over the new link. Where the peer can be dialled the new connection is made first, and the old link
 * gives way when the new one has shaken hands; where it can't, the link is cut, and the peer dials.
 *
 * Whoever renews fences the old link off before anything is agreed on for the new one: nothing from it is taken any more, so
 * the counts that are exchanged then are the last ones, and nothing is lost or sent twice, as after any lost link. Its
 * stream stays open until the new link is there, since to the other side it is a good one until then.
 */
import { MasterlessError } from '../errors.js';
import type { Connection, Outdated } from './connection.js';
import { ByeReason } from './control.js';
import { heartbeatOf } from './crowd.js';
import { Dial } from './dial.js';
import { addDial } from './dialing.js';
import { lost } from './links.js';
import { advance } from './parting.js';
import type { Peer } from './peer.js';
import { unfence } from './sessions.js';
import type { MeshState } from './state.js';

/**
 * The link is to be replaced. One whose peer has proved what counts no more is cut within the time of a handshake; one that
 * is only old is cut no sooner than a stalled peer is given up.
 */
export function outdate(state: MeshState, peer: Peer, link: Connection, why: Outdated['why'], now: number): void {
  if (link.outdated?.why === 'proof') return;
  const { handshakeTimeout, stallTimeout } = state.config;
  const within = peer.addresses.length === 0 ? 0 : why === 'age' ? stallTimeout : handshakeTimeout;
  link.outdated = { why, cutAt: Math.min(link.outdated?.cutAt ?? Number.POSITIVE_INFINITY, now + within) };
  link.renewAt = now;
  state.wakePromptly(now);
}

/** Whether the link makes room for another connection of the peer. One over which the two are parting is at its end anyway. */
export function givesWay({ link, parting }: Peer): boolean {
  return link !== null && link.outdated !== null && parting === null;
}

/** Another connection of the peer has shaken hands: an outdated link makes room for it. */
export function giveWay(state: MeshState, peer: Peer, now: number): void {
  const { link } = peer;
  if (link === null || link.outdated === null) return;
  const until = now + state.config.handshakeTimeout;
  // The session is held for the connection at hand, whatever the policy says of lost links.
  if (peer.connected) peer.heldUntil = Math.max(until, peer.theirKeep ? now + peer.resumeWindow : 0);
  unfence(state, peer);
  state.drop(link);
  link.outdated.cutAt = until;
  peer.fenced = link;
  lost(state, peer, replaced(peer), now);
  // Only should it fail is the peer dialled again.
  if (peer.redial !== null && peer.redial.attempt === 0) peer.redial.next = until;
}

/** Replaces a link that has reached its age; cuts one that was not replaced in time. */
export function tickRenewal(state: MeshState, peer: Peer, now: number): void {
  const fenced = peer.fenced?.outdated ?? null;
  if (fenced !== null) {
    if (now >= fenced.cutAt) {
      unfence(state, peer);
      // Who parts has waited for the link that did not come.
      advance(state, peer, now);
      state.release(peer);
    } else {
      state.wake(fenced.cutAt);
    }
  }
  const { link, parting } = peer;
  // A proposal to let the link go may be taken back, again and again: it ends nothing, and time goes on.
  const proposed = parting?.reason === ByeReason.Unwanted;
  if (link === null || (parting !== null && !proposed)) return;
  if (link.outdated !== null) {
    if (now >= link.outdated.cutAt) {
      lost(state, peer, replaced(peer), now);
      return;
    }
    state.wake(link.outdated.cutAt);
  }
  // One that is being adopted has a deadline of its own.
  if (!peer.confirmed || peer.renewal !== null || link.renewAt === null) return;
  // Who is silent for longer than usual may be stopped: it is asked for nothing until it speaks again.
  const quiet = now > link.heardAt + 2 * Math.max(heartbeatOf(state, peer), state.config.heartbeat);
  if (now >= link.renewAt && quiet && link.outdated === null) link.renewAt = now + state.config.heartbeat;
  if (now < link.renewAt) {
    state.wake(link.renewAt);
    return;
  }
  if (link.outdated === null) outdate(state, peer, link, 'age', now);
  if (peer.addresses.length === 0 || proposed) return;
  peer.renewal = new Dial('renewal', peer.addresses, peer, peer.id, now);
  addDial(state, peer.renewal);
}

function replaced(peer: Peer): MasterlessError {
  return new MasterlessError('ERR_CONNECTION_LOST', `the link to ${peer.id} was outdated (maxLinkAge, or rotate)`);
}
