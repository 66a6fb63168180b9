/**
 * Every state that was seen: 64 bits of each, in an open table, so that a hundred million of them fit into memory; and
 * for each the way by which it was reached first.
 */
export class States {
  count = 0;
  private table: Uint32Array = new Uint32Array(1 << 12);
  private low: Uint32Array = new Uint32Array(1 << 11);
  private high: Uint32Array = new Uint32Array(1 << 11);
  private parents: Uint32Array = new Uint32Array(1 << 11);
  private actions: Uint16Array = new Uint16Array(1 << 11);
  private readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();

  /** The number of that state; `count` was one less before if it is new. */
  add(row: Int32Array, length: number, parent: number, action: string): number {
    let [a, b] = [0x811c9dc5, 0x1b873593];
    for (let i = 0; i < length; i++) {
      const value = row[i] as number;
      a = Math.imul(a ^ value, 0x85ebca6b);
      a ^= a >>> 13;
      b = Math.imul((b ^ value) + 0x9e3779b9, 0xc2b2ae35);
      b ^= b >>> 16;
    }
    a = Math.imul(a ^ length, 0x27d4eb2f) >>> 0;
    a = (a ^ (a >>> 15)) >>> 0;
    b >>>= 0;
    if (2 * this.count >= this.table.length) this.grow();
    const mask = this.table.length - 1;
    for (let slot = a & mask; ; slot = (slot + 1) & mask) {
      const index = this.table[slot] as number;
      if (index === 0) {
        this.table[slot] = this.count + 1;
        return this.insert(a, b, parent, action);
      }
      if (this.low[index - 1] === a && this.high[index - 1] === b) return index - 1;
    }
  }

  /** The actions that lead to a state. */
  path(state: number): string[] {
    const path: string[] = [];
    for (let at = state; at > 0; at = this.parents[at] as number)
      path.push(this.names[this.actions[at] as number] as string);
    return path.reverse();
  }

  private insert(low: number, high: number, parent: number, action: string): number {
    const index = this.count++;
    if (index >= this.low.length) {
      this.low = doubled(this.low);
      this.high = doubled(this.high);
      this.parents = doubled(this.parents);
      const actions = new Uint16Array(2 * this.actions.length);
      actions.set(this.actions);
      this.actions = actions;
    }
    let name = this.numbers.get(action);
    if (name === undefined) {
      name = this.names.push(action) - 1;
      this.numbers.set(action, name);
    }
    this.low[index] = low;
    this.high[index] = high;
    this.parents[index] = parent;
    this.actions[index] = name;
    return index;
  }

  private grow(): void {
    const table = new Uint32Array(2 * this.table.length);
    const mask = table.length - 1;
    for (let index = 0; index < this.count; index++) {
      let slot = (this.low[index] as number) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = index + 1;
    }
    this.table = table;
  }
}

/** The same numbers, with room for as many again. */
export function doubled(numbers: Uint32Array): Uint32Array {
  const larger = new Uint32Array(2 * numbers.length);
  larger.set(numbers);
  return larger;
}
