/**
 * One byte stream as the protocol sees it, from its opening to its end. It carries at most one handshake, and may become
 * the link of its pair. When it is `closed` nothing that still arrives on it counts.
 */
import type { Hello, State } from './control.js';
import type { Dial } from './dial.js';
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
  /** Control frames to be written, oldest first. */
  outbox: Uint8Array[] = [];
  /** It is in the list of those with something to write. */
  dirty = false;
  /** When the handshake must be over. */
  deadline: number;
  /** The wish or attempt that this connection was dialled for. */
  dial: Dial | null = null;
  /** What the other side said of itself. */
  hello: Hello | null = null;
  /** The other side's wish as last heard here. */
  theirKeep = false;
  /** This side's wish as last told here. */
  toldKeep = false;
  /** HELLO has come, and whether its id may be claimed is not known yet: `ahead` is what was said after it. */
  awaited = false;
  ahead: Uint8Array = NOTHING;
  /** The peer, once HELLO has come. */
  peer: Peer | null = null;
  /** This side's HELLO, which ADOPT must repeat, and its last question, which STATE must repeat. */
  ownNonce = 0;
  questionNonce = 0;
  /** `changes` of the core when this side said HELLO. */
  greetedAt = 0;
  /** The same when the question was asked, or when STATE was sent; -1 when nothing is open. */
  asked = -1;
  /** Follower: the session of which its last STATE told. */
  toldSession = 0;
  /** The peer's present link must first prove dead: another incarnation waits here, or a suspect peer. */
  probing = false;
  /** The suspect link was asked for its sake, and that is over. */
  tested = false;
  /** A STATE that came while probing. */
  offer: State | null = null;
  /** Number of the next frame from the other side, per lane. */
  next: [number, number] = [0, 0];
  /** When bytes last came and went. */
  heardAt: number;
  spokeAt: number;
  /** When a younger connection is to replace this link; Infinity for never. */
  renewAt: number = Number.POSITIVE_INFINITY;
  /**
   * Why it is to be replaced, by whatever connection of its peer comes: it has reached its age, or what the other side
   * proved on it counts no more. At `cutAt` it is cut.
   */
  outdated: 'age' | 'proof' | null = null;
  cutAt: number = Number.POSITIVE_INFINITY;
  /** Frames heard since adoption: a link on which none ever came has not proved itself. */
  frames = 0;

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
}

const NOTHING = new Uint8Array(0);
