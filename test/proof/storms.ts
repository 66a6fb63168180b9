/** Storms of every kind, from fixed seeds, so that a run is the same everywhere. */
import { storm } from '../sim/storm.js';
import { figure, type Outcome, type Part, type Report, type Scale, type Seeds, sum } from './part.js';

/** Seeds of storms of one kind. */
interface Task {
  readonly first: number;
  readonly count: number;
  readonly nodes: number;
  readonly actions: number;
  readonly restarts: boolean;
  readonly varied: boolean;
}

/** Where the seeds begin. */
const FIRST = 40_000_000;
const COUNT: Readonly<Record<Scale, number>> = { proof: 5000, nightly: 40_000 };
/** Seeds of one piece. */
const PORTION = 20;

export const storms: Part = {
  name: 'storms',

  tasks(scale: Scale, seeds: Seeds): Task[] {
    const tasks: Task[] = [];
    const kinds = [2, 3, 5].flatMap((nodes) =>
      [false, true].flatMap((restarts) => [false, true].map((varied) => ({ nodes, restarts, varied }))),
    );
    const each = Math.ceil((seeds.count ?? COUNT[scale]) / kinds.length);
    for (const kind of kinds) {
      for (let at = 0; at < each; at += PORTION) {
        const first = (seeds.first ?? FIRST) + at;
        tasks.push({ first, count: Math.min(PORTION, each - at), actions: 700, ...kind });
      }
    }
    return tasks;
  },

  run(task: object): Outcome {
    const { first, count, nodes, actions, restarts, varied } = task as Task;
    let figures: Record<string, number> = {};
    for (let seed = first; seed < first + count; seed++) {
      try {
        const { fired, steps, virtualMs, accepted, delivered, reported } = storm({
          ...{ seed, nodes, actions, restarts, varied },
        });
        const actionsFired = Object.fromEntries([...fired].map(([name, times]) => [`fired ${name}`, times]));
        figures = sum(figures, { seeds: 1, steps, virtualMs, accepted, delivered, reported, ...actionsFired });
      } catch (error) {
        const again = `npm run proof -- --storm=${seed},${nodes},${actions},${Number(restarts)},${Number(varied)}`;
        return { figures, failure: `${String(error)}\nrepeat it with: ${again}` };
      }
    }
    return { figures, failure: null };
  },

  report(figures: Readonly<Record<string, number>>): Report {
    const of = (name: string): string => figure(figures[name] ?? 0);
    const lines = [
      `${of('seeds')} seeds, ${of('steps')} steps, ${figure((figures.virtualMs ?? 0) / 3_600_000)} simulated hours`,
      `${of('accepted')} packets accepted, ${of('delivered')} delivered, ${of('reported')} reported`,
    ];
    for (const name of Object.keys(figures).sort()) {
      if (name.startsWith('fired ')) lines.push(`${name.slice('fired '.length).padEnd(28)} ${of(name).padStart(9)}`);
    }
    return { lines, failures: [] };
  },
};

/** One storm with its trace: `SEED,NODES,ACTIONS,RESTARTS,VARIED`. */
export function traceStorm(text: string): void {
  const [seed = 0, nodes = 3, actions = 300, restarts = 0, varied = 0] = text.split(',').map(Number);
  storm({ seed, nodes, actions, restarts: restarts === 1, varied: varied === 1, trace: console.log });
}
