import { describe, expect, it } from 'vitest';
import { type Authorize, ask, type Claim } from '../../src/credentials/authorize.js';

const claim: Claim = { transport: 'tcp', remote: 'tcp://127.0.0.1', uri: null, certificate: null };

async function asked(answer: unknown): Promise<[boolean, boolean, string[]]> {
  const problems: string[] = [];
  const authorize = (() => (typeof answer === 'function' ? answer() : answer)) as Authorize;
  const given = ask(authorize, 'a', claim, (what) => problems.push(String(what)));
  return [await given, typeof given === 'boolean', problems];
}

describe('a yes', () => {
  it('is true, at once or later, and nothing else', async () => {
    expect(await asked(true)).toEqual([true, true, []]);
    expect(await asked(Promise.resolve(true))).toEqual([true, false, []]);
    expect(await asked(false)).toEqual([false, true, []]);
    expect(await asked(Promise.resolve(false))).toEqual([false, false, []]);
  });

  it.each([
    undefined,
    null,
    1,
    'true',
    {},
    [],
    Symbol('x'),
    new Boolean(true),
    Promise.resolve(1),
    Promise.resolve({}),
  ])('is not %j, and somebody hears of it', async (answer) => {
    const [allowed, , problems] = await asked(answer);
    expect(allowed).toBe(false);
    expect(problems).toHaveLength(1);
  });

  it.each<[string, () => unknown]>([
    [
      'a throw',
      () => {
        throw new Error('why');
      },
    ],
    ['a rejection', () => Promise.reject(new Error('why'))],
    [
      'a promise that can not be asked',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: what looks like a promise is the point
        get then() {
          throw new Error('why');
        },
      }),
    ],
  ])('is not %s', async (_what, answer) => {
    const [allowed, , problems] = await asked(answer);
    expect(allowed).toBe(false);
    expect(problems).toEqual(['Error: why']);
  });

  it('is asked for with all that is known', () => {
    let heard: unknown[] = [];
    void ask(
      (...args) => {
        heard = args;
        return true;
      },
      'a',
      claim,
      () => undefined,
    );
    expect(heard).toEqual(['a', claim]);
  });
});
