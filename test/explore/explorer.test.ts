import { describe, expect, it } from 'vitest';
import { explore } from './explorer.js';
import { Violation } from './node.js';
import { type Bounds, STILL } from './scope.js';

/** Small enough for every run of the tests; each is explored to its end. The least numbers hold the explorer to its work. */
const scopes: [name: string, bounds: Partial<Bounds>, least: number][] = [
  ['both dial, and a connection breaks', { keepers: 'ab', breaks: 1 }, 5000],
  ['both dial, and each sends', { keepers: 'ab', packets: 1 }, 3000],
  ['the follower keeps, each sends, a connection breaks', { packets: 1, breaks: 1 }, 500],
  ['the arbiter keeps, each sends, a connection breaks', { keepers: 'b', packets: 1, breaks: 1 }, 500],
  ['each sends, and a node restarts', { packets: 1, restarts: 1 }, 500],
  ['both dial, and one lets go', { keepers: 'ab', unkeeps: 1 }, 1000],
  ['one disconnects, one restarts', { restarts: 1, disconnects: 1 }, 200],
  ['each sends, and one disconnects', { packets: 1, disconnects: 1 }, 100],
  ['both keep, one lets go, one disconnects', { keepers: 'ab', connections: 1, unkeeps: 1, disconnects: 1 }, 100],
  ['each sends, a connection breaks, every deadline passes', { packets: 1, breaks: 1, expiries: 1 }, 1000],
];

describe('every state within small bounds, on the real core', () => {
  it.each(scopes)('%s', (_name, bounds, least) => {
    const result = explore({ ...STILL, ...bounds }, { most: 100_000, liveness: true });
    expect(result).toMatchObject({ complete: true, live: true });
    expect(result.states).toBeGreaterThan(least);
    expect(result.rests).toBeGreaterThan(0);
  });

  it('two live nodes of one id: safe as far as it goes', () => {
    const result = explore({ ...STILL, keepers: 'Ab', twin: true }, { most: 5000 });
    expect(result.states).toBe(5000);
  });
});

it('finds what it looks for: a core that forgets its wish leaves two nodes apart', () => {
  const wrong = (): unknown =>
    explore(
      { ...STILL, breaks: 1 },
      { most: 10_000, forget: ({ kind }, mesh) => kind === 'dial' && mesh.isConnected('b') },
    );
  expect(wrong).toThrow(Violation);
});
