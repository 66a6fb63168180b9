/** A core that was broken on purpose: the storm must fail, be made small, and its command must repeat it. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as arbiter from '../../src/protocol/arbiter.js';
import { Peer } from '../../src/protocol/peer.js';
import { SendBuffer } from '../../src/protocol/send-buffer.js';
import { Session } from '../../src/protocol/session.js';
import { MeshState } from '../../src/protocol/state.js';
import { explain } from './failure.js';
import { parseScript, type Script } from './script.js';
import { drawStorm, play } from './storm.js';
import { kindOf } from './violation.js';

vi.mock('../../src/protocol/arbiter.js', async (original) => {
  const real = await original<typeof arbiter>();
  return { ...real, decide: vi.fn(real.decide) };
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.mocked(arbiter.decide).mockReset();
});

/** What is broken, how the oracle puts it, and actions that are enough to show it. */
const broken: readonly (readonly [string, () => void, RegExp, number])[] = [
  [
    'a send buffer that forgets to rewind',
    () => vi.spyOn(SendBuffer.prototype, 'rewind').mockImplementation(() => undefined),
    /^packet \d+ |is not settled/,
    4,
  ],
  ['an arbiter that always says adopt', () => vi.mocked(arbiter.decide).mockReturnValue('adopt'), /link/, 3],
  [
    'an arbiter that replaces good links',
    () => vi.mocked(arbiter.decide).mockReturnValue('replace'),
    /(lost|replaced) a healthy link/,
    3,
  ],
  [
    'a session that does not tell what was lost',
    () => vi.spyOn(Session.prototype, 'leftover').mockReturnValue({ uncertain: [], unsent: [] }),
    /neither acknowledged nor reported when its session ended/,
    4,
  ],
  [
    'a peer whose addresses are forgotten',
    () => vi.spyOn(Peer.prototype, 'addresses', 'get').mockReturnValue([]),
    /ended its session with . without need/,
    3,
  ],
  [
    'a core that waits without a deadline',
    () => vi.spyOn(MeshState.prototype, 'wake').mockImplementation(() => undefined),
    /wakes at Infinity for its/,
    1,
  ],
];

describe('a storm over a broken core', () => {
  it.each(broken)('%s: fails, is made small, and is repeated by its command', (_, sabotage, words, most) => {
    sabotage();
    const [script, error] = failing();
    expect(error.message).toMatch(words);
    const text = explain(script, play(script), 'a test');
    const small = parseScript(/^repeat it with: npm run proof -- --script='(.*)'$/m.exec(text)?.[1] ?? '');
    expect(small.steps.length).toBeLessThanOrEqual(most);
    expect(small.ids.length).toBe(2);
    const again = play(small).error;
    expect(kindOf(again)).toBe(kindOf(error));
    expect(text).toContain(again?.message);
    expect(text).toMatch(/^ +\d+\.\d .*[a-z]/m);
  });

  it('is fine over the real one', () => {
    vi.mocked(arbiter.decide).mockReturnValue('adopt');
    const [script] = failing();
    vi.mocked(arbiter.decide).mockReset();
    expect(play(script).error).toBe(null);
  });
});

/** The first storm that fails. */
function failing(): [Script, Error] {
  for (let seed = 1; seed <= 20; seed++) {
    const script = drawStorm({ seed, nodes: 3, actions: 300, restarts: false, varied: false, pace: 'slow' });
    const { error } = play(script);
    if (error !== null) return [script, error];
  }
  throw new Error('no storm noticed');
}
