/** Networks of several hosts, made of network namespaces. Needs root; installs the tools that are missing. */
import { prepareNamespaces } from '../chaos/namespaces.js';
import { partition, partitions as scenarios } from '../chaos/partitions.js';
import { figure, type Outcome, type Part, type Report, type Scale, type Seeds } from './part.js';

interface Task {
  readonly piece: string;
  readonly seed: number;
}

/** Where the seeds begin, and how often each scenario is played. */
const FIRST = 70_000_000;
const TIMES: Readonly<Record<Scale, number>> = { proof: 1, nightly: 20 };
/** The one that takes longest must not begin last. */
const LONGEST = '1 Mbit/s and a packet of 16 MB';

export const partitions: Part = {
  name: 'partitions',
  lanes: 3,

  prepare: prepareNamespaces,

  tasks(scale: Scale, seeds: Seeds): Task[] {
    const names = [LONGEST, ...Object.keys(scenarios).filter((name) => name !== LONGEST)];
    const count = seeds.count ?? (seeds.first === null ? TIMES[scale] : 1);
    return Array.from({ length: count }, (_, i) => (seeds.first ?? FIRST) + i).flatMap((seed) =>
      names.map((piece) => ({ piece, seed })),
    );
  },

  async run(task: object): Promise<Outcome> {
    const { piece, seed } = task as Task;
    try {
      const figures = await partition({ name: piece, seed });
      return { figures: { ...figures, [`played ${piece}`]: 1 }, failure: null };
    } catch (error) {
      const again = `npm run proof -- --only=partitions --piece='${piece}' --first=${seed}`;
      return { figures: {}, failure: `${piece}: ${String(error)}\nrepeat it with: ${again}` };
    }
  },

  report(figures: Readonly<Record<string, number>>): Report {
    const of = (name: string): string => figure(figures[name] ?? 0);
    const names = Object.keys(scenarios);
    const played = names.filter((name) => (figures[`played ${name}`] ?? 0) > 0);
    const lines = [
      `${of('scenarios')} scenarios played, of ${played.length} kinds: ${of('accepted')} packets accepted, ${of('delivered')} delivered, ${of('uncertain')} reported as uncertain, ${of('unsent')} as unsent`,
      `${of('sessions')} sessions, ${of('disconnects')} ended where that was due and none otherwise; ${of('reconnects')} links won back`,
      ...played.map((name) => `${name.padEnd(44)} ${of(`played ${name}`).padStart(4)}`),
    ];
    const missing = names.filter((name) => !played.includes(name));
    return { lines, failures: missing.length === 0 ? [] : [`no success with ${missing.join('; ')}`] };
  },
};
