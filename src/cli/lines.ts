/**
 * Lines out of a stream of bytes. The input is read only as fast as lines are taken, and a line without end can't fill the
 * memory: what is longer than allowed is skipped and told as such.
 */

/** The longest line by default, in bytes. */
const LONGEST_LINE = 16 * 1024 * 1024;

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Without its line feed and a carriage return before that; empty when there is a problem. */
  readonly text: string;
  readonly bytes: number;
  /** Why the line can't be used, or null. */
  readonly problem: string | null;
}

const LINE_FEED = 0x0a;

/** Every line of `input`, also the last one if it lacks its line feed. A byte order mark at the beginning is left out. */
export async function* lines(
  input: AsyncIterable<Uint8Array>,
  longest: number = LONGEST_LINE,
): AsyncGenerator<Line, void, undefined> {
  const reader = new LineReader(longest);
  for await (const chunk of input) {
    reader.push(chunk);
    for (let line = reader.next(); line !== null; line = reader.next()) yield line;
  }
  const last = reader.end();
  if (last !== null) yield last;
}

class LineReader {
  readonly #longest: number;
  #number = 1;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** Pieces of a line that is not complete yet; none is kept once the line is too long. */
  #pieces: Uint8Array[] = [];
  #length = 0;

  constructor(longest: number) {
    this.#longest = longest;
  }

  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  next(): Line | null {
    const end = this.#chunk.indexOf(LINE_FEED, this.#at);
    if (end < 0) {
      this.#keep(this.#chunk.subarray(this.#at));
      return null;
    }
    this.#keep(this.#chunk.subarray(this.#at, end));
    this.#at = end + 1;
    return this.#line();
  }

  end(): Line | null {
    return this.#length > 0 ? this.#line() : null;
  }

  #keep(piece: Uint8Array): void {
    this.#length += piece.length;
    if (this.#length > this.#longest) this.#pieces = [];
    else if (piece.length > 0) this.#pieces.push(piece);
  }

  #line(): Line {
    const number = this.#number++;
    const bytes = this.#length;
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#length = 0;
    if (bytes > this.#longest) {
      return { number, bytes, text: '', problem: `is longer than ${this.#longest} bytes` };
    }
    try {
      const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: number > 1 });
      const whole = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
      return { number, bytes, text: decoder.decode(whole).replace(/\r$/, ''), problem: null };
    } catch {
      return { number, bytes, text: '', problem: 'is not valid UTF-8' };
    }
  }
}
