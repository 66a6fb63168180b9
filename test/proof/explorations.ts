/** Scopes that are explored, to their end or to a number of states. */
import { explore } from '../explore/explorer.js';
import { type Bounds, STILL } from '../explore/scope.js';
import { figure, type Outcome, type Part, type Report } from './part.js';

interface Task {
  readonly bounds: Bounds;
  readonly most: number;
}

const scopes: readonly Partial<Bounds>[] = [
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

export const explorations: Part = {
  name: 'explorer',

  tasks(): Task[] {
    return scopes.map((bounds) => ({ bounds: { ...STILL, ...bounds }, most: 60_000 }));
  },

  run(task: object): Outcome {
    const { bounds, most } = task as Task;
    try {
      const { states, steps, complete } = explore(bounds, { most, liveness: true });
      return { figures: { scopes: 1, states, steps, complete: Number(complete) }, failure: null };
    } catch (error) {
      return { figures: {}, failure: `${String(error)}\nwithin ${JSON.stringify(bounds)}` };
    }
  },

  report(figures: Readonly<Record<string, number>>): Report {
    const of = (name: string): string => figure(figures[name] ?? 0);
    const line = `${of('states')} states, ${of('steps')} steps; ${of('complete')} of ${of('scopes')} scopes to their end`;
    return { lines: [line], failures: [] };
  },
};
