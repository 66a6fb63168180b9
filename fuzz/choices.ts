/**
 * Decisions read from bytes, one after the other. So an input of any target is bytes, whatever it stands for; and removing
 * bytes makes what it stands for smaller. When they run out every decision is the first one.
 */
export class Choices {
  private readonly bytes: Uint8Array;
  private at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** Bytes read so far. */
  get used(): number {
    return Math.min(this.at, this.bytes.length);
  }

  get more(): boolean {
    return this.at < this.bytes.length;
  }

  byte(): number {
    return this.bytes[this.at++] ?? 0;
  }

  /** A whole number from 0 to `below - 1`, at most 65,535. */
  below(below: number): number {
    return (below <= 256 ? this.byte() : (this.byte() << 8) | this.byte()) % below;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** At most `length` of the bytes that are left, as a view. */
  take(length: number): Uint8Array {
    const taken = this.bytes.subarray(this.at, this.at + length);
    this.at += taken.length;
    return taken;
  }
}
