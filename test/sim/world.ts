/**
 * A mesh of real cores in virtual time: nodes, a faulty network between them, and the oracle. One seed, one run.
 */
import { MasterlessError } from '../../src/errors.js';
import type { Connection } from '../../src/protocol/connection.js';
import type { Output } from '../../src/protocol/output.js';
import type { MeshConfig } from '../../src/protocol/state.js';
import { Agenda } from '../../src/testing/agenda.js';
import { connectEnds, End, type Wire } from '../../src/testing/network.js';
import { Random } from '../../src/testing/random.js';
import { SimNode } from './node.js';
import { check, name, Oracle } from './oracle.js';

/** How the network between two nodes is. */
export interface Weather {
  minDelay: number;
  maxDelay: number;
  /** Dials fail at once. */
  refuse: boolean;
  /** Dials are never answered, and nothing gets through. */
  blackhole: boolean;
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
