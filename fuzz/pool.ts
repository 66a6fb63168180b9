/**
 * The inputs that are mutated: the corpus, and those of a run that had an outcome never seen before in it. Bounded, since
 * a night has many outcomes.
 */
import type { Random } from '../src/testing/random.js';

/** Inputs at most; beyond, a new one takes the place of any. */
const MOST = 1000;
/** Outcomes remembered at most. */
const MOST_OUTCOMES = 20_000;

export class Pool {
  private readonly inputs: Uint8Array[];
  private readonly outcomes = new Set<string>();

  constructor(inputs: readonly Uint8Array[]) {
    this.inputs = inputs.filter((input) => input.length > 0);
  }

  get size(): number {
    return this.inputs.length;
  }

  /** Keeps the input if its outcome is new. */
  offer(random: Random, input: Uint8Array, outcome: string): void {
    if (this.outcomes.has(outcome) || this.outcomes.size >= MOST_OUTCOMES) return;
    this.outcomes.add(outcome);
    if (this.inputs.length < MOST) this.inputs.push(input);
    else this.inputs[random.below(MOST)] = input;
  }

  /** Any of them, the latest more often: they led somewhere new. */
  pick(random: Random): Uint8Array {
    const { length } = this.inputs;
    const index = random.chance(0.3) ? length - 1 - random.below(Math.min(length, 20)) : random.below(length);
    return this.inputs[index] as Uint8Array;
  }
}
