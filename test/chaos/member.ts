/** A node under chaos: one process after another, each with a journal, driven by orders. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { ServerOptions } from '../../src/index.js';
import { within } from '../support/events.js';
import { type Ended, Program } from '../support/program.js';
import type { Ledger } from './ledger.js';

/** For an answer to an order, on a machine that is busy with other things. */
const DEADLINE = 60_000;

/** Where a node is and how it is reached. */
export interface Place {
  readonly options: ServerOptions;
  /** What others dial; null where that shows at the start. */
  readonly uri: string | null;
  /** A command that runs the command behind it elsewhere, for example in a network namespace. */
  readonly host: readonly string[];
}

/** What is sent: `burst` packets to each peer every so many milliseconds, of which a part is of up to `most` bytes. */
export interface Pace {
  readonly every: number;
  readonly burst: number;
  readonly large: number;
  readonly most: number;
}

export interface State {
  readonly connections: readonly string[];
  readonly accepted: number;
  /** Bytes in use after a collection. */
  readonly heap: number;
  readonly rss: number;
  readonly descriptors: number;
  /** TCP connections that are open. */
  readonly sockets: number;
}

interface Answer {
  readonly ask: number;
  readonly answer?: unknown;
  readonly error?: string;
}

interface Asked {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class Member {
  readonly id: string;
  place: Place;
  /** Peers that it dials at the start of each life, and those that it pours to. */
  dials: readonly Member[] = [];
  peers: readonly Member[] = [];
  #pace: Pace | null = null;
  /** Processes so far. */
  lives = 0;
  /** How a process ended that nobody had killed or closed. */
  crash: string | null = null;
  readonly #folder: string;
  readonly #ledger: Ledger;
  readonly #seed: () => number;
  readonly #asked = new Map<number, Asked>();
  #program: Program | null = null;
  #asks = 0;
  /** Its process may end now. */
  #expected = false;
  /** Parts of this life's journal that were read. */
  #read = 0;

  constructor(id: string, place: Place, folder: string, ledger: Ledger, seed: () => number) {
    this.id = id;
    this.place = place;
    this.#folder = folder;
    this.#ledger = ledger;
    this.#seed = seed;
  }

  get life(): string {
    return `${this.id}.${this.lives}`;
  }

  get running(): boolean {
    return this.#program !== null;
  }

  /** Begins a life, and does in it what it is there for. */
  async start(): Promise<void> {
    await this.launch();
    await this.begin();
  }

  /** Begins a life in which nothing happens yet. */
  async launch(): Promise<void> {
    this.lives++;
    this.#read = 0;
    const about = { id: this.id, life: this.life, journal: this.#journal, options: this.place.options };
    this.#expected = false;
    const program = new Program('chaos.mjs', [JSON.stringify(about)], this.place.host);
    this.#program = program;
    const { uri } = await program.says<{ uri: string }>(DEADLINE);
    if (this.place.uri === null) this.place = { ...this.place, uri };
    program.listen((message) => this.#hear(message as Answer));
    void program.ended.then((ended) => this.#gone(ended));
  }

  /** Dials its peers and pours to them. */
  async begin(): Promise<void> {
    for (const peer of this.dials) this.connect(peer.place.uri ?? '');
    if (this.#pace !== null) await this.pour(this.#pace);
  }

  /** Dials; what comes of it shows in the journal. */
  connect(uri: string): void {
    this.order('connect', { to: uri }).catch(() => undefined);
  }

  /** From now on, in later lives too. */
  async pour(pace: Pace): Promise<void> {
    this.#pace = pace;
    if (this.#program === null) return;
    const to = this.peers.map((peer) => peer.id);
    await this.order('pour', { ...pace, to, seed: this.#seed() });
  }

  order<T = void>(order: string, what: object = {}, deadline: number = DEADLINE): Promise<T> {
    const ask = ++this.#asks;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#asked.set(ask, { resolve, reject });
      if (this.#program === null) reject(new Error(`${this.id} is not running`));
      else this.#program.tell({ ask, order, ...what });
    });
    return within(answer, `${order} by ${this.life}`, deadline) as Promise<T>;
  }

  /** Kills its process, which notices nothing. */
  async kill(): Promise<void> {
    const program = this.#program;
    this.#expected = true;
    this.#program = null;
    await program?.kill();
    this.#absorb(true);
  }

  /** Stops and continues its process. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#program?.process.kill(signal);
  }

  /** Closes the node, whose process must then end by itself. */
  async close(): Promise<void> {
    const program = this.#program;
    if (program === null) return;
    this.#expected = true;
    await this.order('close');
    const { code, stderr } = await within(program.ended, `the end of the process of ${this.life}`, DEADLINE);
    if (code !== 0) this.crash ??= `the process of ${this.life} ended with ${code}: ${stderr}`;
    this.#program = null;
    this.#absorb(true);
  }

  /** Hands over to the ledger what the journal tells, and takes it away. The last part is left until the life is over. */
  absorb(): void {
    this.#absorb(false);
  }

  #absorb(over: boolean): void {
    const part = (number: number): string => `${this.#journal}.${number}`;
    while (existsSync(part(this.#read)) && (over || existsSync(part(this.#read + 1)))) {
      this.#ledger.read(this.life, readFileSync(part(this.#read), 'utf8'));
      rmSync(part(this.#read));
      this.#read++;
    }
  }

  get #journal(): string {
    return `${this.#folder}/${this.life}`;
  }

  #hear({ ask, answer, error }: Answer): void {
    const asked = this.#asked.get(ask);
    this.#asked.delete(ask);
    if (error === undefined) asked?.resolve(answer);
    else asked?.reject(new Error(`${this.life}: ${error}`));
  }

  #gone({ code, stderr }: Ended): void {
    const why = `the process of ${this.life} ended with ${code}: ${stderr}`;
    if (!this.#expected) this.crash ??= why;
    for (const { reject } of this.#asked.values()) reject(new Error(why));
    this.#asked.clear();
  }
}
