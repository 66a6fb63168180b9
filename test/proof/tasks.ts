/**
 * What the proof does, in pieces that processes can share. Seeds are fixed, so that a run is the same everywhere; other
 * seeds are a number on the command line away.
 */
import { type Exploration, explore } from '../explore/explorer.js';
import { type Bounds, STILL } from '../explore/scope.js';
import { type StormResult, storm } from '../sim/storm.js';

/** Seeds of storms of one kind. */
export interface StormTask {
  readonly kind: 'storms';
  readonly first: number;
  readonly count: number;
  readonly nodes: number;
  readonly actions: number;
  readonly restarts: boolean;
  readonly varied: boolean;
}

/** One scope, explored to its end or to a number of states. */
export interface ExploreTask {
  readonly kind: 'explore';
  readonly bounds: Bounds;
  readonly most: number;
}

export type Task = StormTask | ExploreTask;

/** What came of a task. */
export interface Outcome {
  readonly seeds: number;
  readonly steps: number;
  readonly virtualMs: number;
  readonly accepted: number;
  readonly delivered: number;
  readonly reported: number;
  readonly fired: Readonly<Record<string, number>>;
  readonly states: number;
  readonly complete: boolean;
  /** Why the task failed, with what repeats it. */
  readonly failure: string | null;
}

const NOTHING: Outcome = {
  seeds: 0,
  steps: 0,
  virtualMs: 0,
  accepted: 0,
  delivered: 0,
  reported: 0,
  fired: {},
  states: 0,
  complete: true,
  failure: null,
};

export function run(task: Task): Outcome {
  return task.kind === 'storms' ? runStorms(task) : runExploration(task);
}

/** Two outcomes as one. */
export function sum(left: Outcome, right: Outcome): Outcome {
  const fired = { ...left.fired };
  for (const [name, count] of Object.entries(right.fired)) fired[name] = (fired[name] ?? 0) + count;
  return {
    seeds: left.seeds + right.seeds,
    steps: left.steps + right.steps,
    virtualMs: left.virtualMs + right.virtualMs,
    accepted: left.accepted + right.accepted,
    delivered: left.delivered + right.delivered,
    reported: left.reported + right.reported,
    fired,
    states: left.states + right.states,
    complete: left.complete && right.complete,
    failure: left.failure ?? right.failure,
  };
}

export function none(): Outcome {
  return NOTHING;
}

function runStorms(task: StormTask): Outcome {
  let total = NOTHING;
  for (let seed = task.first; seed < task.first + task.count; seed++) {
    const { nodes, actions, restarts, varied } = task;
    try {
      total = sum(total, ofStorm(storm({ seed, nodes, actions, restarts, varied })));
    } catch (error) {
      const again = `npm run proof -- --storm=${seed},${nodes},${actions},${Number(restarts)},${Number(varied)}`;
      return { ...total, failure: `${String(error)}\nrepeat it with: ${again}` };
    }
  }
  return total;
}

function ofStorm({ fired, ...result }: StormResult): Outcome {
  return { ...NOTHING, ...result, seeds: 1, fired: Object.fromEntries(fired) };
}

function runExploration({ bounds, most }: ExploreTask): Outcome {
  try {
    const { states, steps, complete }: Exploration = explore(bounds, { most, liveness: true });
    return { ...NOTHING, states, steps, complete };
  } catch (error) {
    return { ...NOTHING, failure: `${String(error)}\nwithin ${JSON.stringify(bounds)}` };
  }
}

/** Storms of every kind, `seeds` in all, in portions. */
export function storms(seeds: number): StormTask[] {
  const tasks: StormTask[] = [];
  const kinds = [2, 3, 5].flatMap((nodes) =>
    [false, true].flatMap((restarts) => [false, true].map((varied) => ({ nodes, restarts, varied }))),
  );
  const each = Math.ceil(seeds / kinds.length);
  for (const kind of kinds) {
    for (let first = 0; first < each; first += 20) {
      const count = Math.min(20, each - first);
      tasks.push({ kind: 'storms', first: BASE + first, count, actions: 700, ...kind });
    }
  }
  return tasks;
}

/** Where the seeds begin. */
const BASE = 40_000_000;

/** Scopes that are explored to their end. */
export function explorations(): ExploreTask[] {
  const scopes: Partial<Bounds>[] = [
    { keepers: 'ab', breaks: 1 },
    { keepers: 'ab', packets: 1 },
    { keepers: 'ab', restarts: 1 },
    { keepers: 'ab', unkeeps: 1, disconnects: 1 },
    { packets: 1, breaks: 2 },
    { keepers: 'b', packets: 1, breaks: 2 },
    { packets: 2, breaks: 1 },
    { packets: 1, breaks: 1, dials: 1, connections: 3 },
    { packets: 1, restarts: 1, breaks: 1 },
    { packets: 1, restarts: 1, dials: 1 },
    { packets: 1, disconnects: 1, breaks: 1 },
    { packets: 1, disconnects: 1, unkeeps: 1 },
    { packets: 1, breaks: 1, expiries: 1 },
  ];
  return scopes.map((bounds) => ({ kind: 'explore', bounds: { ...STILL, ...bounds }, most: 60_000 }));
}
