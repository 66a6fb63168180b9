/** How a connection ends that nobody closed on purpose, and why: what its dial, its peer and the operator are told. */
import { MasterlessError } from '../errors.js';
import type { Connection } from './connection.js';
import { RejectReason } from './control.js';
import { failed } from './dialing.js';
import { turnAway } from './handshake.js';
import { lost } from './links.js';
import { outdate } from './renewal.js';
import type { MeshState } from './state.js';

/** @param tell - the other end hears of it, if anybody is there */
export function end(
  state: MeshState,
  connection: Connection,
  error: MasterlessError,
  tell: boolean,
  now: number,
): void {
  if (connection.phase === 'closed') return;
  const { peer } = connection;
  if (peer?.link === connection) {
    lost(state, peer, error, now);
    return;
  }
  if (tell && connection.phase !== 'opening') {
    turnAway(state, connection, RejectReason.Closing, error, now);
  } else {
    state.close(connection, false);
    failed(state, connection, error, now);
  }
  if (peer !== null) state.release(peer);
}

/** The other node broke the protocol: the connection ends, the session and all that is good stays. */
export function broken(state: MeshState, connection: Connection, error: MasterlessError, now: number): void {
  if (connection.phase === 'closed') return;
  const { peer } = connection;
  if (peer?.link !== connection) {
    turnAway(state, connection, RejectReason.Protocol, error, now);
    return;
  }
  state.fault(connection, error);
  // Whatever it carried, it proved nothing: who breaks the protocol each time is dialled with growing delays.
  connection.frames = 0;
  lost(state, peer, error, now);
}

/** The other end did not prove what it must: it is told so, and nothing else. */
export function refuse(
  state: MeshState,
  connection: Connection,
  error: MasterlessError,
  now: number,
  reason: RejectReason = RejectReason.Unauthorized,
): void {
  if (connection.phase === 'closed') return;
  connection.outbox = null;
  turnAway(state, connection, reason, error, now);
}

/**
 * What the other end has proved counts no more: a link is replaced, any other connection ends. Whoever dialled it dials
 * again: with what it has by now it may come in.
 */
export function disprove(state: MeshState, connection: Connection, error: MasterlessError, now: number): void {
  const { peer } = connection;
  if (peer?.link === connection && peer.confirmed) {
    outdate(state, peer, connection, 'proof', now);
    return;
  }
  refuse(state, connection, error, now, RejectReason.Overtaken);
  // The other side has not confirmed its adoption.
  if (peer?.link === connection) lost(state, peer, error, now);
}

/** The connection ended, and `error`, if any, is all that its transport knows. */
export function endError(state: MeshState, connection: Connection, error: MasterlessError | null): MasterlessError {
  const where = connection.uri ?? connection.remote;
  const broken = error === null || error.code === 'ERR_CONNECTION_LOST';
  let ended = error ?? new MasterlessError('ERR_CONNECTION_LOST', `${where} closed the connection`);
  if (connection.phase !== 'greeting' || connection.frames > 0) return ended;
  if (broken) {
    // So ends what goes in plain text to a node that has credentials, or has others than that one.
    const message = `${where} closed the connection before it said who it is: is it closing, are too many shaking hands, or does it have other credentials (options secret, tls), or none?`;
    ended = new MasterlessError('ERR_CONNECTION_LOST', message, error === null ? {} : { cause: error });
  }
  // Who dialled is told anyway; of who came and said nothing only the operator may want to know.
  if (connection.uri === null) state.fault(connection, ended);
  return ended;
}

/** The node closes: nobody comes to be linked any more, but those with whom there is something left to flush. */
export function endHandshakes(state: MeshState, now: number): void {
  const expects = [...state.peers.values()].some(({ parts, session }) => parts && !session.settled);
  for (const connection of [...state.handshakes]) {
    const peer = connection.peer ?? connection.dial?.peer;
    // What brings back a lost link is needed to flush.
    if (peer?.link === connection || peer?.parts) continue;
    // Who came may be one of them, and is turned away if it says that it is another.
    if (expects && connection.uri === null && connection.peer === null) continue;
    end(state, connection, new MasterlessError('ERR_CLOSED', 'the node is closing'), true, now);
  }
}

/** The node is closed, and says so: nothing is left of what it knew, and so nothing to wait for. */
export function endAll(state: MeshState, now: number): void {
  state.dials.clear();
  endHandshakes(state, now);
  for (const connection of state.connections) state.close(connection, true);
  state.peers.clear();
  state.emit({ kind: 'closed' });
}

/** Ends handshakes that have come to their deadline, which is `grace` later where nothing could be heard. */
export function tickHandshakes(state: MeshState, now: number, grace: number): void {
  for (const connection of state.handshakes) {
    if (grace > 0) connection.deadline = Math.max(connection.deadline, now + grace);
    if (connection.deadline <= now) end(state, connection, timeoutError(state, connection), false, now);
    else state.wake(connection.deadline);
  }
}

/** The handshake took longer than `handshakeTimeout`. Who dialled is told anyway; of who came, the operator. */
function timeoutError(state: MeshState, connection: Connection): MasterlessError {
  const error = new MasterlessError('ERR_TIMEOUT', whyLate(connection));
  if (connection.uri === null) state.fault(connection, error);
  return error;
}

function whyLate({ uri, remote, opened }: Connection): string {
  const node = 'is it a masterless node, and running?';
  if (uri === null) return `${remote} did not finish its handshake in time (handshakeTimeout): ${node}`;
  return opened
    ? `${uri} took the connection and did not finish the handshake in time (handshakeTimeout): ${node}`
    : `${uri} did not answer in time (handshakeTimeout): is the address right, and does a firewall let it through?`;
}
