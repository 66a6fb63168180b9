/**
 * What the parts of the core share: the tables of peers, connections and dials, the queue of outputs, the clock of the
 * next deadline, and the few operations that all of them need. The rules are elsewhere; here is only the record.
 *
 * Parts call one another one way: state ← room ← sessions ← dialing ← parting ← links ← handshake ← adoption ← inbound ← mesh.
 */
import type { MasterlessError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import type { Admission } from './admission.js';
import { Budget } from './budget.js';
import { Connection } from './connection.js';
import type { Dial } from './dial.js';
import type { Output } from './output.js';
import { Peer } from './peer.js';

/** The options that the core goes by. */
type Timing = Pick<
  ResolvedOptions,
  | 'heartbeat'
  | 'timeout'
  | 'stallTimeout'
  | 'handshakeTimeout'
  | 'probeTimeout'
  | 'closeTimeout'
  | 'reconnect'
  | 'resumeWindow'
  | 'window'
  | 'totalWindow'
  | 'maxPacket'
>;

/** The rules by which a node lets others in: pure questions, the answers of which come from outside the core. */
export interface Rules {
  /** Asked once for each HELLO that is fit to be answered. `'later'` is followed by `Mesh.admitted`. */
  admit(connection: Connection, id: string): Admission;
  /** The canonical spelling of an address that the other end of a connection tells; null where it may not be dialled. */
  dialable(connection: Connection, uri: string): string | null;
  /** Whether the other end of a connection is on this machine, so that what it tells may lead there. */
  near(connection: Connection): boolean;
}

/** What the core must know of its node. All times in milliseconds, all sizes in bytes. */
export interface MeshConfig extends Timing {
  readonly id: string;
  /** 16 hexadecimal digits, not all 0. */
  readonly incarnation: string;
  readonly codec: string;
  readonly maxPeers: number;
  readonly maxHandshakes: number;
  readonly maxHandshakesPerAddress: number;
  /** A session is held for no longer, whatever the peer asks for. @default Infinity */
  readonly maxResumeWindow?: number;
  /** Silence is suspected as if a peer had asked for no longer than this between its signs of life. @default Infinity */
  readonly maxHeartbeat?: number;
  /** Without them, whoever speaks the protocol is let in. */
  readonly rules?: Rules;
  /** A link is replaced by a younger one no later than at this age. @default Infinity */
  readonly maxLinkAge?: number;
  /** Connections closed before the other side had said a word that an attempt to win back a link outlives. @default 6 */
  readonly maxRefused?: number;
  /** Uniform in [0, 1): the only source of chance. */
  readonly random: () => number;
}

export class MeshState {
  readonly config: MeshConfig;
  readonly peers: Map<string, Peer> = new Map<string, Peer>();
  /** Connections that are neither over nor a link that both sides know. */
  readonly handshakes: Set<Connection> = new Set<Connection>();
  readonly dials: Set<Dial> = new Set<Dial>();
  readonly outputs: Output[] = [];
  /** Connections with something to write; the runtime empties this list. */
  dirty: Connection[] = [];
  /** Where this node can be dialled, which its HELLO tells. Not known yet (null), it dials nobody: no time runs for that. */
  addresses: readonly string[] | null = null;
  /** The earliest moment at which `tick` has something to do; may be too early, never too late. */
  wakeAt: number = Number.POSITIVE_INFINITY;
  /** It is for something that somebody waits for: `tick` is not to be late. */
  prompt = false;
  closing = false;
  /** Nobody in this node's application takes packets: they wait. */
  deaf = false;
  /** It has so many peers that what is little may be acknowledged late. */
  crowded = false;
  /** Peers for which a packet was refused for want of room: they are told when there is some. */
  readonly starved: Set<Peer> = new Set<Peer>();
  /** Bytes of the largest packet that was refused since any of these wait. */
  wanted = 0;
  /** What is accepted for all peers and not acknowledged. */
  readonly budget: Budget;
  /** Counts adoptions, confirmations and signs of life of all peers: it tells whether an answer is older than one. */
  changes = 0;
  /** Sessions proposed by this node, as arbiter; the count is the next one's id. */
  sessions = 0;
  private connectionCount = 0;

  constructor(config: MeshConfig) {
    this.config = config;
    this.budget = new Budget(config.totalWindow);
  }

  /** All connections that are not over. */
  get connections(): Connection[] {
    const all = new Set(this.handshakes);
    for (const { link } of this.peers.values()) if (link !== null) all.add(link);
    return [...all];
  }

  /** Nothing is there for which a moment could come: what was waited for has ended before its time. */
  get idle(): boolean {
    return this.peers.size === 0 && this.dials.size === 0 && this.handshakes.size === 0;
  }

  emit(output: Output): void {
    this.outputs.push(output);
  }

  /** Makes sure that `tick` runs at `time`. */
  wake(time: number): void {
    if (time < this.wakeAt) this.wakeAt = time;
  }

  /** The same, for what somebody waits for: an attempt to dial, an end. */
  wakePromptly(time: number): void {
    this.wake(time);
    this.prompt = true;
  }

  /** This node listens, or is not to: attempts that waited for that begin. */
  listens(addresses: readonly string[], now: number): void {
    this.addresses = addresses;
    if (this.dials.size > 0) this.wakePromptly(now);
  }

  /** 44 bits of chance: a question that repeats one of these is answered, not replayed. */
  nonce(): number {
    const { random } = this.config;
    return Math.floor(random() * 2 ** 22) * 2 ** 22 + Math.floor(random() * 2 ** 22) + 1;
  }

  /** The peer's link was adopted, confirmed or heard. */
  change(peer: Peer): void {
    peer.changed = ++this.changes;
  }

  /** The peer of that id, made when there is none. */
  peer(id: string): Peer {
    let peer = this.peers.get(id);
    if (peer === undefined) {
      peer = new Peer(id, this.config.id);
      this.peers.set(id, peer);
    }
    return peer;
  }

  /** Removes a peer of which nothing is worth remembering. */
  release(peer: Peer): void {
    if (peer.idle && this.peers.get(peer.id) === peer) this.peers.delete(peer.id);
  }

  addConnection(uri: string | null, remote: string, now: number): Connection {
    const deadline = now + this.config.handshakeTimeout;
    const connection = new Connection(++this.connectionCount, uri, remote, now, deadline);
    const { maxLinkAge = Number.POSITIVE_INFINITY, random } = this.config;
    // Links made at one moment need not all be replaced at another.
    if (Number.isFinite(maxLinkAge)) connection.renewAt = now + maxLinkAge * (1 - random() / 8);
    this.handshakes.add(connection);
    this.wake(deadline);
    return connection;
  }

  /** Queues a control frame. */
  send(connection: Connection, frame: Uint8Array): void {
    // A list that grows from nothing takes room for seventeen; most have one, a sign of life.
    if (connection.outbox === null) connection.outbox = [frame];
    else connection.outbox.push(frame);
    this.touch(connection);
  }

  /** There is something to write on that connection. */
  touch(connection: Connection): void {
    if (connection.dirty) return;
    connection.dirty = true;
    this.dirty.push(connection);
  }

  /** The connection is over for the core: nothing from it counts any more. */
  close(connection: Connection, flush: boolean): void {
    if (connection.phase === 'closed') return;
    this.drop(connection);
    this.emit({ kind: 'close', connection, flush });
  }

  /** The same where the stream has already ended. */
  drop(connection: Connection): void {
    connection.phase = 'closed';
    connection.exchange = null;
    this.handshakes.delete(connection);
    const { peer } = connection;
    if (peer === null) return;
    peer.settle(connection);
    if (peer.parked === connection) peer.parked = null;
  }

  /** Tells a fault that is nobody's to handle but worth a look. */
  fault(connection: Connection, error: MasterlessError): void {
    // That this node closes is its own doing.
    if (error.side === 'local') return;
    this.emit({ kind: 'fault', remote: connection.uri ?? connection.remote, error });
  }
}
