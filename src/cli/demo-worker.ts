/**
 * One node of the demo, in a process of its own. It does what the coordinator says, and tells it every 100 ms what it
 * has sent and received. It must not outlive the coordinator.
 */
import { pathToFileURL } from 'node:url';
import { Server } from '../index.js';
import { Continuity } from './demo-continuity.js';
import type { Received, Sent } from './demo-ledger.js';
import { type DemoRecord, loadRecords, type Records, sameRecord } from './demo-records.js';

/** What the coordinator says. */
export type Order =
  | { readonly kind: 'dial'; readonly uris: readonly string[]; readonly times: number; readonly at: number }
  | { readonly kind: 'send'; readonly rate: number }
  | { readonly kind: 'flush' }
  | { readonly kind: 'close' };

/** What a node says. */
export type News =
  | { readonly kind: 'listening' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'flushed' }
  | Report;

export interface Report {
  readonly kind: 'report';
  readonly sent: readonly Sent[];
  readonly received: readonly Received[];
  /** For each peer ever met: sessions open, and whether its link is there. */
  readonly peers: Readonly<Record<string, PeerReport>>;
  /** TCP sockets of the whole process, counted by the platform and not by the library. */
  readonly sockets: number;
  readonly reconnects: number;
}

export interface PeerReport {
  /** `connect` less `disconnect`: more than 1 would be two links for one pair. */
  readonly sessions: number;
  readonly linked: boolean;
}

/** What the process is told to be. */
export interface WorkerConfig {
  readonly id: string;
  /** Differs for every process of the same id. */
  readonly run: number;
  readonly port: number;
  readonly advertise: string;
}

/** [stream, number, record]: no two streams have the same name. */
type Packet = readonly [stream: string, number: number, record: unknown];

const REPORT_PERIOD = 100;
const SEND_PERIOD = 10;

interface Outgoing {
  account: { -readonly [K in keyof Sent]: Sent[K] };
  changed: boolean;
}

class Worker {
  readonly #config: WorkerConfig;
  readonly #server: Server<Packet>;
  readonly #records: Records = loadRecords();
  readonly #peers = new Map<string, { sessions: number; linked: boolean }>();
  /** The stream of the session that lasts, per peer. */
  readonly #outgoing = new Map<string, Outgoing>();
  readonly #ended: Sent[] = [];
  readonly #incoming = new Map<string, { continuity: Continuity; changed: boolean }>();
  #sessions = 0;
  #reconnects = 0;
  #rate = 0;

  constructor(config: WorkerConfig) {
    this.#config = config;
    this.#server = new Server<Packet>(config.id, {
      port: config.port,
      advertise: config.advertise,
      reconnect: { attempts: 1000, minDelay: 10, maxDelay: 200 },
      heartbeat: 500,
      timeout: 3000,
    });
    const server = this.#server;
    server.on('listening', () => tell({ kind: 'listening' }));
    server.on('error', (error) => tell({ kind: 'failed', message: error.message }));
    server.on('connect', (id) => this.#connected(id));
    server.on('disconnect', (id, reason) => this.#disconnected(id, reason));
    server.on('reconnecting', (id) => {
      this.#peer(id).linked = false;
    });
    server.on('reconnect', (id) => {
      this.#peer(id).linked = true;
      this.#reconnects++;
    });
    server.on('undelivered', (id, { uncertain, unsent }) => {
      const account = this.#outgoing.get(id)?.account;
      const [first] = [...uncertain, ...unsent];
      if (account !== undefined && first !== undefined) account.reportedFrom = first[1];
    });
    server.on('message', (_sender, packet) => this.#receive(packet));
    setInterval(() => this.#send(), SEND_PERIOD);
    setInterval(() => this.#report(), REPORT_PERIOD);
  }

  async obey(order: Order): Promise<void> {
    const server = this.#server;
    if (order.kind === 'dial') {
      // All nodes dial at the same moment of the clock that they share.
      setTimeout(() => {
        for (const uri of order.uris) for (let i = 0; i < order.times; i++) void server.connect(uri);
      }, order.at - Date.now());
    } else if (order.kind === 'send') {
      this.#rate = order.rate;
    } else if (order.kind === 'flush') {
      this.#rate = 0;
      await server.flush().catch(() => undefined);
      this.#report();
      tell({ kind: 'flushed' });
    } else {
      await server.close();
      this.#report();
      process.disconnect();
    }
  }

  #connected(id: string): void {
    const peer = this.#peer(id);
    peer.sessions++;
    peer.linked = true;
    const stream = `${this.#config.id}.${this.#config.run}>${id}.${++this.#sessions}`;
    const account = { stream, from: this.#config.id, to: id, accepted: 0, reportedFrom: null, ended: null };
    this.#outgoing.set(id, { account, changed: true });
  }

  #disconnected(id: string, reason: string): void {
    const peer = this.#peer(id);
    peer.sessions--;
    peer.linked = false;
    const outgoing = this.#outgoing.get(id);
    this.#outgoing.delete(id);
    if (outgoing !== undefined) this.#ended.push({ ...outgoing.account, ended: reason });
  }

  #send(): void {
    const share = Math.ceil((this.#rate * SEND_PERIOD) / 1000);
    for (const [id, outgoing] of this.#outgoing) {
      for (let i = 0; i < share; i++) {
        const { stream, accepted } = outgoing.account;
        if (!this.#server.send(id, [stream, accepted, this.#record(stream, accepted)])) break;
        outgoing.account.accepted++;
        outgoing.changed = true;
      }
    }
  }

  #receive(packet: Packet): void {
    const [stream, number, record] = packet;
    let incoming = this.#incoming.get(stream);
    if (incoming === undefined) {
      incoming = { continuity: new Continuity(), changed: true };
      this.#incoming.set(stream, incoming);
    }
    incoming.continuity.receive(number, sameRecord(record, this.#record(stream, number)));
    incoming.changed = true;
  }

  /** Every stream begins at another place of the list. */
  #record(stream: string, number: number): DemoRecord {
    let start = 0;
    for (let i = 0; i < stream.length; i++) start = (start * 31 + stream.charCodeAt(i)) >>> 0;
    return this.#records.at((start + number) % this.#records.length);
  }

  #report(): void {
    const sent = this.#ended.splice(0);
    for (const outgoing of this.#outgoing.values()) {
      if (outgoing.changed) sent.push({ ...outgoing.account });
      outgoing.changed = false;
    }
    const received: Received[] = [];
    for (const [stream, incoming] of this.#incoming) {
      if (incoming.changed) received.push({ stream, ...incoming.continuity.findings() });
      incoming.changed = false;
    }
    const sockets = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    const peers = Object.fromEntries([...this.#peers].map(([id, peer]) => [id, { ...peer }]));
    tell({ kind: 'report', sent, received, peers, sockets, reconnects: this.#reconnects });
  }

  #peer(id: string): { sessions: number; linked: boolean } {
    let peer = this.#peers.get(id);
    if (peer === undefined) this.#peers.set(id, (peer = { sessions: 0, linked: false }));
    return peer;
  }
}

function tell(news: News): void {
  // Who would hear it can be gone before this process knows.
  if (process.connected) process.send?.(news, undefined, undefined, () => undefined);
}

/** The process ends with its coordinator. ^C reaches the whole group: the coordinator decides what it means. */
function main(config: WorkerConfig): void {
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit(0));
  const worker = new Worker(config);
  process.on('message', (order) => void worker.obey(order as Order));
}

// Only where it is the program itself; tests import it.
if (process.send !== undefined && import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main(JSON.parse(process.argv[2] ?? '{}') as WorkerConfig);
}
