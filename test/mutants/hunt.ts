/**
 * Looks for a violation in the very core beside which this file lies, which may be one with a rule removed. A process of
 * its own: `node hunt.js '{"by":"storms","most":100}'` prints a {@link Catch}.
 */
import { explore } from '../explore/explorer.js';
import { STILL } from '../explore/scope.js';
import { drawStorm, play } from '../sim/storm.js';
import type { Catcher } from './rules.js';

/** What was found. */
export interface Catch {
  /** What the oracle or the scope said; null when all was well. */
  readonly violation: string | null;
  /** Something broke that is no violation: that proves nothing. */
  readonly broke: string | null;
  /** Storms or states until then. */
  readonly runs: number;
}

/** Where the seeds of storms begin. */
const FIRST = 60_000_000;
const STEPS = 6000;

function hunt(catcher: Catcher): Catch {
  Error.stackTraceLimit = 0;
  return catcher.by === 'storms' ? huntStorms(catcher.most) : huntStates(catcher);
}

function huntStorms(most: number): Catch {
  for (let run = 0; run < most; run++) {
    const kind = { nodes: [2, 3, 5][run % 3] as number, restarts: run % 2 === 1, varied: run % 4 > 1 };
    const pace = run % 8 > 5 ? 'slow' : 'brisk';
    const { error } = play(drawStorm({ seed: FIRST + run, actions: STEPS, pace, ...kind }), STEPS);
    if (error !== null) return caught(error, run + 1);
  }
  return { violation: null, broke: null, runs: most };
}

function huntStates({ bounds, most }: Extract<Catcher, { by: 'explorer' }>): Catch {
  try {
    const { states } = explore({ ...STILL, ...bounds }, { most, liveness: true });
    return { violation: null, broke: null, runs: states };
  } catch (error) {
    return caught(error as Error, 1);
  }
}

function caught(error: Error, runs: number): Catch {
  const [text = ''] = error.message.split('\n');
  const real = error.constructor.name === 'Violation';
  return { violation: real ? text : null, broke: real ? null : `${error.constructor.name}: ${text}`, runs };
}

console.log(JSON.stringify(hunt(JSON.parse(process.argv[2] as string) as Catcher)));
