/**
 * ^C and SIGTERM as an AbortSignal: the first asks for an orderly end, the second ends the process at once.
 */
import { constants } from 'node:os';

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
