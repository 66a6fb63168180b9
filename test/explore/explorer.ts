/**
 * Breadth-first search of every state that a scope can reach, on the real core: safety at each step, no dead end, and
 * from every state a way to rest without further faults.
 */
import { copyGraph } from './copy.js';
import { fingerprint } from './fingerprint.js';
import { type Bounds, Scope, sharedObjects, Violation } from './scope.js';

/** What was explored. */
export interface Exploration {
  readonly bounds: Bounds;
  readonly states: number;
  readonly steps: number;
  readonly depth: number;
  /** States in which nothing but faults can happen. */
  readonly rests: number;
  /** Every state within the bounds was seen. */
  readonly complete: boolean;
  /** States from which no way leads to rest without faults; -1 when that was not checked. */
  readonly stuck: number;
}

export interface ExploreOptions {
  /** Stop after so many states. */
  readonly most: number;
  /** Also check that rest can be reached from everywhere; needs memory for every step. */
  readonly liveness?: boolean;
  /** Does something to each new state that a right core would not: then the search must find a violation. */
  readonly sabotage?: (scope: Scope) => void;
}

interface Open {
  readonly scope: Scope;
  readonly index: number;
}

/** @throws Violation with the actions that lead to it */
export function explore(bounds: Bounds, options: ExploreOptions): Exploration {
  const seen = new Map<number, number>();
  const parents: number[] = [];
  const names: string[] = [];
  const successors: number[][] = [];
  const resting: number[] = [];
  const path = (index: number): string[] => {
    const actions: string[] = [];
    for (let at = index; at > 0; at = parents[at] as number) actions.push(names[at] as string);
    return actions.reverse();
  };
  const root = new Scope(bounds);
  seen.set(fingerprint(root), 0);
  parents.push(-1);
  names.push('');
  let frontier: Open[] = [{ scope: root, index: 0 }];
  let steps = 0;
  let depth = 0;
  let complete = true;
  for (; frontier.length > 0 && complete; depth++) {
    const next: Open[] = [];
    for (const { scope, index } of frontier) {
      const actions = scope.actions();
      const calm: number[] = [];
      let last = '';
      try {
        for (const action of actions) {
          last = action.name;
          const branch = copyGraph(scope, sharedObjects);
          action.run(branch);
          options.sabotage?.(branch);
          steps++;
          const key = fingerprint(branch);
          let target = seen.get(key);
          if (target === undefined) {
            target = parents.length;
            seen.set(key, target);
            parents.push(index);
            names.push(action.name);
            next.push({ scope: branch, index: target });
          }
          if (!action.fault) calm.push(target);
        }
        last = 'rest';
        if (actions.every((action) => action.fault)) {
          scope.checkRest();
          resting.push(index);
        }
      } catch (error) {
        if (error instanceof Error) error.message += `\nafter: ${[...path(index), last].join(', ')}`;
        throw error;
      }
      if (options.liveness) successors[index] = calm;
      if (seen.size >= options.most) {
        complete = false;
        break;
      }
    }
    frontier = next;
  }
  const stuck = options.liveness && complete ? countStuck(successors, resting, path) : -1;
  return { bounds, states: seen.size, steps, depth, rests: resting.length, complete, stuck };
}

/** States from which rest can't be reached by actions that are no faults. */
function countStuck(
  successors: readonly number[][],
  resting: readonly number[],
  path: (index: number) => string[],
): number {
  const predecessors: number[][] = successors.map(() => []);
  for (const [from, targets] of successors.entries()) for (const to of targets) predecessors[to]?.push(from);
  const fine = new Set<number>(resting);
  const queue = [...resting];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const before of predecessors[at] ?? []) {
      if (fine.has(before)) continue;
      fine.add(before);
      queue.push(before);
    }
  }
  const first = successors.findIndex((_, index) => !fine.has(index));
  if (first >= 0) throw new Violation(`no way leads to rest without faults\nafter: ${path(first).join(', ')}`);
  return 0;
}
