/** The hub's ends of the links, by number, and who waits until there are enough. */
export class Links<T> {
  readonly ends: (T | undefined)[] = [];
  #count = 0;
  #waiting: { readonly count: number; readonly resolve: () => void } | null = null;

  set(link: number, end: T): void {
    if (this.ends[link] === undefined) this.#count++;
    this.ends[link] = end;
    if (this.#waiting !== null && this.#count >= this.#waiting.count) this.#waiting.resolve();
  }

  /** When a link is lost. What replaced it meanwhile stays. */
  delete(link: number, end: T): void {
    if (this.ends[link] !== end) return;
    this.ends[link] = undefined;
    this.#count--;
  }

  /** Resolves when there are so many. */
  async reach(count: number): Promise<void> {
    if (this.#count >= count) return;
    await new Promise<void>((resolve) => {
      this.#waiting = { count, resolve };
    });
    this.#waiting = null;
  }
}
