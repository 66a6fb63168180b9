/**
 * A mesh of real cores in virtual time: nodes, a faulty network between them, and the oracle. One seed, one run.
 */
import { MasterlessError } from '../../src/errors.js';
import type { ReconnectPolicy } from '../../src/options.js';
import type { Connection } from '../../src/protocol/connection.js';
import { Mesh } from '../../src/protocol/mesh.js';
import type { Deliver, Output } from '../../src/protocol/output.js';
import { NORMAL, URGENT } from '../../src/protocol/session.js';
import type { MeshConfig } from '../../src/protocol/state.js';
import { Agenda, connectEnds, End, type Wire } from './network.js';
import { bytesOf, check, name, Oracle } from './oracle.js';
import { Random } from './random.js';

const DEFAULTS = {
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

/** How the network between two nodes is. */
export interface Weather {
  minDelay: number;
  maxDelay: number;
  /** Dials fail at once. */
  refuse: boolean;
  /** Dials are never answered, and nothing gets through. */
  blackhole: boolean;
}

/** A node of the simulation: its core and what a runtime would hold. */
export class SimNode {
  readonly id: string;
  readonly uri: string;
  /** `id#n`: which start of this id it is. */
  readonly label: string;
  readonly mesh: Mesh;
  readonly world: World;
  readonly ends = new Map<Connection, End>();
  alive = true;
  pausedUntil = 0;
  /** Packets are handled only so long after they arrive. */
  slow = 0;
  closed = false;
  readonly links = new Map<string, boolean>();
  /** Its timers do not ring before. */
  lateUntil = 0;
  /** How far its clock is ahead of the world's. */
  private ahead = 0;
  private wishes = 0;
  private alarmAt = Number.POSITIVE_INFINITY;

  constructor(world: World, id: string, count: number, config: Partial<MeshConfig>) {
    this.world = world;
    this.id = id;
    this.uri = `sim://${id}`;
    this.label = `${id}#${count}`;
    const digits = Array.from({ length: 16 }, () => world.random.below(16).toString(16)).join('');
    this.mesh = new Mesh({
      ...DEFAULTS,
      ...config,
      id,
      incarnation: digits.replace(/^0+$/, '1'),
      random: () => world.random.next(),
    });
    this.mesh.listening([this.uri]);
  }

  get paused(): boolean {
    return this.pausedUntil > this.world.now;
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
    this.pausedUntil = Math.min(this.pausedUntil, this.world.now);
    this.lateUntil = 0;
    this.slow = 0;
  }

  /** Wants the node with that id. Returns the number of the wish. */
  connect(to: string, expected: string | null = null): number {
    const wish = ++this.wishes;
    this.act((mesh, now) => mesh.connect(wish, `sim://${to}`, expected, now));
    return wish;
  }

  /** Does something with the core, then all that follows from it. */
  act(action: (mesh: Mesh, now: number) => void): void {
    if (!this.alive) return;
    action(this.mesh, this.clock);
    this.drain();
  }

  send(to: string, length: number, urgent = false): boolean {
    const { oracle } = this.world;
    const session = this.mesh.session(to);
    const number = this.mesh.send(to, bytesOf(oracle.nextNumber, length), urgent);
    if (number > 0 && session !== null) oracle.accepted(this.label, to, urgent ? URGENT : NORMAL, session);
    this.drain();
    return number > 0;
  }

  drain(): void {
    for (let output = this.mesh.poll(this.clock); output !== null; output = this.mesh.poll(this.clock)) {
      this.hear(output);
    }
    this.flush();
    this.setAlarm();
  }

  private flush(): void {
    for (let dirty = this.mesh.takeDirty(); dirty.length > 0; dirty = this.mesh.takeDirty()) {
      for (const connection of dirty) {
        const end = this.ends.get(connection);
        if (end === undefined) continue;
        for (const view of this.mesh.gather(connection, 256 * 1024, this.clock)) end.write(view.slice());
      }
    }
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
      // After a pause what has arrived is read first.
      this.alarmAt = Math.max(this.pausedUntil, this.lateUntil) + 20;
      const later = this.alarmAt;
      this.world.agenda.at(later, () => this.ring(later));
      return;
    }
    this.mesh.tick(this.clock);
    this.drain();
  }

  private hear(output: Output): void {
    const { oracle } = this.world;
    switch (output.kind) {
      case 'deliver':
        oracle.deliver(this.label, output.id, output.lane, output.bytes);
        this.handle(output);
        break;
      case 'dial':
        this.world.dial(this, output.connection, output.uri);
        break;
      case 'close': {
        const end = this.ends.get(output.connection);
        this.ends.delete(output.connection);
        if (end === undefined) break;
        for (const view of output.flush ? this.mesh.gather(output.connection, 0, this.clock) : [])
          end.write(view.slice());
        if (output.flush) end.close();
        else end.destroy();
        break;
      }
      case 'connect':
        oracle.connect(this.label, output.id);
        break;
      case 'disconnect':
        oracle.disconnect(this.label, output.id, output.reason);
        break;
      case 'undelivered':
        for (const bytes of output.leftover.uncertain) oracle.report(this.label, output.id, 'uncertain', bytes);
        for (const bytes of output.leftover.unsent) oracle.report(this.label, output.id, 'unsent', bytes);
        break;
      case 'closed':
        this.closed = true;
        break;
      default:
    }
    this.world.heard(this, output);
  }

  private handle({ id, session, lane, sequence, receivedBytes }: Deliver): void {
    const receipt = { id, session, lane, sequence, receivedBytes };
    if (this.slow === 0) {
      this.mesh.handled(receipt, this.clock);
      return;
    }
    this.world.agenda.at(this.world.now + this.slow, () => this.act((mesh, now) => mesh.handled(receipt, now)));
  }
}

export class World {
  readonly random: Random;
  readonly agenda = new Agenda();
  readonly oracle = new Oracle();
  readonly nodes = new Map<string, SimNode>();
  readonly wires = new Set<Wire>();
  readonly weather: Weather = { minDelay: 0, maxDelay: 20, refuse: false, blackhole: false };
  /** Pairs between which nothing gets through, as `a|b`. */
  readonly partitions = new Set<string>();
  readonly twins = new Set<SimNode>();
  readonly leavers = new Set<SimNode>();
  readonly heardCounts = new Map<string, number>();
  trace: ((line: string) => void) | null = null;
  steps = 0;
  private starts = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  get now(): number {
    return this.agenda.now;
  }

  start(id: string, config: Partial<MeshConfig> = {}): SimNode {
    const node = new SimNode(this, id, ++this.starts, config);
    this.nodes.set(id, node);
    return node;
  }

  /** Another live node with an id that is taken; who dials the id does not find it. */
  twin(id: string): SimNode {
    const node = new SimNode(this, id, ++this.starts, {});
    this.twins.add(node);
    return node;
  }

  /** Closes a node in good order; its id is free for another. */
  leave(node: SimNode): void {
    this.nodes.delete(node.id);
    this.leavers.add(node);
    node.act((mesh, now) => mesh.close(now));
  }

  /** The process is gone: its sockets are reset by its system, or just fall silent. */
  crash(node: SimNode, silently: boolean): void {
    node.alive = false;
    this.oracle.crashed(node.label);
    for (const end of node.ends.values()) {
      if (silently) {
        end.open = false;
        end.flow.silent = true;
      } else {
        end.destroy();
      }
    }
    node.ends.clear();
    if (this.nodes.get(node.id) === node) this.nodes.delete(node.id);
  }

  heard(node: SimNode, output: Output): void {
    this.heardCounts.set(output.kind, (this.heardCounts.get(output.kind) ?? 0) + 1);
    if (this.trace === null || output.kind === 'acknowledged') return;
    const { kind } = output;
    const rest = 'id' in output ? ` ${output.id}` : 'connection' in output ? ` c${output.connection.id}` : '';
    const more =
      kind === 'disconnect'
        ? ` ${output.reason}`
        : kind === 'fault'
          ? ` ${output.message}`
          : kind === 'unreachable'
            ? ` ${output.error.message}`
            : '';
    this.trace(`${this.now.toFixed(1)} ${node.label} ${kind}${rest}${more}`);
  }

  /** Nothing gets through between two ids, and nobody is told. */
  part(a: string, b: string): void {
    this.partitions.add(pair(a, b));
    for (const wire of this.wiresBetween(a, b)) for (const end of wire.ends) end.flow.silent = true;
  }

  join(a: string, b: string): void {
    this.partitions.delete(pair(a, b));
  }

  wiresBetween(a: string, b: string): Wire[] {
    return this.openWires().filter((wire) => wire.ends.every((end) => [a, b].includes(name(end.owner))));
  }

  dial(from: SimNode, connection: Connection, uri: string): void {
    const id = uri.slice('sim://'.length);
    const end = new End(from.label, () => from.paused);
    from.ends.set(connection, end);
    const fail = (code: 'ERR_REFUSED' | 'ERR_TIMEOUT'): void => {
      this.agenda.at(this.now + this.delay(), () => {
        if (!end.open || !from.alive) return;
        end.open = false;
        from.ends.delete(connection);
        from.act((mesh, now) => mesh.ended(connection, new MasterlessError(code, `${uri}: ${code}`), now));
      });
    };
    end.flow = { end: () => undefined, clear: () => undefined, silent: true } as unknown as End['flow'];
    this.agenda.at(this.now + this.delay(), () => {
      const to = this.nodes.get(id);
      if (!end.open || !from.alive) return;
      // Lost on the way: the core's own deadline ends it.
      if (this.weather.blackhole || this.partitions.has(pair(from.id, id))) return;
      if (to === undefined || this.weather.refuse || to.closed) {
        fail('ERR_REFUSED');
        return;
      }
      this.open(from, connection, end, to);
    });
  }

  private open(from: SimNode, dialled: Connection, near: End, to: SimNode): void {
    const far = new End(to.label, () => to.paused);
    const wire = connectEnds(near, far, this.agenda, this.random, () => this.delay());
    this.wires.add(wire);
    const accepted = (): void => {
      if (!to.alive || !far.open) return;
      if (to.paused) {
        this.agenda.at(to.pausedUntil, accepted);
        return;
      }
      const connection = to.mesh.accepted(from.id, true, to.clock);
      if (connection === null) {
        far.destroy();
        return;
      }
      to.ends.set(connection, far);
      this.listen(to, connection, far);
      to.drain();
    };
    this.listen(from, dialled, near);
    // Bytes wait in the system until the other process takes the connection.
    far.events = { data: () => undefined, end: () => undefined };
    accepted();
    from.act((mesh) => mesh.opened(dialled));
  }

  private listen(node: SimNode, connection: Connection, end: End): void {
    end.events = {
      data: (bytes) =>
        node.act((mesh, now) => {
          mesh.received(connection, bytes, now);
        }),
      end: (reset) => {
        node.ends.delete(connection);
        const error = reset ? new MasterlessError('ERR_CONNECTION_LOST', 'reset') : null;
        node.act((mesh, now) => mesh.ended(connection, error, now));
      },
    };
  }

  private delay(): number {
    const { minDelay, maxDelay } = this.weather;
    return minDelay + this.random.next() * (maxDelay - minDelay);
  }

  /** Wires of which both ends are open. */
  openWires(): Wire[] {
    for (const wire of this.wires) if (!wire.ends[0].open && !wire.ends[1].open) this.wires.delete(wire);
    return [...this.wires].filter((wire) => wire.ends[0].open && wire.ends[1].open);
  }

  run(until: number, between?: () => void): void {
    while (this.agenda.next <= until) {
      this.agenda.step();
      this.steps++;
      between?.();
    }
    this.agenda.now = until;
  }

  /** Both sides hold one and the same link, and no other connection of the pair is open. */
  checkPair(a: SimNode, b: SimNode): void {
    const [left, right] = [a.mesh.view(b.id), b.mesh.view(a.id)];
    check(left?.link !== undefined && left.link !== null, `${a.label} has no link to ${b.label}`);
    check(right?.link !== undefined && right.link !== null, `${b.label} has no link to ${a.label}`);
    check(left.epoch === right.epoch, `${a.label} and ${b.label} name different epochs`);
    check(left.session === right.session, `${a.label} and ${b.label} name different sessions`);
    const open = this.openWires().filter((wire) => {
      const owners = wire.ends.map((end) => end.owner);
      return owners.includes(a.label) && owners.includes(b.label);
    });
    check(open.length === 1, `${open.length} connections between ${a.label} and ${b.label}`);
  }
}

function pair(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}
