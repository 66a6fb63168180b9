/**
 * One timer for everything. It rings after the loop has read what has arrived: in Node timers run before I/O, so a node
 * whose loop was blocked would otherwise judge its peers by a silence that was its own.
 */
import { type Platform, system } from '../platform.js';

export class Alarm {
  readonly #ring: () => void;
  readonly #platform: Platform;
  #timer: unknown = null;
  #afterReading: unknown = null;
  #at = Number.POSITIVE_INFINITY;

  constructor(ring: () => void, platform: Platform = system) {
    this.#ring = ring;
    this.#platform = platform;
  }

  /** Rings no later than at `time` of the platform's clock, or as soon after it as the timer's whole milliseconds allow. */
  set(time: number): void {
    if (this.#afterReading !== null || time >= this.#at) return;
    this.#at = time;
    if (this.#timer !== null) this.#platform.clearTimeout(this.#timer);
    const wait = Math.max(0, Math.ceil(Math.min(time - this.#platform.now(), LONGEST)));
    this.#timer = this.#platform.setTimeout(() => this.#due(), wait);
  }

  stop(): void {
    if (this.#timer !== null) this.#platform.clearTimeout(this.#timer);
    if (this.#afterReading !== null) this.#platform.clearImmediate(this.#afterReading);
    this.#timer = null;
    this.#afterReading = null;
    this.#at = Number.POSITIVE_INFINITY;
  }

  #due(): void {
    this.#timer = null;
    // Immediates run right after the poll for I/O.
    this.#afterReading = this.#platform.setImmediate(() => {
      this.#afterReading = null;
      this.#at = Number.POSITIVE_INFINITY;
      this.#ring();
    });
  }
}

/** The longest time a timer can wait. */
const LONGEST = 2 ** 31 - 1;
