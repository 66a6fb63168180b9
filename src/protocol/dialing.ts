/**
 * Dialling: what the application wished for (`wishes.ts`), lost links of kept peers, and tests of suspect ones. An attempt goes through
 * all known addresses, best first; when all fail the policy says whether and when another follows. A duplicate is not a
 * failure: the link that it duplicates must show within the handshake's time.
 */
import { MasterlessError } from '../errors.js';
import { backoff } from './backoff.js';
import type { Connection } from './connection.js';
import { Dial } from './dial.js';
import { abandon, inherited, stay, tellKeep } from './keep.js';
import { pauseBefore } from './patience.js';
import type { Peer } from './peer.js';
import { goes } from './room.js';
import { disconnected, endSession, leaves, unfence } from './sessions.js';
import type { MeshState } from './state.js';

/** Attempts to replace a link in the time of a handshake. */
const RENEWALS = 4;
/** Handshakes overtaken by others that one attempt may repeat. */
const MAX_OVERTAKEN = 3;

/**
 * The application's link is lost: win it back where this side keeps it, hold the session for the other where that side
 * does, give up where neither.
 */
export function recover(state: MeshState, peer: Peer, now: number): void {
  const redials = peer.keep || peer.parting !== null;
  if (redials && peer.redial === null && peer.addresses.length > 0 && state.config.reconnect.attempts > 0) {
    const delay = backoff(peer.flaps + 1, state.config.reconnect, state.config.random());
    const dial = new Dial('redial', peer.addresses, peer, peer.id, now + delay);
    peer.redial = dial;
    addDial(state, dial);
  }
  if (peer.theirKeep && peer.heldUntil === 0) peer.heldUntil = now + peer.resumeWindow;
  // It may have run out while an adoption was under way that then failed.
  if (peer.heldUntil > 0) state.wake(Math.max(now, peer.heldUntil));
  if (peer.redial === null && peer.heldUntil === 0) giveUp(state, peer);
}

/** A HELLO said whom the dial leads to. */
export function reached(state: MeshState, dial: Dial, peer: Peer): void {
  // The attempt before may have met another there.
  if (dial.peer !== null && dial.peer !== peer) abandon(state, dial, dial.peer);
  dial.peer = peer;
  if (dial.purpose !== 'wish') return;
  peer.given = dial.uris[0] ?? null;
  peer.wish(dial);
  dial.keeps ||= !peer.keep;
  peer.keep = true;
  stay(state, peer);
  dial.postponed = goes(peer);
}

/** Tests a silent link by a second connection. */
export function startProbe(state: MeshState, peer: Peer, now: number): void {
  const dial = new Dial('probe', peer.addresses, peer, peer.id, now);
  peer.probeDial = dial;
  addDial(state, dial);
}

/** There is a new link, or no peer any more. */
function endRenewal(state: MeshState, peer: Peer): void {
  if (peer.renewal !== null) dropDial(state, peer.renewal);
  peer.renewal = null;
}

/** The test of a link is over, however it ended. */
export function endProbe(state: MeshState, peer: Peer): void {
  if (peer.probeDial !== null) dropDial(state, peer.probeDial);
  peer.probeDial = null;
}

/** The peer's link is there: every wish for it has come true, but those made while this side was leaving. */
export function linked(state: MeshState, peer: Peer): void {
  for (const dial of peer.wishes) {
    if (dial.postponed && goes(peer)) {
      if (dial.connection === peer.link) wait(state, dial, peer);
      continue;
    }
    state.emit({ kind: 'wish', wish: dial.wish, id: peer.id, error: null });
    dropDial(state, dial);
  }
  if (peer.redial !== null) dropDial(state, peer.redial);
  peer.redial = null;
  peer.heldUntil = 0;
  unfence(state, peer);
  endProbe(state, peer);
  endRenewal(state, peer);
}

/** A connection turned out to duplicate a link that is there or about to be. */
export function duplicated(state: MeshState, connection: Connection, now: number): void {
  const { dial, peer } = connection;
  connection.dial = null;
  if (dial === null) return;
  dial.connection = null;
  if (dial.postponed && peer !== null && goes(peer)) {
    wait(state, dial, peer);
    return;
  }
  if (peer !== null && peer.link !== null && peer.confirmed && !peer.suspect) {
    if (dial.purpose === 'wish') {
      peer.decideKeep();
      state.emit({ kind: 'wish', wish: dial.wish, id: peer.id, error: null });
      tellKeep(state, peer);
    }
    if (dial.purpose === 'probe') endProbe(state, peer);
    else if (dial.purpose === 'renewal') endRenewal(state, peer);
    else dropDial(state, dial);
    return;
  }
  dial.until = now + state.config.handshakeTimeout;
  state.wake(dial.until);
}

/** A connection ended before it became a link. */
export function failed(state: MeshState, connection: Connection, error: MasterlessError, now: number): void {
  const { dial } = connection;
  connection.dial = null;
  if (dial === null || !state.dials.has(dial)) return;
  dial.connection = null;
  const pause = pauseBefore(state, connection, dial, error);
  if (pause !== null) {
    dial.again = now + pause;
    state.wakePromptly(dial.again);
    return;
  }
  const uri = dial.uris[dial.index] as string;
  if (dial.purpose === 'probe') {
    // It takes connections and says no more: it is there, and stalled. Anything else is a verdict.
    if (error.code === 'ERR_TIMEOUT' && connection.opened) {
      endProbe(state, dial.peer as Peer);
      return;
    }
  } else {
    state.emit({ kind: 'unreachable', uri, error });
  }
  const { peer } = dial;
  if (peer !== null && (error.code === 'ERR_SELF' || error.code === 'ERR_WRONG_ID')) {
    if (peer.dialled === uri) peer.dialled = null;
    peer.advertised = peer.advertised.filter((address) => address !== uri);
  }
  dial.missed(error.code);
  if (dial.index < dial.uris.length) openDial(state, dial, now);
  else attemptFailed(state, dial, error, now);
}

/** A link was let go. If it was never confirmed, a wish that it was dialled for is still open; winning back is not. */
export function unconfirmed(state: MeshState, link: Connection, now: number): void {
  const { dial, peer } = link;
  if (dial === null) return;
  if (dial.purpose === 'wish') {
    const where = link.uri ?? link.remote;
    failed(state, link, new MasterlessError('ERR_CONNECTION_LOST', `${where} was let go before it was confirmed`), now);
    return;
  }
  dropDial(state, dial);
  if (peer?.redial === dial) peer.redial = null;
}

/** Another connection overtook this handshake: the same address is dialled again. */
export function overtaken(state: MeshState, connection: Connection, error: MasterlessError, now: number): void {
  const { dial } = connection;
  if (dial === null || !state.dials.has(dial) || ++dial.overtaken > MAX_OVERTAKEN) {
    failed(state, connection, error, now);
    return;
  }
  connection.dial = null;
  dial.connection = null;
  openDial(state, dial, now);
}

/** Starts attempts that are due, ends those that waited in vain. */
export function tickDials(state: MeshState, now: number): void {
  for (const dial of state.dials) {
    if (dial.next <= now) startAttempt(state, dial, now);
    else if (dial.again <= now) dialAgain(state, dial, now);
    else if (dial.until <= now && dial.postponed) goOn(state, dial, now);
    else if (dial.until <= now) {
      dial.until = Number.POSITIVE_INFINITY;
      const message = `the connection to ${dial.uris[dial.index]} was turned away as a duplicate of a link that did not come about: dial again`;
      const error = new MasterlessError('ERR_TIMEOUT', message);
      dial.missed(error.code);
      attemptFailed(state, dial, error, now);
    }
    state.wake(Math.min(dial.next, dial.again, dial.until));
  }
}

function startAttempt(state: MeshState, dial: Dial, now: number): void {
  const { peer } = dial;
  dial.begin();
  if (peer !== null && dial.purpose === 'redial') {
    if (!peer.keep && peer.parting === null) {
      // Since the last attempt it is not wanted any more.
      endRedial(state, peer, dial, now);
      return;
    }
    dial.uris = peer.addresses;
    // Of one that has restarted the application hears `connect`, if anything.
    if (peer.connected) state.emit({ kind: 'reconnecting', id: peer.id, attempt: dial.attempt });
  }
  openDial(state, dial, now);
}

/** The other side may have had no room for a handshake: it may have now. */
function dialAgain(state: MeshState, dial: Dial, now: number): void {
  const { peer } = dial;
  if (peer?.redial === dial && !peer.keep && peer.parting === null) endRedial(state, peer, dial, now);
  else openDial(state, dial, now);
}

/** This side comes no more; the other still may, and while this one dialled nobody had to wake for that. */
function endRedial(state: MeshState, peer: Peer, dial: Dial, now: number): void {
  dial.next = Number.POSITIVE_INFINITY;
  dial.again = Number.POSITIVE_INFINITY;
  dropDial(state, dial);
  peer.redial = null;
  // For how long is judged where it is known whether this node ran meanwhile.
  if (peer.heldUntil === 0) giveUp(state, peer);
  else state.wake(Math.max(now, peer.heldUntil));
}

function openDial(state: MeshState, dial: Dial, now: number): void {
  const uri = dial.uris[dial.index];
  dial.next = Number.POSITIVE_INFINITY;
  dial.again = Number.POSITIVE_INFINITY;
  if (uri === undefined) {
    dial.missed('ERR_UNREACHABLE');
    attemptFailed(state, dial, new MasterlessError('ERR_UNREACHABLE', 'no address is known any more'), now);
    return;
  }
  const connection = state.addConnection(uri, uri, now);
  connection.dial = dial;
  dial.connection = connection;
  const elsewhere = dial.purpose !== 'wish' && dial.peer !== null && dial.peer.elsewhere(uri);
  state.emit({ kind: 'dial', connection, uri, elsewhere });
}

function attemptFailed(state: MeshState, dial: Dial, error: MasterlessError, now: number): void {
  const { peer } = dial;
  if (dial.purpose === 'probe') {
    // `links.ts` finds it so at the next tick, and lets go of the link.
    dial.failed = true;
    state.wakePromptly(now);
    return;
  }
  if (dial.purpose === 'renewal') {
    if (peer !== null) {
      endRenewal(state, peer);
      // A good link is not lost for that: `renewal.ts` tries again, for as long as there is time.
      if (peer.link !== null) peer.link.renewAt = now + state.config.handshakeTimeout / RENEWALS;
      // The link has given way to what has just failed: it is closed, and won back like one that broke.
      if (peer.fenced?.outdated) peer.fenced.outdated.cutAt = now;
      if (peer.link === null && peer.redial?.attempt === 0) peer.redial.next = now;
    }
    state.wakePromptly(now);
    return;
  }
  if (dial.attempt < state.config.reconnect.attempts && !dial.final) {
    dial.next = now + backoff(dial.attempt + 1, state.config.reconnect, state.config.random());
    state.wake(dial.next);
    return;
  }
  if (peer !== null && peer.redial === dial) {
    // Of one that has restarted nothing is left that would end, and the wish to keep it with that: unless it is being linked.
    if (!peer.connected && peer.link === null && !inherited(peer)) peer.keep = false;
    endRedial(state, peer, dial, now);
    return;
  }
  dropDial(state, dial);
  if (dial.purpose !== 'wish') return;
  state.emit({ kind: 'wish', wish: dial.wish, id: null, error });
  if (peer !== null) abandon(state, dial, peer);
}

/** Nobody tries any more. The wish to keep was tried as often as the policy says, and ends here too: but not one under way. */
export function giveUp(state: MeshState, peer: Peer): void {
  // An adoption is under way: it makes this link the session's, or ends in `lost` by its own deadline.
  if (peer.link !== null) return;
  if (peer.connected) {
    const reason = peer.farewell ?? (peer.keep ? 'unreachable' : leaves(peer) ? 'local' : 'expired');
    if (!inherited(peer)) peer.keep = false;
    disconnected(state, peer, reason);
  } else {
    // Proposed to the peer, and never heard of again.
    endSession(state, peer);
    peer.heldUntil = 0;
  }
  state.release(peer);
}

export function addDial(state: MeshState, dial: Dial): void {
  state.dials.add(dial);
  // Whoever wishes for a link, or has lost one, waits for it.
  state.wakePromptly(dial.next);
}

export function dropDial(state: MeshState, dial: Dial): void {
  state.dials.delete(dial);
  const { peer, connection } = dial;
  if (peer !== null) peer.unwish(dial);
  if (connection === null) return;
  connection.dial = null;
  dial.connection = null;
  // Not even open: nobody would miss it. One that shakes hands gets the arbiter's verdict.
  if (connection.phase === 'opening') state.close(connection, false);
}

/** This side has left the peer: wishes that met the link to it are tried anew. Returns whether there are any. */
export function wishAgain(state: MeshState, peer: Peer, now: number): boolean {
  let again = false;
  for (const dial of [...peer.wishes]) {
    if (dial.postponed) again = goOn(state, dial, now) || again;
  }
  return again;
}

/** The wish goes on when this side has left the peer: the link that there is now is not for it. */
function wait(state: MeshState, dial: Dial, { parting }: Peer): void {
  if (dial.connection !== null) dial.connection.dial = null;
  dial.connection = null;
  dial.until = parting?.deadline ?? 0;
  state.wake(dial.until);
}

/** It waits no longer. Returns whether it did: one that shakes hands goes on with that. */
function goOn(state: MeshState, dial: Dial, now: number): boolean {
  dial.postponed = false;
  if (dial.connection !== null) return false;
  dial.until = Number.POSITIVE_INFINITY;
  dial.index = 0;
  openDial(state, dial, now);
  return true;
}
