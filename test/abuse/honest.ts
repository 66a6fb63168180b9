/** The honest peer of the attacked node, in a process of its own. It sends all the while, and gets everything back. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import { Program } from '../support/program.js';
import { Asked } from './asking.js';
import { credentials, HONEST, type Mode, VICTIM } from './mode.js';
import type { Harm, Victim } from './victim.js';

interface Exchange {
  readonly sent: number;
  readonly back: number;
  readonly disorder: number;
  readonly events: readonly (readonly unknown[])[];
  readonly connected: readonly string[];
}

export class Honest extends Asked {
  static async start(mode: Mode, { uri }: Victim): Promise<Honest> {
    const about = { id: HONEST, victim: VICTIM, uri, options: credentials(mode) };
    const program = new Program('exchanging.mjs', [JSON.stringify(about)]);
    await program.says();
    return new Honest(program);
  }

  /** Packets that went to the attacked node and came back so far, one after this was asked among them. */
  async check(): Promise<number> {
    const { sent, back, disorder, events, connected } = await this.ask<Exchange>('check');
    // It is told when somebody claims its id; anything else would mean that its link was not left alone.
    const others = events.filter(([event]) => event !== 'conflict');
    deepStrictEqual({ disorder, others, connected }, { disorder: 0, others: [], connected: [VICTIM] });
    ok(back >= sent, `${back} of ${sent} packets came back`);
    return back;
  }

  /** The same as the attacked node has seen it. */
  static agrees({ got: { disorder, unanswered } }: Harm): void {
    deepStrictEqual({ disorder, unanswered }, { disorder: 0, unanswered: 0 });
  }

  /** As fast as it goes for so many milliseconds: packets that went there and came back. */
  async rush(time: number): Promise<number> {
    return (await this.ask<{ count: number }>('rush', { time })).count;
  }
}
