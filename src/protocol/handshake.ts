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
import { hasPlace, takeAhead } from './admission.js';
import type { Connection } from './connection.js';
import { encodeHello, encodeReject, type Hello, type Reject, RejectReason, VERSION } from './control.js';
import { dropDial, failed, overtaken, reached } from './dialing.js';
import type { Exchange } from './exchange.js';
import { protocolError } from './frame.js';
import { doubtful, lost, probeIncumbent } from './links.js';
import type { Peer } from './peer.js';
import { answer, resume } from './questions.js';
import { givesWay, giveWay } from './renewal.js';
import type { MeshState } from './state.js';

/** Features this node can use, and those without which it refuses to talk: none yet. */
const OFFERED = 0;
const REQUIRED = 0;

/** Says who is at this end. */
export function greet(state: MeshState, connection: Connection, exchange: Exchange): void {
  const { config } = state;
  const keep = connection.dial?.purpose === 'wish' || (connection.peer?.keep ?? false) || connection.dial?.peer?.keep;
  exchange.ownNonce = state.nonce();
  exchange.greetedAt = state.changes;
  connection.toldKeep = keep ?? false;
  state.send(
    connection,
    encodeHello({
      minVersion: VERSION,
      maxVersion: VERSION,
      offered: OFFERED,
      required: REQUIRED,
      nonce: exchange.ownNonce,
      incarnation: config.incarnation,
      id: config.id,
      codec: config.codec,
      keep: connection.toldKeep,
      heartbeat: config.heartbeat,
      resumeWindow: config.resumeWindow,
      window: config.window,
      maxPacket: config.maxPacket,
      addresses: state.addresses ?? [],
    }),
  );
}

/** The other side said who it is. `versions` was checked before the rest could be read. */
export function onHello(state: MeshState, connection: Connection, hello: Hello, now: number): void {
  const { exchange } = connection;
  if (exchange === null) throw protocolError('HELLO after the verdict');
  const fault = unfit(state, connection, hello);
  if (fault !== null) {
    turnAway(state, connection, fault.reason, fault.error, now);
    return;
  }
  exchange.hello = hello;
  const admission = state.config.rules?.admit(connection, hello.id) ?? null;
  // The application was asked, and may have closed the node, or exchanged its credentials.
  if (connection.exchange !== exchange) return;
  if (admission === 'later') exchange.awaited = true;
  else admit(state, connection, exchange, hello, admission, now);
}

/** The node's rules have spoken on a HELLO that waited for it. Returns what was said after it; null when none waits. */
export function onAdmission(
  state: MeshState,
  connection: Connection,
  refusal: MasterlessError | null,
  now: number,
): Uint8Array | null {
  const { exchange } = connection;
  if (!exchange?.awaited || exchange.hello === null) return null;
  exchange.awaited = false;
  const ahead = takeAhead(exchange);
  admit(state, connection, exchange, exchange.hello, refusal, now);
  return ahead;
}

function admit(
  state: MeshState,
  connection: Connection,
  exchange: Exchange,
  hello: Hello,
  refusal: MasterlessError | null,
  now: number,
): void {
  const again = refusal?.code === 'ERR_CONNECTION_LOST';
  const reason = again ? RejectReason.Overtaken : RejectReason.Unauthorized;
  if (refusal !== null) turnAway(state, connection, reason, refusal, now);
  else welcome(state, connection, exchange, hello, now);
}

function welcome(state: MeshState, connection: Connection, exchange: Exchange, hello: Hello, now: number): void {
  const fault = unacceptable(state, connection, hello);
  if (fault !== null) {
    turnAway(state, connection, fault.reason, fault.error, now);
    return;
  }
  const peer = state.peer(hello.id);
  connection.phase = 'known';
  if (hello.addresses.length > 0) exchange.addresses = dialable(state, connection, hello.addresses);
  connection.peer = peer;
  connection.theirKeep = hello.keep;
  exchange.questionNonce = hello.nonce;
  peer.shake(connection);
  const { dial } = connection;
  if (dial !== null) reached(state, dial, peer);
  if (connection.uri === null) greet(state, connection, exchange);
  if (peer.arbiter) {
    // HELLO is the first question.
    exchange.questionNonce = exchange.ownNonce;
    exchange.asked = exchange.greetedAt;
  }
  if (doubtful(peer, exchange)) probeIncumbent(state, peer, exchange, now);
  else if (!peer.arbiter) {
    replaceOutdated(state, peer, now);
    answer(state, peer, connection, exchange);
  }
}

/**
 * A list to be kept for as long as the peer is known: one that was filtered has room for many more. The address dialled,
 * which most nodes tell as well, is the text that is there already.
 */
function dialable(state: MeshState, connection: Connection, addresses: readonly string[]): readonly string[] {
  const { rules } = state.config;
  const { uri: dialled } = connection;
  const may =
    rules === undefined
      ? addresses
      : addresses.map((uri) => rules.dialable(connection, uri)).filter((uri) => uri !== null);
  return [...new Set(may)].map((uri) => (uri === dialled ? dialled : uri));
}

/** Follower: the arbiter asks anew. */
export function onQuery(state: MeshState, connection: Connection, nonce: number, now: number): void {
  const { peer, exchange } = connection;
  if (peer === null || peer.arbiter || exchange === null || exchange.probing) {
    throw protocolError('QUERY out of turn');
  }
  exchange.questionNonce = nonce;
  if (doubtful(peer, exchange)) probeIncumbent(state, peer, exchange, now);
  else answer(state, peer, connection, exchange);
}

/** Turned away. */
export function onReject(state: MeshState, connection: Connection, { reason, detail }: Reject, now: number): void {
  const code = REJECT_CODES[reason];
  const where = connection.uri ?? connection.remote;
  const error = new MasterlessError(
    code,
    `${where} turned the connection away: ${detail === '' ? 'it gave no detail' : `it says “${detail}”`}`,
  );
  // Of a stranger who has not said who he is it means nothing.
  const known = connection.uri !== null || connection.peer !== null;
  if (known && reason === RejectReason.IdInUse) state.emit({ kind: 'conflict', id: state.config.id });
  state.fault(connection, error);
  if (reason === RejectReason.Overtaken) overtaken(state, connection, error, now);
  else failed(state, connection, error, now);
  // The follower can turn away what the arbiter has adopted.
  const { peer } = connection;
  if (peer?.link === connection) {
    lost(state, peer, error, now);
    return;
  }
  state.close(connection, false);
  if (peer !== null) state.release(peer);
}

/** The incumbent has proved that it lives: whoever else claims its id is turned away. */
export function incumbentLives(state: MeshState, peer: Peer, now: number): void {
  for (const connection of peer.handshakes) {
    const { exchange } = connection;
    if (!exchange?.probing || exchange.hello?.incarnation === peer.incarnation) continue;
    const message = `the id ${JSON.stringify(peer.id)} is in use by another node that is alive: give every node an id of its own`;
    turnAway(state, connection, RejectReason.IdInUse, new MasterlessError('ERR_ID_IN_USE', message), now);
    state.emit({ kind: 'conflict', id: peer.id });
  }
  resume(state, peer);
}

/** The peer has come by another connection, for which its link makes room if it is outdated. Returns whether it did. */
export function replaceOutdated(state: MeshState, peer: Peer, now: number): boolean {
  if (!givesWay(peer)) return false;
  // By coming it has proved that it lives. Without its link nobody would wait for that any more.
  if (peer.probe !== null) incumbentLives(state, peer, now);
  giveWay(state, peer, now);
  return true;
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
  if (connection.peer !== null) state.release(connection.peer);
}

const REJECT_CODES: Readonly<Record<RejectReason, ErrorCode>> = {
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
  [RejectReason.Unauthorized]: 'ERR_UNAUTHORIZED',
};

const CLOSING = 'the node is closing';

/** The node closes, and the session that it would go on with here has ended. */
export function turnAwayClosing(state: MeshState, connection: Connection, now: number): void {
  const { dial, peer } = connection;
  if (dial !== null) dropDial(state, dial);
  if (peer?.redial === dial) peer.redial = null;
  turnAway(state, connection, RejectReason.Closing, new MasterlessError('ERR_CLOSED', CLOSING), now);
}

interface Fault {
  readonly reason: RejectReason;
  readonly error: MasterlessError;
}

function faultOf(reason: RejectReason, code: ErrorCode, message: string): Fault {
  return { reason, error: new MasterlessError(code, message) };
}

/** Why the two can't talk at all, whoever the other is. */
function unfit(state: MeshState, connection: Connection, hello: Hello): Fault | null {
  const { config } = state;
  const where = connection.uri ?? connection.remote;
  const missing = bitsBeyond(hello.required, OFFERED);
  if (missing.length > 0) {
    const message = `${where} requires features that this node does not have (bits ${missing.join(', ')}): update the older`;
    return faultOf(RejectReason.Feature, 'ERR_FEATURE', message);
  }
  if (hello.codec !== config.codec) {
    const message = `${where} encodes packets with ${hello.codec}, this node with ${config.codec}: use one codec`;
    return faultOf(RejectReason.Codec, 'ERR_CODEC', message);
  }
  if (hello.id === config.id && hello.incarnation === config.incarnation) {
    return faultOf(RejectReason.Self, 'ERR_SELF', `${where} is this very node: leave out its own address`);
  }
  return null;
}

/** Why one who may come in can't, as things are. */
function unacceptable(state: MeshState, connection: Connection, hello: Hello): Fault | null {
  const { config } = state;
  const where = connection.uri ?? connection.remote;
  if (hello.id === config.id) {
    state.emit({ kind: 'conflict', id: config.id });
    const message = `${where} is another node with the id ${JSON.stringify(config.id)}: give every node an id of its own`;
    return faultOf(RejectReason.IdInUse, 'ERR_ID_IN_USE', message);
  }
  const expected = connection.dial?.expected ?? null;
  if (expected !== null && expected !== hello.id) {
    const message = `${where} is ${JSON.stringify(hello.id)}, and ${JSON.stringify(expected)} was expected there`;
    return faultOf(RejectReason.WrongId, 'ERR_WRONG_ID', message);
  }
  // With whom there is something left to flush comes back for it.
  if (state.closing && !state.peers.get(hello.id)?.parts) return faultOf(RejectReason.Closing, 'ERR_CLOSED', CLOSING);
  if (!state.peers.has(hello.id) && !hasPlace(state)) {
    return faultOf(RejectReason.Limit, 'ERR_LIMIT', `there are ${config.maxPeers} peers already (limits.peers)`);
  }
  return null;
}

/** Numbers of the bits that are in `set` and not in `within`, lowest first. Sets have 53 bits, the operators of numbers 32. */
function bitsBeyond(set: number, within: number): number[] {
  if (set === 0) return [];
  const beyond = BigInt(set) & ~BigInt(within);
  return Array.from({ length: 53 }, (_, bit) => bit).filter((bit) => (beyond >> BigInt(bit)) & 1n);
}
