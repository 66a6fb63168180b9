/** Plays cases of abuse against one node, and holds each to its outcome and to what no attack may do. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import { within } from '../support/events.js';
import { type Case, type Outcome, outcomeIn } from './case.js';
import { Honest } from './honest.js';
import type { Mode } from './mode.js';
import { Scene } from './scene.js';
import { type Harm, Victim } from './victim.js';
import type { Wire } from './wire.js';

/** What no attack may go beyond: bytes of memory, and milliseconds of one turn of the loop. */
export const MOST_MEMORY = 64 * 2 ** 20;
const MOST_STALL = 50;
/**
 * How often what came with a turn beyond that is played once more, if the machine's clock stood still in it: a machine whose
 * host leaves it standing for a moment counts that as processor time of whoever was at work. What an attack can do, it does
 * again.
 */
const PROOFS = 4;
/** For what must come, on a busy machine. */
const DEADLINE = 15_000;

/** What a case took. */
export interface Cost {
  /** Bytes of memory beyond those at its beginning. */
  readonly memory: number;
  readonly stall: number;
  /** A longer turn that did not come again; 0 for none. */
  readonly lone: number;
  /** Packets of the honest peer that went there and came back meanwhile. */
  readonly packets: number;
}

export class Stage {
  readonly mode: Mode;
  readonly #victim: Victim;
  readonly #honest: Honest;
  /** Connections of the attacked process while nobody attacks. */
  readonly #sockets: number;

  private constructor(mode: Mode, victim: Victim, honest: Honest, sockets: number) {
    this.mode = mode;
    this.#victim = victim;
    this.#honest = honest;
    this.#sockets = sockets;
  }

  static async open(mode: Mode): Promise<Stage> {
    const victim = await Victim.start(mode);
    const honest = await Honest.start(mode, victim);
    const stage = new Stage(mode, victim, honest, await victim.sockets());
    // What is compiled once is no attack's doing.
    await new Scene(mode, victim, victim.uri).follower().then((wire) => wire.close());
    return stage;
  }

  async close(): Promise<void> {
    await this.#honest.close();
    await this.#victim.close();
  }

  async kill(): Promise<void> {
    await Promise.all([this.#honest.kill(), this.#victim.kill()]);
  }

  /** @throws Error when anything came of it that must not, or did not that must */
  async play(abuse: Case): Promise<Cost> {
    let cost = await this.#playOnce(abuse);
    const lone = cost.stall;
    if (lone <= MOST_STALL) return cost;
    for (let proof = 0; proof < PROOFS; proof++) {
      cost = await this.#playOnce(abuse);
      ok(
        cost.stall <= MOST_STALL,
        `a turn of ${lone} ms, and of ${cost.stall} ms when it was played again: ${MOST_STALL} are the most`,
      );
    }
    return { ...cost, lone };
  }

  async #playOnce(abuse: Case): Promise<Cost> {
    const outcome = outcomeIn(abuse, this.mode);
    const rss = await this.#victim.begin();
    const before = await this.#honest.check();
    const scene = new Scene(this.mode, this.#victim, await this.#place(abuse));
    const wires = await within(abuse.attack(scene), `the attack "${abuse.name}"`, 4 * DEADLINE);
    await this.#holds(outcome, wires);
    // While the attacker still has what it has.
    const packets = (await this.#honest.check()) - before;
    scene.leave();
    await this.#victim.drop();
    await scene.left(this.#sockets);
    const harm = await this.#victim.end();
    this.#bounded(harm, outcome, rss);
    return { memory: harm.rss - rss, stall: harm.stall, lone: 0, packets };
  }

  async #place({ options, deaf = false }: Case): Promise<string> {
    if (options === undefined) return this.#victim.uri;
    const { uri, message } = await this.#victim.make(options(this.mode), deaf);
    ok(uri !== undefined, `the node to be attacked was not made: ${message}`);
    return uri;
  }

  async #holds({ fault, told, event }: Outcome, wires: readonly Wire[]): Promise<void> {
    for (const wire of wires) {
      await within(wire.ended, 'the end of a connection', DEADLINE);
      if (told !== undefined) ok(told.test(wire.told), `the attacker was told ${wire.told}, not ${told}`);
    }
    if (fault !== null) {
      const count = Math.max(1, wires.length);
      const heard = await this.#victim.faults(...fault, count, DEADLINE);
      ok(heard >= count, `${heard} of ${count} times ${fault[0]} ${fault[1]}: ${await this.#told()}`);
    }
    if (event !== undefined)
      ok(await this.#victim.event(event, DEADLINE), `no event ${event.join(' ')}: ${await this.#told()}`);
  }

  #bounded(harm: Harm, { fault, besides = [] }: Outcome, rss: number): void {
    deepStrictEqual([harm.uncaught, harm.polluted], [[], false]);
    Honest.agrees(harm);
    // That somebody went is nobody's fault; nor is it that a node was closed in the end.
    const expected: readonly string[] = [
      'ERR_CONNECTION_LOST',
      'ERR_CLOSED',
      ...besides,
      ...(fault === null ? [] : [fault[0]]),
    ];
    const others = Object.keys(harm.counts).filter((code) => !expected.includes(code));
    ok(others.length === 0, `faults that were not expected: ${others.join()}: ${JSON.stringify(harm.faults)}`);
    const grown = harm.rss - rss;
    ok(grown <= MOST_MEMORY, `${grown} bytes more memory, and ${MOST_MEMORY} are the most`);
    ok(harm.borneOut <= MOST_STALL, `a turn of ${harm.stall} ms, and ${MOST_STALL} are the most`);
  }

  async #told(): Promise<string> {
    const { faults, heard, uncaught } = await this.#victim.end();
    return `it told ${JSON.stringify({ faults, heard, uncaught })}`;
  }
}
