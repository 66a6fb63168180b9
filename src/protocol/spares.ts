/**
 * Memory of a send buffer that is to be written again, since clearing new memory and touching it for the first time takes
 * longer than writing it.
 */
import type { Segment } from './segment.js';

/** Bytes kept beyond as many as are on their way: what one acknowledgement lets go of. */
const MIN_SPARE = 1024 * 1024;

export class Spares {
  private readonly segments: Segment[] = [];
  private bytes = 0;

  keep(segment: Segment): void {
    this.segments.push(segment);
    this.bytes += segment.bytes.length;
  }

  /** The one kept last that has room for `size` bytes. */
  take(size: number): Segment | null {
    const { segments } = this;
    const index = segments.findLastIndex(({ bytes }) => bytes.length >= size);
    if (index === -1) return null;
    const [segment] = segments.splice(index, 1) as [Segment];
    this.bytes -= segment.bytes.length;
    return segment;
  }

  /** Lets go of what is too much beside `outstanding` bytes: of all, beside none. Returns whether nothing is left. */
  trim(outstanding: number): boolean {
    const most = outstanding === 0 ? 0 : outstanding + MIN_SPARE;
    while (this.bytes > most) this.bytes -= (this.segments.pop() as Segment).bytes.length;
    return this.bytes === 0;
  }
}
