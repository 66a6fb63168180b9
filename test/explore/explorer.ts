/**
 * Breadth-first search of every state that a scope can reach, on the real core: safety at each step, no dead end, from
 * every state a way to rest without further faults, and no way without faults that never ends.
 */
import { type NodeOptions, NodeTable, Violation } from './node.js';
import { Rows } from './rows.js';
import { type Bounds, Scope } from './scope.js';
import { States } from './states.js';
import { Steps } from './steps.js';

/** What was explored. */
export interface Exploration {
  readonly bounds: Bounds;
  readonly states: number;
  readonly steps: number;
  /** What a single node was seen to hold: each of these is a run of the core for everything that came to it. */
  readonly nodeStates: number;
  /** Steps from the beginning to the state that is farthest from it. */
  readonly depth: number;
  /** States in which nothing but faults can happen. */
  readonly rests: number;
  /** Every state within the bounds was seen. */
  readonly complete: boolean;
  /** Whether every state was found to lead to rest, and none to lead on for ever: only where that could be checked. */
  readonly live: boolean;
}

export interface ExploreOptions {
  /** Stop after so many states. */
  readonly most: number;
  /** Also check that rest can be reached from everywhere; needs memory for every step. */
  readonly liveness?: boolean;
  /** For testing the explorer: effects that a wrong core would not have. The search must then find a violation. */
  readonly forget?: NodeOptions['forget'];
}

/** Numbers that a state takes at most. */
const LONGEST = 4096;

/** @throws Violation with the actions that lead to it */
export function explore(bounds: Bounds, { most, liveness = false, forget }: ExploreOptions): Exploration {
  const nodes = { window: bounds.window, silences: bounds.silences > 0, drips: bounds.drips };
  const table = new NodeTable(forget === undefined ? nodes : { ...nodes, forget });
  const states = new States();
  const graph = new Steps();
  const rows = new Rows();
  const row = new Int32Array(LONGEST);
  const root = new Scope(bounds, table);
  rows.push(row, note(root));
  let steps = 0;
  let depth = 0;
  let lastOfDepth = 1;
  let index = 0;
  for (let open = rows.shift(); open !== null && states.count < most; open = rows.shift(), index++) {
    if (index === lastOfDepth) {
      depth++;
      lastOfDepth = states.count;
    }
    const scope = root.decode(open);
    const actions = scope.actions();
    let last = 'rest';
    try {
      if (actions.every(({ fault }) => fault)) {
        scope.checkRest();
        graph.rest(index);
      }
      for (const { name, fault, run } of actions) {
        last = name;
        const branch = scope.copy();
        run(branch);
        steps++;
        const before = states.count;
        const length = branch.encode(row);
        const target = states.add(row, length, index, name);
        if (states.count > before) rows.push(row, length);
        if (liveness && !fault) graph.add(index, target);
      }
    } catch (error) {
      if (error instanceof Error) error.message += `\nafter: ${[...states.path(index), last].join(', ')}`;
      throw error;
    }
  }
  const complete = index === states.count;
  const live = liveness && complete;
  if (live) checkLive(graph, states, root);
  return {
    ...{ bounds, states: states.count, steps, nodeStates: table.states.length, depth },
    ...{ rests: graph.rests, complete, live },
  };

  function note(scope: Scope): number {
    const length = scope.encode(row);
    states.add(row, length, 0, '');
    return length;
  }
}

function checkLive(graph: Steps, states: States, root: Scope): void {
  const after = (state: number): string => `after: ${states.path(state).join(', ')}`;
  const stuck = graph.stuck(states.count);
  if (stuck >= 0) throw new Violation(`no way leads to rest without faults\n${after(stuck)}`);
  const circle = graph.circle(states.count);
  const [first] = circle;
  if (first === undefined) return;
  const names = circle.map((state, i) => stepBetween(states, root, state, circle[(i + 1) % circle.length] as number));
  throw new Violation(`steps without faults can go on for ever: ${names.join(', ')}\n${after(first)}`);
}

/** The name of the action that leads from one state to another. */
function stepBetween(states: States, root: Scope, from: number, to: number): string {
  const row = new Int32Array(LONGEST);
  const scope = root.copy();
  for (const name of states.path(from))
    scope
      .actions()
      .find((action) => action.name === name)
      ?.run(scope);
  const actions = scope.actions().filter(({ run }) => {
    const branch = scope.copy();
    run(branch);
    return states.add(row, branch.encode(row), 0, '') === to;
  });
  return actions.map(({ name }) => name).join(' or ');
}
