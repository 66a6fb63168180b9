/**
 * A small world for exhaustive exploration: a few nodes on the real core, a few connections at once, bounded numbers of
 * sends and faults. Time stands still; what waits for time is an action of its own. A state is copied before each action.
 */
import { MasterlessError } from '../../src/errors.js';
import type { Connection } from '../../src/protocol/connection.js';
import { Mesh } from '../../src/protocol/mesh.js';
import type { Output } from '../../src/protocol/output.js';
import { ACK_DELAY } from '../../src/protocol/traffic.js';

/** Bounds of an exploration. */
export interface Bounds {
  /** Connections between two nodes at once. */
  readonly connections: number;
  /** Packets that each node sends. */
  readonly packets: number;
  /** Connections that break: bytes vanish, each side finds out on its own. */
  readonly breaks: number;
  /** Times that a node is restarted. */
  readonly restarts: number;
  /** Dials that nobody needed. */
  readonly dials: number;
  /** Calls of disconnect, and of keep(false). */
  readonly disconnects: number;
  readonly unkeeps: number;
  /** Times that a node's every deadline passes at once. */
  readonly expiries: number;
  /** A second live node of the follower's id. */
  readonly twin: boolean;
  /** Who keeps the link at the start. */
  readonly keepers: string;
}

/** Two nodes of which the follower keeps the link, and nothing else happens: what other bounds add to. */
export const STILL: Bounds = {
  connections: 2,
  packets: 0,
  breaks: 0,
  restarts: 0,
  dials: 0,
  disconnects: 0,
  unkeeps: 0,
  expiries: 0,
  twin: false,
  keepers: 'a',
};

export class Violation extends Error {}

interface Wire {
  /** Node names at both ends, and their connections; null when that end is closed or not yet accepted. */
  readonly names: readonly [string, string];
  readonly ends: [Connection | null, Connection | null];
  /** Chunks on their way to each end; null is the orderly end of the stream. */
  readonly toEnd: [(Uint8Array | null)[], (Uint8Array | null)[]];
  broken: boolean;
  reset: boolean;
}

interface SimulatedNode {
  readonly id: string;
  readonly mesh: Mesh;
  /** Dials that wait for a free connection. */
  dials: { connection: Connection; uri: string }[];
  readonly start: number;
  sent: number;
  /** Peers that the application believes connected. */
  connected: string[];
  conflict: boolean;
}

/** What became of a packet; its place in this list is its number. */
interface Packet {
  readonly from: string;
  readonly start: number;
  readonly toStart: number;
  readonly order: number;
  delivered: boolean;
  reported: '' | 'uncertain' | 'unsent';
  lost: boolean;
}

/** One thing that can happen next. */
export interface Action {
  readonly name: string;
  readonly fault: boolean;
  run(scope: Scope): void;
}

const shared = new Set<object>();

export const sharedObjects: ReadonlySet<object> = shared;

export class Scope {
  readonly bounds: Bounds;
  nodes: Record<string, SimulatedNode> = {};
  wires: Wire[] = [];
  packets: Packet[] = [];
  breaks: number;
  restarts: number;
  dials: number;
  disconnects: number;
  unkeeps: number;
  expiries: number;
  starts = 0;

  constructor(bounds: Bounds) {
    shared.add(bounds);
    this.bounds = bounds;
    this.breaks = bounds.breaks;
    this.restarts = bounds.restarts;
    this.dials = bounds.dials;
    this.disconnects = bounds.disconnects;
    this.unkeeps = bounds.unkeeps;
    this.expiries = bounds.expiries;
    // The arbiter is the greater: b.
    this.start('a', 'a');
    this.start('b', 'b');
    if (bounds.twin) this.start('A', 'a');
    for (const name of bounds.keepers) this.wish(name);
  }

  /** What can happen in this state. */
  actions(): Action[] {
    const actions: Action[] = [];
    const add = (name: string, run: (scope: Scope) => void, fault = false): void => {
      actions.push({ name, fault, run });
    };
    for (const [index, wire] of this.wires.entries()) this.wireActions(wire, index, add);
    for (const [name, node] of Object.entries(this.nodes)) this.nodeActions(name, node, add);
    if (actions.every((action) => action.fault)) {
      // Time passes when nothing else can happen.
      for (const [name, node] of Object.entries(this.nodes)) {
        if (this.views(node).some((view) => view?.waiting))
          add(`time passes ${name}`, (scope) => scope.tick(name, FAR));
      }
    }
    return actions;
  }

  /** At rest: nothing can happen but faults. Then everything must be as it should. */
  checkRest(): void {
    for (const packet of this.packets) {
      if (!packet.delivered && packet.reported === '' && !packet.lost) throw new Violation('a packet vanished');
    }
    if (this.bounds.twin) return;
    const { a, b } = this.nodes as { a: SimulatedNode; b: SimulatedNode };
    const kept = a.mesh.isKept('b') || b.mesh.isKept('a');
    const [left, right] = [a.mesh.view('b'), b.mesh.view('a')];
    if (!kept) {
      if (this.wires.length > 0) throw new Violation('nobody keeps the link, and a connection is left');
      return;
    }
    const same =
      left?.link != null && right?.link != null && left.epoch === right.epoch && left.session === right.session;
    if (!same) throw new Violation('somebody keeps the link, and the two do not hold the same one');
    if (this.wires.length !== 1) throw new Violation(`${this.wires.length} connections at rest`);
    if (!a.connected.includes('b') || !b.connected.includes('a')) throw new Violation('linked and not connected');
  }

  /** What a core does that forgets its wish to reconnect: for testing the explorer itself. */
  forgetAttempts(): void {
    for (const node of Object.values(this.nodes))
      if (node.mesh.isConnected('a') || node.mesh.isConnected('b')) node.dials = [];
  }

  private wireActions(
    wire: Wire,
    index: number,
    add: (name: string, run: (scope: Scope) => void, fault?: boolean) => void,
  ): void {
    for (const side of [0, 1] as const) {
      const name = `${wire.names[side]}${index}`;
      const open = wire.ends[side] !== null;
      if (open && wire.toEnd[side].length > 0) add(`receive ${name}`, (scope) => scope.receive(index, side));
      const dead = wire.broken || wire.reset;
      if (open && dead) add(`reset ${name}`, (scope) => scope.endWire(index, side, true));
    }
    if (!wire.broken && !wire.reset && this.breaks > 0) {
      add(
        `break ${index}`,
        (scope) => {
          scope.breaks--;
          const broken = scope.wires[index] as Wire;
          broken.broken = true;
          broken.toEnd[0].length = 0;
          broken.toEnd[1].length = 0;
        },
        true,
      );
    }
  }

  private nodeActions(
    name: string,
    node: SimulatedNode,
    add: (name: string, run: (scope: Scope) => void, fault?: boolean) => void,
  ): void {
    const { mesh } = node;
    const others = Object.values(this.nodes).filter((other) => other.id !== node.id);
    if (node.dials.length > 0 && this.wires.length < this.bounds.connections)
      add(`open ${name}`, (scope) => scope.open(name));
    for (const peer of others) {
      if (node.sent < this.bounds.packets && mesh.isConnected(peer.id) && mesh.writable(peer.id, 4)) {
        add(`send ${name}`, (scope) => scope.send(name, peer.id));
      }
      const session = mesh.session(peer.id);
      if (session?.unacked && Number.isFinite(session.ackAt))
        add(`ack ${name}`, (scope) => scope.tick(name, ACK_DELAY));
      if (session !== null && this.disconnects > 0 && mesh.view(peer.id)?.link != null) {
        add(
          `disconnect ${name}`,
          (scope) => {
            scope.disconnects--;
            scope.act(name, (inner) => inner.disconnect(peer.id, 0));
          },
          true,
        );
      }
      if (this.unkeeps > 0 && mesh.isKept(peer.id)) {
        add(
          `unkeep ${name}`,
          (scope) => {
            scope.unkeeps--;
            scope.act(name, (inner) => inner.keep(peer.id, false, 0));
          },
          true,
        );
      }
    }
    if (this.views(node).some((view) => view?.probing)) add(`probe fails ${name}`, (scope) => scope.tick(name, PROBE));
    if (this.dials > 0) {
      add(
        `dial ${name}`,
        (scope) => {
          scope.dials--;
          scope.wish(name);
        },
        true,
      );
    }
    if (this.restarts > 0 && !this.bounds.twin) {
      add(
        `restart ${name}`,
        (scope) => {
          scope.restarts--;
          scope.restart(name);
        },
        true,
      );
    }
    if (this.expiries > 0 && mesh.wakeAt < Number.POSITIVE_INFINITY) {
      add(
        `expire ${name}`,
        (scope) => {
          scope.expiries--;
          scope.tick(name, FAR);
        },
        true,
      );
    }
  }

  private views(node: SimulatedNode): ReturnType<Mesh['view']>[] {
    return ['a', 'b'].map((id) => node.mesh.view(id));
  }

  private start(name: string, id: string): void {
    const start = ++this.starts;
    const config = {
      id,
      incarnation: start.toString(16).padStart(16, '0'),
      codec: 'x',
      heartbeat: NEVER,
      timeout: NEVER,
      stallTimeout: NEVER,
      handshakeTimeout: 10_000,
      probeTimeout: PROBE,
      closeTimeout: 10_000,
      reconnect: { attempts: Number.POSITIVE_INFINITY, minDelay: 0, maxDelay: 0 },
      resumeWindow: 10_000,
      window: 1024,
      totalWindow: 4096,
      maxPacket: 64,
      maxPeers: 8,
      maxHandshakes: 8,
      maxHandshakesPerAddress: 8,
      random: half,
    };
    shared.add(config);
    shared.add(config.reconnect);
    const mesh = new Mesh(config);
    mesh.listening([`sim:${name}`]);
    this.nodes[name] = { id, mesh, dials: [], start, sent: 0, connected: [], conflict: false };
  }

  private wish(name: string): void {
    const to = name === 'b' ? 'a' : 'b';
    this.act(name, (mesh) => mesh.connect(1, `sim:${to}`, null, 0));
  }

  private restart(name: string): void {
    const old = this.nodes[name] as SimulatedNode;
    for (const packet of this.packets) if (packet.start === old.start) packet.lost = true;
    for (const [index, wire] of this.wires.entries()) {
      for (const side of [0, 1] as const) {
        if (wire.names[side] !== name || wire.ends[side] === null) continue;
        wire.ends[side] = null;
        this.resetOther(index, side);
      }
    }
    this.sweep();
    this.start(name, old.id);
    (this.nodes[name] as SimulatedNode).sent = old.sent;
    // Its program does again what it did at first.
    if (this.bounds.keepers.includes(name)) this.wish(name);
  }

  private open(name: string): void {
    const node = this.nodes[name] as SimulatedNode;
    const dial = node.dials.shift();
    if (dial === undefined || dial.connection.phase !== 'opening') return;
    const to = dial.uri.slice('sim:'.length);
    const wire: Wire = {
      names: [name, to],
      ends: [dial.connection, null],
      toEnd: [[], []],
      broken: false,
      reset: false,
    };
    const accepted = (this.nodes[to] as SimulatedNode).mesh.accepted(name, false, 0);
    wire.ends[1] = accepted;
    this.wires.push(wire);
    this.act(name, (mesh) => mesh.opened(dial.connection));
  }

  private receive(index: number, side: 0 | 1): void {
    const wire = this.wires[index] as Wire;
    const chunk = wire.toEnd[side].shift();
    const connection = wire.ends[side];
    if (connection === null) return;
    if (chunk === null) this.endWire(index, side, false);
    else if (chunk !== undefined) this.act(wire.names[side], (mesh) => mesh.received(connection, chunk, 0));
  }

  private endWire(index: number, side: 0 | 1, reset: boolean): void {
    const wire = this.wires[index] as Wire;
    const connection = wire.ends[side];
    wire.ends[side] = null;
    if (connection === null) return;
    if (!reset) this.finish(wire, side);
    const error = reset ? new MasterlessError('ERR_CONNECTION_LOST', 'reset') : null;
    this.act(wire.names[side], (mesh) => mesh.ended(connection, error, 0));
  }

  private send(name: string, to: string): void {
    const node = this.nodes[name] as SimulatedNode;
    node.sent++;
    const toStart = this.nodes[to]?.start ?? 0;
    const order = this.packets.length;
    this.packets.push({ from: name, start: node.start, toStart, order, delivered: false, reported: '', lost: false });
    this.act(name, (mesh) => {
      if (mesh.send(to, Uint8Array.of(order), false) === 0) throw new Violation('writable, and refused');
    });
  }

  private tick(name: string, time: number): void {
    this.act(name, (mesh) => mesh.tick(time), time);
    // What the tick made due at once.
    this.act(name, (mesh) => mesh.tick(time), time);
  }

  /** Does something at a node, and all that follows from it there. */
  private act(name: string, action: (mesh: Mesh) => void, now = 0): void {
    const node = this.nodes[name] as SimulatedNode;
    action(node.mesh);
    this.drain(name, node, now);
    // Dials that are due at once begin.
    node.mesh.tick(now);
    this.drain(name, node, now);
    this.sweep();
  }

  private drain(name: string, node: SimulatedNode, now: number): void {
    for (let output = node.mesh.poll(now); output !== null; output = node.mesh.poll(now))
      this.hear(name, node, output, now);
    for (let dirty = node.mesh.takeDirty(); dirty.length > 0; dirty = node.mesh.takeDirty()) {
      for (const connection of dirty) this.write(connection, node.mesh.gather(connection, 1e6, now));
    }
  }

  private write(connection: Connection, views: Uint8Array[]): void {
    if (views.length === 0) return;
    const [wire, side] = this.find(connection);
    if (wire === null || wire.broken || wire.ends[1 - side] === null) return;
    wire.toEnd[side === 0 ? 1 : 0].push(Uint8Array.from(views.flatMap((view) => [...view])));
  }

  private find(connection: Connection): [Wire, 0 | 1] | [null, 0] {
    for (const wire of this.wires) {
      if (wire.ends[0] === connection) return [wire, 0];
      if (wire.ends[1] === connection) return [wire, 1];
    }
    return [null, 0];
  }

  private hear(name: string, node: SimulatedNode, output: Output, now: number): void {
    switch (output.kind) {
      case 'dial':
        node.dials.push({ connection: output.connection, uri: output.uri });
        break;
      case 'close':
        this.close(node, output.connection, output.flush, now);
        break;
      case 'connect':
        if (node.connected.includes(output.id)) throw new Violation(`${name} heard connect twice`);
        node.connected.push(output.id);
        break;
      case 'disconnect':
        if (!node.connected.includes(output.id)) throw new Violation(`${name} heard disconnect without connect`);
        node.connected = node.connected.filter((id) => id !== output.id);
        break;
      case 'deliver':
        this.deliver(name, output.id, output.bytes[0] as number);
        node.mesh.handled(output, now);
        break;
      case 'undelivered':
        for (const [number] of output.leftover.uncertain) this.report(node, number as number, 'uncertain');
        for (const [number] of output.leftover.unsent) this.report(node, number as number, 'unsent');
        break;
      case 'conflict':
        if (!this.bounds.twin) throw new Violation(`${name} heard of a conflict that is none`);
        node.conflict = true;
        break;
      default:
    }
  }

  private close(node: SimulatedNode, connection: Connection, flush: boolean, now: number): void {
    node.dials = node.dials.filter((dial) => dial.connection !== connection);
    if (flush) this.write(connection, node.mesh.gather(connection, 0, now));
    const [wire, side] = this.find(connection);
    if (wire === null) return;
    wire.ends[side] = null;
    if (flush) this.finish(wire, side);
    else this.resetOther(this.wires.indexOf(wire), side);
  }

  /** The stream from that side ends in order. */
  private finish(wire: Wire, side: 0 | 1): void {
    const other = side === 0 ? 1 : 0;
    if (wire.ends[other] !== null && !wire.broken) wire.toEnd[other].push(null);
    wire.toEnd[side].length = 0;
  }

  private resetOther(index: number, side: 0 | 1): void {
    const wire = this.wires[index] as Wire;
    wire.toEnd[0].length = 0;
    wire.toEnd[1].length = 0;
    if (wire.ends[side === 0 ? 1 : 0] !== null && !wire.broken) wire.reset = true;
  }

  private sweep(): void {
    this.wires = this.wires.filter((wire) => wire.ends[0] !== null || wire.ends[1] !== null);
  }

  private deliver(name: string, sender: string, number: number): void {
    const packet = this.packets[number];
    const node = this.nodes[name] as SimulatedNode;
    if (packet === undefined) throw new Violation('a packet that was never sent');
    if (packet.delivered) throw new Violation(`packet ${number} delivered twice`);
    if (packet.reported === 'unsent') throw new Violation(`packet ${number} reported unsent and delivered`);
    if (packet.toStart !== node.start) throw new Violation(`packet ${number} reached another incarnation`);
    if (!node.connected.includes(sender))
      throw new Violation(`packet ${number} from ${sender}, which is not connected`);
    for (const earlier of this.packets.slice(0, number)) {
      const same = earlier.start === packet.start && earlier.toStart === packet.toStart;
      if (same && !earlier.delivered && earlier.reported === '')
        throw new Violation(`packet ${number} before ${earlier.order}`);
    }
    packet.delivered = true;
  }

  private report(node: SimulatedNode, number: number, kind: 'uncertain' | 'unsent'): void {
    const packet = this.packets[number];
    if (packet === undefined || packet.start !== node.start) throw new Violation('reported what it never sent');
    if (packet.reported !== '') throw new Violation(`packet ${number} reported twice`);
    if (kind === 'unsent' && packet.delivered) throw new Violation(`packet ${number} delivered and reported unsent`);
    packet.reported = kind;
  }
}

/** Longer than anything waits here. */
const NEVER = 1e12;
const PROBE = 5000;
/** Past every deadline but those of signs of life. */
const FAR = 1e6;
const half = (): number => 0.5;
