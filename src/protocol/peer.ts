/**
 * One remote id: at most one link, one session, and the wish to keep it. Wishes live here and never in a socket.
 */
import { isArbiter } from './arbiter.js';
import type { Connection } from './connection.js';
import type { ByeReason } from './control.js';
import type { Dial } from './dial.js';
import type { DisconnectReason } from './output.js';
import { Session } from './session.js';

/** An agreed end under way: flush, BYE, the other's BYE. */
export interface Parting {
  readonly reason: ByeReason;
  /** The other side began it. */
  readonly replies: boolean;
  /** The other side's BYE has come. */
  heard: boolean;
  /** Our BYE went out: nothing of ours was outstanding. */
  said: boolean;
  /** When it ends, flushed or not: at `latest`, or sooner where nobody listens. */
  deadline: number;
  readonly latest: number;
  /** It was given more time, as this node did not run; a second time would be no bound. */
  spared: boolean;
}

/** The link's owner is asked to prove that it lives, since somebody at its id came by another connection. */
export interface Probe {
  readonly token: number;
  /** It was another incarnation: one of the two is gone. Otherwise it is the peer itself, and the link may be dead. */
  contested: boolean;
  readonly askedAt: number;
  deadline: number;
}

/** What people and tests may see of a peer. */
export interface PeerView {
  readonly epoch: number;
  /** Number of the link's connection, which differs on the two sides. */
  readonly link: number | null;
  readonly session: number;
  /** The link's owner is being asked to prove that it lives. */
  readonly probing: boolean;
  /** The session is held for the other side's return, or being brought to its end. */
  readonly waiting: boolean;
}

const NONE: ReadonlySet<Dial> = new Set();
const NOTHING: readonly Connection[] = [];

export class Peer {
  readonly id: string;
  /** Whether this node decides which connection is the link. */
  readonly arbiter: boolean;
  /** The incarnation dealt with, '' for none. */
  incarnation = '';
  session: Session = new Session();
  /** Of the last link adopted here. */
  epoch = 0;
  /** The adopted connection. */
  link: Connection | null = null;
  /** Arbiter: the follower has accepted the link. Follower: always true with a link. */
  confirmed = false;
  /** Silent for too long; being tested with a second connection. */
  suspect = false;
  /** Arbiter: a connection waiting for the present adoption to be confirmed or to fail. */
  parked: Connection | null = null;
  /** When it was last adopted, confirmed or heard, as `changes` of the core counts: older answers may be outdated. */
  changed = 0;
  /** Connections with this id at their other end that wait for the verdict. */
  handshakes: readonly Connection[] = NOTHING;
  /** This side wants the link kept. */
  keep = false;
  /** The other side wants it. */
  theirKeep = false;
  /** The application has heard `connect` and not `disconnect`. */
  connected = false;
  /** It has heard `connect`, if not of the incarnation that is there now. */
  met = false;
  /** Addresses: where a dial last succeeded, and what the peer tells. */
  dialled: string | null = null;
  advertised: readonly string[] = [];
  /** Where the application dialled it last: such an address may lead anywhere. */
  given: string | null = null;
  /** It was on this machine when it told its addresses. */
  near = true;
  /** Bytes the peer allows on the way, its largest packet, its signs of life, the hold it asks for. */
  window = 0;
  maxPacket = 0;
  heartbeat = 0;
  resumeWindow = 0;
  private pending: Set<Dial> | null = null;
  /** Winning back the link, testing it, or replacing it. */
  redial: Dial | null = null;
  probeDial: Dial | null = null;
  renewal: Dial | null = null;
  /** The link that gave way to one that is not there yet: its stream is open, and counts for nothing. */
  fenced: Connection | null = null;
  /** The call of `Traffic.group` that named it last. */
  namedIn = 0;
  /** Bytes of the smallest packet that was refused since there last was room, and of the smallest urgent one, or 0. */
  refused = 0;
  refusedUrgent = 0;
  /** Links in a row that went as soon as they came. */
  flaps = 0;
  /** The last one did not stand for `minDelay`. */
  brief = false;
  /** Until when a lost link's session is held for the other side's return; 0 when it is not. */
  heldUntil = 0;
  probe: Probe | null = null;
  parting: Parting | null = null;
  /** The other side said goodbye; should winning it back fail, this is why it went. */
  farewell: DisconnectReason | null = null;

  constructor(id: string, own: string) {
    this.id = id;
    this.arbiter = isArbiter(own, id);
  }

  /** Where this peer can be dialled, best first. */
  get addresses(): string[] {
    const all = this.dialled === null ? [] : [this.dialled];
    for (const address of this.advertised) if (!all.includes(address)) all.push(address);
    return all;
  }

  /** A peer on another machine told that address: it must not lead to this one. */
  elsewhere(uri: string): boolean {
    return !this.near && uri !== this.given;
  }

  /** It is connected, and being parted from. */
  get parts(): boolean {
    return this.connected && this.parting !== null;
  }

  /** Nothing here is worth remembering. */
  get idle(): boolean {
    const wanted = this.keep || this.connected || this.wishes.size > 0 || this.redial !== null || this.fenced !== null;
    // A session that was proposed may have been accepted: it must be proposed again under the same id.
    return !wanted && this.link === null && this.handshakes.length === 0 && this.session.id === 0;
  }

  shake(connection: Connection): void {
    // Not a list that grows: most have room for one, for a moment.
    this.handshakes = this.handshakes.concat(connection);
  }

  /** There is a verdict on the connection, or it is over. */
  settle(connection: Connection): void {
    if (!this.handshakes.includes(connection)) return;
    const others = this.handshakes.filter((other) => other !== connection);
    this.handshakes = others.length === 0 ? NOTHING : others;
  }

  /** Wishes of the application that turned out to be for this peer: most of the time none, and then they take no memory. */
  get wishes(): ReadonlySet<Dial> {
    return this.pending ?? NONE;
  }

  wish(dial: Dial): void {
    this.pending ??= new Set();
    this.pending.add(dial);
  }

  unwish(dial: Dial): void {
    this.pending?.delete(dial);
    if (this.pending?.size === 0) this.pending = null;
  }

  /** Whether it is kept is decided: what becomes of wishes that are pending makes no difference to it. */
  decideKeep(): void {
    for (const dial of this.wishes) dial.keeps = false;
  }

  get view(): PeerView {
    return {
      epoch: this.epoch,
      link: this.link?.id ?? null,
      session: this.session.id,
      probing: this.probe !== null,
      waiting: this.heldUntil > 0 || this.parting !== null,
    };
  }

  /** What is left of an incarnation that is gone, when its session is over. */
  forget(): void {
    this.incarnation = '';
    this.epoch = 0;
  }
}
