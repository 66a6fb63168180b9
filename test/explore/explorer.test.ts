import { describe, expect, it } from 'vitest';
import { explore } from './explorer.js';
import { type Effect, type NodeOptions, Violation } from './node.js';
import { type Bounds, STILL } from './scope.js';

/** The arbiter sends two, of which anything can happen in between. */
const ONE_BY_ONE: Partial<Bounds> = { packets: 2, senders: 'b', window: 4096, drips: true };

/** Small enough for every run of the tests; each is explored to its end. The least numbers hold the explorer to its work. */
const scopes: [name: string, bounds: Partial<Bounds>, least: number][] = [
  ['both dial, and a connection breaks', { keepers: 'ab', breaks: 1 }, 5000],
  ['both dial, and each sends', { keepers: 'ab', packets: 1 }, 3000],
  ['the follower keeps, each sends, a connection breaks', { packets: 1, breaks: 1 }, 500],
  ['the arbiter keeps, each sends, a connection breaks', { keepers: 'b', packets: 1, breaks: 1 }, 500],
  ['each sends, and a node restarts', { packets: 1, restarts: 1 }, 400],
  ['both dial, and one lets go', { keepers: 'ab', unkeeps: 1 }, 1000],
  ['one disconnects, one restarts', { restarts: 1, disconnects: 1 }, 200],
  ['each sends, and one disconnects', { packets: 1, disconnects: 1 }, 100],
  ['both keep, one lets go, one disconnects', { keepers: 'ab', connections: 1, unkeeps: 1, disconnects: 1 }, 100],
  ['each sends, a connection breaks, every deadline passes', { packets: 1, breaks: 1, expiries: 1 }, 1000],
  ['room for one packet, each sends three, a connection breaks', { packets: 3, window: 300, breaks: 1 }, 10_000],
  ['each sends, and a healthy link is suspected', { packets: 1, silences: 1 }, 2000],
  ['packets go one by one, a healthy link is given up', { ...ONE_BY_ONE, silences: 1, misjudged: 1 }, 5000],
  ['two live nodes of one id, and a connection breaks', { keepers: 'aA', twin: true, breaks: 1 }, 200],
  ['two live nodes of one id, all dial, one is misjudged', { keepers: 'Aab', twin: true, misjudged: 1 }, 5000],
];

describe('every state within small bounds, on the real core', () => {
  it.each(scopes)('%s', (_name, bounds, least) => {
    const result = explore({ ...STILL, ...bounds }, { most: 200_000, liveness: true });
    expect(result).toMatchObject({ complete: true, live: true });
    expect(result.states).toBeGreaterThan(least);
    expect(result.rests).toBeGreaterThan(0);
  });
});

describe('finds what it looks for: a core that', () => {
  const wrongs: [name: string, bounds: Partial<Bounds>, forgets: Effect['kind'], found: string][] = [
    ['reports nothing', { packets: 1, restarts: 1 }, 'report', 'a packet vanished'],
    ['does not tell of room', { packets: 2, window: 300 }, 'drain', 'waits for room for ever'],
    ['does not tell of a conflict', { keepers: 'aA', twin: true }, 'conflict', 'was not told'],
    ['loses what it wrote', {}, 'write', 'a connection is left'],
    ['closes nothing', { keepers: 'ab' }, 'close', 'forgot a connection without closing it'],
    ['does not tell that a peer is gone', { restarts: 1 }, 'disconnect', 'heard connect twice'],
  ];

  it.each(wrongs)('%s', (_name, bounds, kind, found) => {
    const forget: (effect: Effect) => boolean = (effect) => effect.kind === kind;
    const wrong = (): unknown => explore({ ...STILL, ...bounds }, { most: 100_000, forget });
    expect(wrong).toThrow(Violation);
    expect(wrong).toThrow(found);
    expect(wrong).toThrow('after: ');
  });

  it('does not dial again', () => {
    const forget: NodeOptions['forget'] = ({ kind }, mesh) => kind === 'dial' && mesh.isConnected('b');
    const wrong = (): unknown => explore({ ...STILL, breaks: 1 }, { most: 10_000, forget });
    expect(wrong).toThrow('do not hold the same one');
  });
});
