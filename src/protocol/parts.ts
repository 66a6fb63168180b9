/** An encoded packet, in one or in parts. */
export type Encoded = Uint8Array | Parts;

/** An encoded packet in parts, one behind the other: its large binaries need not be copied to where the rest of it is. */
export class Parts {
  /** Bytes of all of them. */
  readonly length: number;
  private readonly parts: readonly Uint8Array[];

  constructor(parts: readonly Uint8Array[]) {
    this.parts = parts;
    this.length = parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** Copies the bytes from `from` to before `to` to where `target[offset]` is. */
  copy(from: number, to: number, target: Uint8Array, offset: number): void {
    let begin = 0;
    for (const part of this.parts) {
      const end = begin + part.length;
      if (end > from && begin < to) {
        const first = Math.max(from, begin);
        target.set(part.subarray(first - begin, Math.min(to, end) - begin), offset + first - from);
      }
      begin = end;
    }
  }

  /** A copy in one. */
  whole(): Uint8Array {
    const whole = new Uint8Array(this.length);
    this.copy(0, this.length, whole, 0);
    return whole;
  }
}

/** All pieces behind one another; a single one as it is. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0] as Uint8Array;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
