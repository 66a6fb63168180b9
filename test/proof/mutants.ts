/** Rules of the protocol are removed one by one: the storms or the explorer must notice each. */
import { resolve } from 'node:path';
import { Catching } from '../mutants/catching.js';
import { type Catcher, type Rule, rules } from '../mutants/rules.js';
import { figure, type Outcome, type Part, type Report, type Scale } from './part.js';

interface Task {
  readonly rule: string;
}

/** Nothing is removed: whoever then finds something finds nothing in the mutants either. */
const CONTROL = 'no rule is removed';
const CONTROLS: Readonly<Record<Scale, Catcher>> = {
  proof: { by: 'storms', most: 100 },
  nightly: { by: 'storms', most: 1000 },
};

let catching: Catching | null = null;

export const mutants: Part = {
  name: 'mutants',

  tasks(scale: Scale): object[] {
    return [{ rule: CONTROL, catcher: CONTROLS[scale] }, ...rules.map(({ name }) => ({ rule: name }))];
  },

  async run(task: object): Promise<Outcome> {
    catching ??= new Catching(resolve(`.cache/mutants/${process.pid}`));
    const { rule: name } = task as Task;
    const rule = rules.find((each) => each.name === name);
    return rule === undefined ? control(catching, (task as { catcher: Catcher }).catcher) : caught(catching, rule);
  },

  report(figures: Readonly<Record<string, number>>): Report {
    const lines = [
      `${figure(figures.caught ?? 0)} of ${rules.length} rules removed were noticed, ${figure(figures['by storms'] ?? 0)} by storms, ${figure(figures['by explorer'] ?? 0)} by the explorer`,
    ];
    for (const name of Object.keys(figures).filter((each) => each.startsWith('  ')))
      lines.push(`${name}${figures[name] === 0 ? '' : `, storm ${figure(figures[name] ?? 0)}`}`);
    return { lines, failures: [] };
  },
};

async function control(each: Catching, catcher: Catcher): Promise<Outcome> {
  const { violation, broke, runs } = await each.control(catcher);
  const failure = violation ?? broke;
  return { figures: {}, failure: failure === null ? null : `${CONTROL}, and after ${runs} storms: ${failure}` };
}

async function caught(each: Catching, rule: Rule): Promise<Outcome> {
  const { violation, broke, runs } = await each.hunt(rule);
  const { by } = rule.catcher;
  if (violation === null) {
    const instead = broke === null ? '' : `, but ${broke}`;
    return { figures: {}, failure: `nobody noticed within ${runs} that it is gone: ${rule.name}${instead}` };
  }
  // The explorer counts no storms.
  const line = `  ${rule.name}: ${violation}`;
  return { figures: { caught: 1, [`by ${by}`]: 1, [line]: by === 'storms' ? runs : 0 }, failure: null };
}
