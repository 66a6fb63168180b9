import { AssertionError, equal } from 'node:assert/strict';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Server } from '../../src/server.js';
import { simulate } from '../../src/testing/simulate.js';
import { type Simulation, SimulationError } from '../../src/testing/simulation.js';

beforeEach(() => {
  vi.stubEnv('MASTERLESS_SEED', '');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

it('runs a scenario once, or under as many seeds as it is told, and closes each simulation', async () => {
  const seeds: number[] = [];
  const closed: number[] = [];
  const scenario = async (sim: Simulation): Promise<void> => {
    seeds.push(sim.seed);
    sim.server('a').on('close', () => closed.push(sim.seed));
    await sim.run(10);
  };
  await simulate(scenario, { seeds: 3, seed: 2 ** 32 - 2 });
  expect(seeds).toEqual([2 ** 32 - 2, 2 ** 32 - 1, 0]);
  expect(closed).toEqual(seeds);
  await simulate(scenario);
  expect(seeds).toHaveLength(4);
  vi.stubEnv('MASTERLESS_SEED', '9');
  await simulate(scenario, { seeds: 3, seed: 5 });
  expect(seeds.slice(4)).toEqual([9]);
});

it('stops at the first that fails, whose error says how to repeat it', async () => {
  const seeds: number[] = [];
  const failing = simulate(
    async (sim) => {
      seeds.push(sim.seed);
      sim.server('a');
      await sim.run(10);
      equal(sim.seed, 4);
    },
    { seeds: 10, seed: 4 },
  );
  const error = (await failing.catch((thrown: unknown) => thrown)) as AssertionError;
  expect(seeds).toEqual([4, 5]);
  // It is still what the assertion threw, with all that test runners show of it.
  expect(error).toBeInstanceOf(AssertionError);
  expect([error.actual, error.expected]).toEqual([5, 4]);
  expect(error.message).toContain('seed 5: repeat it with MASTERLESS_SEED=5');
  expect(error.message).toContain('a listening sim://a');
});

it.each([
  ['made with the error', () => equal(1, 2)],
  ['without a message', () => equal(1, 2, '')],
  ['with a message like its name', () => equal(1, 2, 'AssertionError')],
  ['made when it is read', () => Promise.reject(new Error('it failed'))],
  ['without any message', () => Promise.reject(new Error())],
  [
    'of another message',
    () => {
      const error = new Error('it failed');
      expect(error.stack).toContain('it failed');
      error.message = 'it failed again';
      throw error;
    },
  ],
])('says so in a stack %s, which is what Node prints', async (_, fail) => {
  const scenario = (sim: Simulation): Promise<void> | void => {
    sim.note('what $& led to it');
    return fail();
  };
  const error = await simulate(scenario, { seed: 3 }).catch((thrown: unknown) => thrown as Error);
  const { stack = '' } = error as Error;
  expect(stack.match(/\(seed 3: repeat it with MASTERLESS_SEED=3\)\n.*what \$& led to it\n {4}at /g)).toHaveLength(1);
  expect(stack).toMatch(/^(Assertion)?Error( \[ERR_ASSERTION\])?(: | \(seed 3)/);
});

it('says so of whatever is thrown, and only once', async () => {
  const thrown = (what: unknown): Promise<unknown> =>
    simulate(() => Promise.reject(what), { seed: 3 }).catch((error: unknown) => error);
  expect(await thrown('a string')).toMatchObject({ cause: 'a string', seed: 3 });
  const own = new SimulationError('own', 3, []);
  expect(await thrown(own)).toBe(own);
  expect(own.message.match(/seed 3/g)).toHaveLength(1);
  expect(await thrown(Object.create(null))).toMatchObject({ seed: 3 });
  // Its message has no setter.
  const aborted = new DOMException('given up', 'AbortError');
  expect(await thrown(aborted)).toBe(aborted);
  expect(aborted.message).toContain('given up (seed 3');
  const frozen = Object.freeze(new Error('frozen'));
  expect(await thrown(frozen)).toMatchObject({ cause: frozen, message: expect.stringContaining('frozen (seed 3') });
});

it('closes the simulation of a scenario that fails', async () => {
  const servers: Server[] = [];
  const failing = simulate((sim) => {
    servers.push(sim.server('a'));
    throw new Error('it failed');
  });
  await expect(failing).rejects.toThrow('it failed');
  expect(() => servers[0]?.connect('sim://b')).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
});

it.each([0, -1, 1.5, Number.NaN])('refuses %s seeds', async (seeds) => {
  await expect(simulate(() => undefined, { seeds })).rejects.toThrow(RangeError);
});
