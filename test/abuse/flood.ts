/**
 * A flood: 10,000 strangers come within half a minute and say what makes no sense, then as many as the machine lets come,
 * while two members exchange as fast as they can. What it costs is what is told; that the members lose nothing, that memory
 * stays where it is and that nobody's error goes uncaught is checked.
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
const SECONDS = 30;
/** Without a flood, before and after. */
const CALM = 10;

interface Counted {
  readonly come: number;
  readonly out: number;
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
    const rate = async (seconds: number): Promise<number> => (await honest.rush(seconds * 1000)) / seconds;
    await rate(2);
    const rss = await victim.begin();
    const before = await rate(CALM);
    await strangers.come(Math.ceil(STRANGERS / SECONDS) + 10);
    const during = await rate(SECONDS);
    const { come } = await strangers.count();
    await strangers.come(null);
    const most = await rate(SECONDS);
    const crowd = await strangers.count();
    await strangers.come(0);
    const after = await rate(CALM);
    await honest.check();
    const harm = await victim.end();
    deepStrictEqual([harm.uncaught, harm.polluted], [[], false]);
    Honest.agrees(harm);
    ok(come >= STRANGERS, `${come} strangers came, and ${STRANGERS} were meant to`);
    ok(crowd.held < crowd.come / 2, `${crowd.held} of ${crowd.come} strangers could not even come`);
    ok(harm.rss - rss <= MOST_MEMORY, `${harm.rss - rss} bytes more memory`);
    await strangers.close();
    await honest.close();
    await victim.close();
    const refused = Object.values(harm.counts).reduce((sum, count) => sum + count, 0);
    return {
      ...{ [`calm ${mode}`]: before, [`flooded ${mode}`]: during, [`crowded ${mode}`]: most, [`after ${mode}`]: after },
      ...{ [`strangers ${mode}`]: come, [`crowd ${mode}`]: crowd.come, [`refused ${mode}`]: refused },
      ...{ [`flood memory ${mode}`]: harm.rss - rss, [`flood stall ${mode}`]: harm.stall },
    };
  } finally {
    await victim.kill();
  }
}
