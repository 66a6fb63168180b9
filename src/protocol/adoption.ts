/**
 * The verdict on a connection: the arbiter makes it the link of the pair, or not, and the follower obeys. Only one side
 * decides, so both always end with the same link.
 */
import { MasterlessError } from '../errors.js';
import { decide, type Offer, type Pair } from './arbiter.js';
import type { Connection } from './connection.js';
import {
  type Accept,
  type Adopt,
  encodeAccept,
  encodeAdopt,
  encodeDuplicate,
  RejectReason,
  type State,
} from './control.js';
import { duplicated } from './dialing.js';
import type { Exchange } from './exchange.js';
import type { Counts } from './fields.js';
import { protocolError } from './frame.js';
import { incumbentLives, replaceOutdated, turnAway, turnAwayClosing } from './handshake.js';
import { doubtful, established, probeIncumbent } from './links.js';
import { detach } from './parting.js';
import type { Peer } from './peer.js';
import { query } from './questions.js';
import { NORMAL, URGENT } from './session.js';
import { disconnected, endSession } from './sessions.js';
import type { MeshState } from './state.js';

/** Arbiter: the follower said what it knows. */
export function onState(state: MeshState, connection: Connection, offer: State, now: number): void {
  const { peer, exchange } = connection;
  if (peer === null || !peer.arbiter || exchange === null) throw protocolError('STATE out of turn');
  const open = exchange.asked >= 0 && exchange.offer === null;
  if (!open || offer.nonce !== exchange.questionNonce) throw protocolError('STATE out of turn');
  // The next one would be no number that a frame can carry.
  if (offer.epoch === Number.MAX_SAFE_INTEGER) throw protocolError('an epoch after which none can come');
  if (exchange.probing) exchange.offer = offer;
  else judge(state, peer, connection, exchange, offer, now);
}

function judge(
  state: MeshState,
  peer: Peer,
  connection: Connection,
  exchange: Exchange,
  offer: State,
  now: number,
): void {
  const fresh = exchange.asked >= peer.changed;
  exchange.asked = -1;
  const incarnation = exchange.hello?.incarnation ?? '';
  if (doubtful(peer, exchange)) {
    // The incumbent came, or fell silent, while this one shook hands.
    exchange.offer = offer;
    exchange.asked = state.changes;
    probeIncumbent(state, peer, exchange, now);
    return;
  }
  if (peer.incarnation !== incarnation) {
    if (peer.incarnation !== '' && !fresh) {
      query(state, connection);
      return;
    }
    welcome(state, peer, incarnation);
  }
  if (replaceOutdated(state, peer, now)) {
    // What the follower said is of before.
    query(state, connection);
    return;
  }
  const mine = offer.incarnation === state.config.incarnation;
  const known: Offer = mine ? offer : { session: 0, epoch: 0, live: false };
  const goesOn = known.session !== 0 && known.session === peer.session.id;
  const start: Counts = goesOn ? offer.received : [0, 0];
  let verdict = decide(pairOf(peer), known, fresh);
  if ((verdict === 'adopt' || verdict === 'replace') && goesOn && !peer.session.plausible(start)) {
    // What can't be is found before anything has changed: a session begun for it, or a good link replaced. But an old
    // answer may tell of less than was acknowledged since, on the link that there was.
    if (fresh) throw impossible(start);
    verdict = 'query';
  }
  switch (verdict) {
    case 'adopt':
      adopt(state, peer, connection, known, start, now);
      break;
    case 'replace':
      replaceLink(state, peer, now);
      adopt(state, peer, connection, known, start, now);
      break;
    case 'query':
      query(state, connection);
      break;
    case 'duplicate':
      duplicate(state, connection, now);
      break;
    case 'park':
      if (peer.parked !== null) duplicate(state, peer.parked, now);
      peer.parked = connection;
      break;
  }
}

function pairOf(peer: Peer): Pair {
  const standing = peer.confirmed ? (peer.suspect ? 'suspect' : 'confirmed') : 'adopted';
  return { link: peer.link === null ? 'none' : standing, session: peer.session.id, epoch: peer.epoch };
}

/** The old link is dead, or fenced off for the new one: the application hears nothing of it. */
function replaceLink(state: MeshState, peer: Peer, now: number): void {
  const { link } = peer;
  if (link === null) return;
  detach(state, peer, false);
  duplicated(state, link, now);
  // Who claims the same id was waiting for this one to prove that it lives: it has.
  if (peer.probe !== null) incumbentLives(state, peer, now);
}

/** Another incarnation of this id from now on; what the one before left undone is reported. */
function welcome(state: MeshState, peer: Peer, incarnation: string): void {
  if (peer.incarnation !== '') {
    superseded(state, peer, 'restarted');
    peer.forget();
  }
  peer.incarnation = incarnation;
}

/** The peer is gone as it was, and about to be linked anew: an attempt to win it back may be what met it. */
function superseded(state: MeshState, peer: Peer, reason: 'restarted' | 'expired'): void {
  const { redial } = peer;
  disconnected(state, peer, reason);
  if (redial === null) return;
  peer.redial = redial;
  state.dials.add(redial);
}

/** @param start - where this side's sending begins: (0, 0), or what the follower has received of the session it knows */
function adopt(state: MeshState, peer: Peer, connection: Connection, known: Offer, start: Counts, now: number): void {
  if (peer.session.id !== 0 && known.session !== peer.session.id && peer.session.confirmed) {
    // The follower has let the session go.
    if (peer.connected) superseded(state, peer, 'expired');
    else endSession(state, peer);
  }
  if (peer.session.id === 0) {
    // Of one that is still connected, the new session has what was accepted for it since the other went.
    if (state.closing && !peer.connected) {
      turnAwayClosing(state, connection, now);
      return;
    }
    peer.session.id = ++state.sessions;
  }
  const { session } = peer;
  peer.epoch = Math.max(peer.epoch, known.epoch) + 1;
  const nonce = connection.exchange?.hello?.nonce ?? 0;
  take(state, peer, connection, session.received);
  session.rewind(start);
  state.send(
    connection,
    encodeAdopt({ nonce, epoch: peer.epoch, session: session.id, received: session.received, start }),
  );
}

/** The connection is the pair's link from here on. */
function take(state: MeshState, peer: Peer, connection: Connection, next: State['received']): void {
  peer.link = connection;
  peer.confirmed = false;
  peer.suspect = false;
  state.change(peer);
  connection.phase = 'adopted';
  peer.settle(connection);
  connection.frames = 0;
  connection.nextNormal = next[NORMAL];
  connection.nextUrgent = next[URGENT];
  peer.session.retell();
  const { exchange } = connection;
  connection.exchange = null;
  if (exchange === null || exchange.hello === null) return;
  const { hello, addresses } = exchange;
  const { maxResumeWindow = NO_LIMIT, maxHeartbeat = NO_LIMIT, rules } = state.config;
  peer.advertised = addresses;
  peer.near = rules === undefined || rules.near(connection);
  peer.window = hello.window;
  peer.maxPacket = hello.maxPacket;
  peer.heartbeat = Math.min(hello.heartbeat, maxHeartbeat);
  peer.resumeWindow = Math.min(hello.resumeWindow, maxResumeWindow);
}

function duplicate(state: MeshState, connection: Connection, now: number): void {
  state.send(connection, encodeDuplicate());
  state.close(connection, true);
  duplicated(state, connection, now);
}

/** Follower: the arbiter made this connection the link. */
export function onAdopt(state: MeshState, connection: Connection, verdict: Adopt, now: number): void {
  const { peer, exchange } = connection;
  if (peer === null || peer.arbiter || exchange === null) throw protocolError('ADOPT out of turn');
  const { hello, asked, probing, ownNonce, toldSession } = exchange;
  if (asked < 0 || probing || hello === null || verdict.nonce !== ownNonce) throw protocolError('ADOPT out of turn');
  const fresh = asked >= peer.changed;
  if (peer.incarnation !== hello.incarnation) {
    if (peer.incarnation !== '' && !fresh) {
      turnAway(state, connection, RejectReason.Overtaken, overtakenError(peer), now);
      return;
    }
    welcome(state, peer, hello.incarnation);
  }
  // The session that it spoke of has ended here since, and with it what the arbiter builds on.
  const ended = verdict.session === toldSession && verdict.session !== peer.session.id;
  if (verdict.epoch <= peer.epoch || (ended && verdict.session !== 0)) {
    turnAway(state, connection, RejectReason.Overtaken, overtakenError(peer), now);
    return;
  }
  if (verdict.session === 0) throw protocolError('ADOPT without a session');
  joinSession(state, peer, verdict);
  replaceLink(state, peer, now);
  if (state.closing && !peer.connected) {
    endSession(state, peer);
    turnAwayClosing(state, connection, now);
    return;
  }
  peer.epoch = verdict.epoch;
  take(state, peer, connection, verdict.start);
  peer.session.rewind(verdict.received);
  state.send(connection, encodeAccept({ epoch: peer.epoch, received: peer.session.received }));
  established(state, peer, connection);
}

function joinSession(state: MeshState, peer: Peer, { session: id, received, start }: Adopt): void {
  if (id === peer.session.id) {
    const had = peer.session.received;
    if (start[NORMAL] > had[NORMAL] || start[URGENT] > had[URGENT]) throw protocolError('ADOPT would leave a gap');
    if (!peer.session.plausible(received)) throw impossible(received);
    return;
  }
  if (start[NORMAL] + start[URGENT] + received[NORMAL] + received[URGENT] > 0) {
    throw protocolError('ADOPT goes on with a session that is not known here');
  }
  if (peer.session.id !== 0) {
    // The arbiter has let the session go.
    if (peer.connected) disconnected(state, peer, 'expired');
    else endSession(state, peer);
  }
  peer.session.id = id;
}

/** Arbiter: the follower has switched. */
export function onAccept(state: MeshState, connection: Connection, accept: Accept, now: number): void {
  const { peer } = connection;
  const open = peer?.arbiter && peer.link === connection && !peer.confirmed;
  if (!open || accept.epoch !== peer.epoch) throw protocolError('ACCEPT out of turn');
  if (!peer.session.plausible(accept.received)) {
    throw impossible(accept.received);
  }
  peer.session.confirmed = true;
  state.change(peer);
  established(state, peer, connection);
  if (peer.parked !== null) duplicate(state, peer.parked, now);
}

/** There is a better connection. */
export function onDuplicate(state: MeshState, connection: Connection, now: number): void {
  const { peer } = connection;
  if (connection.phase !== 'known' || peer === null || peer.arbiter) throw protocolError('DUPLICATE out of turn');
  state.close(connection, false);
  duplicated(state, connection, now);
  state.release(peer);
}

function overtakenError(peer: Peer): MasterlessError {
  return new MasterlessError('ERR_CONNECTION_LOST', `another connection to ${peer.id} overtook this handshake`);
}

function impossible([normal, urgent]: Counts): MasterlessError {
  return protocolError(`it has received ${normal} and ${urgent} frames, which is impossible`);
}

const NO_LIMIT = Number.POSITIVE_INFINITY;
