/**
 * Promises that wait for an answer from the core, found by number: connecting, pinging. A signal can give up on each.
 */
import { MasterlessError } from '../errors.js';

interface Entry<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
  readonly group: string;
}

export class Pending<T> {
  readonly #entries = new Map<number, Entry<T>>();

  /**
   * A promise for the answer with that number. Its rejection need not be heard by anybody.
   *
   * @param what - for the message when the signal gives up: "connecting to …"
   * @param abandon - called when the signal gives up
   * @param group - what `rejectGroup` finds it by
   */
  add(
    number: number,
    what: string,
    signal: AbortSignal | undefined,
    abandon: () => void,
    group: string = '',
  ): Promise<T> {
    const promise = new Promise<T>((resolve, reject) => {
      const abort = (): void => {
        this.#entries.delete(number);
        reject(new MasterlessError('ERR_ABORTED', `${what} was given up by its signal`, { cause: signal?.reason }));
        abandon();
      };
      if (signal?.aborted) {
        abort();
        return;
      }
      signal?.addEventListener('abort', abort, { once: true });
      const settled = (): void => {
        this.#entries.delete(number);
        signal?.removeEventListener('abort', abort);
      };
      this.#entries.set(number, {
        resolve: (value) => {
          settled();
          resolve(value);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
        group,
      });
    });
    return harmless(promise);
  }

  has(number: number): boolean {
    return this.#entries.has(number);
  }

  resolve(number: number, value: T): void {
    this.#entries.get(number)?.resolve(value);
  }

  reject(number: number, error: unknown): void {
    this.#entries.get(number)?.reject(error);
  }

  /** No answer will come to those of this group. */
  rejectGroup(group: string, error: unknown): void {
    for (const entry of [...this.#entries.values()]) if (entry.group === group) entry.reject(error);
  }
}

/** The promise itself, whose rejection nobody has to hear. */
export function harmless<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
