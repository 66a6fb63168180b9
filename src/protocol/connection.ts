/**
 * One byte stream as the protocol sees it, from its opening to its end. It carries at most one handshake, and may become
 * the link of its pair. When it is `closed` nothing that still arrives on it counts.
 */
import type { Dial } from './dial.js';
import { Exchange } from './exchange.js';
import { FrameDecoder } from './frame.js';
import type { Peer } from './peer.js';

/**
 * - `opening`: dialled, not yet open.
 * - `greeting`: open, the other side's HELLO is awaited.
 * - `known`: HELLO has come; the arbiter's verdict is awaited.
 * - `adopted`: it is the link of its pair.
 * - `closed`: over, or turned away.
 */
export type Phase = 'opening' | 'greeting' | 'known' | 'adopted' | 'closed';

/** Why a link is to be replaced: it has reached its age, or what the other side proved on it counts no more. */
export interface Outdated {
  readonly why: 'age' | 'proof';
  /** When it is cut, replaced or not. */
  cutAt: number;
}

export class Connection {
  readonly id: number;
  /** The URI dialled, or null for one that came in. */
  readonly uri: string | null;
  /** What the transport says of the other end. */
  readonly remote: string;
  phase: Phase;
  /** The stream is or was open. */
  opened: boolean;
  readonly decoder: FrameDecoder = new FrameDecoder();
  /** Control frames to be written, oldest first; null for none. */
  outbox: Uint8Array[] | null = null;
  /** It is in the list of those with something to write. */
  dirty = false;
  /** When the handshake must be over. */
  deadline: number;
  /** The wish or attempt that this connection was dialled for. */
  dial: Dial | null = null;
  /** What was asked and told on it, until there is a verdict: a link has none. */
  exchange: Exchange | null = new Exchange();
  /** The other side's wish as last heard here. */
  theirKeep = false;
  /** This side's wish as last told here. */
  toldKeep = false;
  /** The peer, once HELLO has come. */
  peer: Peer | null = null;
  /** Numbers of the next frames from the other side, per lane. */
  nextNormal = 0;
  nextUrgent = 0;
  /** Nothing has come on it yet. */
  mute = true;
  /** When bytes last came and went. */
  heardAt: number;
  spokeAt: number;
  /** When a younger connection is to replace this link; null for never. */
  renewAt: number | null = null;
  /** It is to be replaced, by whatever connection of its peer comes. */
  outdated: Outdated | null = null;
  /** Until then no more is told of others that claim this node's id. */
  contestedUntil = 0;
  /** Frames heard since it was adopted, or said hello. */
  frames = 0;
  /** When both sides knew it as their link, and how far the session had come by then; see `flaps.ts`. */
  since: number = Number.POSITIVE_INFINITY;
  progress = 0;

  constructor(id: number, uri: string | null, remote: string, now: number, deadline: number) {
    this.id = id;
    this.uri = uri;
    this.remote = remote;
    this.phase = uri === null ? 'greeting' : 'opening';
    this.opened = uri === null;
    this.deadline = deadline;
    this.heardAt = now;
    this.spokeAt = now;
  }

  /** The id that the other end claims, until both sides know the connection as their link; null for none. */
  get claim(): string | null {
    const { peer } = this;
    if (peer?.link === this && peer.confirmed) return null;
    return peer?.id ?? this.exchange?.hello?.id ?? null;
  }
}
