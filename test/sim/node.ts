/**
 * A node of the simulation: a real core, and what a runtime would do for it, with a clock of its own.
 */
import type { MasterlessError } from '../../src/errors.js';
import type { ReconnectPolicy } from '../../src/options.js';
import type { Connection } from '../../src/protocol/connection.js';
import { Mesh } from '../../src/protocol/mesh.js';
import type { Deliver, Output } from '../../src/protocol/output.js';
import { NORMAL, URGENT } from '../../src/protocol/session.js';
import type { MeshConfig } from '../../src/protocol/state.js';
import type { End } from '../../src/testing/end.js';
import type { Process } from '../../src/testing/process.js';
import { Random } from '../../src/testing/random.js';
import type { ConnectionEvents, Connection as Stream } from '../../src/transports/transport.js';
import { checkBounds, checkSizes, stateOf } from './bounds.js';
import { bytesOf } from './oracle.js';
import { FrameReader } from './trace.js';
import type { World } from './world.js';

export const DEFAULTS = {
  codec: 'sim',
  heartbeat: 1000,
  timeout: 5000,
  stallTimeout: 60_000,
  handshakeTimeout: 5000,
  probeTimeout: 500,
  closeTimeout: 5000,
  reconnect: { attempts: 5, minDelay: 100, maxDelay: 5000 } as ReconnectPolicy,
  resumeWindow: 20_000,
  window: 64 * 1024,
  totalWindow: 1024 * 1024,
  maxPacket: 1024 * 1024,
  maxPeers: 64,
  maxHandshakes: 128,
  maxHandshakesPerAddress: 128,
};

/** A connection that was closed with words has so long to get them out. */
const LINGER = 1000;

/** Bounds that need a walk over all peers are looked at after one in so many steps of a node. */
const WALK = 32;

/** The two sides of one byte stream. */
interface Wire {
  readonly outer: Stream;
  /** When it was dialled or accepted, by the node's clock. */
  readonly since: number;
  /** It takes no more until `drain`. */
  blocked: boolean;
  /** Names what is written, for the trace. */
  reader: FrameReader | null;
}

/** A packet to be sent. */
export interface Letter {
  readonly to: string;
  readonly length: number;
  readonly urgent: boolean;
  /** Milliseconds for which it is of use. @default Infinity */
  readonly ttl?: number;
}

/** A node of the simulation: its core and what a runtime would hold. */
export class SimNode {
  readonly id: string;
  readonly uri: string;
  /** `id#n`: which start of this id it is. */
  readonly label: string;
  readonly mesh: Mesh;
  readonly world: World;
  readonly process: Process;
  private readonly wires = new Map<Connection, Wire>();
  /** Its application takes so long for each packet, one after another. */
  slow = 0;
  /** It says that it has had a packet only so long after it had. */
  ackDelay = 0;
  /** Its system takes a segment at a time of what it writes, and the next one so long after: what waits is on no wire. */
  drip = 0;
  closed = false;
  /** Its timers do not ring before. */
  lateUntil = 0;
  /** Called after every step of it, for those who wait for a certain moment. */
  readonly watches = new Set<() => void>();
  /** How far its clock is ahead of the world's. */
  private ahead = 0;
  private wishes = 0;
  /** Whom each open wish is for. */
  private readonly wanted = new Map<number, string>();
  private awakeAt = 0;
  private steps = 0;
  /** When its application is done with what it has, and has said so. */
  private busyUntil = 0;
  private doneAt = 0;
  private alarmAt = Number.POSITIVE_INFINITY;

  constructor(world: World, id: string, count: number, config: Partial<MeshConfig>) {
    this.world = world;
    this.id = id;
    this.uri = `sim://${id}`;
    this.label = `${id}#${count}`;
    this.process = world.network.process(id, this.label);
    // Dice of its own: what one node throws does not depend on how many there are.
    const random = new Random(world.random.below(2 ** 32) ^ (count * 0x9e3779b9));
    const digits = Array.from({ length: 16 }, () => random.below(16).toString(16)).join('');
    this.mesh = new Mesh({
      ...DEFAULTS,
      ...config,
      id,
      incarnation: digits.replace(/^0+$/, '1'),
      random: () => random.next(),
    });
    this.mesh.listening([this.uri], world.now);
  }

  /** Who dials its id finds it. */
  listen(): void {
    this.process.listen(this.id, (outer) => {
      const connection = this.mesh.accepted(outer.remote, true, this.clock);
      if (connection === null) {
        outer.destroy();
        return IGNORE;
      }
      this.wires.set(connection, { outer, since: this.clock, blocked: false, reader: null });
      // What it says follows with its first bytes, or the alarm.
      this.drain();
      return this.events(connection);
    });
  }

  get alive(): boolean {
    return this.process.alive;
  }

  get paused(): boolean {
    return this.process.pause.isShut;
  }

  get pausedUntil(): number {
    return this.awakeAt;
  }

  /** It is stopped until then. */
  set pausedUntil(time: number) {
    this.awakeAt = time;
    this.process.pause.shut(time);
  }

  get clock(): number {
    return this.world.now + this.ahead;
  }

  /** Its clock jumps ahead, as after a machine was suspended. */
  jump(ms: number): void {
    this.ahead += ms;
  }

  /** Nothing holds it up any more. */
  wake(): void {
    const { now } = this.world;
    if (this.paused) this.pausedUntil = now;
    this.lateUntil = Math.min(this.lateUntil, now);
    this.slow = 0;
    this.ackDelay = 0;
    this.drip = 0;
    // The alarm may have been put off to the end of what held it up.
    if (this.alarmAt < Number.POSITIVE_INFINITY) this.putOff();
  }

  /** Wants the node with that id. Returns the number of the wish, 0 from one that closes. */
  connect(to: string, expected: string | null = null): number {
    if (stateOf(this.mesh).closing) return 0;
    const wish = ++this.wishes;
    this.wanted.set(wish, to);
    this.act((mesh, now) => mesh.connect(wish, `sim://${to}`, expected, now));
    return wish;
  }

  /** Its application does something so many milliseconds later, not while it is stopped, and never when it is gone. */
  after(ms: number, run: () => void): void {
    const { agenda, now } = this.world;
    const turn = (): void => {
      if (this.alive && !this.process.pause.holds(turn)) run();
    };
    agenda.at(now + ms, turn);
  }

  /** Does something with the core, then all that follows from it. */
  act(action: (mesh: Mesh, now: number) => void): void {
    if (!this.alive) return;
    action(this.mesh, this.clock);
    this.drain();
  }

  /** Whether the packet was accepted. */
  send(to: string, length: number, urgent = false): boolean {
    const accepted = this.post({ to, length, urgent }) > 0;
    this.drain();
    return accepted;
  }

  /** Sends all before the network gets any of them. Returns how many were accepted. */
  sendAll(letters: readonly Letter[]): number {
    const accepted = letters.filter((letter) => this.post(letter) > 0).length;
    this.drain();
    return accepted;
  }

  /** Hands a packet to the core. Returns its number in its lane, 0 when it was refused. */
  post({ to, length, urgent, ttl = Number.POSITIVE_INFINITY }: Letter): number {
    if (!this.alive) return 0;
    const { oracle } = this.world;
    const session = this.mesh.session(to);
    const bytes = bytesOf(oracle.nextNumber, length);
    const until = this.clock + ttl;
    const number = this.mesh.send(to, bytes, urgent, until);
    const lane = urgent ? URGENT : NORMAL;
    if (number > 0 && session !== null) oracle.accepted(this.label, to, lane, session, number, bytes.length, until);
    return number;
  }

  drain(): void {
    do {
      for (let output = this.mesh.poll(this.clock); output !== null; output = this.mesh.poll(this.clock)) {
        this.hear(output);
      }
      this.flush();
    } while (this.mesh.talks);
    this.setAlarm();
    const state = stateOf(this.mesh);
    checkSizes(this.label, state);
    const walk = ++this.steps % WALK === 0 || state.wakeAt === Number.POSITIVE_INFINITY;
    if (walk) checkBounds(this.label, state, this.wires.keys(), this.world.ids, this.clock);
    for (const watch of this.watches) watch();
  }

  /** The stream that a connection of the core, by its number, runs over. */
  streamOf(id: number): Stream | null {
    for (const [connection, { outer }] of this.wires) if (connection.id === id) return outer;
    return null;
  }

  private flush(): void {
    for (let dirty = this.mesh.takeDirty(); dirty.length > 0; dirty = this.mesh.takeDirty()) {
      for (const connection of dirty) {
        const wire = this.wires.get(connection);
        if (wire === undefined || wire.blocked) continue;
        const views = this.mesh.gather(connection, this.drip > 0 ? 1 : 256 * 1024, this.clock);
        if (this.world.trace !== null) this.say(connection, wire, views);
        if (views.length > 0 && !wire.outer.write(views)) wire.blocked = true;
        else if (views.length > 0 && this.drip > 0) this.wait(connection, wire);
      }
    }
  }

  private wait(connection: Connection, wire: Wire): void {
    wire.blocked = true;
    this.world.network.fired('drip');
    this.after(this.drip, () => this.goOn(connection, wire));
  }

  /** The system takes more. */
  private goOn(connection: Connection, wire: Wire): void {
    if (this.wires.get(connection) !== wire || !wire.blocked || wire.outer.buffered > 0) return;
    wire.blocked = false;
    this.act((mesh) => mesh.drained(connection));
  }

  private setAlarm(): void {
    const at = this.mesh.wakeAt - this.ahead;
    if (at >= this.alarmAt || at === Number.POSITIVE_INFINITY) return;
    this.alarmAt = at;
    this.world.agenda.at(at, () => this.ring(at));
  }

  private ring(at: number): void {
    if (!this.alive || this.alarmAt !== at) return;
    this.alarmAt = Number.POSITIVE_INFINITY;
    if (this.paused || this.lateUntil > this.world.now) {
      if (!this.paused) this.world.network.fired('late timer');
      this.putOff();
      return;
    }
    this.mesh.tick(this.clock);
    this.drain();
  }

  /** Sets the alarm for when nothing holds it up. After a pause what has arrived is read first. */
  private putOff(): void {
    const later = Math.max(this.world.now, this.pausedUntil, this.lateUntil) + 20;
    this.alarmAt = later;
    this.world.agenda.at(later, () => this.ring(later));
  }

  private hear(output: Output): void {
    const { oracle } = this.world;
    this.world.heard(this, output);
    switch (output.kind) {
      case 'deliver':
        oracle.deliver(this.label, output.id, output.lane, output.session, output.bytes);
        this.handle(output);
        break;
      case 'dial':
        this.dial(output.connection, output.uri);
        break;
      case 'close': {
        const wire = this.wires.get(output.connection);
        this.wires.delete(output.connection);
        if (wire !== undefined) this.hangUp(output.connection, wire, output.flush);
        break;
      }
      case 'connect':
        oracle.connect(this.label, output.id);
        break;
      case 'reconnecting':
      case 'reconnect':
        oracle.reconnecting(this.label, output.id, output.kind);
        break;
      case 'disconnect':
        oracle.disconnect(this.label, output.id, output.reason);
        break;
      case 'acknowledged':
        oracle.acknowledged(output.session);
        break;
      case 'undelivered':
        for (const bytes of output.leftover.uncertain) oracle.report(this.label, output.id, 'uncertain', bytes);
        for (const bytes of output.leftover.unsent) oracle.report(this.label, output.id, 'unsent', bytes);
        break;
      case 'expired':
        oracle.expired(this.label, output, this.clock);
        this.world.network.fired('packet too late');
        break;
      case 'ended':
        oracle.ended(output.session);
        break;
      case 'wish': {
        const to = this.wanted.get(output.wish);
        this.wanted.delete(output.wish);
        if (output.error !== null && to !== undefined) this.world.ledger?.unwanted(this.id, to, this.world.now);
        break;
      }
      case 'closed':
        this.closed = true;
        this.process.unlisten(this.id);
        break;
      default:
    }
  }

  private dial(connection: Connection, uri: string): void {
    const outer = this.process.dial(uri.slice('sim://'.length), uri, this.events(connection));
    this.wires.set(connection, { outer, since: this.clock, blocked: false, reader: null });
  }

  private hangUp(connection: Connection, wire: Wire, flush: boolean): void {
    const { outer } = wire;
    if (this.clock - wire.since >= stateOf(this.mesh).config.handshakeTimeout) this.world.expired(this, outer as End);
    if (!flush) {
      outer.destroy();
      return;
    }
    const views = this.mesh.gather(connection, 0, this.clock);
    if (this.world.trace !== null) this.say(connection, wire, views);
    outer.write(views);
    outer.end();
    this.world.agenda.at(this.world.now + LINGER, () => outer.destroy());
  }

  private events(connection: Connection): ConnectionEvents {
    return {
      open: () => this.act((mesh) => mesh.opened(connection)),
      data: (bytes) => this.act((mesh, now) => mesh.received(connection, bytes, now)),
      drain: () => {
        const wire = this.wires.get(connection);
        if (wire === undefined) return;
        wire.blocked = false;
        this.act((mesh) => mesh.drained(connection));
      },
      close: (error) => {
        this.wires.delete(connection);
        this.act((mesh, now) => mesh.ended(connection, error as MasterlessError | null, now));
      },
    };
  }

  private handle({ id, session, lane, sequence, receivedBytes }: Deliver): void {
    const { world } = this;
    if (this.slow === 0 && this.ackDelay === 0 && this.doneAt <= world.now) {
      this.mesh.handled({ id, session, lane, sequence, receivedBytes }, this.clock);
      return;
    }
    if (this.slow > 0) world.network.fired('slow consumer');
    if (this.ackDelay > 0) world.network.fired('late acknowledgement');
    this.busyUntil = Math.max(this.busyUntil, world.now) + this.slow;
    // In order: who says that it has had a packet has had all before it.
    this.doneAt = Math.max(this.doneAt, this.busyUntil + this.ackDelay);
    const receipt = { id, session, lane, sequence, receivedBytes };
    this.after(this.doneAt - world.now, () => this.act((mesh, now) => mesh.handled(receipt, now)));
  }

  private say(connection: Connection, wire: Wire, views: readonly Uint8Array[]): void {
    wire.reader ??= new FrameReader();
    for (const view of views) {
      const frames = wire.reader.read(view);
      if (frames !== '') this.world.tell(this, `c${connection.id} > ${connection.peer?.id ?? '?'}: ${frames}`);
    }
  }
}

const IGNORE: ConnectionEvents = { open: nothing, data: nothing, drain: nothing, close: nothing };

function nothing(): void {}
