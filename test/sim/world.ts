/**
 * A mesh of real cores in virtual time: nodes, a faulty network between them, and the oracle. One seed, one run.
 */
import type { Output } from '../../src/protocol/output.js';
import type { MeshConfig } from '../../src/protocol/state.js';
import { Agenda } from '../../src/testing/agenda.js';
import type { Wire } from '../../src/testing/end.js';
import { Network, type Weather } from '../../src/testing/network.js';
import { Random } from '../../src/testing/random.js';
import { SimNode } from './node.js';
import { check, Oracle } from './oracle.js';

export class World {
  readonly random: Random;
  readonly agenda = new Agenda();
  readonly oracle = new Oracle();
  readonly nodes = new Map<string, SimNode>();
  /** Hosts are named by the ids of their nodes, and so are the names that are dialled. */
  readonly network: Network;
  readonly twins = new Set<SimNode>();
  readonly leavers = new Set<SimNode>();
  readonly heardCounts = new Map<string, number>();
  trace: ((line: string) => void) | null = null;
  steps = 0;
  private starts = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.network = new Network(this.agenda, this.random);
  }

  get weather(): Weather {
    return this.network.weather;
  }

  get now(): number {
    return this.agenda.now;
  }

  start(id: string, config: Partial<MeshConfig> = {}): SimNode {
    const node = new SimNode(this, id, ++this.starts, config);
    this.nodes.set(id, node);
    node.listen();
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
    node.process.unlisten(node.id);
    this.leavers.add(node);
    node.act((mesh, now) => mesh.close(now));
  }

  /** The process is gone: its sockets are reset by its system, or just fall silent. */
  crash(node: SimNode, silently: boolean): void {
    this.oracle.crashed(node.label);
    node.process.crash(silently);
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

  /** Nothing gets through between two ids, and nobody is told; connections are as if forgotten on the way. */
  part(a: string, b: string): void {
    this.network.partition(a, b);
    this.network.partition(b, a);
    for (const { ends } of this.wiresBetween(a, b)) this.network.halfOpen(...ends);
  }

  join(a: string, b: string): void {
    this.network.heal(a, b);
  }

  wiresBetween(a: string, b: string): Wire[] {
    return this.network.wiresBetween(a, b);
  }

  openWires(): Wire[] {
    return this.network.openWires();
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
    const open = this.wiresBetween(a.id, b.id).filter(({ ends }) => {
      const owners = ends.map((end) => end.owner);
      return owners.includes(a.label) && owners.includes(b.label);
    });
    check(open.length === 1, `${open.length} connections between ${a.label} and ${b.label}`);
  }
}
