/**
 * The demo's director: starts the nodes, lets them all dial each other at the same moment, breaks links, kills a process,
 * and in the end holds what the receivers say against what the senders say.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Ledger, type Totals } from './demo-ledger.js';
import { DemoProcess } from './demo-process.js';
import type { Report } from './demo-worker.js';

const NAMES = ['accra', 'berne', 'cairo', 'delhi', 'essen'] as const;
/** Packets a second from each node to each other. */
const RATE = 600;
/** Every pair is dialled so often from each side at the same moment. */
const DIALS = 4;
/** Time to agree on the moment. */
const LEAD = 60;
/** What happens when, as shares of a round. */
const AGENDA = [
  { at: 0.22, act: 'storm' },
  { at: 0.45, act: 'kill' },
  { at: 0.7, act: 'storm' },
] as const;
/** The last share of a round in which nothing is broken. */
const CALM = 0.85;
const DOWNTIME = 600;
const PATIENCE = 6000;
/** A round of a demo without end, in milliseconds. */
const ENDLESS_ROUND = 20_000;

export interface NodeState {
  readonly id: string;
  readonly alive: boolean;
  readonly pid: number | null;
  readonly report: Report | null;
  readonly reconnects: number;
  /** Packets received, of all its processes. */
  readonly received: number;
}

/** All there is to show. */
export interface DemoState {
  /** Milliseconds since packets flow. */
  readonly elapsed: number;
  readonly nodes: readonly NodeState[];
  readonly totals: Totals;
  /** Connections of nodes, counted in the proxies that all of them go through. */
  readonly connections: number;
  readonly cuts: number;
  readonly storms: number;
  readonly kills: number;
  readonly reconnects: number;
}

export interface DemoResult extends DemoState {
  /** What is not as it should be; empty if all is well. */
  readonly faults: readonly string[];
}

export class Coordinator {
  readonly #nodes: readonly DemoProcess[];
  readonly #ledger = new Ledger();
  readonly #ends = new Map<string, number>();
  readonly #received = new Map<string, number>();
  readonly #faults = new Set<string>();
  readonly #happened: (what: string) => void;
  #begun: number | null = null;
  #cuts = 0;
  #storms = 0;
  #kills = 0;

  /** @param happened - told in words what was done to the nodes, and what they did */
  constructor(happened: (what: string) => void) {
    this.#happened = happened;
    this.#nodes = NAMES.map(
      (id) =>
        new DemoProcess(id, {
          report: (node, report) => this.#hear(node, report),
          died: (node, how) => this.#fault(`${node.id} died: ${how}`),
        }),
    );
  }

  get state(): DemoState {
    const nodes = this.#nodes.map((node) => {
      const { id, alive, pid, report, reconnects } = node;
      return { id, alive, pid, report, reconnects, received: this.#received.get(id) ?? 0 };
    });
    return {
      elapsed: this.#begun === null ? 0 : performance.now() - this.#begun,
      nodes,
      totals: this.#ledger.totals(),
      connections: this.#nodes.reduce((sum, node) => sum + node.proxy.size, 0),
      cuts: this.#cuts,
      storms: this.#storms,
      kills: this.#kills,
      // Both ends of a link count.
      reconnects: Math.round(nodes.reduce((sum, node) => sum + node.reconnects, 0) / 2),
    };
  }

  /**
   * Runs until `milliseconds` are over, without end if that is null, or the signal is aborted; then takes stock.
   */
  async run(milliseconds: number | null, signal: AbortSignal): Promise<DemoResult> {
    try {
      await Promise.all(this.#nodes.map((node) => node.start()));
      this.#begun = performance.now();
      this.#dial(this.#nodes);
      this.#happened(`${this.#nodes.length} processes listen; all dial all, ${DIALS} times at the same moment`);
      for (const node of this.#nodes) node.tell({ kind: 'send', rate: RATE });
      do await this.#round(milliseconds ?? ENDLESS_ROUND, signal);
      while (milliseconds === null && !signal.aborted);
      if (signal.aborted) this.#happened('interrupted: everything on its way still arrives, then the account follows');
      return await this.#takeStock(signal);
    } finally {
      this.destroy();
    }
  }

  /** Leaves no process behind; at any time. */
  destroy(): void {
    for (const node of this.#nodes) node.destroy();
  }

  async #round(milliseconds: number, signal: AbortSignal): Promise<void> {
    const begun = performance.now();
    const agenda = [...AGENDA];
    for (;;) {
      await sleep(100 + Math.random() * 300, undefined, { signal }).catch(() => undefined);
      const share = (performance.now() - begun) / milliseconds;
      if (share >= 1 || signal.aborted) return;
      const next = agenda[0];
      if (next !== undefined && share >= next.at) {
        agenda.shift();
        if (next.act === 'storm') this.#storm();
        else await this.#kill(signal);
      } else if (share < CALM) {
        this.#cut();
      }
    }
  }

  /** Resets one link of all, whichever. */
  #cut(): void {
    const proxies = this.#nodes.map((node) => node.proxy).filter((proxy) => proxy.size > 0);
    const proxy = proxies[Math.floor(Math.random() * proxies.length)];
    if (proxy === undefined) return;
    proxy.cut(Math.floor(Math.random() * proxy.size));
    this.#cuts++;
  }

  /** Resets all links, so that both ends of all dial anew, and asks for some more at the same moment. */
  #storm(): void {
    this.#storms++;
    this.#dial(this.#nodes);
    setTimeout(() => {
      for (const { proxy } of this.#nodes) {
        this.#cuts += proxy.size;
        proxy.cutAll();
      }
    }, LEAD);
    this.#happened(`dial storm: all links are reset, and all dial all, ${DIALS} times at the same moment`);
  }

  async #kill(signal: AbortSignal): Promise<void> {
    const victim = this.#nodes[Math.floor(Math.random() * this.#nodes.length)];
    if (victim === undefined || !victim.alive) return;
    const { pid } = victim;
    await victim.kill();
    this.#kills++;
    this.#ledger.killed(victim.id);
    this.#happened(`${victim.id} (process ${pid}) was killed with kill -9`);
    await sleep(DOWNTIME, undefined, { signal }).catch(() => undefined);
    await victim.start();
    this.#dial([victim]);
    victim.tell({ kind: 'send', rate: RATE });
    this.#happened(`${victim.id} is back as process ${victim.pid}, with nothing in memory`);
  }

  #dial(nodes: readonly DemoProcess[]): void {
    const at = Date.now() + LEAD;
    for (const node of nodes) {
      const uris = this.#nodes.filter((other) => other !== node).map((other) => other.uri);
      node.tell({ kind: 'dial', uris, times: DIALS, at });
    }
  }

  /** Stops the flow, lets everything arrive, looks at the links, ends the processes, reads the accounts. */
  async #takeStock(signal: AbortSignal): Promise<DemoResult> {
    if (!(await this.#becomes(() => this.#whatIsMissing() === null))) {
      this.#fault(`the mesh is not complete: ${this.#whatIsMissing()}`);
    }
    for (const node of this.#nodes) node.tell({ kind: 'flush' });
    await within(PATIENCE, Promise.all(this.#nodes.map((node) => node.next('flushed'))));
    // A node's last words before its own flush can be older than what others sent it until theirs.
    await within(PATIENCE, Promise.all(this.#nodes.map((node) => node.next('report'))));
    if (!(await this.#becomes(() => this.#whatIsMissing() === null))) {
      this.#fault(`not one link per pair: ${this.#whatIsMissing()}`);
    }
    const settled = this.state;
    const closed = await Promise.all(this.#nodes.map((node) => node.close(PATIENCE)));
    if (closed.includes(false)) this.#fault('a node did not end when it was asked to');
    const { sent, delivered, reported, unknown, lost, duplicated, reordered, altered } = this.#ledger.totals();
    if (lost !== 0) this.#fault(`${lost} packets are lost`);
    if (duplicated !== 0) this.#fault(`${duplicated} packets came twice`);
    if (reordered !== 0) this.#fault(`${reordered} packets came out of order`);
    if (altered !== 0) this.#fault(`${altered} packets were altered`);
    if (sent !== delivered + reported + unknown + lost) this.#fault('the sums do not agree');
    if (delivered === 0 && !signal.aborted) this.#fault('nothing was delivered');
    // The links as they were before the nodes ended.
    return { ...settled, totals: this.#ledger.totals(), faults: [...this.#faults] };
  }

  /** What is not as it is when every pair has one link, or null. */
  #whatIsMissing(): string | null {
    const others = this.#nodes.length - 1;
    for (const { id, report } of this.#nodes) {
      if (report === null) return `${id} is silent`;
      const peers = Object.entries(report.peers);
      const odd = peers.find(([, peer]) => peer.sessions !== 1 || !peer.linked);
      if (odd !== undefined) return `${id} and ${odd[0]} have ${odd[1].linked ? odd[1].sessions : 0} links`;
      if (peers.length !== others) return `${id} knows ${peers.length} others`;
      if (report.sockets !== others) return `${id} has ${report.sockets} sockets open`;
    }
    const pairs = (this.#nodes.length * others) / 2;
    const { connections } = this.state;
    return connections === pairs ? null : `${connections} connections for ${pairs} pairs`;
  }

  async #becomes(condition: () => boolean): Promise<boolean> {
    const deadline = performance.now() + PATIENCE;
    while (!condition()) {
      if (performance.now() > deadline) return false;
      await sleep(50);
    }
    return true;
  }

  #hear(node: DemoProcess, report: Report): void {
    this.#ledger.sent(report.sent);
    this.#ledger.received(report.received);
    for (const { stream, end } of report.received) {
      const more = end - (this.#ends.get(stream) ?? 0);
      this.#ends.set(stream, end);
      this.#received.set(node.id, (this.#received.get(node.id) ?? 0) + more);
    }
    for (const [id, { sessions }] of Object.entries(report.peers)) {
      if (sessions > 1) this.#fault(`${node.id} had ${sessions} links to ${id}`);
    }
  }

  #fault(what: string): void {
    if (this.#faults.has(what)) return;
    this.#faults.add(what);
    this.#happened(`FAULT: ${what}`);
  }
}

async function within(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  const patience = new AbortController();
  await Promise.race([promise, sleep(milliseconds, undefined, { signal: patience.signal }).catch(() => undefined)]);
  patience.abort();
}
