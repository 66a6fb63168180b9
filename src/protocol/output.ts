/**
 * What the core tells the world: what to do with connections, and what the application should hear. `Mesh.poll` hands
 * these out one by one, so nothing the world does in response can run inside a half-made change.
 */
import type { MasterlessError } from '../errors.js';
import type { Connection } from './connection.js';
import { type LaneIndex, type Leftover, NORMAL, type Session } from './session.js';
import type { Withdrawn } from './withdrawal.js';

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

/** Packets of a lane were of use for a time only, which was over before anything of them was written. */
export interface Expired {
  readonly kind: 'expired';
  readonly id: string;
  readonly session: Session;
  readonly lane: LaneIndex;
  /** By rising end, as the frames were numbered until then: what is behind them moved up. */
  readonly withdrawn: readonly Withdrawn[];
  /** `SendBuffer.withdrawals` from then on: numbers that were given at a smaller count have moved. */
  readonly withdrawals: number;
}

/** A packet arrived. One object serves all: it is valid until the next `poll`. */
export class Deliver {
  readonly kind = 'deliver';
  id = '';
  session: Session;
  lane: LaneIndex = NORMAL;
  /** What to hand back to `Mesh.handled`. */
  sequence = 0;
  receivedBytes = 0;
  /** The encoded packet is `buffer[start..end)`; its memory is used again. */
  buffer: Uint8Array = EMPTY;
  start = 0;
  end = 0;

  constructor(session: Session) {
    this.session = session;
  }

  /** The same as a view, which costs about as much as decoding a small packet's map. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(this.start, this.end);
  }
}

const EMPTY = new Uint8Array(0);

export type Output =
  | Deliver
  /** `elsewhere`: a peer on another machine told the address, and it must not lead to this one. */
  | { readonly kind: 'dial'; readonly connection: Connection; readonly uri: string; readonly elsewhere: boolean }
  /** `flush`: what is in the outbox still goes out; otherwise the stream is cut. */
  | { readonly kind: 'close'; readonly connection: Connection; readonly flush: boolean }
  | { readonly kind: 'connect'; readonly id: string; readonly info: ConnectInfo }
  | { readonly kind: 'disconnect'; readonly id: string; readonly reason: DisconnectReason }
  /** A parting is over, whichever side began it, and whether the peer was connected or not. */
  | { readonly kind: 'parted'; readonly id: string }
  | { readonly kind: 'reconnecting'; readonly id: string; readonly attempt: number }
  | { readonly kind: 'reconnect'; readonly id: string }
  | { readonly kind: 'undelivered'; readonly id: string; readonly leftover: Leftover }
  | Expired
  | { readonly kind: 'acknowledged'; readonly id: string; readonly session: Session }
  | { readonly kind: 'ended'; readonly id: string; readonly session: Session }
  | { readonly kind: 'drain'; readonly id: string }
  | { readonly kind: 'conflict'; readonly id: string }
  | { readonly kind: 'unreachable'; readonly uri: string; readonly error: MasterlessError }
  | { readonly kind: 'wish'; readonly wish: number; readonly id: string | null; readonly error: MasterlessError | null }
  | { readonly kind: 'fault'; readonly remote: string; readonly error: MasterlessError }
  | { readonly kind: 'pong'; readonly id: string; readonly token: number }
  | { readonly kind: 'closed' };
