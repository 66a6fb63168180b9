/** Two minutes of everything at once; `npm run soak` has hours of it. */
import { soak } from '../chaos/soak.js';
import { figure, type Outcome, type Part, type Report, type Scale, type Seeds } from './part.js';

interface Task {
  readonly piece: 'soak';
  readonly seed: number;
  readonly seconds: number;
}

const SECONDS: Readonly<Record<Scale, number>> = { proof: 120, nightly: 3600 };
/** Seconds between samples. */
const EVERY = 2;

export const soaking: Part = {
  name: 'soak',
  lanes: 1,

  tasks(scale: Scale, seeds: Seeds): Task[] {
    return [{ piece: 'soak', seed: seeds.first ?? 80_000_000, seconds: SECONDS[scale] }];
  },

  async run(task: object): Promise<Outcome> {
    const { seed, seconds } = task as Task;
    try {
      const { figures, lines, folder } = await soak({ seed, seconds, every: EVERY });
      console.log([...lines, `plotted in ${folder}`].join('\n'));
      return { figures: { ...figures, seconds }, failure: null };
    } catch (error) {
      return {
        figures: {},
        failure: `${String(error)}\nrepeat it with: npm run proof -- --only=soak --first=${seed}`,
      };
    }
  },

  report(figures: Readonly<Record<string, number>>): Report {
    const of = (name: string): string => figure(figures[name] ?? 0);
    return {
      lines: [
        `${of('seconds')} s, ${of('samples')} samples; ${of('accepted')} packets accepted, ${of('delivered')} delivered, ${of('uncertain')} reported as uncertain, ${of('unsent')} as unsent`,
        `${of('kills')} kills, ${of('stops')} stops, ${of('faults')} faults; ${of('sessions')} sessions, ${of('disconnects')} ended by a restart and none otherwise; ${of('reconnects')} links won back`,
      ],
      failures: (figures.kills ?? 0) > 0 ? [] : ['nothing was killed'],
    };
  },
};
