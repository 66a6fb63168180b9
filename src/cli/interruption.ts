/**
 * ^C and SIGTERM as an AbortSignal: the first asks for an orderly end, the second ends the process at once.
 */
import { constants } from 'node:os';

/** By what they are a part of. */
const timeouts = new WeakMap<AbortSignal, AbortSignal>();

export class Interruption {
  readonly #controller = new AbortController();
  readonly #handler = (name: NodeJS.Signals): void => this.#interrupt(name);
  #code = 0;

  constructor() {
    process.on('SIGINT', this.#handler);
    process.on('SIGTERM', this.#handler);
  }

  /** Aborted by the first of the signals. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What an interrupted process exits with, 130 or 143; 0 while there was no interruption. */
  get code(): number {
    return this.#code;
  }

  /** Aborted by an interruption too, but after so many milliseconds at the latest. */
  within(milliseconds: number): AbortSignal {
    const timeout = AbortSignal.timeout(milliseconds);
    const either = AbortSignal.any([this.signal, timeout]);
    // A timeout that nobody holds is collected, and then does not come (Node 20).
    timeouts.set(either, timeout);
    return either;
  }

  /** The signals have their usual effect again. */
  release(): void {
    process.off('SIGINT', this.#handler);
    process.off('SIGTERM', this.#handler);
  }

  #interrupt(name: NodeJS.Signals): void {
    if (this.#code !== 0) process.exit(this.#code);
    this.#code = 128 + constants.signals[name];
    this.#controller.abort();
  }
}
