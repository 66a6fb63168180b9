/** Virtual time: a queue of things that happen at a time; ties in the order they were made. */
export class Agenda {
  now = 0;
  private readonly heap: { at: number; order: number; run: () => void }[] = [];
  private count = 0;

  at(time: number, run: () => void): void {
    const { heap } = this;
    const item = { at: Math.max(time, this.now), order: this.count++, run };
    heap.push(item);
    let index = heap.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(item, heap[parent] as typeof item)) break;
      heap[index] = heap[parent] as typeof item;
      index = parent;
    }
    heap[index] = item;
  }

  get next(): number {
    return this.heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Runs the next item; false when there is none. */
  step(): boolean {
    const { heap } = this;
    const first = heap[0];
    if (first === undefined) return false;
    const last = heap.pop() as typeof first;
    if (heap.length > 0) {
      let index = 0;
      for (;;) {
        let child = 2 * index + 1;
        if (child >= heap.length) break;
        const right = heap[child + 1];
        if (right !== undefined && before(right, heap[child] as typeof first)) child++;
        if (!before(heap[child] as typeof first, last)) break;
        heap[index] = heap[child] as typeof first;
        index = child;
      }
      heap[index] = last;
    }
    this.now = Math.max(this.now, first.at);
    first.run();
    return true;
  }
}

function before(a: { at: number; order: number }, b: { at: number; order: number }): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
