/**
 * The link of a pair from adoption to loss: what the application hears of it, signs of life, and suspicion.
 *
 * A silent peer is suspected after `timeout` and tested by a second connection, since silence has three causes that look
 * alike from here: a dead link between two live nodes (the second connection replaces it), a dead node (its address
 * refuses or does not answer: lost), and a node that is stopped or busy (its system still takes connections: it is waited
 * for, up to `stallTimeout`).
 */
import { MasterlessError } from '../errors.js';
import { ackBytesOf } from './acknowledgement.js';
import type { Connection } from './connection.js';
import { encodeAckRequest, encodeHeartbeat, encodePing, VERSION } from './control.js';
import { heartbeatOf, heartbeatTo, joined } from './crowd.js';
import { endProbe, failed, linked, recover, startProbe } from './dialing.js';
import type { Exchange } from './exchange.js';
import { countFlap, stands } from './flaps.js';
import { Frame } from './frame.js';
import { isWished, tellKeep } from './keep.js';
import { advance, detach, partedByLoss, partIfUnwanted } from './parting.js';
import type { Peer, Probe } from './peer.js';
import { resume } from './questions.js';
import { disconnected, endParting } from './sessions.js';
import type { MeshState } from './state.js';

/** Both sides know the link: packets flow. */
export function established(state: MeshState, peer: Peer, link: Connection): void {
  peer.confirmed = true;
  state.handshakes.delete(link);
  peer.suspect = false;
  peer.theirKeep = link.theirKeep;
  if (link.uri !== null) peer.dialled = link.uri;
  peer.farewell = null;
  link.frames = 0;
  stands(peer, link);
  if (peer.connected) {
    state.emit({ kind: 'reconnect', id: peer.id });
  } else {
    peer.connected = true;
    peer.met = true;
    const info = { uri: link.uri, addresses: [...peer.advertised], incarnation: peer.incarnation, version: VERSION };
    state.emit({ kind: 'connect', id: peer.id, info });
  }
  linked(state, peer);
  joined(state, peer, link);
  peer.session.ackBytes = ackBytesOf(Math.min(state.config.window, peer.window));
  tellKeep(state, peer);
  state.touch(link);
  const next = Math.min(link.spokeAt + state.config.heartbeat, link.renewAt ?? Number.POSITIVE_INFINITY);
  // A time long past would say that this node did not run: whoever accepts late must not have it forgive silence.
  state.wake(Math.max(next, link.heardAt));
  if (peer.parting !== null) {
    // What was said on the lost link may not have been heard.
    peer.parting.said = false;
    advance(state, peer, link.heardAt);
  } else {
    partIfUnwanted(state, peer, link.heardAt);
  }
}

/** The peer's link broke or was given up. Its connection is closed if it is not already. */
export function lost(state: MeshState, peer: Peer, error: MasterlessError, now: number): void {
  const { link } = peer;
  if (link === null) return;
  countFlap(state, peer, link, true, now);
  detach(state, peer, false);
  // Adopted and never confirmed: to who dialled it, the dial failed.
  failed(state, link, error, now);
  if (peer.epoch >= LAST_EPOCH) {
    // Nobody comes so far by counting. Remembered, it would keep the two apart: no epoch follows it.
    disconnected(state, peer, 'expired');
    peer.forget();
    if (peer.keep) recover(state, peer, now);
  } else if (!peer.connected) {
    peer.heldUntil = now + peer.resumeWindow;
    state.wake(peer.heldUntil);
    endParting(state, peer);
    // One that was there and has restarted, say: nobody else may dial. A wish does that by itself, and one that never was there is
    // kept for when it comes.
    if (peer.keep && peer.met && !isWished(peer)) recover(state, peer, now);
  } else if (!partedByLoss(state, peer, now)) {
    recover(state, peer, now);
  }
  resume(state, peer);
  state.release(peer);
}

/** From here on an epoch is not remembered without its link. */
const LAST_EPOCH = 2 ** 52;

/** Whether the peer must prove over its link that it lives before this other connection counts. */
export function doubtful(peer: Peer, { hello, tested }: Exchange): boolean {
  if (peer.link === null) return false;
  return peer.incarnation !== hello?.incarnation || (peer.suspect && !tested);
}

/**
 * Asks the owner of the link to prove that it lives: `newcomer` claims its id with another incarnation, or is the peer
 * itself, of which nothing was heard on the link. One that was stopped runs again, and may have had no time to speak.
 */
export function probeIncumbent(state: MeshState, peer: Peer, newcomer: Exchange, now: number): void {
  newcomer.probing = true;
  if (peer.link === null) return;
  const contested = newcomer.hello?.incarnation !== peer.incarnation;
  if (peer.probe !== null) {
    if (!contested || peer.probe.contested) return;
    peer.probe.contested = true;
  } else {
    const deadline = now + state.config.probeTimeout;
    peer.probe = { token: state.nonce(), contested, askedAt: now, deadline };
    state.wake(deadline);
  }
  state.send(peer.link, encodePing({ token: peer.probe.token, contested }));
}

/** Bytes came: those of a handshake too are signs of life of the link that it may become. */
export function heard(state: MeshState, connection: Connection, now: number): void {
  connection.heardAt = now;
  connection.mute = false;
  const { peer } = connection;
  if (peer?.link !== connection) return;
  state.change(peer);
  if (peer.probe?.contested) putOff(state, peer.probe, now);
  if (!peer.suspect) return;
  peer.suspect = false;
  endProbe(state, peer);
}

/**
 * Whoever speaks may live: what it was asked waits behind all that is on its way there, seconds of it where the way is slow.
 * What a dead one has said is at its end before `timeout`.
 */
function putOff({ config }: MeshState, probe: Probe, now: number): void {
  const deadline = Math.min(now + config.probeTimeout, probe.askedAt + config.timeout);
  probe.deadline = Math.max(probe.deadline, deadline);
}

/** Whether the link is worth nothing when PONG has not come: whoever claims its id may have gone while its owner spoke. */
function isGhost({ incarnation, handshakes }: Peer, link: Connection, { askedAt }: Probe): boolean {
  if (link.heardAt <= askedAt) return true;
  return handshakes.some(({ exchange }) => exchange?.probing && exchange.hello?.incarnation !== incarnation);
}

/**
 * Sends and expects signs of life.
 * @param grace - silence forgiven because this node itself did not run: milliseconds for which nothing is suspected
 */
export function tickLink(state: MeshState, peer: Peer, now: number, grace: number): void {
  const { link } = peer;
  if (link === null) return;
  if (peer.probe !== null && grace > 0) peer.probe.deadline = now + state.config.probeTimeout;
  if (peer.probe !== null && peer.probe.deadline <= now) {
    if (peer.probe.contested && isGhost(peer, link, peer.probe)) {
      lost(state, peer, silent(peer, 'another node claims its id, and it did not prove that it lives'), now);
      return;
    }
    // It lives, and the link does not: the other connection replaces it.
    resume(state, peer);
  }
  if (peer.probe !== null) state.wake(peer.probe.deadline);
  if (!peer.confirmed) return;
  const heartbeat = heartbeatTo(state, peer);
  // Whoever is awake for one of many links speaks on all whose time is near: else each would wake the node by itself, and
  // each time all are looked at.
  const early = state.peers.size > MANY ? heartbeat / EARLY : 0;
  // The same sums here and in `wake`: a difference may fall short of what was waited for, by rounding.
  if (now >= link.spokeAt + heartbeat - early) {
    link.spokeAt = now;
    // Whatever waits to be written will be sign of life enough, and so is an acknowledgement that waits for one.
    if (peer.session.patient && peer.session.unacked) acknowledge(state, peer, link, now);
    else if (link.outbox === null) state.send(link, encodeHeartbeat());
  }
  state.wake(link.spokeAt + heartbeat);
  tickSuspicion(state, peer, link, now, grace);
}

function acknowledge(state: MeshState, { session }: Peer, link: Connection, now: number): void {
  session.ackAt = Math.min(session.ackAt, now);
  state.touch(link);
}

/** Of more peers than so many, signs of life may come earlier by that part of the heartbeat. */
const MANY = 8;
const EARLY = 8;

function tickSuspicion(state: MeshState, peer: Peer, link: Connection, now: number, grace: number): void {
  // A peer that speaks rarely must not be suspected for it.
  const timeout = Math.max(state.config.timeout, peer.heartbeat * 3);
  // Its next sign of life may be as far away as its heartbeat.
  const forgiven = grace > 0 ? Math.max(grace, 2 * heartbeatOf(state, peer)) : 0;
  if (forgiven > 0) link.heardAt = Math.max(link.heardAt, now - timeout + forgiven);
  if (now < link.heardAt + timeout) {
    state.wake(link.heardAt + timeout);
    return;
  }
  peer.suspect = true;
  const stalled = Math.max(timeout, state.config.stallTimeout);
  if (peer.probeDial?.failed || peer.addresses.length === 0 || now >= link.heardAt + stalled) {
    lost(state, peer, silent(peer, `nothing came for ${Math.round(now - link.heardAt)} ms`), now);
    return;
  }
  if (peer.probeDial === null) startProbe(state, peer, now);
  state.wake(link.heardAt + stalled);
}

function silent(peer: Peer, why: string): MasterlessError {
  return new MasterlessError('ERR_CONNECTION_LOST', `the link to ${peer.id} is lost: ${why}`);
}

/** Writes what the link has to say: urgent packets first. */
export function gatherLink(state: MeshState, peer: Peer, link: Connection, views: Uint8Array[], budget: number): void {
  const normal = peer.session.normal.outgoing;
  const urgent = peer.session.urgent.outgoing;
  const added = urgent.pending ? urgent.gather(views, budget) : 0;
  const passed = views.length;
  if (added < budget && normal.pending) normal.gather(views, budget - added);
  // Not while parting: told then that nobody listens there yet, this side would not wait until all is written.
  if (normal.pending && peer.session.ask && peer.parting === null) {
    // Whoever waits to hear of what is whole need not wait for a large packet behind it, or of urgent ones for all that they pass.
    const whole = views.findLastIndex((view) => view[0] !== Frame.Piece) + 1;
    if (whole > passed && whole < views.length) views.splice(whole, 0, encodeAckRequest());
    if (added > 0) views.splice(passed, 0, encodeAckRequest());
  }
  if (normal.pending || urgent.pending) state.touch(link);
}
