/** All that can happen in a storm, by name: what applications do, and what goes wrong. */
import type { Random } from '../../src/testing/random.js';
import { faults } from './faults.js';
import { goodbyes } from './goodbyes.js';
import type { Stage } from './stage.js';
import { work } from './work.js';

export interface Action {
  /** How often, relative to the others of its kind. */
  readonly weight: number;
  /** Returns false when there was nothing to act on. */
  readonly run: (stage: Stage, dice: Random) => boolean;
}

/** - `restarts`: with memory lost. */
export type Kind = 'work' | 'faults' | 'goodbyes' | 'restarts';

export const actions: Readonly<Record<Kind, Readonly<Record<string, Action>>>> = {
  work,
  faults,
  ...goodbyes,
};

const byName: ReadonlyMap<string, Action> = new Map(Object.values(actions).flatMap((kind) => Object.entries(kind)));

/** @throws Error when there is none of that name */
export function actionOf(name: string): Action {
  const action = byName.get(name);
  if (action === undefined) throw new Error(`no action is called ${name}`);
  return action;
}

/** What must be felt in every large number of storms, as the network and nodes count it. */
export const felt: readonly string[] = [
  ...['refuse', 'black hole', 'delay', 'split', 'coalesce', 'reset', 'orderly close', 'corrupt'],
  ...['half-open one way', 'half-open both ways', 'partition', 'one-way partition', 'clog', 'bandwidth'],
  ...['pause', 'late timer', 'clock jump', 'slow consumer', 'late acknowledgement', 'drip'],
  ...['address change', 'duplicate id'],
  ...[
    'full window',
    'full send buffer',
    'packet in pieces',
    'packet too late',
    'acknowledged delivery',
    'crash',
    'restart',
  ],
  ...['goodbye', 'cut', 'crash', 'close'].flatMap((deed) =>
    ['handshake', 'adoption', 'replay'].map((moment) => `${deed} in ${moment}`),
  ),
];
