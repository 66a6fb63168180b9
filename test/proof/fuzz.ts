/** Fuzzing of every target, in pieces from fixed seeds, so that a run is the same everywhere. */
import { type Piece, runPiece } from '../../fuzz/pieces.js';
import { targets } from '../../fuzz/targets.js';
import { figure, type Outcome, type Part, type Report, type Scale, type Seeds } from './part.js';

/** Where the seeds begin. */
const FIRST = 50_000_000;
/** Cases of each target, in thousands: as honest a share as the time of each allows. */
const THOUSANDS: Readonly<Record<string, number>> = {
  ...{ handshake: 151, link: 151, learnt: 8, msgpack: 600, frames: 700, control: 1700 },
  ...{ notation: 400, options: 600, uris: 800 },
};
const TIMES: Readonly<Record<Scale, number>> = { proof: 1, nightly: 20 };
/** What all targets together, and those with a core, must come to. */
const LEAST = 5_000_000;
const STATEFUL = ['handshake', 'link'] as const;
const LEAST_STATEFUL = 300_000;

export const fuzzing: Part = {
  name: 'fuzz',

  tasks(scale: Scale, seeds: Seeds): Piece[] {
    return targets.flatMap(({ name, piece }) => {
      const all = (THOUSANDS[name] ?? 0) * 1000 * TIMES[scale];
      const count = seeds.count ?? Math.ceil(all / piece);
      const cases = seeds.count === null ? Math.ceil(all / count) : piece;
      return Array.from({ length: count }, (_, index) => ({
        ...{ target: name, seed: (seeds.first ?? FIRST) + index, cases },
      }));
    });
  },

  run(task: object): Outcome {
    const piece = task as Piece;
    const { cases, classes, outcomes, growth, report } = runPiece(piece);
    const figures: Record<string, number> = {
      ...{ cases, [`cases ${piece.target}`]: cases, [`outcomes ${piece.target}`]: outcomes },
      [`growth ${piece.target}`]: Math.max(0, growth),
    };
    for (const [name, count] of Object.entries(classes)) figures[`class ${piece.target} ${name}`] = count;
    return { figures, failure: report };
  },

  report(figures: Readonly<Record<string, number>>): Report {
    const of = (name: string): number => figures[name] ?? 0;
    const lines = [`${figure(of('cases'))} cases`];
    const failures: string[] = [];
    for (const { name } of targets) {
      const prefix = `class ${name} `;
      const classes = Object.entries(figures).filter(([each]) => each.startsWith(prefix));
      const seen = classes.sort(([, left], [, right]) => right - left);
      const listed = seen.map(([each, count]) => `${each.slice(prefix.length)} ${figure(count)}`).join(', ');
      const growth = (of(`growth ${name}`) / of(`cases ${name}`)) * 1e6;
      const held = `${figure(growth / 2 ** 20)} MiB held a million`;
      lines.push(`${name.padEnd(10)} ${figure(of(`cases ${name}`)).padStart(9)}, ${held}: ${listed}`);
      if (classes.length < 2) failures.push(`${name} saw ${classes.length} classes of outcomes, which proves nothing`);
    }
    const stateful = STATEFUL.reduce((sum, name) => sum + of(`cases ${name}`), 0);
    if (of('cases') < LEAST) failures.push(`${figure(of('cases'))} cases, and ${figure(LEAST)} are the least`);
    if (stateful < LEAST_STATEFUL)
      failures.push(`${figure(stateful)} cases with a core, and ${figure(LEAST_STATEFUL)} are the least`);
    return { lines, failures };
  },
};
