/**
 * Connections in their handshake, on a real core that has an honest link beside: frames right and wrong, out of turn,
 * again, in pieces, on several connections, from both sides of the dial and in both roles.
 *
 * Input: a byte that chooses the ids, then steps.
 */
import type { Random } from '../../src/testing/random.js';
import { anyStep, Program, Step, step, stepsOf } from '../stateful/program.js';
import { World } from '../stateful/world.js';
import type { Target } from '../target.js';

const KINDS = Object.values(Step);

export const handshake: Target = {
  name: 'handshake',
  piece: 12_000,
  longest: 300,

  make(random) {
    const steps = [...opening(random, random.chance(0.5))];
    // A right handshake with some steps left out, and others in between.
    const kept = steps.filter(() => random.chance(0.93));
    for (let count = random.below(8); count > 0; count--) {
      kept.splice(random.below(kept.length + 1), 0, anyStep(random, KINDS));
    }
    return Uint8Array.from([random.below(256), ...kept.flat()]);
  },

  units: stepsOf,
  run: (input) => play(input, []),
};

/** Steps that make a connection the link, with the stranger as the arbiter or the follower. */
export function opening(random: Random, leads: boolean): number[][] {
  const dial = random.chance(0.5) ? step(Step.Dial) : step(Step.Act, 0);
  const verdict = leads ? [step(Step.Adopt)] : [step(Step.State), step(Step.Accept)];
  return [dial, step(Step.Hello, leads ? 1 : 0), ...verdict];
}

/**
 * Plays a program in a new world; its first byte chooses the ids.
 * @param before - steps that every case begins with
 */
export function play(input: Uint8Array, before: readonly number[]): string {
  const choice = input[0] ?? 0;
  const honestId = choice % 2 === 0 ? 'h' : 'w';
  const world = new World(honestId);
  // The stranger is the follower as `a` and the arbiter as `z`; he also claims ids that are others'.
  const program = new Program(world, ['a', 'z', 'b', honestId, 'm', 'y\ufeff', '\u{1f600}'.repeat(63)]);
  program.run(Uint8Array.from(before));
  program.run(input.subarray(1));
  const outcome = outcomeOf(world);
  program.leave();
  world.end();
  return outcome;
}

function outcomeOf({ core: { heard, state }, honestId }: World): string {
  const phases = [...state.connections.values()].filter(({ peer }) => peer?.id !== honestId).map(({ phase }) => phase);
  const code = [...heard].find((each) => each.startsWith('ERR_')) ?? 'fine';
  return `${code}|${[...heard].sort().join(' ')} ${phases.sort().join(' ')}`;
}
