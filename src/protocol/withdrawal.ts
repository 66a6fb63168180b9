/**
 * How packets are taken out of a send buffer from between others. Frames are numbered by where they lie, and the other side
 * counts what comes, so what is behind them moves up, as if they had never been accepted: that is only for packets of which
 * no link has seen anything.
 */
import { joined } from './parts.js';
import { frameSize, type Segment } from './segment.js';

/** A packet that was taken out. */
export interface Withdrawn {
  /** Frames up to its last one, when it was accepted. */
  readonly end: number;
  readonly frames: number;
  /** Bytes of these, headers included. */
  readonly size: number;
  /** A copy. */
  readonly payload: Uint8Array;
}

/** Where the frames begin that were on no link: the number of the first, and the byte at which it lies. */
interface Place {
  readonly frame: number;
  readonly at: number;
}

/**
 * Takes the packets out that have these ends, in rising order. Those of which anything lies before `place` stay.
 *
 * @param from - index of the segment in which `place` is
 * @returns the segments that still have something in them
 */
export function takeOut(
  segments: readonly Segment[],
  from: number,
  place: Place,
  ends: readonly number[],
): { readonly kept: Segment[]; readonly withdrawn: readonly Withdrawn[] } {
  const before = segments.slice(0, from);
  const [first, ...others] = segments.slice(from);
  const begun = first?.first === place.frame && before.at(-1)?.open === true;
  const unseen = ends.filter((end) => end > place.frame);
  const sieve = new Sieve(before, unseen, begun);
  if (first !== undefined) sieve.pass(first, Math.max(first.first, place.frame), place.at);
  for (const segment of others) sieve.pass(segment, segment.first, 0);
  return sieve;
}

/** What stays, and what does not, segment by segment. */
class Sieve {
  readonly kept: Segment[];
  readonly withdrawn: Withdrawn[] = [];
  private readonly ends: readonly number[];
  private next = 0;
  /** Frames taken out so far. */
  private gone = 0;
  /** Pieces of the packet whose last frame is still to come, each a segment of its own. */
  private pieces: Segment[] = [];
  /** Of the packet that comes next a piece was written. */
  private begun: boolean;

  constructor(before: Segment[], ends: readonly number[], begun: boolean) {
    this.kept = before;
    this.ends = ends;
    this.begun = begun;
  }

  /** The next segment, from the frame of that number on, which lies at that byte. */
  pass(segment: Segment, number: number, at: number): void {
    if (segment.open) {
      this.pieces.push(segment);
      return;
    }
    if (this.takesUpTo(segment.first + segment.frames)) {
      this.sift(segment, number, at);
    } else {
      this.stay();
      segment.first -= this.gone;
      this.kept.push(segment);
    }
  }

  private sift(segment: Segment, from: number, place: number): void {
    const { bytes, first, length } = segment;
    const last = first + segment.frames;
    let before = this.gone;
    let [number, at, frames, to] = [from, place, from - first, place];
    for (; this.takesUpTo(last); number++) {
      const { header, payload } = frameSize(bytes, at);
      const end = at + header + payload;
      if (this.wanted(number + 1)) {
        this.stay();
        if (to < at) bytes.copyWithin(to, at, end);
        to += end - at;
        frames++;
      } else {
        before += this.pieces.length;
        this.take(number + 1, bytes.slice(at + header, end), end - at);
      }
      at = end;
    }
    if (number < last) {
      // Mostly the oldest are taken, and the rest of the segment moves in one.
      this.stay();
      if (to < at) bytes.copyWithin(to, at, length);
    }
    segment.length = to + length - at;
    segment.frames = frames + last - number;
    segment.first = first - before;
    if (segment.frames > 0) this.kept.push(segment);
  }

  private takesUpTo(last: number): boolean {
    return (this.ends[this.next] ?? Number.POSITIVE_INFINITY) <= last;
  }

  /** Whether the packet that ends there stays. */
  private wanted(number: number): boolean {
    const { begun } = this;
    this.begun = false;
    if (this.ends[this.next] !== number) return true;
    this.next++;
    return begun;
  }

  private stay(): void {
    for (const piece of this.pieces) {
      piece.first -= this.gone;
      this.kept.push(piece);
    }
    this.pieces = [];
    this.begun = false;
  }

  /** @param rest - the payload of its last frame, which has `size` bytes */
  private take(end: number, rest: Uint8Array, size: number): void {
    const { pieces } = this;
    this.withdrawn.push({
      end,
      frames: pieces.length + 1,
      size: pieces.reduce((sum, { length }) => sum + length, size),
      payload: joined([...pieces.map(payloadOf), rest]),
    });
    this.gone += pieces.length + 1;
    this.pieces = [];
  }
}

function payloadOf({ bytes, length }: Segment): Uint8Array {
  return bytes.subarray(frameSize(bytes, 0).header, length);
}
