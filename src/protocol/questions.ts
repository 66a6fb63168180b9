/**
 * What the two sides of a handshake ask and answer, and the handshakes that wait: for a link to prove dead, or for an
 * adoption to fail.
 */
import type { Connection } from './connection.js';
import { encodeQuery, encodeState } from './control.js';
import type { Exchange } from './exchange.js';
import type { Counts } from './fields.js';
import type { Peer } from './peer.js';
import type { MeshState } from './state.js';

/** Handshakes that waited for the link to prove dead go on, and so does one that waited for the adoption to fail. */
export function resume(state: MeshState, peer: Peer): void {
  peer.probe = null;
  for (const connection of peer.handshakes) {
    const { exchange } = connection;
    if (!exchange?.probing) continue;
    exchange.probing = false;
    exchange.tested = true;
    if (!peer.arbiter) answer(state, peer, connection, exchange);
    // What it said before the incumbent's last sign of life proves nothing.
    else if (exchange.offer !== null) query(state, connection);
    exchange.offer = null;
  }
  const { parked } = peer;
  peer.parked = null;
  if (parked !== null) query(state, parked);
}

/** Arbiter: asks anew what the follower knows. */
export function query(state: MeshState, connection: Connection): void {
  const { exchange } = connection;
  if (exchange === null) return;
  exchange.questionNonce = state.nonce();
  exchange.asked = state.changes;
  state.send(connection, encodeQuery(exchange.questionNonce));
}

/** Follower: says what it knows of the arbiter. */
export function answer(state: MeshState, peer: Peer, connection: Connection, exchange: Exchange): void {
  const known = exchange.hello?.incarnation === peer.incarnation;
  const received: Counts = known ? peer.session.received : [0, 0];
  exchange.asked = state.changes;
  exchange.toldSession = known ? peer.session.id : 0;
  state.send(
    connection,
    encodeState({
      nonce: exchange.questionNonce,
      incarnation: peer.incarnation,
      session: exchange.toldSession,
      epoch: known ? peer.epoch : 0,
      live: known && peer.link !== null && !peer.suspect,
      received,
    }),
  );
}
