/** A queue of rows of numbers, in a few large blocks: the states whose steps are still to be taken. */
const BLOCK = 1 << 18;

export class Rows {
  private blocks: Int32Array[] = [];
  /** Where the next row is written in the last block, and read in the first. */
  private end = BLOCK;
  private start = 0;
  private readonly ends: number[] = [];

  push(row: Int32Array, length: number): void {
    if (this.end + length + 1 > BLOCK) {
      if (this.blocks.length > 0) this.ends.push(this.end);
      this.blocks.push(new Int32Array(BLOCK));
      this.end = 0;
    }
    const block = this.blocks[this.blocks.length - 1] as Int32Array;
    block[this.end] = length;
    block.set(row.subarray(0, length), this.end + 1);
    this.end += length + 1;
  }

  /** The oldest row, as a view that lasts until it is gone; null when there is none. */
  shift(): Int32Array | null {
    if (this.blocks.length > 1 && this.start === this.ends[0]) {
      this.blocks.shift();
      this.ends.shift();
      this.start = 0;
    }
    const block = this.blocks[0];
    if (block === undefined || (this.blocks.length === 1 && this.start === this.end)) return null;
    const length = block[this.start] as number;
    const row = block.subarray(this.start + 1, this.start + 1 + length);
    this.start += length + 1;
    return row;
  }
}
