/**
 * The steps that are no faults, as a graph: from every state they must be able to lead to rest, and they must never
 * lead back, or two nodes could keep one another busy for ever with nobody having done anything.
 */
import { doubled } from './states.js';

export class Steps {
  private from: Uint32Array = new Uint32Array(1 << 12);
  private to: Uint32Array = new Uint32Array(1 << 12);
  private count = 0;
  private readonly resting: number[] = [];

  add(from: number, to: number): void {
    if (this.count === this.from.length) {
      this.from = doubled(this.from);
      this.to = doubled(this.to);
    }
    this.from[this.count] = from;
    this.to[this.count++] = to;
  }

  rest(state: number): void {
    this.resting.push(state);
  }

  get rests(): number {
    return this.resting.length;
  }

  /** A state from which no steps lead to rest, or -1. */
  stuck(states: number): number {
    const [starts, sources] = this.sorted(this.to, this.from, states);
    const fine = new Uint8Array(states);
    const queue = [...this.resting];
    for (const state of queue) fine[state] = 1;
    for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
      for (let i = starts[state] as number; i < (starts[state + 1] as number); i++) {
        const before = sources[i] as number;
        if (fine[before] === 1) continue;
        fine[before] = 1;
        queue.push(before);
      }
    }
    return fine.indexOf(0);
  }

  /** States of which each leads to the next and the last to the first: what is left when all are taken away that lead out. */
  circle(states: number): number[] {
    const [starts, sources] = this.sorted(this.to, this.from, states);
    const open = new Uint32Array(states);
    for (let i = 0; i < this.count; i++) open[this.from[i] as number] = (open[this.from[i] as number] as number) + 1;
    const queue: number[] = [];
    for (let state = 0; state < states; state++) if (open[state] === 0) queue.push(state);
    let taken = 0;
    for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
      taken++;
      for (let i = starts[state] as number; i < (starts[state + 1] as number); i++) {
        const before = sources[i] as number;
        const left = (open[before] as number) - 1;
        open[before] = left;
        if (left === 0) queue.push(before);
      }
    }
    return taken === states ? [] : this.walk(open);
  }

  /** Follows steps between states that are left until one comes again. */
  private walk(left: Uint32Array): number[] {
    const next = new Map<number, number>();
    for (let i = 0; i < this.count; i++) {
      const [from, to] = [this.from[i] as number, this.to[i] as number];
      if ((left[from] as number) > 0 && (left[to] as number) > 0) next.set(from, to);
    }
    const way: number[] = [];
    for (let at = left.findIndex((count) => count > 0); !way.includes(at); at = next.get(at) as number) way.push(at);
    const last = next.get(way.at(-1) as number) as number;
    return way.slice(way.indexOf(last));
  }

  /** Edges by one end: where each state's begin, and their other ends. */
  private sorted(by: Uint32Array, other: Uint32Array, states: number): [Uint32Array, Uint32Array] {
    const starts = new Uint32Array(states + 1);
    for (let i = 0; i < this.count; i++) starts[(by[i] as number) + 1] = (starts[(by[i] as number) + 1] as number) + 1;
    for (let state = 0; state < states; state++)
      starts[state + 1] = (starts[state + 1] as number) + (starts[state] as number);
    const next = starts.slice();
    const others = new Uint32Array(this.count);
    for (let i = 0; i < this.count; i++) {
      const end = by[i] as number;
      const at = next[end] as number;
      next[end] = at + 1;
      others[at] = other[i] as number;
    }
    return [starts, others];
  }
}
