/**
 * A live link with packets under way, beside an honest one: acknowledgements beyond or back, credit overrun, stale epochs,
 * goodbyes out of turn, pieces that never end, lengths without measure, links that break and come back.
 *
 * Input: a byte that chooses ids, role and who dialled, then steps.
 */
import { anyStep, Step, step, stepsOf } from '../stateful/program.js';
import type { Target } from '../target.js';
import { opening, play } from './handshake.js';

/** What is said on a link comes more often than the rest. */
const KINDS = [
  ...Array.from({ length: 4 }, () => [Step.Packet, Step.Ack, Step.Send]).flat(),
  ...[Step.Keep, Step.Bye, Step.Ping, Step.Pong, Step.Wait, Step.Handle, Step.Damage, Step.Cut, Step.Repeat],
  ...Object.values(Step),
];

export const link: Target = {
  name: 'link',
  piece: 12_000,
  longest: 300,

  make(random) {
    const steps: number[][] = [];
    for (let count = 2 + random.below(14); count > 0; count--) steps.push(anyStep(random, KINDS));
    if (random.chance(0.3)) {
      // The link is lost and comes back: what was said before counts again.
      const again = [step(Step.End), ...opening(random, random.chance(0.5))];
      steps.splice(random.below(steps.length + 1), 0, ...again);
    }
    return Uint8Array.from([random.below(256), ...steps.flat()]);
  },

  units: stepsOf,

  run(input) {
    const choice = input[0] ?? 0;
    const leads = choice % 4 < 2;
    const dial = choice % 8 < 4 ? step(Step.Dial) : step(Step.Act, 0);
    const verdict = leads ? [step(Step.Adopt)] : [step(Step.State), step(Step.Accept)];
    const first = [dial, step(Step.Hello, leads ? 1 : 0), ...verdict, step(Step.Packet, 0, 3), step(Step.Send, 0x20)];
    return play(input, first.flat());
  },
};
