/**
 * Which lines are on their way and which were not delivered: bounded, however many lines there are.
 */

/** Lines on their way before reading stops. */
const MAX_LINES = 8192;
/** Their bytes, below the window of a peer, so that few wait for room there. */
const MAX_BYTES = 8 * 1024 * 1024;
/** Ranges of line numbers told at the end. */
const MAX_RANGES = 20;

export class Receipts {
  /** Lines that every peer has acknowledged. */
  acknowledged = 0;
  /** Lines that were not delivered to every peer. */
  failed = 0;
  readonly #ranges: [first: number, last: number][] = [];
  #lines = 0;
  #bytes = 0;
  #wake: (() => void) | null = null;

  /** Lines on their way. */
  get pending(): number {
    return this.#lines;
  }

  /** A line sets out; it is settled when all of `deliveries` are. */
  track(line: number, bytes: number, deliveries: readonly Promise<void>[]): void {
    this.#lines++;
    this.#bytes += bytes;
    void Promise.allSettled(deliveries).then((results) => {
      this.#lines--;
      this.#bytes -= bytes;
      if (results.every((result) => result.status === 'fulfilled')) this.acknowledged++;
      else this.fail(line);
      this.#wake?.();
    });
  }

  /** A line did not even set out, or did not arrive. */
  fail(line: number): void {
    this.failed++;
    const near = this.#ranges.find(([first, last]) => line >= first - 1 && line <= last + 1);
    if (near === undefined) {
      if (this.#ranges.length < MAX_RANGES) this.#ranges.push([line, line]);
      return;
    }
    near[0] = Math.min(near[0], line);
    near[1] = Math.max(near[1], line);
  }

  /** Resolves when there is room for another line. */
  async room(): Promise<void> {
    while (this.#lines >= MAX_LINES || this.#bytes >= MAX_BYTES) await this.#change();
  }

  /** Resolves when nothing is on its way. */
  async settled(): Promise<void> {
    while (this.#lines > 0) await this.#change();
  }

  /** The lines that were not delivered, as `3, 7-12 and others`. */
  failures(): string {
    const ranges = [...this.#ranges].sort(([a], [b]) => a - b);
    const shown = ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ');
    const covered = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
    return covered < this.failed ? `${shown} and ${this.failed - covered} others` : shown;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
