/**
 * A queue whose items are found by number: the first ever added is 0. Taking from the front costs the same however many
 * wait, which an array's `shift` does not.
 */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  /** Where in `#items` the queue begins. */
  #head = 0;
  #first = 0;

  /** Number of the item at the front; `end` when there is none. */
  get first(): number {
    return this.#first;
  }

  /** Number that the next item will get. */
  get end(): number {
    return this.#first + this.size;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The item of that number, if it is in the queue. */
  at(number: number): T | undefined {
    return number < this.#first ? undefined : this.#items[this.#head + number - this.#first];
  }

  /** Takes the item at the front. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    this.#first++;
    // Each item is moved at most once for each one taken.
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let number = this.#first; number < this.end; number++) yield this.at(number) as T;
  }
}
