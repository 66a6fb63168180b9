/**
 * What a test can do to the network between its servers, by their ids. Directions are from the one that sends to the one
 * that receives. What is done to the ways between servers lasts until `heal`; what is done to connections lasts for
 * those that are open now.
 */
import { checkKnown, checkSpan, checkSpans } from './checks.js';
import type { Wire } from './end.js';
import type { Network } from './network.js';

/** One server, or several. */
export type Ids = string | readonly string[];

/** The simulation whose network this is. */
interface Stage {
  readonly network: Network;
  /** Throws when there is no server of that id. */
  check(id: string): void;
  note(what: string, ...args: unknown[]): void;
}

/** The network between the servers of a simulation. */
export class Faults {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /**
   * Nothing gets through between the two sides, and nobody is told. Like systems that go on trying, connections that are
   * still there after `heal` deliver then what was written.
   *
   * @param options.oneWay - only from the first to the second. @default false
   */
  partition(a: Ids, b: Ids, options: { readonly oneWay?: boolean | undefined } = {}): void {
    checkKnown(options, ['oneWay']);
    const { network } = this.#noted('partition', a, b, options.oneWay === true ? 'one way' : '');
    for (const [from, to] of this.#pairs(a, b)) {
      network.partition(from, to);
      if (options.oneWay !== true) network.partition(to, from);
    }
  }

  /** All ways between the two sides are as good as at first; without arguments, all ways. */
  heal(): void;
  heal(a: Ids, b: Ids): void;
  heal(a?: Ids, b?: Ids): void {
    if ((a === undefined) !== (b === undefined)) throw new RangeError('heal: two sides, or none for all ways');
    const { network } = this.#noted('heal', a ?? 'all', b ?? '');
    if (a === undefined || b === undefined) network.heal();
    else for (const [from, to] of this.#pairs(a, b)) network.heal(from, to);
  }

  /** Bytes under way from one side to the other wait for so many milliseconds; none is lost. */
  clog(from: Ids, to: Ids, ms: number): void {
    checkSpan('clog', ms);
    const { network } = this.#noted('clog', from, to, ms);
    for (const [a, b] of this.#pairs(from, to)) network.clog(a, b, ms);
  }

  /** From one side to the other not more than so many bytes per second get through; Infinity is no limit. */
  limit(from: Ids, to: Ids, bytesPerSecond: number): void {
    if (!(bytesPerSecond > 0)) throw new RangeError(`limit: ${bytesPerSecond} bytes per second must be more than 0`);
    const { network } = this.#noted('limit', from, to, bytesPerSecond);
    for (const [a, b] of this.#pairs(from, to)) network.limit(a, b, bytesPerSecond);
  }

  /** What the option `latency` is in the whole simulation, from one side to the other. */
  delay(from: Ids, to: Ids, min: number, max: number = min): void {
    checkSpans('delay', min, max);
    const { network } = this.#noted('delay', from, to, min, max);
    for (const [a, b] of this.#pairs(from, to)) network.delay(a, b, { min, max });
  }

  /** Dials from one side to the other are refused, or (`false`) no longer. */
  refuse(from: Ids, to: Ids, on: boolean = true): void {
    const { network } = this.#noted('refuse', from, to, on);
    for (const [a, b] of this.#pairs(from, to)) network.route(a, b).refuses = on;
  }

  /** Dials from one side to the other are never answered, or (`false`) they are again. */
  blackHole(from: Ids, to: Ids, on: boolean = true): void {
    const { network } = this.#noted('black hole', from, to, on);
    for (const [a, b] of this.#pairs(from, to)) network.route(a, b).swallows = on;
  }

  /**
   * The server has another address: its connections break, or (`silent`) nobody is told. Whoever dials its name still
   * tries the old address for `lag` milliseconds, and is refused there, or (`silent`) not answered.
   */
  move(id: string, options: { readonly lag?: number | undefined; readonly silent?: boolean | undefined } = {}): void {
    checkKnown(options, ['lag', 'silent']);
    const { lag = 0, silent = false } = options;
    checkSpan('move', lag);
    this.#stage.check(id);
    const { network } = this.#noted('move', id, '', lag, silent ? 'silent' : '');
    network.move(id, lag, silent ? 'black hole' : 'refuse', silent ? 'silent' : 'reset');
  }

  /** Breaks the connections between the two sides; what was under way is lost. @returns how many there were */
  cut(a: Ids, b: Ids): number {
    return this.#onWires('cut', a, b, (network, wire) => network.reset(wire));
  }

  /** Ends the connections between the two sides in good order, after the last byte. @returns how many there were */
  end(a: Ids, b: Ids): number {
    return this.#onWires('end', a, b, (network, wire) => network.close(wire));
  }

  /**
   * What one side writes to the other on connections that are open now vanishes, and nobody is told.
   *
   * @param options.bothWays - also what the other side writes. @default false
   * @returns how many connections there were
   */
  halfOpen(from: Ids, to: Ids, options: { readonly bothWays?: boolean | undefined } = {}): number {
    checkKnown(options, ['bothWays']);
    return this.#onWires('half-open', from, to, (network, wire, sender) => {
      network.halfOpen(...wire.ends.filter((end) => options.bothWays === true || end.out.route.from === sender));
    });
  }

  /**
   * Of each connection, the next control frame from one side to the other, signs of life excepted, arrives as another, one
   * that may not come there. @returns how many connections there were
   */
  corrupt(from: Ids, to: Ids): number {
    return this.#onWires('corrupt', from, to, (_network, wire, sender) => {
      for (const end of wire.ends) if (end.out.route.from === sender) end.out.corruptSoon();
    });
  }

  #onWires(what: string, a: Ids, b: Ids, act: (network: Network, wire: Wire, from: string) => void): number {
    const { network } = this.#noted(what, a, b);
    const wires = new Set<Wire>();
    for (const [from, to] of this.#pairs(a, b)) {
      for (const wire of network.wiresBetween(from, to)) {
        act(network, wire, from);
        wires.add(wire);
      }
    }
    return wires.size;
  }

  #pairs(a: Ids, b: Ids): [string, string][] {
    const [left, right] = [a, b].map((ids) => (typeof ids === 'string' ? [ids] : ids)) as [string[], string[]];
    for (const id of [...left, ...right]) this.#stage.check(id);
    return left.flatMap((from) => right.filter((to) => to !== from).map((to): [string, string] => [from, to]));
  }

  #noted(what: string, a: Ids, b: Ids, ...more: unknown[]): Stage {
    this.#stage.note(what, ...[a, b, ...more].filter((arg) => arg !== ''));
    return this.#stage;
  }
}
