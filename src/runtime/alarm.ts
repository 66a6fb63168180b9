/**
 * One timer for everything. It rings after the loop has read what has arrived: in Node timers run before I/O, so a node
 * whose loop was blocked would otherwise judge its peers by a silence that was its own.
 *
 * It rings at whole multiples of its grain: what two thousand peers wait for, an acknowledgement each, is done in one turn
 * of the loop for all that fall in one grain, and by all nodes of the process in the same.
 */
import { type Platform, system } from '../platform.js';

/**
 * Milliseconds by which the alarm of a node may be late: too few to be felt beside the time that its peers give it, and so
 * many that they share turns.
 */
export function grainOf(heartbeat: number): number {
  return Math.min(20, heartbeat / 16);
}

export class Alarm {
  readonly #ring: () => void;
  readonly #platform: Platform;
  readonly #grain: number;
  #timer: unknown = null;
  #afterReading: unknown = null;
  #at = Number.POSITIVE_INFINITY;

  /** @param grain - milliseconds by which it may be late */
  constructor(ring: () => void, grain: number, platform: Platform = system) {
    this.#ring = ring;
    this.#grain = grain;
    this.#platform = platform;
  }

  /**
   * Rings at `time` of the platform's clock, or up to a grain later unless it must be prompt; never before. Infinity is for
   * not at all: a process that waits for nothing else can end.
   */
  set(time: number, prompt = false): void {
    if (time === Number.POSITIVE_INFINITY) {
      this.stop();
      return;
    }
    if (this.#afterReading !== null || time >= this.#at) return;
    const at = prompt ? time : Math.ceil(time / this.#grain) * this.#grain;
    if (at >= this.#at) return;
    this.#at = at;
    if (this.#timer !== null) this.#platform.clearTimeout(this.#timer);
    const wait = Math.max(0, Math.ceil(Math.min(at - this.#platform.now(), LONGEST)));
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
