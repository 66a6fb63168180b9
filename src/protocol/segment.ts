/**
 * A part of a send buffer: memory in which frames lie one behind the other, as they go on the wire.
 */
export class Segment {
  readonly bytes: Uint8Array;
  /** Bytes in use; frames never span segments. */
  length = 0;
  /** Number of its first frame. */
  first: number;
  frames = 0;
  /** It ends inside a packet: no acknowledgement may end here. */
  open: boolean;
  private dataView: DataView | null = null;

  constructor(bytes: Uint8Array, first: number, open: boolean) {
    this.bytes = bytes;
    this.first = first;
    this.open = open;
  }

  /** Its memory is to be written again. The object too, since engines find old ones cheaper to point to. */
  begin(first: number, open: boolean): this {
    this.length = 0;
    this.first = first;
    this.frames = 0;
    this.open = open;
    return this;
  }

  /** Bytes that are free behind its last frame. */
  get room(): number {
    return this.bytes.length - this.length;
  }

  /** Of `bytes`, for whoever encodes packets there. */
  get view(): DataView {
    this.dataView ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
    return this.dataView;
  }
}

/** The byte at which frame `count` begins, walking on from frame `from` at byte `at`. */
export function offsetOf(segment: Segment, count: number, from: number, at: number): number {
  let offset = at;
  for (let number = from; number < count && offset < segment.length; number++) {
    const size = frameSize(segment.bytes, offset);
    offset += size.header + size.payload;
  }
  return offset;
}

/** Sizes of a frame that this file wrote: DATA, URGENT or PIECE. */
export function frameSize(bytes: Uint8Array, at: number): { readonly header: number; readonly payload: number } {
  const first = bytes[at] as number;
  if (first < 0xc0) return { header: 1, payload: first };
  const second = bytes[at + 1] as number;
  if (first < 0xe0) return { header: 2, payload: ((first & 0x1f) << 8) | second };
  const third = bytes[at + 2] as number;
  if (first < 0xf0) return { header: 3, payload: ((first & 0x0f) << 16) | (second << 8) | third };
  if (second <= 0x7f) return { header: 2, payload: second };
  if (third <= 0x7f) return { header: 3, payload: (second & 0x7f) | (third << 7) };
  return { header: 4, payload: (second & 0x7f) | ((third & 0x7f) << 7) | ((bytes[at + 3] as number) << 14) };
}
