/**
 * One connection from HELLO to its verdict.
 *
 * ```
 * dialler                      acceptor
 *   HELLO ──────────────────────▶
 *         ◀────────────────────── HELLO        both know whom they talk to
 * follower                     arbiter
 *   STATE ──────────────────────▶              answers HELLO, and each QUERY
 *         ◀────────────────────── ADOPT | QUERY | DUPLICATE | REJECT, or nothing yet (parked)
 *   ACCEPT ─────────────────────▶
 * ```
 *
 * A frame at any other moment is a protocol error. The deadline of the connection bounds it all.
 */
import { type ErrorCode, MasterlessError } from '../errors.js';
import { decide, type Offer, type Pair } from './arbiter.js';
import type { Connection } from './connection.js';
import {
  type Accept,
  type Adopt,
  encodeAccept,
  encodeAdopt,
  encodeDuplicate,
  encodeHello,
  encodeReject,
  type Hello,
  type Reject,
  RejectReason,
  type State,
  VERSION,
} from './control.js';
import { duplicated, failed, overtaken } from './dialing.js';
import { protocolError } from './frame.js';
import { answer, established, probeIncumbent, query } from './links.js';
import { detach } from './parting.js';
import type { Peer } from './peer.js';
import { NORMAL, URGENT } from './session.js';
import { disconnected, endSession } from './sessions.js';
import type { MeshState } from './state.js';

/** Features this node can use, and those without which it refuses to talk: none yet. */
export const OFFERED = 0;
export const REQUIRED = 0;

/** Says who is at this end. */
export function greet(state: MeshState, connection: Connection): void {
  const { config } = state;
  const keep = connection.dial?.purpose === 'wish' || (connection.peer?.keep ?? false) || connection.dial?.peer?.keep;
  connection.ownNonce = state.nonce();
  connection.toldKeep = keep ?? false;
  state.send(
    connection,
    encodeHello({
      minVersion: VERSION,
      maxVersion: VERSION,
      offered: OFFERED,
      required: REQUIRED,
      nonce: connection.ownNonce,
      incarnation: config.incarnation,
      id: config.id,
      codec: config.codec,
      keep: connection.toldKeep,
      heartbeat: config.heartbeat,
      resumeWindow: config.resumeWindow,
      window: config.window,
      maxPacket: config.maxPacket,
      addresses: state.addresses,
    }),
  );
}

/** The other side said who it is. `versions` was checked before the rest could be read. */
export function onHello(state: MeshState, connection: Connection, hello: Hello, now: number): void {
  const fault = unacceptable(state, connection, hello);
  if (fault !== null) {
    turnAway(state, connection, fault.reason, fault.error, now);
    return;
  }
  const peer = state.peer(hello.id);
  connection.phase = 'known';
  connection.hello = hello;
  connection.peer = peer;
  connection.theirKeep = hello.keep;
  connection.questionNonce = hello.nonce;
  peer.connections.add(connection);
  const { dial } = connection;
  if (dial !== null) {
    dial.peer = peer;
    if (dial.purpose === 'wish') {
      peer.wishes.add(dial);
      dial.keeps ||= !peer.keep;
      peer.keep = true;
    }
  }
  if (connection.uri === null) greet(state, connection);
  if (peer.arbiter) {
    // HELLO is the first question.
    connection.questionNonce = connection.ownNonce;
    connection.asked = peer.changes;
  }
  if (peer.link !== null && peer.incarnation !== hello.incarnation) probeIncumbent(state, peer, connection, now);
  else if (!peer.arbiter) answer(state, peer, connection);
}

/** Follower: the arbiter asks anew. */
export function onQuery(state: MeshState, connection: Connection, nonce: number): void {
  const { peer } = connection;
  if (connection.phase !== 'known' || peer === null || peer.arbiter || connection.probing) {
    throw protocolError('QUERY out of turn');
  }
  connection.questionNonce = nonce;
  answer(state, peer, connection);
}

/** Arbiter: the follower said what it knows. */
export function onState(state: MeshState, connection: Connection, offer: State, now: number): void {
  const { peer } = connection;
  const open = connection.phase === 'known' && connection.asked >= 0 && connection.offer === null;
  if (!open || peer === null || !peer.arbiter || offer.nonce !== connection.questionNonce) {
    throw protocolError('STATE out of turn');
  }
  if (connection.probing) connection.offer = offer;
  else judge(state, peer, connection, offer, now);
}

function judge(state: MeshState, peer: Peer, connection: Connection, offer: State, now: number): void {
  const fresh = connection.asked === peer.changes;
  connection.asked = -1;
  const incarnation = connection.hello?.incarnation ?? '';
  if (peer.incarnation !== incarnation) {
    if (peer.link !== null) {
      // The incumbent came while this one shook hands.
      connection.offer = offer;
      connection.asked = peer.changes;
      probeIncumbent(state, peer, connection, now);
      return;
    }
    if (peer.incarnation !== '' && !fresh) {
      query(state, peer, connection);
      return;
    }
    welcome(state, peer, incarnation);
  }
  const mine = offer.incarnation === state.config.incarnation;
  const known: Offer = mine ? offer : { session: 0, epoch: 0, live: false };
  switch (decide(pairOf(peer), known, fresh)) {
    case 'adopt':
      adopt(state, peer, connection, known, mine ? offer.received : [0, 0]);
      break;
    case 'replace':
      replaceLink(state, peer, now);
      adopt(state, peer, connection, known, mine ? offer.received : [0, 0]);
      break;
    case 'query':
      query(state, peer, connection);
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
}

/** Another incarnation of this id from now on; what the one before left undone is reported. */
function welcome(state: MeshState, peer: Peer, incarnation: string): void {
  if (peer.incarnation !== '') {
    const { redial } = peer;
    disconnected(state, peer, 'restarted');
    peer.forget();
    // An attempt under way may be what met the new incarnation.
    if (redial !== null) {
      peer.redial = redial;
      state.dials.add(redial);
    }
  }
  peer.incarnation = incarnation;
}

function adopt(state: MeshState, peer: Peer, connection: Connection, known: Offer, received: State['received']): void {
  if (peer.session.id === 0) {
    peer.session.id = ++state.sessions;
  } else if (known.session !== peer.session.id && peer.session.confirmed) {
    // The follower has let the session go.
    if (peer.connected) disconnected(state, peer, 'expired');
    else endSession(state, peer);
    peer.session.id = ++state.sessions;
  }
  const { session } = peer;
  const start = known.session === session.id ? received : ([0, 0] as const);
  if (!session.plausible(start)) throw protocolError(`it has received ${start} frames, which is impossible`);
  peer.epoch = Math.max(peer.epoch, known.epoch) + 1;
  take(peer, connection, session.received);
  session.rewind(start);
  const nonce = connection.hello?.nonce ?? 0;
  state.send(connection, encodeAdopt({ nonce, epoch: peer.epoch, session: session.id, received: session.received, start }));
}

/** The connection is the pair's link from here on. */
function take(peer: Peer, connection: Connection, next: State['received']): void {
  peer.link = connection;
  peer.confirmed = false;
  peer.suspect = false;
  peer.changes++;
  if (peer.parked === connection) peer.parked = null;
  connection.phase = 'adopted';
  connection.asked = -1;
  connection.frames = 0;
  connection.next = [next[NORMAL], next[URGENT]];
  peer.session.retell();
  const { hello } = connection;
  if (hello === null) return;
  peer.advertised = hello.addresses;
  peer.window = hello.window;
  peer.maxPacket = hello.maxPacket;
  peer.heartbeat = hello.heartbeat;
  peer.resumeWindow = hello.resumeWindow;
}

function duplicate(state: MeshState, connection: Connection, now: number): void {
  state.send(connection, encodeDuplicate());
  state.close(connection, true);
  duplicated(state, connection, now);
}

/** Follower: the arbiter made this connection the link. */
export function onAdopt(state: MeshState, connection: Connection, verdict: Adopt, now: number): void {
  const { peer, hello } = connection;
  const open = connection.phase === 'known' && connection.asked >= 0 && !connection.probing;
  if (!open || peer === null || peer.arbiter || hello === null || verdict.nonce !== connection.ownNonce) {
    throw protocolError('ADOPT out of turn');
  }
  const fresh = connection.asked === peer.changes;
  if (peer.incarnation !== hello.incarnation) {
    if (peer.incarnation !== '' && (!fresh || peer.link !== null)) {
      turnAway(state, connection, RejectReason.Overtaken, overtakenError(peer), now);
      return;
    }
    welcome(state, peer, hello.incarnation);
  }
  if (verdict.epoch <= peer.epoch) {
    turnAway(state, connection, RejectReason.Overtaken, overtakenError(peer), now);
    return;
  }
  if (verdict.session === 0) throw protocolError('ADOPT without a session');
  joinSession(state, peer, verdict);
  replaceLink(state, peer, now);
  peer.epoch = verdict.epoch;
  take(peer, connection, verdict.start);
  peer.session.rewind(verdict.received);
  state.send(connection, encodeAccept({ epoch: peer.epoch, received: peer.session.received }));
  established(state, peer, connection);
}

function joinSession(state: MeshState, peer: Peer, { session: id, received, start }: Adopt): void {
  if (id === peer.session.id) {
    const had = peer.session.received;
    if (start[NORMAL] > had[NORMAL] || start[URGENT] > had[URGENT]) throw protocolError('ADOPT would leave a gap');
    if (!peer.session.plausible(received)) throw protocolError(`it has received ${received} frames, which is impossible`);
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
  const open = peer !== null && peer.arbiter && peer.link === connection && !peer.confirmed;
  if (!open || accept.epoch !== peer.epoch) throw protocolError('ACCEPT out of turn');
  if (!peer.session.plausible(accept.received)) {
    throw protocolError(`it has received ${accept.received} frames, which is impossible`);
  }
  peer.session.confirmed = true;
  peer.changes++;
  established(state, peer, connection);
  if (peer.parked !== null) duplicate(state, peer.parked, now);
}

/** There is a better connection. */
export function onDuplicate(state: MeshState, connection: Connection, now: number): void {
  const { peer } = connection;
  if (connection.phase !== 'known' || peer === null || peer.arbiter) throw protocolError('DUPLICATE out of turn');
  state.close(connection, false);
  duplicated(state, connection, now);
}

/** Turned away. */
export function onReject(state: MeshState, connection: Connection, { reason, detail }: Reject, now: number): void {
  const code = REJECT_CODES[reason];
  if (code === undefined) throw protocolError(`REJECT for reason ${reason}, which has no meaning`);
  const where = connection.uri ?? connection.remote;
  const error = new MasterlessError(code, `${where} turned the connection away: ${detail || 'it gave no detail'}`);
  if (reason === RejectReason.IdInUse) state.emit({ kind: 'conflict', id: state.config.id });
  state.close(connection, false);
  state.fault(connection, error);
  if (reason === RejectReason.Overtaken) overtaken(state, connection, error, now);
  else failed(state, connection, error, now);
}

/** The incumbent has proved that it lives: whoever else claims its id is turned away. */
export function incumbentLives(state: MeshState, peer: Peer, now: number): void {
  peer.probe = null;
  for (const connection of [...peer.connections]) {
    if (!connection.probing) continue;
    const message = `the id ${JSON.stringify(peer.id)} is in use by another node that is alive: give every node an id of its own`;
    turnAway(state, connection, RejectReason.IdInUse, new MasterlessError('ERR_ID_IN_USE', message), now);
    state.emit({ kind: 'conflict', id: peer.id });
  }
}

/** Says why, closes, and tells who dialled. */
export function turnAway(
  state: MeshState,
  connection: Connection,
  reason: RejectReason,
  error: MasterlessError,
  now: number,
): void {
  state.send(connection, encodeReject({ reason, detail: error.message }));
  state.close(connection, true);
  state.fault(connection, error);
  if (reason === RejectReason.Overtaken) overtaken(state, connection, error, now);
  else failed(state, connection, error, now);
}

const REJECT_CODES: Readonly<Partial<Record<number, ErrorCode>>> = {
  [RejectReason.Protocol]: 'ERR_PROTOCOL',
  [RejectReason.Version]: 'ERR_VERSION',
  [RejectReason.Feature]: 'ERR_FEATURE',
  [RejectReason.Codec]: 'ERR_CODEC',
  [RejectReason.Self]: 'ERR_SELF',
  [RejectReason.IdInUse]: 'ERR_ID_IN_USE',
  [RejectReason.WrongId]: 'ERR_WRONG_ID',
  [RejectReason.Limit]: 'ERR_LIMIT',
  [RejectReason.Closing]: 'ERR_REFUSED',
  [RejectReason.Overtaken]: 'ERR_CONNECTION_LOST',
};

interface Fault {
  readonly reason: RejectReason;
  readonly error: MasterlessError;
}

function unacceptable(state: MeshState, connection: Connection, hello: Hello): Fault | null {
  const { config } = state;
  const fault = (reason: RejectReason, code: ErrorCode, message: string): Fault => ({
    reason,
    error: new MasterlessError(code, message),
  });
  const where = connection.uri ?? connection.remote;
  if (connection.phase !== 'greeting') throw protocolError('a second HELLO');
  if ((hello.required & ~OFFERED) !== 0) {
    const bits = (hello.required & ~OFFERED).toString(2);
    return fault(RejectReason.Feature, 'ERR_FEATURE', `${where} requires features unknown here (bits ${bits})`);
  }
  if (hello.codec !== config.codec) {
    const message = `${where} encodes packets with ${hello.codec}, this node with ${config.codec}: use one codec`;
    return fault(RejectReason.Codec, 'ERR_CODEC', message);
  }
  if (hello.id === config.id) {
    if (hello.incarnation === config.incarnation) {
      return fault(RejectReason.Self, 'ERR_SELF', `${where} is this very node: leave out its own address`);
    }
    state.emit({ kind: 'conflict', id: config.id });
    const message = `${where} is another node with the id ${JSON.stringify(config.id)}: give every node an id of its own`;
    return fault(RejectReason.IdInUse, 'ERR_ID_IN_USE', message);
  }
  const expected = connection.dial?.expected ?? null;
  if (expected !== null && expected !== hello.id) {
    const message = `${where} is ${JSON.stringify(hello.id)}, and ${JSON.stringify(expected)} was expected there`;
    return fault(RejectReason.WrongId, 'ERR_WRONG_ID', message);
  }
  if (state.closing) return fault(RejectReason.Closing, 'ERR_REFUSED', 'the node is closing');
  if (!state.peers.has(hello.id) && state.peers.size >= config.maxPeers) {
    return fault(RejectReason.Limit, 'ERR_LIMIT', `there are ${config.maxPeers} peers already (limits.peers)`);
  }
  return null;
}

function overtakenError(peer: Peer): MasterlessError {
  return new MasterlessError('ERR_CONNECTION_LOST', `another connection to ${peer.id} overtook this handshake`);
}
