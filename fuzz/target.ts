/**
 * What a fuzz target is: a pure function from bytes to an outcome. A case is its bytes and nothing else, so that any
 * failure can be repeated, made smaller and kept in a file.
 */
import type { Random } from '../src/testing/random.js';

export interface Target {
  readonly name: string;
  /** Cases for each piece of work: some ten seconds. */
  readonly piece: number;
  /** Bytes of the longest input. */
  readonly longest: number;
  /** A new input, more often valid than not: what is mutated must get past the first check. */
  make(random: Random): Uint8Array;
  /**
   * Runs one case. The outcome is a class, such as `taken`, and may go on with `|` and details of the way that led there:
   * an input with an outcome not seen before is kept and mutated further.
   * @throws anything, when what was tested did not do what it must
   */
  run(input: Uint8Array): string;
  /** Where the units begin that an input is made of (frames, steps): they are moved about as wholes. */
  units?(input: Uint8Array): number[];
}

/** What was tested did what it must not. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

export function must(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Finding(message);
}
