/**
 * A flood: 10,000 strangers come within half a minute and say what makes no sense, and in another half minute as many as
 * the machine lets come, while two members exchange as fast as they can. What it costs is what is told; that the members
 * lose nothing, that memory stays where it is and that nobody's error goes uncaught is checked.
 *
 * Calm and flood take turns, since a machine that does other things too is not the same from one minute to the next.
 */
import { deepStrictEqual, ok } from 'node:assert/strict';
import { Program } from '../support/program.js';
import { Asked } from './asking.js';
import { Honest } from './honest.js';
import type { Mode } from './mode.js';
import { MOST_MEMORY } from './play.js';
import { Victim } from './victim.js';

const STRANGERS = 10_000;
/** Sockets that they have at one time. */
const AT_ONCE = 1000;
/** Of each: calm, flood, and crowds, in so many rounds. */
const SECONDS = 30;
const ROUNDS = 3;
/** A little more than is meant, since the last of them may not have come when it is over. */
const PACE = Math.ceil((STRANGERS / SECONDS) * 1.05);

interface Counted {
  readonly come: number;
  /** Could not come: no port, or no descriptor. */
  readonly held: number;
}

class Strangers extends Asked {
  static async at({ uri }: Victim): Promise<Strangers> {
    const program = new Program('strangers.mjs', [String(new URL(uri).port), String(AT_ONCE)]);
    await program.says();
    return new Strangers(program);
  }

  /** So many a second come from now on; null for as many as can. */
  async come(pace: number | null): Promise<void> {
    await this.ask('come', { pace });
  }

  count(): Promise<Counted> {
    return this.ask('count');
  }
}

/** Packets a second that the members exchanged, there and back, and how many strangers came. */
export async function flood(mode: Mode): Promise<Record<string, number>> {
  const victim = await Victim.start(mode);
  try {
    const honest = await Honest.start(mode, victim);
    const strangers = await Strangers.at(victim);
    const exchanged = { calm: 0, flooded: 0, crowded: 0 };
    const came = { calm: 0, flooded: 0, crowded: 0, held: 0 };
    const during = async (what: keyof typeof exchanged, pace: number | null): Promise<void> => {
      await strangers.come(pace);
      exchanged[what] += (await honest.rush((SECONDS / ROUNDS) * 1000)) / SECONDS;
      const { come, held } = await strangers.count();
      came[what] += come;
      came.held += held;
    };
    // What such an exchange takes without any stranger is not the flood's.
    await victim.begin();
    await honest.rush((SECONDS / ROUNDS) * 1000);
    const { rss } = await victim.end();
    for (let round = 0; round < ROUNDS; round++) {
      await during('calm', 0);
      await during('flooded', PACE);
      await during('crowded', null);
    }
    await strangers.come(0);
    await honest.check();
    const harm = await victim.end();
    deepStrictEqual([harm.uncaught, harm.polluted], [[], false]);
    Honest.agrees(harm);
    ok(came.flooded >= STRANGERS, `${came.flooded} strangers came, and ${STRANGERS} were meant to`);
    ok(came.held < came.crowded / 2, `${came.held} of ${came.crowded} strangers could not even come`);
    ok(harm.rss - rss <= MOST_MEMORY, `${harm.rss - rss} bytes more memory, and ${MOST_MEMORY} are the most`);
    await strangers.close();
    await honest.close();
    await victim.close();
    return {
      ...Object.fromEntries(Object.entries(exchanged).map(([what, rate]) => [`${what} ${mode}`, rate])),
      ...{ [`strangers ${mode}`]: came.flooded, [`crowd ${mode}`]: came.crowded },
      ...{ [`flood memory ${mode}`]: harm.rss - rss, [`flood stall ${mode}`]: harm.stall },
    };
  } finally {
    await victim.kill();
  }
}
