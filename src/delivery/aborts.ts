/**
 * Signals, of which one may be for all that an application does: a platform warns of a leak where a signal has more than ten
 * listeners, so each has one for everything that waits here.
 */
const waiting = new WeakMap<AbortSignal, Waiting>();

/** Calls it when the signal is aborted, once. Returns what takes that back; without a signal there is nothing to. */
export function onAbort(signal: AbortSignal | undefined, run: () => void): () => void {
  if (signal === undefined) return nothing;
  let all = waiting.get(signal);
  if (all === undefined) {
    all = new Waiting(signal);
    waiting.set(signal, all);
  }
  return all.add(run);
}

class Waiting {
  readonly #signal: AbortSignal;
  readonly #all = new Set<() => void>();
  readonly #aborted = (): void => {
    waiting.delete(this.#signal);
    for (const run of [...this.#all]) run();
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#aborted, { once: true });
  }

  add(run: () => void): () => void {
    // The same function may be given for several things.
    const own = (): void => run();
    this.#all.add(own);
    return () => {
      this.#all.delete(own);
      if (this.#all.size > 0 || waiting.get(this.#signal) !== this) return;
      waiting.delete(this.#signal);
      this.#signal.removeEventListener('abort', this.#aborted);
    };
  }
}

function nothing(): void {}
