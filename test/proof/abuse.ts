/** Abuse of real nodes in each mode: every case, hostile inputs by the thousand, and at night a flood of strangers. */
import { casesIn } from '../abuse/cases.js';
import { flood } from '../abuse/flood.js';
import { MODES, type Mode } from '../abuse/mode.js';
import { noise } from '../abuse/noise.js';
import { Stage } from '../abuse/play.js';
import { figure, type Outcome, type Part, type Report, type Scale, type Seeds } from './part.js';

interface Task {
  readonly piece: string;
  readonly kind: 'cases' | 'inputs' | 'flood';
  readonly mode: Mode;
  readonly seed: number;
  readonly inputs: number;
}

/** Where the seeds begin; each connection takes one. */
const FIRST = 90_000_000;
/** Hostile inputs for each mode. */
const INPUTS: Readonly<Record<Scale, number>> = { proof: 20_000, nightly: 1_000_000 };

export const abuse: Part = {
  name: 'abuse',
  lanes: 1,

  tasks(scale: Scale, seeds: Seeds): Task[] {
    const kinds = scale === 'nightly' ? (['cases', 'inputs', 'flood'] as const) : (['cases', 'inputs'] as const);
    return kinds.flatMap((kind) =>
      MODES.map((mode) => ({
        ...{ piece: `${kind} ${mode}`, kind, mode },
        ...{ seed: seeds.first ?? FIRST, inputs: INPUTS[scale] },
      })),
    );
  },

  async run(task: object): Promise<Outcome> {
    const { piece, kind, mode, seed, inputs } = task as Task;
    try {
      return { figures: await KINDS[kind]({ mode, seed, inputs }), failure: null };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const again = `npm run proof -- --only=abuse --piece='${piece}' --first=${seed}`;
      return { figures: {}, failure: `${piece}: ${why}\nrepeat it with: ${again}` };
    }
  },

  report(figures: Readonly<Record<string, number>>, scale: Scale): Report {
    const of = (name: string): string => figure(figures[name] ?? 0);
    const mib = (name: string): string => ((figures[name] ?? 0) / 2 ** 20).toFixed(1);
    const done = (kind: string): readonly Mode[] => MODES.filter((mode) => `${kind} ${mode}` in figures);
    const faults = Object.keys(figures).filter((name) => name.startsWith('fault '));
    const alone = MODES.reduce((sum, mode) => sum + (figures[`alone ${mode}`] ?? 0), 0);
    const lines = [
      MODES.map((mode) => `${of(`cases ${mode}`)} cases in ${mode}`).join(', '),
      ...(alone > 0 ? [`${figure(alone)} of them with a long turn that did not come again`] : []),
      ...done('inputs').map(
        (mode) =>
          `${mode.padEnd(7)} ${of(`inputs ${mode}`)} hostile inputs on ${of(`connections ${mode}`)} connections, ${of(`links ${mode}`)} of them links: memory +${mib(`memory ${mode}`)} MiB, longest turn ${of(`stall ${mode}`)} ms, ${of(`exchanged ${mode}`)} packets of an honest peer meanwhile`,
      ),
      faults
        .sort()
        .map((name) => `${name.slice('fault '.length)} ${of(name)}`)
        .join(', '),
      ...done('flooded').map((mode) => flooded(figures, mode)),
    ];
    const failures = MODES.flatMap((mode) => [
      ...((figures[`cases ${mode}`] ?? 0) < casesIn(mode).length ? [`${of(`cases ${mode}`)} cases in ${mode}`] : []),
      ...((figures[`inputs ${mode}`] ?? 0) < INPUTS[scale] ? [`${of(`inputs ${mode}`)} inputs in ${mode}`] : []),
    ]);
    return { lines, failures };
  },
};

const KINDS: Readonly<
  Record<Task['kind'], (task: Pick<Task, 'mode' | 'seed' | 'inputs'>) => Promise<Record<string, number>>>
> = {
  cases: ({ mode }) => cases(mode),
  inputs: noise,
  flood: ({ mode }) => flood(mode),
};

async function cases(mode: Mode): Promise<Record<string, number>> {
  const stage = await Stage.open(mode);
  let alone = 0;
  try {
    for (const each of casesIn(mode)) {
      const { lone } = await stage.play(each).catch((error: unknown) => {
        throw new Error(`"${each.name}": ${error instanceof Error ? error.message : String(error)}`);
      });
      if (lone > 0) alone++;
    }
    await stage.close();
  } finally {
    await stage.kill();
  }
  return { [`cases ${mode}`]: casesIn(mode).length, [`alone ${mode}`]: alone };
}

/** What a flood costs the members. */
function flooded(figures: Readonly<Record<string, number>>, mode: Mode): string {
  const of = (name: string): number => figures[`${name} ${mode}`] ?? 0;
  const share = (name: string): string => `${figure(of(name))} (${((100 * of(name)) / of('calm')).toFixed(0)} %)`;
  return `${mode.padEnd(7)} members exchange ${figure(of('calm'))} packets a second, ${share('flooded')} while ${figure(of('strangers'))} strangers come in 30 s, ${share('crowded')} while ${figure(of('crowd'))} do; memory +${(of('flood memory') / 2 ** 20).toFixed(1)} MiB, longest turn ${figure(of('flood stall'))} ms`;
}
