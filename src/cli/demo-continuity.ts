/**
 * The receiver's check of one stream of packets, numbered from 0: what is missing, came twice, or came too late.
 */

/** Missing numbers that are remembered to tell late from twice. Beyond it something is badly wrong anyway. */
const MAX_MISSING = 100_000;

/** What a receiver has found. */
export interface Findings {
  /** Behind the highest number received. */
  readonly end: number;
  /** Numbers below `end` that were not received. */
  readonly missing: number;
  readonly duplicated: number;
  readonly reordered: number;
  /** Packets whose contents were not what was sent. */
  readonly altered: number;
}

export class Continuity {
  #end = 0;
  #missing = 0;
  #duplicated = 0;
  #reordered = 0;
  #altered = 0;
  readonly #open = new Set<number>();

  /** @param intact - whether the contents are what belongs to the number */
  receive(number: number, intact: boolean): void {
    if (!intact) this.#altered++;
    if (number === this.#end) {
      this.#end++;
    } else if (number > this.#end) {
      this.#missing += number - this.#end;
      for (let gap = this.#end; gap < number && this.#open.size < MAX_MISSING; gap++) this.#open.add(gap);
      this.#end = number + 1;
    } else if (this.#open.delete(number)) {
      this.#missing--;
      this.#reordered++;
    } else {
      this.#duplicated++;
    }
  }

  findings(): Findings {
    return {
      end: this.#end,
      missing: this.#missing,
      duplicated: this.#duplicated,
      reordered: this.#reordered,
      altered: this.#altered,
    };
  }
}
