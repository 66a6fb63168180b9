/**
 * A part of the proof: its work in pieces that processes share, and what it says of the outcome. A part lives in a file
 * of its own, and `parts.ts` lists them.
 */

/** How much of it: what CI runs, or what one night is given. */
export type Scale = 'proof' | 'nightly';

/** What came of one piece. */
export interface Outcome {
  /** Figures, added up over all pieces of a part. */
  readonly figures: Readonly<Record<string, number>>;
  /** Why it failed, with what repeats it; null when it did not. */
  readonly failure: string | null;
}

export interface Part {
  readonly name: string;
  /** For pieces that mostly wait: how many of them at a time, in processes of their own, beside the other parts. */
  readonly lanes?: number;
  /** Makes ready what the pieces need; what it throws is a failure of the part. */
  prepare?(): void;
  /**
   * The pieces, in the order in which they should begin; each is sent to another process as it is. One with a name
   * has it as `piece`.
   */
  tasks(scale: Scale, seeds: Seeds): readonly object[];
  /** Does one piece. What it throws is a failure too. */
  run(task: object): Outcome | Promise<Outcome>;
  /** Lines that say what was done, and what is missing from it: each of these is a failure. */
  report(figures: Readonly<Record<string, number>>, scale: Scale): Report;
}

export interface Report {
  readonly lines: readonly string[];
  readonly failures: readonly string[];
}

/** Where seeds begin, and how many of them are asked for; null leaves it to the part. */
export interface Seeds {
  readonly first: number | null;
  readonly count: number | null;
}

/** A whole number with its thousands told apart, as reports show it. */
export function figure(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Figures of two outcomes as one. */
export function sum(
  left: Readonly<Record<string, number>>,
  right: Readonly<Record<string, number>>,
): Record<string, number> {
  const total = { ...left };
  for (const [name, value] of Object.entries(right)) total[name] = (total[name] ?? 0) + value;
  return total;
}
