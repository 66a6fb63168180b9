/** Storms of every kind. The proof's seeds are fixed, so that it is the same everywhere; each night has seeds of its own. */
import { existsSync, readFileSync } from 'node:fs';
import { actions, felt } from '../sim/actions.js';
import { explain, traceOf } from '../sim/failure.js';
import { parseScript, type Script } from '../sim/script.js';
import { drawStorm, type Played, play, type Storm } from '../sim/storm.js';
import { figure, type Outcome, type Part, type Report, type Scale, type Seeds, sum } from './part.js';

/** Storms of one kind, of seeds in a row. */
interface Task extends Omit<Storm, 'seed' | 'actions'> {
  readonly first: number;
  readonly count: number;
  /** Another number of seeds was asked for: what the proof must come to does not hold. */
  readonly sample: boolean;
}

/** Where the proof's seeds begin. */
const FIRST = 40_000_000;
const COUNT: Readonly<Record<Scale, number>> = { proof: 5016, nightly: 50_400 };
/** Seeds of one piece. */
const PORTION = 11;
/** A storm goes on for at least so many steps: that many actions are enough, or else, where nodes mostly stand still, that many. */
const STEPS = 20_000;
const ACTIONS = [25_000, 250_000] as const;

/** What the proof must come to. */
const LEAST: Readonly<Record<Scale, { seeds: number; steps: number; hours: number; fired: number }>> = {
  proof: { seeds: 5000, steps: 1e8, hours: 1000, fired: 1000 },
  nightly: { seeds: 50_000, steps: 1e9, hours: 10_000, fired: 10_000 },
};

export const storms: Part = {
  name: 'storms',

  tasks(scale: Scale, seeds: Seeds): Task[] {
    const kinds = ([2, 3, 5] as const).flatMap((nodes) =>
      [false, true].flatMap((restarts) =>
        [false, true].flatMap((varied) =>
          (['brisk', 'slow'] as const).map((pace) => ({ nodes, restarts, varied, pace })),
        ),
      ),
    );
    const each = Math.ceil((seeds.count ?? COUNT[scale]) / kinds.length);
    let next = seeds.first ?? (scale === 'nightly' ? ofToday() : FIRST);
    if (scale === 'nightly') console.log(`storms from seed ${next} on: --first=${next} repeats them`);
    const tasks: Task[] = [];
    for (let done = 0; done < each; done += PORTION) {
      for (const kind of kinds) {
        const count = Math.min(PORTION, each - done);
        tasks.push({ first: next, count, sample: seeds.count !== null, ...kind });
        next += count;
      }
    }
    return tasks;
  },

  run(task: object): Outcome {
    const { first, count, sample, ...kind } = task as Task;
    // Nobody reads where the thousands of errors that storms bring about were made.
    Error.stackTraceLimit = 0;
    let figures: Record<string, number> = { sample: Number(sample) };
    for (let seed = first; seed < first + count; seed++) {
      const { storm, script, played } = longEnough({ seed, ...kind });
      if (played.error !== null) return { figures, failure: explain(script, played, `--storm=${wordsOf(storm)}`) };
      const { steps, virtualMs, accepted, delivered, reported } = played;
      const short = Number(steps < STEPS);
      figures = sum(figures, { seeds: 1, short, steps, virtualMs, accepted, delivered, reported });
      figures = sum(figures, { ...named('done', played.done), ...named('felt', played.fired) });
    }
    return { figures, failure: null };
  },

  report(figures: Readonly<Record<string, number>>, scale: Scale): Report {
    const of = (name: string): number => figures[name] ?? 0;
    const hours = of('virtualMs') / 3_600_000;
    const lines = [
      `${figure(of('seeds'))} seeds, ${figure(of('steps'))} steps, ${figure(hours)} simulated hours, none of them calm`,
      `${figure(of('accepted'))} packets accepted, ${figure(of('delivered'))} delivered, ${figure(of('reported'))} reported`,
    ];
    const failures: string[] = [];
    const least = LEAST[scale];
    const demand = (what: string, has: number, needs: number): void => {
      if (has < needs && of('sample') === 0)
        failures.push(`${figure(has)} ${what}, where at least ${figure(needs)} must be`);
    };
    demand('seeds', of('seeds'), least.seeds);
    demand('steps', of('steps'), least.steps);
    demand('simulated hours', hours, least.hours);
    if (of('short') > 0) failures.push(`${figure(of('short'))} storms of less than ${figure(STEPS)} steps`);
    for (const [kind, names] of [
      ['felt', felt],
      ['done', Object.values(actions).flatMap((each) => Object.keys(each))],
    ] as const) {
      for (const name of [...names].sort()) {
        const times = of(`${kind} ${name}`);
        lines.push(`${`${kind} ${name}`.padEnd(32)} ${figure(times).padStart(12)}`);
        demand(`times ${kind} ${name}`, times, least.fired);
      }
    }
    return { lines, failures };
  },
};

/** More actions for the same seed begin with the same ones. */
function longEnough(kind: Omit<Storm, 'actions'>): { storm: Storm; script: Script; played: Played } {
  for (const count of ACTIONS) {
    const storm = { ...kind, actions: count };
    const script = drawStorm(storm);
    const played = play(script, STEPS);
    if (played.error !== null || played.steps >= STEPS || count === ACTIONS.at(-1)) return { storm, script, played };
  }
  throw new Error('no storm was asked for');
}

function named(prefix: string, counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].map(([name, times]) => [`${prefix} ${name}`, times]));
}

/** A day has room for a million seeds. */
function ofToday(): number {
  return Math.floor(Date.now() / 86_400_000) * 1_000_000;
}

function wordsOf({ seed, nodes, actions: count, restarts, varied, pace }: Storm): string {
  return [seed, nodes, count, Number(restarts), Number(varied), pace].join(',');
}

/** One storm with its trace: `SEED,NODES,ACTIONS,RESTARTS,VARIED,PACE`. Returns whether nothing went wrong. */
export function traceStorm(words: string): boolean {
  const [seed = '', nodes = '3', count = '300', restarts = '0', varied = '0', pace = 'brisk'] = words.split(',');
  const kind = {
    restarts: restarts === '1',
    varied: varied === '1',
    pace: pace === 'slow' ? 'slow' : 'brisk',
  } as const;
  return show(drawStorm({ seed: Number(seed), nodes: Number(nodes), actions: Number(count), ...kind }));
}

/** One script with its trace: as it is, or in a file. Returns whether nothing went wrong. */
export function traceScript(text: string): boolean {
  return show(parseScript(existsSync(text) ? readFileSync(text, 'utf8') : text));
}

function show(script: Script): boolean {
  const { error, lines } = traceOf(script, STEPS);
  console.log(lines.join('\n'));
  return error === null;
}
