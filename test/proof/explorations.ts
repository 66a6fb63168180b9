/**
 * Scopes that are explored: for the proof those that come to their end within a minute or so, for a night larger ones
 * too, to a number of states. The largest come first, so that no process is left with one of them at the end.
 */
import { explore } from '../explore/explorer.js';
import { type Bounds, STILL } from '../explore/scope.js';
import { figure, type Outcome, type Part, type Report, type Scale } from './part.js';

interface Task {
  readonly bounds: Partial<Bounds>;
  readonly most: number;
}

/** Two nodes where nothing else is said; the follower keeps the link where `keepers` does not say otherwise. */
const ENDING: readonly Partial<Bounds>[] = [
  { packets: 1, breaks: 1, dials: 1, connections: 3 },
  { keepers: 'ab', packets: 1, breaks: 1, unkeeps: 1 },
  { packets: 1, unkeeps: 1, dials: 1, disconnects: 1 },
  { keepers: 'aAb', twin: true, misjudged: 1, packets: 1 },
  { keepers: 'aAb', twin: true, misjudged: 1, breaks: 1 },
  { packets: 2, window: 300, breaks: 1, disconnects: 1 },
  { keepers: 'ab', packets: 1, breaks: 1 },
  { keepers: 'ab', disconnects: 2, unkeeps: 1 },
  { keepers: 'ab', packets: 1, restarts: 1 },
  { packets: 1, restarts: 1, dials: 1 },
  { keepers: 'ab', packets: 2 },
  { packets: 2, breaks: 2 },
  { keepers: 'aA', twin: true, misjudged: 2, breaks: 1 },
  { packets: 1, silences: 1, breaks: 1 },
  { keepers: 'ab', breaks: 1, restarts: 1 },
  { packets: 1, disconnects: 1, unkeeps: 1, breaks: 1 },
  { keepers: 'ab', breaks: 2 },
  { packets: 1, silences: 1, restarts: 1 },
  { packets: 3, window: 300, breaks: 1 },
  { packets: 1, expiries: 1, breaks: 2 },
  { packets: 1, disconnects: 1, restarts: 1 },
  { packets: 1, restarts: 1, breaks: 1 },
  { packets: 1, restarts: 2 },
  { packets: 1, expiries: 2 },
  { packets: 2, senders: 'b', window: 4096, drips: true, silences: 1, misjudged: 1, breaks: 1 },
  { packets: 2, senders: 'a', window: 4096, drips: true, silences: 1, misjudged: 1, breaks: 1 },
  { packets: 2, senders: 'b', window: 4096, drips: true, silences: 2, misjudged: 2 },
  { packets: 1, window: 4096, drips: true, silences: 1, misjudged: 1, restarts: 1 },
  { packets: 2, window: 4096, drips: true, breaks: 1 },
];

/** States of a scope that did not end before. */
const MOST = 3_000_000;
const LEAST: Readonly<Record<Scale, number>> = { proof: 5_000_000, nightly: 100_000_000 };

/** Larger ones, of which some do not end: so many states of each that all together are enough. */
const NIGHTLY: readonly Task[] = [
  { packets: 2, breaks: 2, dials: 1, connections: 3 },
  { keepers: 'ab', packets: 2, breaks: 2 },
  { packets: 1, restarts: 1, breaks: 1, dials: 1 },
  { keepers: 'ab', packets: 1, restarts: 1, disconnects: 1, unkeeps: 1 },
  { keepers: 'ab', packets: 1, silences: 1, breaks: 1, dials: 1 },
  { packets: 2, window: 300, breaks: 1, restarts: 1, dials: 1 },
  { packets: 1, expiries: 1, breaks: 1, dials: 1 },
  { keepers: 'aAb', twin: true, misjudged: 2, packets: 1, breaks: 1 },
  { packets: 1, breaks: 2, dials: 1 },
  { keepers: 'ab', packets: 1, breaks: 2 },
  { keepers: 'ab', packets: 1, restarts: 1, breaks: 1 },
].map((bounds) => ({ bounds, most: 25_000_000 }));

export const explorations: Part = {
  name: 'explorer',

  tasks(scale: Scale): Task[] {
    const ending = ENDING.map((bounds) => ({ bounds, most: MOST }));
    return scale === 'nightly' ? [...NIGHTLY, ...ending] : ending;
  },

  run(task: object): Outcome {
    const { bounds, most } = task as Task;
    const { states, steps, complete, live } = explore({ ...STILL, ...bounds }, { most, liveness: true });
    const name = Object.entries(bounds)
      .map(([bound, value]) => `${bound} ${value}`)
      .join(', ');
    const ended = { complete: Number(complete), live: Number(live), [`complete ${name}`]: Number(complete) };
    return { figures: { scopes: 1, states, steps, ...ended, [`scope ${name}`]: states }, failure: null };
  },

  report(figures: Readonly<Record<string, number>>, scale: Scale): Report {
    const of = (name: string): number => figures[name] ?? 0;
    const lines = [
      `${figure(of('states'))} states, ${figure(of('steps'))} steps; ${of('complete')} of ${of('scopes')} scopes to their end, ${of('live')} of them live`,
    ];
    for (const name of Object.keys(figures)) {
      if (!name.startsWith('scope ')) continue;
      const bounds = name.slice('scope '.length);
      const end = of(`complete ${bounds}`) === 1 ? '' : ' and more';
      lines.push(`${figure(of(name)).padStart(10)}${end}  ${bounds}`);
    }
    const failures: string[] = [];
    if (of('states') < LEAST[scale]) failures.push(`${figure(of('states'))} of ${figure(LEAST[scale])} states`);
    if (of('complete') < ENDING.length) failures.push(`${of('complete')} of ${ENDING.length} scopes came to their end`);
    return { lines, failures };
  },
};
