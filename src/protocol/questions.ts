/**
 * What the two sides of a handshake ask and answer, and the handshakes that wait: for a link to prove dead, or for an
 * adoption to fail.
 */
import type { Connection } from './connection.js';
import { encodeQuery, encodeState } from './control.js';
import type { Counts } from './fields.js';
import type { Peer } from './peer.js';
import type { MeshState } from './state.js';

/** Handshakes that waited for the link to prove dead go on, and so does one that waited for the adoption to fail. */
export function resume(state: MeshState, peer: Peer): void {
  peer.probe = null;
  for (const connection of peer.connections) {
    if (!connection.probing) continue;
    connection.probing = false;
    connection.tested = true;
    if (!peer.arbiter) answer(state, peer, connection);
    // What it said before the incumbent's last sign of life proves nothing.
    else if (connection.offer !== null) query(state, connection);
    connection.offer = null;
  }
  const { parked } = peer;
  peer.parked = null;
  if (parked !== null) query(state, parked);
}

/** Arbiter: asks anew what the follower knows. */
export function query(state: MeshState, connection: Connection): void {
  connection.questionNonce = state.nonce();
  connection.asked = state.changes;
  state.send(connection, encodeQuery(connection.questionNonce));
}

/** Follower: says what it knows of the arbiter. */
export function answer(state: MeshState, peer: Peer, connection: Connection): void {
  const known = connection.hello?.incarnation === peer.incarnation;
  const received: Counts = known ? peer.session.received : [0, 0];
  connection.asked = state.changes;
  connection.toldSession = known ? peer.session.id : 0;
  state.send(
    connection,
    encodeState({
      nonce: connection.questionNonce,
      incarnation: peer.incarnation,
      session: connection.toldSession,
      epoch: known ? peer.epoch : 0,
      live: known && peer.link !== null && !peer.suspect,
      received,
    }),
  );
}
