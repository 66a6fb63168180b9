/** The same conversation with each runtime that nodes are for, with and without credentials. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { FOLDER, OTHERS } from '../runtimes/runtimes.js';
import { MODES, type Mode, talk } from '../runtimes/talk.js';
import { ROOT } from '../support/program.js';
import { figure, type Outcome, type Part, type Report } from './part.js';

interface Task {
  readonly piece: string;
  readonly name: string;
  readonly mode: Mode;
}

const TASKS: readonly Task[] = OTHERS.flatMap(({ name }) =>
  MODES.map((mode) => ({ piece: `${name} ${mode}`, name, mode })),
);

export const runtimes: Part = {
  name: 'runtimes',
  lanes: 1,

  tasks: () => TASKS,

  async run(task: object): Promise<Outcome> {
    const { piece, name, mode } = task as Task;
    // Here and not before, so that everything else goes on meanwhile.
    install();
    const runtime = OTHERS.find((each) => each.name === name);
    if (runtime === undefined) throw new Error(`${name} is not among the runtimes`);
    const { packets, cuts, refused } = await talk(runtime, mode);
    const expected = mode === 'plain' || runtime.credentials ? null : 'ERR_UNSUPPORTED';
    if (refused !== expected) throw new Error(`${piece}: it refused with ${refused}, and ${expected} was expected`);
    return { figures: { packets, cuts, [piece]: 1, [`refused ${piece}`]: refused === null ? 0 : 1 }, failure: null };
  },

  report(figures: Readonly<Record<string, number>>): Report {
    const of = (name: string): number => figures[name] ?? 0;
    const modes = (name: string): string =>
      MODES.filter((mode) => of(`${name} ${mode}`) > of(`refused ${name} ${mode}`)).join(', ');
    return {
      lines: [
        `${figure(of('packets'))} packets there and back, over ${figure(of('cuts'))} cuts`,
        ...OTHERS.map(({ name }) => `${name.padEnd(10)} ${modes(name)}`),
      ],
      failures: TASKS.filter(({ piece }) => of(piece) === 0).map(({ piece }) => `${piece} was not tried`),
    };
  },
};

function install(): void {
  const { status } = spawnSync(
    process.execPath,
    [join(ROOT, 'scripts/install.mjs'), join(ROOT, FOLDER), 'for the proof'],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  if (status !== 0) throw new Error('the runtimes could not be installed');
}
