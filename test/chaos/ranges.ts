/** A set of whole numbers that only grows upwards, as ranges: what millions of numbered packets need little room in. */
export class Ranges {
  /** Apart, each below the next; both ends belong to them. */
  readonly #ranges: [number, number][] = [];

  get count(): number {
    return this.#ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  }

  /** -1 when there is none. */
  get highest(): number {
    return this.#ranges.at(-1)?.[1] ?? -1;
  }

  /** Adds the numbers from `first` to `last`. Returns false, and does nothing, when they are not above all that are there. */
  add(first: number, last: number = first): boolean {
    const top = this.#ranges.at(-1);
    if (first <= this.highest || last < first) return false;
    if (top !== undefined && top[1] === first - 1) top[1] = last;
    else this.#ranges.push([first, last]);
    return true;
  }

  has(number: number): boolean {
    return this.#ranges.some(([first, last]) => first <= number && number <= last);
  }

  /** Numbers that both have. */
  common(other: Ranges): Ranges {
    const result = new Ranges();
    for (const [first, last] of this.#ranges) {
      for (const [otherFirst, otherLast] of other.#ranges) {
        result.add(Math.max(first, otherFirst), Math.min(last, otherLast));
      }
    }
    return result;
  }

  /** Numbers below `end` that none of the sets has. */
  static missing(end: number, sets: readonly Ranges[]): Ranges {
    const result = new Ranges();
    const all = sets.flatMap((set) => set.#ranges).sort(([a], [b]) => a - b);
    let next = 0;
    for (const [first, last] of [...all, [end, end] as const]) {
      if (next < Math.min(first, end)) result.add(next, Math.min(first, end) - 1);
      next = Math.max(next, last + 1);
    }
    return result;
  }

  toString(): string {
    const shown = this.#ranges
      .slice(0, 5)
      .map(([first, last]) => (first === last ? `${first}` : `${first} to ${last}`));
    return shown.join(', ') + (this.#ranges.length > 5 ? ', …' : '');
  }
}
