/**
 * What one node can hold, and what it does with each thing that can come to it. The real core runs once for each pair of
 * these; a state of the whole scope then is a few numbers, and a step of it a look into a table. Two cores with the same
 * fingerprint count as one, which is checked on samples: they must do the same with the same inputs.
 */
import { MasterlessError } from '../../src/errors.js';
import { LITTLE_DELAY } from '../../src/protocol/acknowledgement.js';
import type { Connection } from '../../src/protocol/connection.js';
import { Mesh } from '../../src/protocol/mesh.js';
import type { Output } from '../../src/protocol/output.js';
import type { Peer } from '../../src/protocol/peer.js';
import { UNUSED } from '../../src/protocol/session.js';
import type { MeshState } from '../../src/protocol/state.js';
import { copyGraph } from './copy.js';
import { fingerprint } from './fingerprint.js';

/** Something is wrong with the core, or with what the explorer takes for granted. */
export class Violation extends Error {}

/** What a node does, as far as the rest of the scope can tell. Connections are named by their handles. */
export type Effect =
  | { readonly kind: 'dial'; readonly handle: number; readonly to: string }
  | { readonly kind: 'write'; readonly handle: number; readonly chunk: number }
  | { readonly kind: 'close'; readonly handle: number; readonly flush: boolean }
  | { readonly kind: 'connect' | 'disconnect' | 'drain' | 'conflict' | 'refused' }
  | { readonly kind: 'deliver'; readonly packet: number }
  | { readonly kind: 'report'; readonly packet: number; readonly as: 'uncertain' | 'unsent' };

/** What follows when something comes to a node. */
export interface Transition {
  readonly to: NodeState;
  readonly effects: readonly Effect[];
  /** The new rank of each handle, -1 for a connection that is over. Handles are the old ranks, then what was opened. */
  readonly ranks: readonly number[];
  /** The handle of the connection that came in, -1 if none did. */
  readonly accepted: number;
}

/** What can come to a node. `rank` is the place of a connection among those it has. */
export type Input =
  | { readonly kind: 'connect' | 'disconnect' | 'unkeep' }
  /** Time passes: until an acknowledgement is due, a probe fails, the link counts as silent, or everything is over. */
  | { readonly kind: 'ack' | 'probe' | 'silence' | 'expire' }
  /** The link takes the next packet that waits for it. */
  | { readonly kind: 'drained' }
  | { readonly kind: 'send'; readonly packet: number }
  | { readonly kind: 'accepted' }
  | { readonly kind: 'opened'; readonly rank: number }
  | { readonly kind: 'received'; readonly rank: number; readonly chunk: number }
  | { readonly kind: 'ended'; readonly rank: number; readonly reset: boolean };

/** A core at rest between two inputs. */
export interface NodeState {
  readonly index: number;
  readonly name: string;
  /** Which start of the scope this node is: it tells incarnations apart. */
  readonly start: number;
  readonly mesh: Mesh;
  /** Its own time. */
  readonly clock: number;
  readonly connections: readonly Connection[];
  readonly transitions: Map<string, { readonly input: Input; readonly transition: Transition }>;
  // What may come to it.
  readonly connected: boolean;
  /** The start of the peer that it deals with, 0 for none. */
  readonly peerStart: number;
  /** The rank of the connection that is its link, -1 for none. */
  readonly linkRank: number;
  readonly kept: boolean;
  readonly ackDue: boolean;
  /** Packets wait to be written on its link. */
  readonly dripping: boolean;
  readonly probing: boolean;
  readonly waiting: boolean;
  /** Time would change it. */
  readonly waits: boolean;
  /** What both sides of a link must agree on; null without one. */
  readonly link: { readonly epoch: number; readonly session: number } | null;
}

/** What nodes are like. */
export interface NodeOptions {
  /** Bytes on the way; a packet counts some 260. */
  readonly window: number;
  /** Links are found silent in a moment, instead of never. */
  readonly silences: boolean;
  /** A link takes packets one by one, each as a step of its own, in place of all at once. */
  readonly drips: boolean;
  /** For testing the explorer: effects that a wrong core would not have. */
  readonly forget?: (effect: Effect, mesh: Mesh) => boolean;
}

/** Every 64th core that counts as a known one is compared with it. */
const SAMPLE = 64;
const PROBE = 5000;
/** Longer than any number of probes and acknowledgements take. */
const HEARTBEAT = 1e9;
const DEADLINE = 1e11;
const NEVER = 1e14;
/** Bytes of a packet of which no two go into the first segment of a lane. */
const ALONE = 600;
const half = (): number => 0.5;

export class NodeTable {
  readonly states: NodeState[] = [];
  private readonly known = new Map<string, NodeState>();
  private readonly chunks: (Uint8Array | null)[] = [null];
  private readonly chunkNumbers = new Map<string, number>();
  private readonly shared = new Set<object>();
  private readonly options: NodeOptions;
  private sampled = 0;

  constructor(options: NodeOptions) {
    this.options = options;
  }

  /** A node that has just been started. */
  start(name: string, start: number): NodeState {
    const { window, silences } = this.options;
    const heartbeat = silences ? HEARTBEAT : NEVER;
    const config = {
      id: idOf(name),
      incarnation: start.toString(16).padStart(16, '0'),
      codec: 'x',
      heartbeat,
      timeout: 3 * heartbeat,
      stallTimeout: 3 * NEVER,
      handshakeTimeout: DEADLINE,
      probeTimeout: PROBE,
      closeTimeout: DEADLINE,
      reconnect: { attempts: Number.POSITIVE_INFINITY, minDelay: 0, maxDelay: 0 },
      resumeWindow: DEADLINE,
      window,
      totalWindow: 4 * window,
      maxPacket: 1024,
      maxPeers: 8,
      // Only more of the same: an attempt dials again, as after a handshake that was overtaken.
      maxRefused: 0,
      maxHandshakes: 8,
      maxHandshakesPerAddress: 8,
      random: half,
    };
    this.shared.add(config);
    this.shared.add(config.reconnect);
    this.shared.add(UNUSED);
    const mesh = new Mesh(config);
    mesh.listening([`sim:${name}`], 0);
    return this.intern(name, start, mesh, 0);
  }

  /** What the node does with that input. */
  step(from: NodeState, input: Input): Transition {
    const key = keyOf(input);
    const known = from.transitions.get(key);
    if (known !== undefined) return known.transition;
    const transition = this.run(from, input);
    from.transitions.set(key, { input, transition });
    return transition;
  }

  private run(from: NodeState, input: Input): Transition {
    const { name, start } = from;
    const [mesh, connections] = copyGraph<[Mesh, Connection[]]>([from.mesh, [...from.connections]], this.shared);
    const turn = new Turn(mesh, from.clock, connections, this.options, (bytes) => this.chunk(bytes));
    turn.take(input, otherOf(name), (number) => this.chunks[number] as Uint8Array);
    const to = this.intern(name, start, mesh, turn.clock);
    const now = connectionsOf(mesh);
    const ranks = turn.connections.map((connection) => now.indexOf(connection));
    return { to, effects: turn.effects, ranks, accepted: turn.accepted };
  }

  private intern(name: string, start: number, mesh: Mesh, clock: number): NodeState {
    const key = `${name}${start} ${fingerprint(mesh, clock)}`;
    const known = this.known.get(key);
    if (known !== undefined) {
      if (known.mesh !== mesh && ++this.sampled % SAMPLE === 0) this.compare(known, mesh, clock);
      return known;
    }
    const state = { index: this.states.length, name, start, mesh, clock, ...facts(mesh, otherOf(name)) };
    this.states.push(state);
    this.known.set(key, state);
    return state;
  }

  /** Two cores with one fingerprint must do the same with everything that has come to the first. */
  private compare(known: NodeState, mesh: Mesh, clock: number): void {
    const other: NodeState = { ...known, mesh, clock, connections: connectionsOf(mesh) };
    for (const { input, transition } of [...known.transitions.values()]) {
      const { to, effects, ranks, accepted } = this.run(other, input);
      const same =
        to === transition.to &&
        accepted === transition.accepted &&
        JSON.stringify([told(effects), ranks]) === JSON.stringify([told(transition.effects), transition.ranks]);
      if (!same) throw new Violation(`two states of ${known.name} that count as one differ on ${keyOf(input)}`);
    }
  }

  private chunk(bytes: Uint8Array): number {
    const key = String.fromCharCode(...bytes);
    let number = this.chunkNumbers.get(key);
    if (number === undefined) {
      number = this.chunks.length;
      this.chunks.push(bytes);
      this.chunkNumbers.set(key, number);
    }
    return number;
  }
}

/** One input, and all that follows from it at that node. */
class Turn {
  readonly effects: Effect[] = [];
  accepted = -1;
  clock: number;
  readonly connections: Connection[];
  private readonly mesh: Mesh;
  private readonly options: NodeOptions;
  private readonly chunk: (bytes: Uint8Array) => number;

  constructor(
    mesh: Mesh,
    clock: number,
    connections: Connection[],
    options: NodeOptions,
    chunk: (bytes: Uint8Array) => number,
  ) {
    this.mesh = mesh;
    this.clock = clock;
    this.connections = connections;
    this.options = options;
    this.chunk = chunk;
  }

  take(input: Input, other: string, bytes: (chunk: number) => Uint8Array): void {
    const { mesh, connections } = this;
    switch (input.kind) {
      case 'connect':
        mesh.connect(1, `sim:${other}`, null, this.clock);
        break;
      case 'disconnect':
        mesh.disconnect(other, this.clock);
        break;
      case 'unkeep':
        mesh.keep(other, false, this.clock);
        break;
      case 'send':
        if (mesh.send(other, this.packet(input.packet), false) === 0) this.effects.push({ kind: 'refused' });
        break;
      case 'accepted': {
        const connection = mesh.accepted(other, false, this.clock);
        if (connection === null) throw new Violation('a connection was refused below the limit');
        this.accepted = this.handle(connection);
        break;
      }
      case 'opened':
        mesh.opened(connections[input.rank] as Connection);
        break;
      case 'received':
        mesh.received(connections[input.rank] as Connection, bytes(input.chunk), this.clock);
        break;
      case 'ended': {
        const error = input.reset ? new MasterlessError('ERR_CONNECTION_LOST', 'reset') : null;
        mesh.ended(connections[input.rank] as Connection, error, this.clock);
        break;
      }
      case 'drained': {
        const link = stateOf(mesh).peers.get(other)?.link;
        if (link != null) this.write(link, 1);
        break;
      }
      case 'ack':
        this.pass(LITTLE_DELAY);
        break;
      case 'probe':
        this.pass(PROBE);
        break;
      case 'silence':
        for (const end = this.clock + 3 * HEARTBEAT; mesh.wakeAt <= end; ) this.pass(mesh.wakeAt - this.clock);
        break;
      case 'expire':
        this.pass(DEADLINE);
        // A node that slept forgives what was due meanwhile, for a while.
        this.pass(2 * HEARTBEAT);
        break;
    }
    this.drain();
    // Dials that are due at once begin.
    this.pass(0);
  }

  private pass(time: number): void {
    this.clock += time;
    this.mesh.tick(this.clock);
    this.drain();
  }

  private drain(): void {
    const { mesh } = this;
    for (let output = mesh.poll(this.clock); output !== null; output = mesh.poll(this.clock)) this.hear(output);
    const { drips } = this.options;
    for (let dirty = mesh.takeDirty(); dirty.length > 0; dirty = mesh.takeDirty()) {
      for (const connection of dirty) this.write(connection, drips ? 0 : 1e6);
      // What waits there comes up again at once.
      if (drips) mesh.takeDirty();
    }
  }

  /** One that has a segment for itself, where each is to be written by itself: a write takes whole ones. */
  private packet(number: number): Uint8Array {
    return new Uint8Array(this.options.drips ? ALONE : 1).fill(number);
  }

  private hear(output: Output): void {
    const { mesh } = this;
    switch (output.kind) {
      case 'dial':
        this.note({ kind: 'dial', handle: this.handle(output.connection), to: output.uri.slice('sim:'.length) });
        break;
      case 'close':
        if (output.flush) this.write(output.connection, 0);
        this.note({ kind: 'close', handle: this.handle(output.connection), flush: output.flush });
        break;
      case 'connect':
      case 'disconnect':
      case 'drain':
      case 'conflict':
        this.note({ kind: output.kind });
        break;
      case 'deliver':
        this.note({ kind: 'deliver', packet: output.bytes[0] as number });
        mesh.handled(output, this.clock);
        break;
      case 'undelivered':
        for (const as of ['uncertain', 'unsent'] as const) {
          for (const [packet] of output.leftover[as]) this.note({ kind: 'report', packet: packet as number, as });
        }
        break;
      default:
    }
  }

  private write(connection: Connection, budget: number): void {
    const views = this.mesh.gather(connection, budget, this.clock);
    if (views.length === 0) return;
    const chunk = this.chunk(Uint8Array.from(views.flatMap((view) => [...view])));
    this.note({ kind: 'write', handle: this.handle(connection), chunk });
  }

  private note(effect: Effect): void {
    if (!this.options.forget?.(effect, this.mesh)) this.effects.push(effect);
  }

  private handle(connection: Connection): number {
    const known = this.connections.indexOf(connection);
    if (known >= 0) return known;
    this.connections.push(connection);
    return this.connections.length - 1;
  }
}

/**
 * What each connection hears, in order: while time passes, a second more or less decides which of two connections is the
 * first to be spoken on, and neither end of either can tell.
 */
function told(effects: readonly Effect[]): readonly Effect[] {
  const place = (effect: Effect): number => ('handle' in effect ? effect.handle : -1);
  return [...effects].sort((one, other) => place(one) - place(other));
}

/** The ids of a and A are the same: two live nodes of one id. */
function idOf(name: string): string {
  return name.toLowerCase();
}

function otherOf(name: string): string {
  return name === 'b' ? 'a' : 'b';
}

function keyOf(input: Input): string {
  switch (input.kind) {
    case 'send':
      return `send ${input.packet}`;
    case 'opened':
      return `opened ${input.rank}`;
    case 'received':
      return `received ${input.rank} ${input.chunk}`;
    case 'ended':
      return `ended ${input.rank} ${input.reset}`;
    default:
      return input.kind;
  }
}

function facts(mesh: Mesh, other: string): Omit<NodeState, 'index' | 'name' | 'start' | 'mesh' | 'clock'> {
  const session = mesh.session(other);
  const view = mesh.view(other);
  const connections = connectionsOf(mesh);
  return {
    connections,
    transitions: new Map(),
    connected: mesh.isConnected(other),
    peerStart: Number.parseInt(stateOf(mesh).peers.get(other)?.incarnation || '0', 16),
    linkRank: connections.findIndex(({ id }) => id === view?.link),
    kept: mesh.isKept(other),
    ackDue: view?.link != null && session?.unacked === true && Number.isFinite(session.ackAt),
    dripping: drips(stateOf(mesh).peers.get(other)),
    probing: view?.probing ?? false,
    waiting: view?.waiting ?? false,
    waits: mesh.wakeAt < Number.POSITIVE_INFINITY,
    link: view?.link == null ? null : { epoch: view.epoch, session: view.session },
  };
}

/** Whether a gathering of more than nothing would write packets. */
function drips(peer: Peer | undefined): boolean {
  if (peer?.link == null) return false;
  return (peer.confirmed || peer.session.confirmed) && peer.session.normal.outgoing.pending;
}

/** The core's own table: its order is the same in cores that count as one. */
function connectionsOf(mesh: Mesh): Connection[] {
  return stateOf(mesh).connections;
}

function stateOf(mesh: Mesh): MeshState {
  return (mesh as unknown as { state: MeshState }).state;
}
