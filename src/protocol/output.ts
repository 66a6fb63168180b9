/**
 * What the core tells the world: what to do with connections, and what the application should hear. `Mesh.poll` hands
 * these out one by one, so nothing the world does in response can run inside a half-made change.
 */
import type { ErrorCode, MasterlessError } from '../errors.js';
import type { Connection } from './connection.js';
import type { LaneIndex, Leftover, Session } from './session.js';

/** Why a peer is no longer connected. */
export type DisconnectReason =
  /** This node closed, or its application called `disconnect`. */
  | 'local'
  /** The peer closed. */
  | 'closed'
  /** The peer's application called `disconnect`. */
  | 'disconnected'
  /** Neither side keeps the other. */
  | 'unwanted'
  /** The peer came back as a new incarnation: what it held in memory is gone. */
  | 'restarted'
  /** The link was lost, and no attempt to win it back succeeded. */
  | 'unreachable'
  /** The link was lost, and the peer did not come back within its resume window or had let the session go. */
  | 'expired'
  /** A packet could not be decoded. */
  | 'bad-packet';

/** What is known of a peer when it connects. */
export interface ConnectInfo {
  /** The address dialled, or null when the peer dialled. */
  readonly uri: string | null;
  /** The addresses at which the peer says it can be dialled. */
  readonly addresses: readonly string[];
  /** 16 hexadecimal digits that differ after every restart of the peer. */
  readonly incarnation: string;
  /** Protocol version in use. */
  readonly version: number;
}

/** A packet arrived. One object serves all: it is valid until the next `poll`. */
export interface Deliver {
  readonly kind: 'deliver';
  id: string;
  session: Session;
  lane: LaneIndex;
  /** What to hand back to `Mesh.handled`. */
  sequence: number;
  receivedBytes: number;
  /** The encoded packet; its memory is used again. */
  bytes: Uint8Array;
}

export type Output =
  | Deliver
  | { readonly kind: 'dial'; readonly connection: Connection; readonly uri: string }
  /** `flush`: what is in the outbox still goes out; otherwise the stream is cut. */
  | { readonly kind: 'close'; readonly connection: Connection; readonly flush: boolean }
  | { readonly kind: 'connect'; readonly id: string; readonly info: ConnectInfo }
  | { readonly kind: 'disconnect'; readonly id: string; readonly reason: DisconnectReason }
  /** The parting that this side began is over, whether the peer was connected or not. */
  | { readonly kind: 'parted'; readonly id: string }
  | { readonly kind: 'reconnecting'; readonly id: string; readonly attempt: number }
  | { readonly kind: 'reconnect'; readonly id: string }
  | { readonly kind: 'undelivered'; readonly id: string; readonly leftover: Leftover }
  | { readonly kind: 'acknowledged'; readonly id: string; readonly session: Session }
  | { readonly kind: 'ended'; readonly id: string; readonly session: Session }
  | { readonly kind: 'drain'; readonly id: string }
  | { readonly kind: 'conflict'; readonly id: string }
  | { readonly kind: 'unreachable'; readonly uri: string; readonly error: MasterlessError }
  | { readonly kind: 'wish'; readonly wish: number; readonly id: string | null; readonly error: MasterlessError | null }
  | { readonly kind: 'fault'; readonly code: ErrorCode; readonly remote: string; readonly message: string }
  | { readonly kind: 'pong'; readonly id: string; readonly token: number }
  | { readonly kind: 'closed' };
