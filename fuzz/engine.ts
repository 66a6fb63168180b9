/**
 * Runs a target over many inputs: some new, most of them mutated from the corpus and from what led somewhere new. The same
 * seed and corpus give the same cases.
 */
import { Random } from '../src/testing/random.js';
import { Endless, within } from './deadline.js';
import { heapInUse } from './heap.js';
import { minimise } from './minimise.js';
import { mutate } from './mutate.js';
import { Pool } from './pool.js';
import type { Target } from './target.js';

export interface Failure {
  readonly target: string;
  readonly seed: number;
  /** Which case of that seed it was. */
  readonly number: number;
  /** As small as it could be made. */
  readonly input: Uint8Array;
  /** What was wrong, with the stack. */
  readonly why: string;
}

export interface Run {
  readonly cases: number;
  /** How often each class of outcome was seen. */
  readonly classes: Readonly<Record<string, number>>;
  /** Outcomes with all their details: how many different ones. */
  readonly outcomes: number;
  /** Bytes that the process holds more than before. */
  readonly growth: number;
  readonly failure: Failure | null;
}

/** Cases under one deadline. */
const BATCH = 250;
/** Milliseconds for a batch, which takes a few hundred at most; and for one case when a failure is made smaller. */
const DEADLINE = 120_000;
const CASE_DEADLINE = 5000;
/** Of all cases, those made anew rather than mutated. */
const FRESH = 0.2;
/** Inputs made anew before any is mutated. */
const FIRST = 64;

/** @param corpus - inputs to begin with, and to mutate */
export function fuzz(
  target: Target,
  corpus: readonly Uint8Array[],
  seed: number,
  cases: number,
  deadline: number = DEADLINE,
): Run {
  const before = heapInUse();
  const random = new Random(seed);
  const pool = new Pool(corpus);
  const classes = new Map<string, number>();
  const seen = new Set<string>();
  let number = 0;
  let input: Uint8Array = EMPTY;
  let failure: Failure | null = null;
  const next = (): Uint8Array => {
    const fresh = number < corpus.length + FIRST || pool.size === 0 || random.chance(FRESH);
    return fresh ? target.make(random) : mutate(random, target, pool.pick(random), pool.pick(random));
  };
  const batch = (): void => {
    for (const end = Math.min(cases, number + BATCH); number < end; number++) {
      input = corpus[number] ?? next();
      const outcome = target.run(input);
      const bar = outcome.indexOf('|');
      const name = bar < 0 ? outcome : outcome.slice(0, bar);
      classes.set(name, (classes.get(name) ?? 0) + 1);
      pool.offer(random, input, outcome);
      if (seen.size < MOST_SEEN) seen.add(outcome);
    }
  };
  while (number < cases && failure === null) {
    try {
      withoutStacks(() => within(deadline, batch));
    } catch (error) {
      failure = {
        target: target.name,
        seed,
        number,
        ...smallest(target, input, error, Math.min(deadline, CASE_DEADLINE)),
      };
    }
  }
  const outcomes = seen.size;
  seen.clear();
  const growth = heapInUse() - before;
  return { cases: number, classes: Object.fromEntries(classes), outcomes, growth, failure };
}

/** Runs one input, with a deadline: what is wrong, or null. */
export function faultOf(target: Target, input: Uint8Array, deadline: number = CASE_DEADLINE): Error | null {
  try {
    within(deadline, () => void target.run(input));
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(`thrown: ${String(error)}`);
  }
}

function smallest(
  target: Target,
  input: Uint8Array,
  error: unknown,
  deadline: number,
): { readonly input: Uint8Array; readonly why: string } {
  const first = faultOf(target, input, deadline);
  if (first === null) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { input, why: `only after the cases before it: ${why}` };
  }
  // Each try with a loop without end would take as long as it is given.
  if (first instanceof Endless) return { input, why: `${first}` };
  const small = minimise(input, (candidate) => {
    const fault = withoutStacks(() => faultOf(target, candidate, deadline));
    return fault !== null && kindOf(fault) === kindOf(first);
  });
  return { input: small, why: (faultOf(target, small, deadline) ?? first).stack ?? '' };
}

/** Most cases end in an error, and to note where it was made takes longer than all the rest. */
function withoutStacks<T>(action: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return action();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Two faults are of one kind if they say the same, numbers and quotations aside. */
function kindOf(error: Error): string {
  return `${error.name} ${error.message}`.replaceAll(/\d+|"[^"]*"/g, '').slice(0, 100);
}

const EMPTY = new Uint8Array(0);
const MOST_SEEN = 100_000;
