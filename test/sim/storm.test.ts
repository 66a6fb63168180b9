/**
 * Storms from a fixed base of seeds, so that a run is the same everywhere. To see others, or more:
 * `SIM_SEED=12345 SIM_COUNT=500 npx vitest run test/sim`
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actions, felt } from './actions.js';
import { explain } from './failure.js';
import { drawStorm, play, type Storm } from './storm.js';

const base = Number(process.env.SIM_SEED ?? 20_260_101);
const share = Number(process.env.SIM_COUNT ?? 30);

type Kind = Omit<Storm, 'seed' | 'actions'>;

const kinds: readonly Kind[] = [2, 3, 5].flatMap((nodes) =>
  [false, true].flatMap((restarts) =>
    [false, true].flatMap((varied) => (['brisk', 'slow'] as const).map((pace) => ({ nodes, restarts, varied, pace }))),
  ),
);
const ACTIONS = 500;
const STEPS = 10_000;

/** How often each thing happened in all storms. */
const counts = new Map<string, number>();

function title({ nodes, restarts, varied, pace }: Kind): string {
  return `${nodes} nodes, ${restarts ? 'restarts' : 'no restarts'}, ${varied ? 'different' : 'the same'} options, ${pace}`;
}

describe('storms', () => {
  const { stackTraceLimit } = Error;
  beforeAll(() => {
    // Nobody reads where the thousands of errors that storms bring about were made.
    Error.stackTraceLimit = 0;
  });
  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit;
  });

  it.each(kinds.map((kind) => [title(kind), kind] as const))(
    '%s',
    (_, kind) => {
      let [accepted, delivered, reported] = [0, 0, 0];
      for (let i = 0; i < share; i++) {
        const storm = { seed: base + i, actions: ACTIONS, ...kind };
        const script = drawStorm(storm);
        const played = play(script, STEPS);
        if (played.error !== null) throw new Error(explain(script, played, `seed ${storm.seed}, ${title(kind)}`));
        accepted += played.accepted;
        delivered += played.delivered;
        reported += played.reported;
        for (const [name, count] of [...played.fired, ...played.done])
          counts.set(name, (counts.get(name) ?? 0) + count);
      }
      if (share < 10) return;
      // A storm in which nothing happens proves nothing.
      expect(accepted).toBeGreaterThan(share * 100);
      expect(delivered).toBeGreaterThan(accepted / 3);
      expect(reported).toBeGreaterThan(0);
    },
    300_000,
  );

  it.runIf(share >= 10)('all faults were felt in them', () => {
    const names = [...felt, ...Object.values(actions).flatMap((kind) => Object.keys(kind))];
    expect(names.filter((name) => (counts.get(name) ?? 0) < share / 2)).toEqual([]);
  });

  it('are the same for the same seed', () => {
    const [first, second, other] = [1, 1, 2].map((seed) => {
      const lines: string[] = [];
      const script = drawStorm({ seed, nodes: 3, actions: 60, restarts: true, varied: true, pace: 'slow' });
      const { steps, accepted, delivered } = play(script, STEPS, (line) => lines.push(line));
      return { steps, accepted, delivered, lines };
    });
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
  });
});
