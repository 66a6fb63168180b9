/**
 * What a frame means: one switch from kinds of frames to the parts that handle them. A frame that may not come now throws
 * a protocol error, which ends the connection.
 */
import { MasterlessError } from '../errors.js';
import { onAccept, onAdopt, onDuplicate, onState } from './adoption.js';
import type { Connection } from './connection.js';
import {
  decodeAccept,
  decodeAck,
  decodeAdopt,
  decodeBye,
  decodeDuplicate,
  decodeExtension,
  decodeHello,
  decodeKeep,
  decodePing,
  decodePong,
  decodeQuery,
  decodeReject,
  decodeState,
  decodeVersions,
  Extension,
  encodePong,
  RejectReason,
  VERSION,
} from './control.js';
import { heardCrowd } from './crowd.js';
import { Frame, MAX_DATA, protocolError } from './frame.js';
import { incumbentLives, onHello, onQuery, onReject, turnAway } from './handshake.js';
import type { Deliver } from './output.js';
import { advance, heardBye, heardDeaf, heardKeep, heardListener } from './parting.js';
import type { Peer } from './peer.js';
import type { MeshState } from './state.js';
import type { Traffic } from './traffic.js';

/**
 * Frames that may wait to be written on one connection. Who asks and does not read the answers is not answered without end;
 * more than an honest node asks at once, and little enough to be answered without others having to wait.
 */
export const MAX_OUTBOX = 4096;

/** Handles the frame that the connection's decoder has found; a packet that it completes is to be delivered. */
export function onFrame(state: MeshState, traffic: Traffic, connection: Connection, now: number): Deliver | null {
  const { decoder, peer } = connection;
  connection.frames++;
  if (connection.outbox !== null && connection.outbox.length > MAX_OUTBOX)
    throw protocolError('it asks and does not read the answers');
  switch (decoder.kind) {
    case Frame.Data:
    case Frame.Urgent:
    case Frame.Piece:
      if (peer === null || peer.link !== connection || !peer.confirmed) throw protocolError('DATA out of turn');
      return traffic.receive(peer, connection);
    case Frame.Heartbeat:
      return null;
    case Frame.Extension:
      onExtension(state, connection, decodeExtension(decoder.buffer.subarray(decoder.start, decoder.end)), now);
      return null;
    default:
      onControl(state, traffic, connection, peer, decoder.buffer.subarray(decoder.start, decoder.end), now);
      return null;
  }
}

function onControl(
  state: MeshState,
  traffic: Traffic,
  connection: Connection,
  peer: Peer | null,
  payload: Uint8Array,
  now: number,
): void {
  switch (connection.decoder.kind) {
    case Frame.Hello:
      onVersions(state, connection, payload, now);
      break;
    case Frame.State:
      onState(state, connection, decodeState(payload), now);
      break;
    case Frame.Query:
      onQuery(state, connection, decodeQuery(payload), now);
      break;
    case Frame.Adopt:
      onAdopt(state, connection, decodeAdopt(payload), now);
      break;
    case Frame.Accept:
      onAccept(state, connection, decodeAccept(payload), now);
      break;
    case Frame.Duplicate:
      decodeDuplicate(payload);
      onDuplicate(state, connection, now);
      break;
    case Frame.Reject:
      onReject(state, connection, decodeReject(payload), now);
      break;
    default:
      if (peer === null || peer.link !== connection || !peer.confirmed)
        throw protocolError('a frame of a link out of turn');
      onLinkControl(state, traffic, connection, peer, payload, now);
  }
  if (connection.phase === 'adopted' && connection.decoder.maxData === 0) {
    connection.decoder.maxData = Math.min(MAX_DATA, state.config.maxPacket);
  }
}

function onLinkControl(
  state: MeshState,
  traffic: Traffic,
  connection: Connection,
  peer: Peer,
  payload: Uint8Array,
  now: number,
): void {
  switch (connection.decoder.kind) {
    case Frame.Ack: {
      const counts = decodeAck(payload);
      if (traffic.acknowledged(peer, counts)) heardListener(peer);
      // A question brings parting no further: two that part would ask each other without end.
      if (counts !== null) advance(state, peer, now);
      break;
    }
    case Frame.Keep:
      connection.theirKeep = decodeKeep(payload);
      heardKeep(state, peer, connection.theirKeep, now);
      break;
    case Frame.Bye:
      heardBye(state, peer, decodeBye(payload), now);
      break;
    case Frame.Ping: {
      const { token, contested } = decodePing(payload);
      state.send(connection, encodePong(token));
      if (contested) heardContest(state, connection, now);
      break;
    }
    case Frame.Pong: {
      const token = decodePong(payload);
      if (peer.probe?.token === token) incumbentLives(state, peer, now);
      else state.emit({ kind: 'pong', id: peer.id, token });
      break;
    }
    default:
      throw protocolError('an unknown frame');
  }
}

/** Another claims this node's id. Who has to prove that it lives has so long for it: no honest node asks more often. */
function heardContest(state: MeshState, connection: Connection, now: number): void {
  if (now < connection.contestedUntil) return;
  connection.contestedUntil = now + state.config.probeTimeout;
  state.emit({ kind: 'conflict', id: state.config.id });
}

/** Says nothing that a node must know: what is unknown, or comes too early, is skipped. */
function onExtension(state: MeshState, connection: Connection, type: number, now: number): void {
  const { peer } = connection;
  if (peer?.link !== connection) return;
  if (type === Extension.Deaf) heardDeaf(state, peer, now);
  else if (type === Extension.Crowded) heardCrowd(state, peer, connection, true);
  else if (type === Extension.Roomy) heardCrowd(state, peer, connection, false);
}

function onVersions(state: MeshState, connection: Connection, payload: Uint8Array, now: number): void {
  // Whatever it says: on a link, turning it away would leave the link without its connection.
  if (connection.phase !== 'greeting') throw protocolError('a second HELLO');
  const { min, max } = decodeVersions(payload);
  if (min > VERSION || max < VERSION) {
    const where = connection.uri ?? connection.remote;
    const theirs = min === max ? `version ${min}` : `versions ${min} to ${max}`;
    const message = `${where} speaks ${theirs} of the protocol, this node version ${VERSION}: update the older`;
    turnAway(state, connection, RejectReason.Version, new MasterlessError('ERR_VERSION', message), now);
    return;
  }
  onHello(state, connection, decodeHello(payload), now);
}
