/**
 * Makes a failing script small: fewer nodes, fewer steps, shorter waits, as long as it still fails in the same way. The
 * number of tries is bounded, so what comes out is small, not the smallest.
 */
import type { Script, Step } from './script.js';

/** Runs a script. Returns the kind of its failure, or null when nothing is wrong. */
export type Trial = (script: Script) => string | null;

export interface Shrunk {
  readonly script: Script;
  /** Scripts that were run. */
  readonly tries: number;
}

/**
 * Left-out steps shift the chance of the network: a script that got away may fail in other weather. A short one, which is
 * soon tried, is tried in more.
 */
const WEATHERS = 3;
const WEATHERS_OF_SHORT = 12;
const SHORT = 8;

/**
 * @param kind - what counts as the same failure
 * @param most - scripts that may be run
 */
export function shrink(failing: Script, kind: string, trial: Trial, most: number): Shrunk {
  const search = new Search(failing, kind, trial, most);
  for (let before = ''; before !== search.size && search.left > 0; ) {
    before = search.size;
    search.leaveNodes();
    search.leaveActions();
    search.leaveSteps();
    search.shortenWaits();
    if (search.script.options !== null) search.attempt({ ...search.script, options: null });
  }
  return { script: search.script, tries: most - search.left };
}

class Search {
  script: Script;
  left: number;
  private readonly kind: string;
  private readonly trial: Trial;

  constructor(script: Script, kind: string, trial: Trial, most: number) {
    this.script = script;
    this.kind = kind;
    this.trial = trial;
    this.left = most;
  }

  /** Changes with every success. */
  get size(): string {
    const { ids, steps, options } = this.script;
    return `${ids.length} ${steps.length} ${options} ${steps.reduce((sum, { wait }) => sum + wait, 0)}`;
  }

  /** Takes the candidate when it fails in the same way. */
  attempt(candidate: Script): boolean {
    const weathers = candidate.steps.length > SHORT ? WEATHERS : WEATHERS_OF_SHORT;
    for (let weather = 0; weather < weathers && this.left > 0; weather++) {
      this.left--;
      const script = { ...candidate, seed: candidate.seed + weather };
      if (this.trial(script) !== this.kind) continue;
      this.script = script;
      return true;
    }
    return false;
  }

  leaveNodes(): void {
    for (const id of this.script.ids) {
      if (this.script.ids.length <= 2) return;
      this.attempt({ ...this.script, ids: this.script.ids.filter((each) => each !== id) });
    }
  }

  /** All steps of one action: most have nothing to do with it. */
  leaveActions(): void {
    for (const action of new Set(this.script.steps.map((step) => step.action))) {
      this.attempt(this.with(this.script.steps.filter((step) => step.action !== action)));
    }
  }

  /** Half of the steps, a quarter of them, and so on down to single ones; the last first, which often came too late. */
  leaveSteps(): void {
    for (let size = Math.ceil(this.script.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let end = this.script.steps.length; end > 0 && this.left > 0; end -= size) {
        const { steps } = this.script;
        const start = Math.max(0, end - size);
        const [before, after] = [steps.slice(0, start), steps.slice(end)];
        if (this.attempt(this.with([...before, ...after]))) continue;
        // What follows may need the time that they took.
        const last = before.pop();
        if (last === undefined) continue;
        const wait = steps.slice(start, end).reduce((sum, step) => sum + step.wait, last.wait);
        this.attempt(this.with([...before, { ...last, wait }, ...after]));
      }
    }
  }

  shortenWaits(): void {
    if (this.script.steps.every(({ wait }) => wait === 0)) return;
    if (this.attempt(this.with(this.script.steps.map((step) => ({ ...step, wait: 0 }))))) return;
    for (let index = 0; index < this.script.steps.length && this.left > 0; index++) {
      const { wait } = this.script.steps[index] as Step;
      for (const shorter of wait === 0 ? [] : [0, Math.floor(wait / 4), Math.floor(wait / 2)]) {
        if (shorter < wait && this.attempt(this.withWait(index, shorter))) break;
      }
    }
  }

  private withWait(index: number, wait: number): Script {
    return this.with(this.script.steps.map((step, each) => (each === index ? { ...step, wait } : step)));
  }

  private with(steps: readonly Step[]): Script {
    return { ...this.script, steps };
  }
}
