/**
 * A storm as data: who takes part, and one step after another. Each step brings dice of its own, so what it does does not
 * depend on the steps before it, and any of them can be left out.
 *
 * As text it is one line that a shell takes in single quotes:
 * `40000123 ab/3 options.5zz connect.k3f+12 reset.7c2+0`. That is the seed of the network, the nodes that take part of
 * those that the dice know (`a`, `b` of three), dice for their options where these differ, and steps: action, dice in base
 * 36, and milliseconds until the next.
 */
import { Random } from '../../src/testing/random.js';

export interface Step {
  readonly action: string;
  /** Seed of the chance within the action. */
  readonly dice: number;
  /** Virtual milliseconds until the next step. */
  readonly wait: number;
}

export interface Script {
  /** Chance of the network, and of what each node does by itself. */
  readonly seed: number;
  /** Nodes that the dice choose from; a step for one that does not take part does nothing. */
  readonly crowd: number;
  /** Those that take part, a letter each. */
  readonly ids: readonly string[];
  /** Seed of the options of the nodes; null when all have the same. */
  readonly options: number | null;
  readonly steps: readonly Step[];
}

/**
 * How fast one step follows another: `brisk` for what meets within one handshake, `slow` for what takes its full course,
 * from loss to recovery or to its end by a deadline.
 */
export type Pace = 'brisk' | 'slow';

/** What is drawn. */
export interface Draw {
  readonly seed: number;
  readonly nodes: number;
  readonly steps: number;
  readonly pace: Pace;
  readonly varied: boolean;
  /** How often each action comes, relative to the others. */
  readonly weights: ReadonlyMap<string, number>;
}

/** Nodes are named by letters, so that who is the arbiter of whom can be seen. */
export function crowdOf(nodes: number): readonly string[] {
  return Array.from({ length: nodes }, (_, index) => String.fromCharCode(97 + index));
}

export function draw({ seed, nodes, steps: count, pace, varied, weights }: Draw): Script {
  const random = new Random(seed);
  const names = [...weights.keys()];
  let total = 0;
  const tickets = [...weights.values()].map((weight) => (total += weight));
  const steps = Array.from({ length: count }, (): Step => {
    const action = names[placeOf(random.next() * total, tickets)] as string;
    return { action, dice: random.below(2 ** 32), wait: waitOf(pace, random) };
  });
  return { seed, crowd: nodes, ids: crowdOf(nodes), options: varied ? seed : null, steps };
}

/** The first of rising numbers that is greater. */
function placeOf(number: number, rising: readonly number[]): number {
  let [low, high] = [0, rising.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle] as number) > number) high = middle;
    else low = middle + 1;
  }
  return low;
}

function waitOf(pace: Pace, random: Random): number {
  const ticket = random.next();
  if (pace === 'brisk') return random.below(ticket < 0.05 ? 10_000 : 60);
  return random.below(ticket < 0.5 ? 60 : ticket < 0.9 ? 3000 : 25_000);
}

export function formatScript({ seed, crowd, ids, options, steps }: Script): string {
  const head = `${seed} ${ids.join('')}/${crowd}`;
  const words = steps.map(({ action, dice, wait }) => `${action}.${dice.toString(36)}+${wait}`);
  return [head, ...(options === null ? [] : [`options.${options.toString(36)}`]), ...words].join(' ');
}

/** @throws Error when it is no script */
export function parseScript(text: string): Script {
  const [seed = '', who = '', ...words] = text.trim().split(/\s+/);
  const [letters = '', crowd = ''] = who.split('/');
  const options = /^options\.([0-9a-z]+)$/.exec(words[0] ?? '');
  const script = {
    seed: Number(seed),
    crowd: Number(crowd),
    ids: letters.split(''),
    options: options === null ? null : Number.parseInt(options[1] as string, 36),
    steps: words.slice(options === null ? 0 : 1).map(parseStep),
  };
  const known = crowdOf(script.crowd);
  const whole = Number.isInteger(script.seed) && Number.isInteger(script.crowd);
  if (!whole || script.ids.length === 0 || !script.ids.every((id) => known.includes(id))) {
    throw new Error(`no script: it begins with ${seed} ${who}, where a seed and nodes like 123 ab/3 must be`);
  }
  return script;
}

function parseStep(text: string): Step {
  const match = /^([a-z-]+)\.([0-9a-z]+)\+(\d+)$/.exec(text);
  if (match === null) throw new Error(`no step of a script: ${text}, where one is like reset.7c2+15`);
  const [, action = '', dice = '', wait = ''] = match;
  return { action, dice: Number.parseInt(dice, 36), wait: Number(wait) };
}
