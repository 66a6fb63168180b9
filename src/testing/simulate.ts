/** One scenario under many seeds, each in a simulation of its own. */
import { textOf } from '../errors.js';
import { checkKnown } from './checks.js';
import { Simulation, SimulationError, type SimulationOptions } from './simulation.js';

/** What {@link simulate} takes. */
export interface ScenarioOptions extends SimulationOptions {
  /** How many seeds, from `seed` on; with `MASTERLESS_SEED` in the environment there is only that one. @default 1 */
  readonly seeds?: number | undefined;
}

/**
 * Runs a scenario under one seed after another, and closes each simulation after it. What the scenario throws is thrown
 * on, and its message then names the seed and ends with the trace.
 */
export async function simulate(
  scenario: (sim: Simulation) => Promise<void> | void,
  options: ScenarioOptions = {},
): Promise<void> {
  checkKnown(options, ['seeds', 'seed', 'latency', 'traceLines', 'maxSteps']);
  const { seeds = 1, ...rest } = options;
  if (!Number.isInteger(seeds) || seeds < 1) throw new RangeError(`seeds: ${String(seeds)} is no count of seeds`);
  const first = new Simulation(rest).seed;
  const count = process.env.MASTERLESS_SEED ? 1 : seeds;
  for (let i = 0; i < count; i++) {
    const sim = new Simulation({ ...rest, seed: (first + i) % 2 ** 32 });
    try {
      await scenario(sim);
      await sim.close();
    } catch (error) {
      const told = explained(error, sim);
      // What the scenario threw is what matters, whatever closing comes to.
      await sim.close().catch(() => undefined);
      throw told;
    }
  }
}

/**
 * The same error, so that what test runners show of it stays; only its message says more, and its stack, which repeats the
 * message. One that is frozen is the cause of another.
 */
function explained(error: unknown, { seed, trace }: Simulation): Error {
  if (error instanceof SimulationError) return error;
  const text = error instanceof Error ? error.message : `thrown: ${textOf(error)}`;
  const told = new SimulationError(text, seed, trace, { cause: error });
  if (!(error instanceof Error)) return told;
  const message = { value: told.message, writable: true, configurable: true };
  if (!Reflect.defineProperty(error, 'message', message)) return told;
  // Most stacks are made when they are first read, those of assertions with the error.
  const { stack } = error;
  if (typeof stack === 'string' && !stack.includes(told.message)) {
    const old = `: ${text}`;
    const at = text === '' ? -1 : stack.indexOf(old);
    const end = at < 0 ? stack.search(/\n|$/) : at + old.length;
    Reflect.set(error, 'stack', stack.slice(0, end) + told.message.slice(text.length) + stack.slice(end));
  }
  return error;
}
