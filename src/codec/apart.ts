/**
 * Large binaries of the packet that is being written, which stay where they are: the packet is made of parts then, and each of
 * their bytes is copied once, to where it goes out, in place of twice.
 */
import { gone } from './refusal.js';
import { viewOf } from './true-bytes.js';

/** A binary of so many bytes is left apart where there is no room for it: a view of it takes as long as to copy some thousand. */
export const LARGE = 16_384;

export class Apart {
  /** Bytes of all of them. */
  bytes = 0;
  private readonly sources: Uint8Array[] = [];
  /** Where in what is written each of them belongs. */
  private readonly places: number[] = [];

  /** @param length - what `source` really holds */
  add(source: Uint8Array, length: number, at: number): void {
    this.sources.push(viewOf(source, length));
    this.places.push(at);
    this.bytes += length;
  }

  /** What was written from `from` on has moved by so many bytes. */
  moved(from: number, by: number): void {
    for (const [index, place] of this.places.entries()) if (place >= from) this.places[index] = place + by;
  }

  /**
   * The packet, one part behind the other, of which `bytes[begin..end)` is all else.
   * @throws Refusal - a getter has taken the memory of a binary away since
   */
  parts(bytes: Uint8Array, begin: number, end: number): Uint8Array[] {
    const parts: Uint8Array[] = [];
    let [at, rest] = [begin, this.bytes];
    for (const [index, source] of this.sources.entries()) {
      const place = this.places[index] as number;
      parts.push(bytes.subarray(at, place), source);
      at = place;
      rest -= source.length;
    }
    if (rest !== 0) throw gone();
    if (at < end) parts.push(bytes.subarray(at, end));
    return parts;
  }

  /** Keeps nothing alive. */
  clear(): void {
    if (this.bytes === 0) return;
    this.bytes = 0;
    this.sources.length = 0;
    this.places.length = 0;
  }
}
