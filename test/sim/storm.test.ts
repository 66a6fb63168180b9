/**
 * Storms from a fixed base of seeds, so that a run is the same everywhere. To see others, or more:
 * `SIM_SEED=12345 SIM_COUNT=500 npx vitest run test/sim`
 */
import { describe, expect, it } from 'vitest';
import { type Storm, storm } from './storm.js';

const base = Number(process.env.SIM_SEED ?? 20_260_101);
const share = Number(process.env.SIM_COUNT ?? 60);

const kinds = [2, 3, 5].flatMap((nodes) =>
  [false, true].flatMap((restarts) => [false, true].map((varied) => ({ nodes, restarts, varied }))),
);
const ACTIONS = 300;

/** Runs one storm; a failure says how to repeat it. */
function repeatable(options: Storm): ReturnType<typeof storm> {
  try {
    return storm(options);
  } catch (error) {
    const { seed, nodes } = options;
    const command = `SIM_SEED=${seed} SIM_COUNT=1 npx vitest run test/sim -t '${title(options)}'`;
    throw new Error(`storm of ${nodes} nodes, seed ${seed}. Repeat it with: ${command}`, { cause: error });
  }
}

function title({ nodes, restarts, varied }: Omit<Storm, 'seed' | 'actions'>): string {
  return `${nodes} nodes, ${restarts ? 'restarts' : 'no restarts'}, ${varied ? 'different' : 'the same'} options`;
}

describe('storms', () => {
  it.each(kinds.map((kind) => [title(kind), kind] as const))(
    '%s',
    (_, { nodes, restarts, varied }) => {
      const fired = new Map<string, number>();
      let [accepted, delivered, reported] = [0, 0, 0];
      for (let i = 0; i < share; i++) {
        const result = repeatable({ seed: base + i, nodes, actions: ACTIONS, restarts, varied });
        accepted += result.accepted;
        delivered += result.delivered;
        reported += result.reported;
        for (const [name, count] of result.fired) fired.set(name, (fired.get(name) ?? 0) + count);
      }
      if (share < 10) return;
      // A storm in which nothing happens proves nothing.
      expect(accepted).toBeGreaterThan(share * 100);
      expect(delivered).toBeGreaterThan(accepted / 3);
      expect(reported).toBeGreaterThan(0);
      const expected = restarts ? [...ALWAYS, 'crash', 'close and restart'] : ALWAYS;
      expect([...fired.keys()].sort()).toEqual([...expected].sort());
      for (const [name, count] of fired) expect(count, name).toBeGreaterThan(share / 4);
    },
    300_000,
  );

  it('are the same for the same seed', () => {
    const [first, second, other] = [1, 1, 2].map((seed) => {
      const lines: string[] = [];
      const options = { seed, nodes: 3, actions: 60, restarts: true, varied: true };
      const { steps, accepted, delivered } = storm({ ...options, trace: (line) => lines.push(line) });
      return { steps, accepted, delivered, lines };
    });
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
  });
});

const ALWAYS = [
  ...['connect', 'connect both', 'connect and cancel', 'keep', 'send', 'send large', 'slow'],
  ...['reset', 'half-open', 'orderly close', 'corrupt', 'pause', 'partition', 'weather', 'duplicate id'],
  ...['disconnect', 'crossing goodbyes', 'goodbye and reset', 'unwanted', 'late tick', 'clock jump'],
];
