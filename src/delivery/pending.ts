/**
 * Promises that wait for an answer from the core, found by number: connecting, pinging. A signal can give up on each.
 */
import { MasterlessError } from '../errors.js';
import { onAbort } from './aborts.js';

interface Entry<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
  /** The signal is not heard any more. */
  forget: () => void;
}

export class Pending<T> {
  readonly #entries = new Map<number, Entry<T>>();

  /**
   * A promise for the answer with that number. Its rejection need not be heard by anybody.
   *
   * @param what - for the message when the signal gives up: "connecting to …"
   * @param abandon - called when the signal gives up
   */
  add(number: number, what: string, signal: AbortSignal | undefined, abandon: () => void): Promise<T> {
    const promise = new Promise<T>((resolve, reject) => {
      const entry: Entry<T> = { resolve, reject, forget: nothing };
      this.#entries.set(number, entry);
      if (signal === undefined) return;
      const abort = (): void => {
        this.reject(
          number,
          new MasterlessError('ERR_ABORTED', `${what} was given up by its signal`, { cause: signal.reason }),
        );
        abandon();
      };
      if (signal.aborted) abort();
      else entry.forget = onAbort(signal, abort);
    });
    return harmless(promise);
  }

  has(number: number): boolean {
    return this.#entries.has(number);
  }

  resolve(number: number, value: T): void {
    this.#take(number)?.resolve(value);
  }

  reject(number: number, error: unknown): void {
    this.#take(number)?.reject(error);
  }

  #take(number: number): Entry<T> | undefined {
    const entry = this.#entries.get(number);
    this.#entries.delete(number);
    entry?.forget();
    return entry;
  }
}

/** A promise, and what settles it. */
export function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T | Promise<T>) => void } {
  let resolve: (value: T | Promise<T>) => void = nothing;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** The promise itself, whose rejection nobody has to hear. */
export function harmless<T>(promise: Promise<T>): Promise<T> {
  promise.catch(nothing);
  return promise;
}

function nothing(): void {}
