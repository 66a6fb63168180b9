/**
 * A mesh of real servers in one process, in virtual time: the class that applications use, on a simulated platform and
 * network, with faults on demand. All that happens follows from the seed and from what the test does. Time passes only
 * while `run` or `until` is awaited; between any two things that happen, all promises settle, the application's too.
 */
import { randomInt } from 'node:crypto';
import { checkedId } from '../arguments.js';
import type { ServerEvents } from '../contract.js';
import { resolveOptions, type ServerOptions } from '../options.js';
import { Server } from '../server.js';
import { timers } from '../timers.js';
import { Agenda } from './agenda.js';
import { checkCount, checkHeld, checkKnown, checkPromise, checkSpan, checkSpans } from './checks.js';
import { Faults } from './faults.js';
import { Network } from './network.js';
import { VirtualPlatform } from './platform.js';
import type { Process } from './process.js';
import { Random } from './random.js';
import { Trace } from './trace.js';
import { simTransports, simUri } from './transport.js';

/** What {@link Simulation} takes. */
export interface SimulationOptions {
  /**
   * A whole number from 0 to 4294967295, from which all chance follows. `MASTERLESS_SEED` in the environment goes before
   * it. @default a random one
   */
  readonly seed?: number | undefined;
  /**
   * Bytes are under way so many milliseconds, at least and at most. Those written meanwhile on the same connection come
   * with them, and what is split off when they arrive takes as long again. @default [0.1, 5]
   */
  readonly latency?: readonly [min: number, max: number] | undefined;
  /** Lines of the trace that are kept. @default 2000 */
  readonly traceLines?: number | undefined;
  /** Things that may happen in one `run` or `until`, after which it gives up. @default 10_000_000 */
  readonly maxSteps?: number | undefined;
}

/** A simulation did not come to what was awaited. The message names the seed, and ends with the trace. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
  readonly seed: number;
  /** The last lines of what happened, oldest first. */
  readonly trace: readonly string[];

  constructor(message: string, seed: number, trace: readonly string[], options?: { readonly cause?: unknown }) {
    const last = trace.slice(-SHOWN).join('\n');
    super(
      `${message} (seed ${seed}: repeat it with MASTERLESS_SEED=${seed})${last === '' ? '' : `\n${last}`}`,
      options,
    );
    this.seed = seed;
    this.trace = trace;
  }
}

/** Lines of the trace in the message of an error. */
const SHOWN = 20;
const SEEDS = 2 ** 32;

interface Actor {
  readonly server: Server;
  readonly process: Process;
  readonly platform: VirtualPlatform;
}

/** Real servers in one process and in virtual time, over a network that fails when it is told to. */
export class Simulation {
  /** From which all chance follows. */
  readonly seed: number;
  /** Faults of the network between the servers. */
  readonly network: Faults;
  readonly #agenda = new Agenda();
  readonly #random: Random;
  readonly #network: Network;
  readonly #trace: Trace;
  readonly #maxSteps: number;
  /** The latest of each id. */
  readonly #actors = new Map<string, Actor>();
  readonly #all: Actor[] = [];
  #running = false;

  /** @throws RangeError for options out of their bounds, and for a `MASTERLESS_SEED` that is none */
  constructor(options: SimulationOptions = {}) {
    checkKnown(options, ['seed', 'latency', 'traceLines', 'maxSteps']);
    const { latency = [0.1, 5], traceLines = 2000, maxSteps = 10_000_000 } = options;
    if (!Array.isArray(latency)) throw new RangeError('latency must be a list: the least and the most milliseconds');
    const [min, max] = latency as readonly [number, number];
    checkSpans('latency', min, max);
    checkCount('traceLines', traceLines, 0);
    checkCount('maxSteps', maxSteps, 1);
    this.seed = chosenSeed(options.seed);
    this.#random = new Random(this.seed);
    this.#network = new Network(this.#agenda, this.#random, min, max);
    this.#trace = new Trace(traceLines);
    this.#maxSteps = maxSteps;
    this.network = new Faults({
      network: this.#network,
      check: (id) => this.#actor(id),
      note: (what, ...args) => this.#trace.add(this.now, '**', what, args),
    });
  }

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.#agenda.now;
  }

  /** How often each fault had an effect, by its name: `docs/testing.md` lists them. */
  get counts(): ReadonlyMap<string, number> {
    return this.#network.counts;
  }

  /** The last of what happened, a line each: events of servers, and what the test did (`**`). */
  get trace(): readonly string[] {
    return this.#trace.last();
  }

  /**
   * Makes a server, of the very class that applications use, on a host of its own name. It listens at `sim://id` unless
   * the options say otherwise; other schemes than `sim` are refused with `ERR_URI`. An id that was there before is the
   * same node restarted, or a second one while the first lives.
   *
   * @throws MasterlessError as the constructor of `Server`
   */
  server<Packet = unknown>(id: string, options: ServerOptions = {}): Server<Packet> {
    checkedId(id);
    resolveOptions(options);
    const process = this.#network.process(id);
    const platform = new VirtualPlatform(this.#agenda, new Random(this.#random.below(SEEDS)), process);
    const { listen, host, port, transports = [] } = options;
    const open = [listen, host, port].every((each) => each === undefined);
    const own = {
      ...(open ? { listen: simUri(id) } : {}),
      platform,
      transports: [...simTransports(process, this.#agenda), ...transports],
    };
    const server = new Server<Packet>(id, inPlace(own, options));
    this.#observe(id, server, process);
    const actor = { server: server as Server, process, platform };
    this.#actors.set(id, actor);
    this.#all.push(actor);
    return server;
  }

  /**
   * Lets virtual time pass.
   * @throws SimulationError when more than `maxSteps` things happen in it
   */
  async run(ms: number): Promise<void> {
    checkSpan('run', ms);
    await this.#advance(this.now + ms, () => false);
  }

  /**
   * Lets virtual time pass until a condition holds, or a promise settles.
   *
   * @param ms - virtual milliseconds after which it fails. @default 60_000
   * @returns what the promise gives; rejects with what it rejects with
   * @throws SimulationError with the seed and the trace, when time or `maxSteps` are over
   */
  until(condition: () => boolean, ms?: number): Promise<void>;
  until<T>(promise: Promise<T>, ms?: number): Promise<T>;
  async until<T>(what: (() => boolean) | Promise<T>, ms: number = 60_000): Promise<T | undefined> {
    checkSpan('until', ms);
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    if (typeof what !== 'function') checkPromise(what).then(settle, settle);
    const done = typeof what === 'function' ? () => checkHeld(what()) : () => settled;
    if (!(await this.#advance(this.now + ms, done))) {
      const awaited =
        typeof what === 'function' ? `the condition did not hold: ${String(what)}` : 'the promise did not settle';
      throw this.#failure(`after ${ms} virtual ms ${awaited}`);
    }
    return typeof what === 'function' ? undefined : what;
  }

  /** Resolves when so much virtual time has passed: for the application, in place of a timer. */
  delay(ms: number): Promise<void> {
    checkSpan('delay', ms);
    return new Promise((resolve) => this.#agenda.at(this.now + ms, resolve));
  }

  /**
   * The process of a server is gone: without a goodbye, its connections are reset, or (`silent`) they fall silent. Its
   * listeners are removed, what the test awaits of it is rejected, and its iterators end. `server(id)` restarts it.
   */
  crash(id: string, options: { readonly silent?: boolean | undefined } = {}): void {
    checkKnown(options, ['silent']);
    const { server, process } = this.#actor(id);
    this.#note('crash', id, ...(options.silent === true ? ['silent'] : []));
    process.crash(options.silent === true);
    server.removeAllListeners();
    void server.close();
  }

  /** The process of a server is stopped for so long, or until `resume`: it takes no bytes, and no timer of it rings. */
  pause(id: string, ms: number = Number.POSITIVE_INFINITY): void {
    checkSpan('pause', ms);
    const { process } = this.#actor(id);
    this.#note('pause', id, ms);
    process.pause.shut(this.now + ms);
  }

  /** A paused server goes on. */
  resume(id: string): void {
    const { process } = this.#actor(id);
    this.#note('resume', id);
    process.pause.open();
  }

  /** The clock of a server jumps ahead, as after its machine was suspended. */
  jump(id: string, ms: number): void {
    // Such a clock never goes back.
    checkSpan('jump', ms);
    const { platform } = this.#actor(id);
    this.#note('jump', id, ms);
    if (ms > 0) this.#network.fired('jump');
    platform.jump(ms);
  }

  /** Writes a line of the test's own into the trace. */
  note(text: string): void {
    this.#note(text);
  }

  /** Closes all servers, which takes virtual time; a paused one goes on. */
  async close(): Promise<void> {
    for (const { process } of this.#all) process.pause.open();
    const closed = Promise.all(this.#all.map(({ server }) => server.close()));
    await this.until(closed, Number.POSITIVE_INFINITY);
  }

  /** `await using sim = new Simulation()` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Whether `done` came to hold before `end`. */
  async #advance(end: number, done: () => boolean): Promise<boolean> {
    if (this.#running) throw new Error('a run of this simulation has not ended: await it before the next');
    this.#running = true;
    try {
      // What the test has begun goes first.
      await settled();
      for (let steps = 0; !done(); steps++) {
        if (this.#agenda.next > end) {
          this.#agenda.now = end;
          return false;
        }
        if (steps >= this.#maxSteps) throw this.#failure(`${steps} things happened, and it goes on (maxSteps)`);
        if (!this.#agenda.step()) throw this.#failure('nothing is left that could happen');
        await settled();
      }
      return true;
    } finally {
      this.#running = false;
    }
  }

  /**
   * Only `emit` sees events without being a listener: whether there are any changes what a node does. One that crashed
   * tells its end to nobody, and another may have its id by then.
   */
  #observe(id: string, server: object, process: Process): void {
    const emit = (Reflect.get(server, 'emit') as (...args: unknown[]) => boolean).bind(server);
    const observed = (event: keyof ServerEvents, ...args: unknown[]): boolean => {
      if (process.alive) this.#trace.add(this.now, id, event, args);
      return emit(event, ...args);
    };
    Object.defineProperty(server, 'emit', { value: observed, configurable: true, writable: true });
  }

  #actor(id: string): Actor {
    const actor = this.#actors.get(id);
    if (actor !== undefined) return actor;
    const known = [...this.#actors.keys()].join(', ');
    throw new RangeError(`no server '${id}' is in this simulation: there are ${known === '' ? 'none' : known}`);
  }

  #note(what: string, ...args: unknown[]): void {
    this.#trace.add(this.now, '**', what, args);
  }

  #failure(message: string): SimulationError {
    return new SimulationError(`${message}, at ${this.now.toFixed(3)} ms`, this.seed, this.trace);
  }
}

/** All promises that can settle have, and what they led to. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    timers.setImmediate(resolve);
  });
}

/** Options as they were given, but for some. A copy would lose those that are inherited, and the getters of a class. */
function inPlace(own: ServerOptions, given: ServerOptions): ServerOptions {
  return new Proxy<ServerOptions>(Object.setPrototypeOf(own, given), {
    get: (_, name) => Reflect.get(Object.hasOwn(own, name) ? own : given, name),
  });
}

function chosenSeed(given: number | undefined): number {
  const { MASTERLESS_SEED: text } = process.env;
  const fromEnvironment = text !== undefined && text !== '';
  const seed = fromEnvironment ? Number(text) : given === undefined ? randomInt(SEEDS) : given;
  if (Number.isInteger(seed) && seed >= 0 && seed < SEEDS) return seed;
  const name = fromEnvironment ? `MASTERLESS_SEED '${text}'` : `seed ${String(given)}`;
  throw new RangeError(`${name} is not a whole number from 0 to ${SEEDS - 1}`);
}
