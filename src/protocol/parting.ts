/**
 * How two nodes part by agreement: each flushes, says BYE when nothing of its own is outstanding, and the link is closed
 * when both have. Until its own BYE a node goes on sending, so nothing that was accepted is lost in an orderly end. A
 * deadline bounds it all.
 *
 * BYE(Unwanted) is a proposal: KEEP answers it as well as BYE.
 */
import type { MasterlessError } from '../errors.js';
import type { Connection } from './connection.js';
import { ByeReason, encodeBye } from './control.js';
import { dropDial, endProbe, giveUp, recover, unconfirmed, wishAgain } from './dialing.js';
import { countFlap } from './flaps.js';
import { inherited, insist, takeBack } from './keep.js';
import type { DisconnectReason } from './output.js';
import type { Parting, Peer } from './peer.js';
import { resume } from './questions.js';
import { disconnected, endSession, leaves } from './sessions.js';
import type { MeshState } from './state.js';

/** Time for an application that is about to listen. */
const DEAF_GRACE = 500;

const HEARD: Readonly<Record<ByeReason, DisconnectReason>> = {
  [ByeReason.Closed]: 'closed',
  [ByeReason.Disconnected]: 'disconnected',
  [ByeReason.Unwanted]: 'unwanted',
  [ByeReason.BadPacket]: 'bad-packet',
};

/** This side wants to part. */
export function part(state: MeshState, peer: Peer, reason: ByeReason, now: number): void {
  if (peer.parting !== null && peer.parting.reason !== ByeReason.Unwanted) return;
  begin(state, peer, { reason, replies: false, heard: peer.parting?.heard ?? false }, now);
  advance(state, peer, now);
}

function begin(state: MeshState, peer: Peer, how: Pick<Parting, 'reason' | 'replies' | 'heard'>, now: number): void {
  const latest = now + state.config.closeTimeout;
  peer.parting = { ...how, said: false, deadline: latest, latest, spared: false };
  state.wake(latest);
}

/** Neither side keeps the link: its arbiter proposes to let it go. */
export function partIfUnwanted(state: MeshState, peer: Peer, now: number): void {
  if (!peer.arbiter || peer.keep || peer.theirKeep || !peer.confirmed || peer.parting !== null) return;
  part(state, peer, ByeReason.Unwanted, now);
}

/** Goes on with parting where it can: something was acknowledged, heard, or a link won or lost. */
export function advance(state: MeshState, peer: Peer, now: number): void {
  const { parting, session, link } = peer;
  if (parting === null) return;
  if (link === null) {
    // While a link is replaced the other side is there, and may have packets on their way: the next link is for its goodbye.
    if (session.settled && peer.fenced === null) finish(state, peer, now);
    return;
  }
  // The follower may believe itself connected already: it is told when it has confirmed.
  if (!peer.confirmed) return;
  if (!session.settled) {
    // Ask for acknowledgement behind the last byte, rather than wait for the other side's delay.
    session.ask = true;
    state.touch(link);
    return;
  }
  if (!parting.said) {
    parting.said = true;
    state.send(link, encodeBye(parting.reason));
  }
  if (parting.heard) finish(state, peer, now);
}

/** The other side said BYE: nothing of its own is outstanding. */
export function heardBye(state: MeshState, peer: Peer, reason: ByeReason, now: number): void {
  if (reason === ByeReason.Unwanted && peer.keep && !(peer.parting?.said ?? false)) {
    insist(state, peer);
    return;
  }
  if (reason === ByeReason.BadPacket) {
    spoil(state, peer, now);
    return;
  }
  if (peer.parting === null) {
    begin(state, peer, { reason, replies: true, heard: true }, now);
  } else if (peer.parting.reason === ByeReason.Unwanted && reason !== ByeReason.Unwanted) {
    // There is no proposal any more that could be taken back, whoever made it.
    peer.parting = { ...peer.parting, reason, replies: true, heard: true };
  } else {
    peer.parting.heard = true;
  }
  advance(state, peer, now);
}

/** The other side's wish changed. */
export function heardKeep(state: MeshState, peer: Peer, keep: boolean, now: number): void {
  peer.theirKeep = keep;
  const { parting } = peer;
  if (keep && parting !== null && parting.reason === ByeReason.Unwanted && !parting.heard) {
    takeBack(state, peer);
    wishAgain(state, peer, now);
    return;
  }
  partIfUnwanted(state, peer, now);
}

/** Nobody listens at the other side: what it holds is waited for only a little longer, unless some of it is had by then. */
export function heardDeaf(state: MeshState, peer: Peer, now: number): void {
  const { parting } = peer;
  if (parting === null) return;
  parting.deadline = Math.min(parting.deadline, now + DEAF_GRACE);
  state.wake(parting.deadline);
}

/** The other side's application has had more: somebody listens there. */
export function heardListener({ parting }: Peer): void {
  if (parting !== null) parting.deadline = Math.max(parting.deadline, parting.latest);
}

/** The link broke while parting. Returns whether that was its end. */
export function partedByLoss(state: MeshState, peer: Peer, now: number): boolean {
  const { parting } = peer;
  // Who has said BYE will not come back for the rest.
  if (parting === null || !(parting.heard || peer.session.settled)) return false;
  finish(state, peer, now);
  return true;
}

/** A packet could not be decoded: the session is worthless, and both sides must know. */
export function partForBadPacket(state: MeshState, peer: Peer, error: MasterlessError, now: number): void {
  const { link } = peer;
  if (link !== null) {
    state.send(link, encodeBye(ByeReason.BadPacket));
    state.fault(link, error);
  }
  spoil(state, peer, now);
}

/** The wish to keep the peer ends with the session: but not that of a `connect` which is under way, for the next one. */
function spoil(state: MeshState, peer: Peer, now: number): void {
  peer.keep = false;
  const how = { reason: ByeReason.BadPacket, replies: true, heard: true, said: true } as const;
  peer.parting = { ...how, deadline: now, latest: now, spared: true };
  finish(state, peer, now);
  peer.keep = inherited(peer);
}

/** Ends parting, flushed or not. */
function finish(state: MeshState, peer: Peer, now: number): void {
  const { parting, link } = peer;
  if (parting === null) return;
  // The test of a link ends with it, and its connection would go on.
  const probe = peer.probeDial?.connection ?? null;
  if (link !== null) {
    if (!parting.said) state.send(link, encodeBye(parting.reason));
    countFlap(state, peer, link, false, now);
    detach(state, peer, true);
    unconfirmed(state, link, now);
  }
  peer.theirKeep = false;
  // The other side went, or the wish came after the link was found unwanted.
  if ((parting.replies || parting.reason === ByeReason.Unwanted) && peer.keep && !state.closing) {
    peer.parting = null;
    // This side wants it back: the application hears `reconnecting` first.
    peer.farewell = HEARD[parting.reason];
    const starved = state.starved.has(peer);
    const over = { kind: 'parted', id: peer.id } as const;
    const { settled } = peer.session;
    // Who hears of what is left may part again at once, and waits for the end of that.
    if (!settled) state.emit(over);
    endSession(state, peer);
    if (settled) state.emit(over);
    wishAgain(state, peer, now);
    recover(state, peer, now);
    // Whoever waits for room has a whole window of it, in the next session.
    if (starved && peer.connected) state.emit({ kind: 'drain', id: peer.id });
    resume(state, peer);
    return;
  }
  if (!peer.keep) callOff(state, peer, probe);
  disconnected(state, peer, leaves(peer) ? 'local' : HEARD[parting.reason]);
  // What was wished for while it parted.
  if (!state.closing && !wishAgain(state, peer, now) && peer.keep) recover(state, peer, now);
  resume(state, peer);
  state.release(peer);
}

/**
 * Nobody here wants the peer any more: attempts to win its link back, to test or to replace it are over, also those that
 * shake hands. They would make a link that is let go at once.
 */
function callOff(state: MeshState, peer: Peer, probe: Connection | null): void {
  if (probe !== null) state.close(probe, false);
  for (const dial of [peer.redial, peer.renewal]) {
    const connection = dial?.connection ?? null;
    if (dial !== null) dropDial(state, dial);
    if (connection !== null) state.close(connection, false);
  }
  // Those that the other side began, for a link that it does not keep either.
  for (const connection of peer.handshakes) {
    if (connection.uri === null && !connection.theirKeep) state.close(connection, false);
  }
}

/** The peer has no link any more; nothing from the old one counts. */
export function detach(state: MeshState, peer: Peer, flush: boolean): void {
  const { link } = peer;
  if (link === null) return;
  peer.link = null;
  peer.confirmed = false;
  peer.suspect = false;
  endProbe(state, peer);
  state.close(link, flush);
}

/**
 * Parting that waited long enough ends; a session held long enough is given up.
 * @param grace - this node itself did not run: milliseconds for which nothing is ended, as what was said was not heard
 */
export function tickPeer(state: MeshState, peer: Peer, now: number, grace: number): void {
  if (grace > 0) spare(state, peer, now, grace);
  if (peer.parting !== null) {
    if (peer.parting.deadline <= now) finish(state, peer, now);
    else wakeBefore(state, peer.parting.deadline, now);
  } else {
    // The wish for which alone it was kept may have failed.
    partIfUnwanted(state, peer, now);
  }
  if (peer.heldUntil > 0 && peer.redial === null) {
    if (peer.heldUntil <= now) giveUp(state, peer);
    else wakeBefore(state, peer.heldUntil, now);
  }
}

/** Who was awake shortly before, and a heartbeat later, can tell whether it slept when the time came. */
function wakeBefore(state: MeshState, time: number, now: number): void {
  const { heartbeat } = state.config;
  state.wake(Math.min(time, Math.max(now + heartbeat, time - 2 * heartbeat)));
}

/** Its acknowledgements may be on their way, and the connection by which it comes back may wait to be taken. */
function spare({ config }: MeshState, peer: Peer, now: number, grace: number): void {
  const { parting } = peer;
  if (peer.heldUntil > 0) peer.heldUntil = Math.max(peer.heldUntil, now + config.handshakeTimeout);
  const until = now + Math.min(grace, config.closeTimeout);
  if (parting === null || parting.spared || parting.deadline >= until) return;
  parting.deadline = until;
  parting.spared = true;
}
