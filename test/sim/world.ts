/**
 * A mesh of real cores in virtual time: nodes, a faulty network between them, and those who watch. One seed, one run.
 */
import type { Output } from '../../src/protocol/output.js';
import type { MeshConfig } from '../../src/protocol/state.js';
import { Agenda } from '../../src/testing/agenda.js';
import type { End, Wire } from '../../src/testing/end.js';
import { Network, type Weather } from '../../src/testing/network.js';
import { Random } from '../../src/testing/random.js';
import { Couriers } from './couriers.js';
import { Ledger } from './ledger.js';
import { SimNode } from './node.js';
import { Oracle } from './oracle.js';
import { describeOutput } from './trace.js';
import { check } from './violation.js';

export class World {
  readonly random: Random;
  readonly agenda = new Agenda();
  readonly oracle = new Oracle();
  readonly couriers: Couriers = new Couriers();
  readonly nodes = new Map<string, SimNode>();
  /** Hosts are named by the ids of their nodes, and so are the names that are dialled. */
  readonly network: Network;
  /** All ids that there are; null where nobody keeps count. */
  readonly ids: readonly string[] | null;
  /** Knows the reason for whatever ends, where all that is done to nodes is noted. */
  readonly ledger: Ledger | null;
  readonly twins = new Set<SimNode>();
  readonly leavers = new Set<SimNode>();
  trace: ((line: string) => void) | null = null;
  steps = 0;
  private starts = 0;

  constructor(seed: number, ids: readonly string[] | null = null) {
    this.random = new Random(seed);
    this.network = new Network(this.agenda, this.random);
    this.ids = ids;
    this.ledger = ids === null ? null : new Ledger(ids);
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
    // One that still closes was found there until now, by whom it has something left for.
    for (const leaver of this.leavers) leaver.process.unlisten(id);
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
    this.leavers.add(node);
    node.act((mesh, now) => mesh.close(now));
  }

  /** The process is gone: its sockets are reset by its system, or just fall silent. */
  crash(node: SimNode, silently: boolean): void {
    this.oracle.crashed(node.label);
    this.couriers.crashed(node);
    node.process.crash(silently);
    this.twins.delete(node);
    this.leavers.delete(node);
    if (this.nodes.get(node.id) === node) this.nodes.delete(node.id);
  }

  /** All that a node's core says passes here. */
  heard(node: SimNode, output: Output): void {
    if (this.trace !== null) this.tell(node, describeOutput(output));
    this.couriers.heard(node, output);
    const { ledger } = this;
    if (ledger === null) return;
    const { label, id: own } = node;
    switch (output.kind) {
      case 'connect':
      case 'reconnect':
        ledger.linked(label, own, output.id, this.linkOf(node, output.id), this.now);
        break;
      case 'reconnecting':
        ledger.lost(label, own, output.id, this.now);
        break;
      case 'ended':
        ledger.ended(label, own, output.id, this.now);
        break;
      case 'conflict':
        this.network.fired('duplicate id');
        break;
      default:
    }
  }

  /** A node hangs up a connection that is older than a handshake may be. */
  expired(node: SimNode, end: End): void {
    const wire = this.wireOf(end);
    const owner = end.other.owner.replace(/#.*/, '');
    if (wire !== null) this.ledger?.expired(node.label, owner, wire);
  }

  tell(node: SimNode, what: string): void {
    if (what !== '') this.trace?.(`${this.now.toFixed(1).padStart(9)} ${node.label} ${what}`);
  }

  /** The same where no node in particular does it. */
  tellAll(what: string): void {
    this.trace?.(`${this.now.toFixed(1).padStart(9)} ${' '.repeat(6)}${what}`);
  }

  wiresBetween(a: string, b: string): Wire[] {
    return this.network.wiresBetween(a, b);
  }

  openWires(): Wire[] {
    return this.network.openWires();
  }

  run(until: number, between?: () => void): void {
    const { agenda } = this;
    while (agenda.next <= until) {
      agenda.step();
      this.steps++;
      between?.();
    }
    agenda.now = until;
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
    const streams = [a.streamOf(left.link), b.streamOf(right.link)];
    check(
      open.every(({ ends }) => ends.every((end) => streams.includes(end))),
      `the links of ${a.label} and ${b.label} are not the connection that is open`,
    );
  }

  private linkOf(node: SimNode, id: string): Wire | null {
    const link = node.mesh.view(id)?.link ?? null;
    const stream = link === null ? null : node.streamOf(link);
    return this.wireOf(stream as End | null);
  }

  private wireOf(end: End | null): Wire | null {
    return this.openWires().find(({ ends }) => ends.includes(end as End)) ?? null;
  }
}
