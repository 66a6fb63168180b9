/** The two processes of one measurement, and what workloads do with them. A pair is made anew for each measurement. */
import { join } from 'node:path';
import { FIRST_ID } from './packets.js';
import type { Address, Pattern, TransportName, Wish } from './peer.js';
import { Worker } from './process.js';
import type { Cost } from './profiler.js';
import { removeScratch, scratch } from './scratch.js';
import { multiplied, type Spec } from './traffic/spec.js';
import type { Watched } from './traffic/watch.js';
import type { Usage } from './worker-questions.js';

/** Milliseconds that a piece of traffic may take, whatever it is. */
const DEADLINE = 120_000;
/** The same for all traffic of a measurement: who takes a minute for each step of it has no figure either. */
const LONGEST = 300_000;

/** The part of the time wished for that makes a measurement. */
const LONG_ENOUGH = 0.5;
/** How many times as many packets follow while warming up, at most. */
const GROWTH = 8;

/** The parts of a {@link Spec} that differ from: one link, one small packet after the other. */
export type Traffic = Partial<Omit<Spec, 'first'>> & Pick<Spec, 'mode'>;

export interface Measured {
  readonly packets: number;
  /** From the first packet to the last one's arrival. */
  readonly seconds: number;
  /** Microseconds of both processes together, and of a broker where there is one. */
  readonly cpu: number;
}

export interface Opening {
  readonly links?: number;
  readonly pattern?: Pattern;
  readonly hubs?: number;
  readonly window?: number;
  /** Puts something between endpoints and hub. */
  readonly through?: (address: Address) => Promise<Address>;
}

export class Pair {
  readonly #hub = new Worker('sender');
  readonly #ends = new Worker('receiver');
  readonly #folder = scratch();
  readonly #peer: string;
  readonly #transport: TransportName;
  #wish: Wish;
  #addresses: readonly Address[] = [];
  #links = 0;
  #next = FIRST_ID;
  readonly #until = performance.now() + LONGEST;

  constructor(peer: string, transport: TransportName) {
    this.#peer = peer;
    this.#transport = transport;
    this.#wish = this.#wishFor({});
  }

  /** Runs something with a pair, which ends with it. */
  static async with<T>(peer: string, transport: TransportName, run: (pair: Pair) => Promise<T>): Promise<T> {
    const pair = new Pair(peer, transport);
    try {
      return await run(pair);
    } finally {
      pair.#end();
    }
  }

  /** Starts both sides and makes the links. */
  async open(opening: Opening = {}): Promise<void> {
    this.#wish = this.#wishFor(opening);
    await Promise.all([this.#hub, this.#ends].map((worker) => worker.ask('load', { peer: this.#peer })));
    const { addresses } = await this.#hub.ask('listen', { wish: this.#wish });
    const { through } = opening;
    this.#addresses = through === undefined ? addresses : await Promise.all(addresses.map(through));
    await this.link(opening.links ?? 1);
  }

  /** Makes so many links more. */
  async link(count: number): Promise<void> {
    const reach = { addresses: this.#addresses, first: this.#links, count };
    await this.#ends.ask('dial', { reach, wish: this.#wish });
    this.#links += count;
    await this.#hub.ask('ready', { links: this.#links });
  }

  /** Both ends in one process: milliseconds until the first packet came. */
  async first(): Promise<number> {
    return (await this.#hub.ask('first', { peer: this.#peer, wish: this.#wish })).milliseconds;
  }

  /** Carries packets and checks that those came that were sent. */
  async run(traffic: Traffic): Promise<Measured> {
    const spec: Spec = {
      kind: 'order',
      size: 64,
      links: this.#links,
      count: 1,
      inFlight: 1,
      rate: 1000,
      ...traffic,
      first: this.#next,
    };
    this.#next += spec.count;
    await this.#ends.ask('expect', { spec });
    const before = await this.cpu();
    const sent = await this.#hub.ask('drive', { spec }, this.#deadline());
    const came = await this.#ends.ask('arrived', {}, this.#deadline());
    const cpu = (await this.cpu()) - before;
    const wanted = multiplied(sent, spec.mode === 'broadcast' ? spec.links : 1);
    if (came.packets !== wanted.packets || came.weight !== wanted.weight) {
      throw new Error(
        `${came.packets} packets of weight ${came.weight} came, ${wanted.packets} of ${wanted.weight} had to`,
      );
    }
    const ended = spec.mode === 'echo' ? sent.ended : came.ended;
    return { packets: came.packets, seconds: (ended - sent.begun) / 1e9, cpu };
  }

  /**
   * Warms up with more and more packets until they take about the time that is given; what comes next is the measurement. It
   * is of a number of packets, so that it can be checked, and one that was over too soon was warming up too.
   */
  async warmAndRun(traffic: Traffic, milliseconds: number): Promise<Measured> {
    let count = traffic.mode === 'echo' ? Math.max(16, traffic.inFlight ?? 1) : 16;
    for (let warm = false; ; ) {
      const measured = await this.run({ ...traffic, count });
      const took = measured.seconds * 1000;
      const long = took >= milliseconds * LONG_ENOUGH;
      if (warm && long) return measured;
      warm = long;
      count = Math.max(1, Math.ceil(count * Math.min(GROWTH, milliseconds / took)));
    }
  }

  /** Microseconds of both processes so far. */
  async cpu(): Promise<number> {
    const [hub, ends] = await this.#usage(false);
    return hub.cpu + ends.cpu;
  }

  /** Bytes of both processes, after collecting garbage. */
  async memory(): Promise<number> {
    const [hub, ends] = await this.#usage(true);
    return hub.memory + ends.memory;
  }

  /** Bytes that the sender has had at most. */
  async peak(): Promise<number> {
    return (await this.#hub.ask('usage', { settle: false })).peak;
  }

  /** From now on both processes note where their time goes. */
  async profile(): Promise<void> {
    await Promise.all([this.#hub, this.#ends].map((worker) => worker.ask('profile', {})));
  }

  /** Where it went: sender, receiver. */
  profiled(): Promise<[readonly Cost[], readonly Cost[]]> {
    return Promise.all([this.#hub.ask('profiled', {}), this.#ends.ask('profiled', {})]);
  }

  /** From now on the receiver notes what comes, whatever it is. */
  async watch(): Promise<void> {
    await this.#ends.ask('watch', {});
  }

  /** What came since {@link watch}. */
  watched(): Promise<Watched> {
    return this.#ends.ask('watched', {});
  }

  /** Sends one packet a millisecond for a while. Returns how many the library took. */
  async trickle(milliseconds: number): Promise<number> {
    const taken = await this.#hub.ask('trickle', { first: this.#next, milliseconds });
    this.#next += taken;
    return taken;
  }

  #deadline(): number {
    const left = this.#until - performance.now();
    if (left <= 0) throw new Error(`no measurement within ${LONGEST} ms`);
    return Math.min(DEADLINE, Math.ceil(left));
  }

  #usage(settle: boolean): Promise<[Usage, Usage]> {
    return Promise.all([this.#hub.ask('usage', { settle }), this.#ends.ask('usage', { settle })]);
  }

  #wishFor({ pattern = 'stream', hubs = 1, window }: Opening): Wish {
    const path = join(this.#folder, 'socket');
    return { transport: this.#transport, pattern, path, hubs, window: window ?? null };
  }

  /** Nothing more is asked of them: what was measured is measured. */
  #end(): void {
    this.#hub.end();
    this.#ends.end();
    removeScratch(this.#folder);
  }
}
