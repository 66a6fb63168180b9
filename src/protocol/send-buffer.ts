/**
 * What one side has accepted for sending in one lane and the other has not acknowledged: frames, one behind the other, as
 * they go on the wire. What is retained *is* what is written: a write takes views of it, an acknowledgement lets the
 * front of it go, and a new link moves the cursor back.
 *
 * Frames are numbered from 0 in the order of acceptance; numbers are never sent: the other side counts what comes, from
 * where a link began. So what an earlier link brought it after it had said where to begin is written again, acknowledged
 * or not, and let go of only then. Always `acked <= everSent <= total` and `sent <= everSent`.
 *
 * Memory is written again only when all that was in it has been acknowledged, and was on no link before the present one. An
 * honest peer has had it then, over this link, so no socket holds a view of it any more. What was on an earlier link may
 * have been had over that one: its acknowledgement says nothing of the views that the present socket was given since. A peer
 * that lies gets bytes meant for itself, of this lane, in place of those it never read: so memory never passes to another
 * lane, let alone to another peer.
 */
import { type BulkKind, Frame, headerSize, MAX_HEADER, protocolError, writeHeader } from './frame.js';
import type { Parts } from './parts.js';
import { type RetainedPacket, retainedIn } from './retained.js';
import { offsetOf, Segment } from './segment.js';
import { Spares } from './spares.js';
import { takeOut, type Withdrawn } from './withdrawal.js';

/** A packet above this many bytes goes in pieces of this size, so that control and urgent frames pass between. */
export const PIECE: number = 128 * 1024;

/**
 * What a frame counts against a window over its bytes. A decoded packet that waits for a reader costs some 330 bytes
 * however small it is (Node 20), so a window of bytes alone would not bound the memory of a flood of tiny packets.
 */
export const OVERHEAD = 256;

/** Sizes of the first, second and all further segments: a slow lane must not pin much, and an idle one pins nothing. */
const SEGMENT_SIZES = [1024, 16 * 1024] as const;
const FULL_SEGMENT = 64 * 1024;
/** With less room than this behind the last frame, nothing is encoded there. */
const LEAST_ROOM = 128;

export class SendBuffer {
  /** Frames that the other side has acknowledged. */
  acked = 0;
  /** Frames before the next one to be written to the present link. */
  sent = 0;
  /** Frames ever written to any link. */
  everSent = 0;
  /** Frames accepted. */
  total = 0;
  /** How often packets were taken out, which changed the numbers of those behind them. */
  withdrawals = 0;
  /** Bytes accepted and not acknowledged. */
  bytes = 0;
  /** Behind its last frame a packet is being encoded: nothing else may be written there. */
  reserved: Segment | null = null;
  /** Where in it that packet begins: there is room for its header before. */
  reservedAt = 0;

  private readonly kind: typeof Frame.Data | typeof Frame.Urgent;
  /** Frames that were on an earlier link, or lie before one that was. */
  private before = 0;
  private segments: Segment[] = NOTHING;
  /** Where the first frame begins that is not acknowledged: segment by index, byte in it. */
  private headSegment = 0;
  private head = 0;
  /** The next byte to write: segment by index, byte in it. */
  private cursorSegment = 0;
  private cursor = 0;
  /** Memory of what was acknowledged; null for none, as most links are idle. */
  private spares: Spares | null = null;
  /**
   * Something was accepted while a packet was encoded. What was left of that segment is lost, up to 64 KiB, and an application
   * that does it once does it each time: nothing is reserved any more.
   */
  private contested = false;
  /** Bytes of the header that was written last. The next one most likely has as many. */
  private header = 1;

  /** @param kind - the frame that ends each packet: DATA or URGENT */
  constructor(kind: typeof Frame.Data | typeof Frame.Urgent) {
    this.kind = kind;
  }

  /** What a packet of `length` bytes counts against a window. */
  static cost(length: number): number {
    return length + (MAX_HEADER + OVERHEAD) * Math.max(1, Math.ceil(length / PIECE));
  }

  /** What is retained counts against a window. */
  get cost(): number {
    return this.bytes + OVERHEAD * (this.total - this.acked);
  }

  /** Accepts a packet, copying its bytes. Returns the number of frames accepted so far: the packet's end. */
  push(payload: Uint8Array): number {
    let at = 0;
    while (payload.length - at > PIECE) {
      this.append(Frame.Piece, payload.subarray(at, at + PIECE));
      at += PIECE;
    }
    this.append(this.kind, at === 0 ? payload : payload.subarray(at));
    return this.total;
  }

  /** The same for a packet in parts. */
  pushParts(payload: Parts): number {
    let at = 0;
    do {
      const length = Math.min(payload.length - at, PIECE);
      const kind = at + length < payload.length ? Frame.Piece : this.kind;
      const segment = this.place(kind, length);
      payload.copy(at, at + length, segment.bytes, segment.length + headerSize(kind, length));
      this.framed(segment, kind, length);
      at += length;
    } while (at < payload.length);
    return this.total;
  }

  /**
   * Reserves the memory behind the last frame for the next packet, which is to be encoded there from `reservedAt` on.
   * @returns null when there is little or none, or it is reserved already; otherwise `release` must follow
   */
  reserve(): Segment | null {
    const segment = this.segments.at(-1);
    if (segment === undefined || segment.open || this.reserved !== null || this.contested) return null;
    if (segment.room < LEAST_ROOM) return null;
    this.reserved = segment;
    // Fixed now, since the header of what is sent meanwhile may be of another length.
    this.reservedAt = segment.length + this.header;
    return segment;
  }

  /**
   * Accepts the packet of `length` bytes that was encoded at the reserved place.
   * @returns its end, as `push` does, or 0 when it can't stay there: something else was accepted or let go meanwhile, or its
   * header is longer than was thought and there is no room for that. Then nothing has changed.
   */
  commit(length: number): number {
    const segment = this.reserved;
    if (segment === null || segment !== this.segments.at(-1) || length > PIECE) return 0;
    const { bytes } = segment;
    const header = headerSize(this.kind, length);
    const begin = segment.length + header;
    if (!(begin + length <= bytes.length)) return 0;
    const { reservedAt } = this;
    if (begin !== reservedAt) bytes.copyWithin(begin, reservedAt, reservedAt + length);
    this.framed(segment, this.kind, length);
    return this.total;
  }

  /** The reservation ends, whether its packet was accepted or not. */
  release(): void {
    this.reserved = null;
  }

  /** Whether something waits to be written to the present link. */
  get pending(): boolean {
    return this.sent < this.total;
  }

  /** Appends views of what comes next to `views`, whole segments until `budget` is used up. Returns the bytes added. */
  gather(views: Uint8Array[], budget: number): number {
    const late = this.sent < this.acked;
    let added = 0;
    while (this.sent < this.total && added < budget) {
      let segment = this.segments[this.cursorSegment] as Segment;
      if (this.cursor === segment.length) {
        segment = this.segments[++this.cursorSegment] as Segment;
        this.cursor = 0;
      }
      views.push(segment.bytes.subarray(this.cursor, segment.length));
      added += segment.length - this.cursor;
      this.cursor = segment.length;
      this.sent = segment.first + segment.frames;
    }
    if (this.sent > this.everSent) this.everSent = this.sent;
    if (late) this.drop();
    return added;
  }

  /**
   * How many whole segments the other side can let go of by saying that it has had everything before frame `count`.
   * @throws MasterlessError `ERR_PROTOCOL` for a count that goes back, was never sent, or ends inside a packet.
   */
  acknowledgeable(count: number): number {
    if (count < this.acked) throw protocolError(`an acknowledgement goes back from ${this.acked} to ${count}`);
    if (count > this.everSent) throw protocolError(`${count} acknowledged and only ${this.everSent} sent`);
    let whole = 0;
    for (const { first, frames, open } of this.segments) {
      if (first + frames > count) break;
      if (open && first + frames === count) throw protocolError('half a packet acknowledged');
      whole++;
    }
    return whole;
  }

  /**
   * The other side has had everything before frame `count`.
   * @throws MasterlessError `ERR_PROTOCOL`, as `acknowledgeable` does, and then nothing has changed.
   */
  acknowledge(count: number): void {
    const whole = this.acknowledgeable(count);
    const last = this.segments.length - 1;
    for (; this.headSegment < Math.min(whole, last); this.headSegment++) {
      this.bytes -= (this.segments[this.headSegment] as Segment).length - this.head;
      this.head = 0;
    }
    const first = this.segments[this.headSegment];
    if (first !== undefined) {
      const known = Math.max(this.acked, first.first);
      const head = whole > last ? first.length : offsetOf(first, count, known, this.head);
      this.bytes -= head - this.head;
      this.head = head;
    }
    this.acked = count;
    this.drop();
    this.trim();
  }

  /** A new link: writing starts again at frame `count`. */
  rewind(count: number): void {
    if (count < this.acked) throw protocolError(`the other side forgot frames ${count} to ${this.acked}`);
    if (count > this.everSent) throw protocolError(`${count} frames received and only ${this.everSent} sent`);
    this.sent = count;
    this.before = this.everSent;
    if (this.segments.length === 0) {
      this.cursorSegment = 0;
      this.cursor = 0;
      return;
    }
    let index = this.segments.findIndex((segment) => segment.first + segment.frames > count);
    if (index < 0) index = this.segments.length - 1;
    const segment = this.segments[index] as Segment;
    this.cursorSegment = index;
    const known = index === this.headSegment ? Math.max(this.acked, segment.first) : segment.first;
    this.cursor = offsetOf(segment, count, known, index === this.headSegment ? this.head : 0);
    this.drop();
  }

  /** The packets not acknowledged, oldest first: views, or copies of what was in pieces. */
  retained(): RetainedPacket[] {
    return retainedIn(this.segments.slice(this.headSegment), this.head, this.acked, this.everSent);
  }

  /**
   * Takes packets out that no link has seen any of, each given by its end as `push` returned it, in rising order; what is
   * behind them moves up. Nothing is taken while a packet is being encoded behind the last one.
   */
  withdraw(ends: readonly number[]): readonly Withdrawn[] {
    const from = this.segments.findIndex(({ first, frames }) => first + frames > this.everSent);
    if (from < 0 || this.reserved !== null) return [];
    const segment = this.segments[from] as Segment;
    const known = from === this.headSegment ? Math.max(this.acked, segment.first) : segment.first;
    const at = offsetOf(segment, this.everSent, known, from === this.headSegment ? this.head : 0);
    const { kept, withdrawn } = takeOut(this.segments, from, { frame: this.everSent, at }, ends);
    for (const { frames, size } of withdrawn) {
      this.total -= frames;
      this.bytes -= size;
    }
    this.segments = kept;
    if (withdrawn.length > 0) this.withdrawals++;
    // Nothing is left where they were about to go on.
    const last = kept.length - 1;
    if (this.headSegment > last) [this.headSegment, this.head] = endOf(kept);
    if (this.cursorSegment > last) [this.cursorSegment, this.cursor] = endOf(kept);
    this.drop();
    this.trim();
    return withdrawn;
  }

  /** Lets go of the segments of which all is acknowledged and written to the present link. */
  private drop(): void {
    let done = Math.min(this.headSegment, this.cursorSegment);
    const next = this.segments[done];
    if (next !== undefined && isBehind(next, done, this.headSegment, this.head)) {
      if (isBehind(next, done, this.cursorSegment, this.cursor)) done++;
    }
    for (let i = 0; i < done; i++) {
      const segment = this.segments.shift() as Segment;
      if (segment.first < this.before || segment === this.reserved || segment.bytes.length < FULL_SEGMENT) continue;
      this.spares ??= new Spares();
      this.spares.keep(segment);
    }
    if (this.headSegment < done) this.head = 0;
    if (this.cursorSegment < done) this.cursor = 0;
    this.headSegment = Math.max(0, this.headSegment - done);
    this.cursorSegment = Math.max(0, this.cursorSegment - done);
    if (this.segments.length === 0) this.segments = NOTHING;
  }

  /** The next segment, with room for `size` bytes. */
  private begin(size: number, open: boolean): Segment {
    const spare = this.spares?.take(size)?.begin(this.total, open);
    return spare ?? new Segment(new Uint8Array(size), this.total, open);
  }

  /** An idle lane keeps nothing, and a busy one about as much as it may need again soon. */
  private trim(): void {
    if (this.spares?.trim(this.bytes) === true) this.spares = null;
  }

  private append(kind: BulkKind, payload: Uint8Array): void {
    const segment = this.place(kind, payload.length);
    // First, since it may lie just there, where a codec wrote it.
    segment.bytes.set(payload, segment.length + headerSize(kind, payload.length));
    this.framed(segment, kind, payload.length);
  }

  /** Where a frame of so many bytes goes: the last segment, if there is room, or else a new one. */
  private place(kind: BulkKind, length: number): Segment {
    const needed = length + MAX_HEADER;
    const open = kind === Frame.Piece;
    let segment = this.segments.at(-1);
    if (segment !== undefined && segment === this.reserved) this.contested = true;
    if (segment === undefined || segment.open || open || segment === this.reserved || segment.room < needed) {
      const size = open ? needed : Math.max(needed, SEGMENT_SIZES[this.segments.length] ?? FULL_SEGMENT);
      segment = this.begin(size, open);
      // A list that grows from nothing takes room for seventeen.
      if (this.segments.length === 0) this.segments = [segment];
      else this.segments.push(segment);
    }
    return segment;
  }

  /** A frame more, at the end of the segment, whose payload is there: header and count. */
  private framed(segment: Segment, kind: BulkKind, length: number): void {
    const start = writeHeader(kind, length, segment.bytes, segment.length);
    this.header = start - segment.length;
    this.bytes += this.header + length;
    segment.length = start + length;
    segment.frames++;
    this.total++;
  }
}

/** Whether the place, a byte of a segment by index, is behind all of the segment that has this index. */
function isBehind(segment: Segment, index: number, placeSegment: number, place: number): boolean {
  return placeSegment > index || (placeSegment === index && place === segment.length);
}

/** The place behind everything, as a segment by index and a byte in it. */
function endOf(segments: readonly Segment[]): [segment: number, byte: number] {
  const last = segments.at(-1);
  return last === undefined ? [0, 0] : [segments.length - 1, last.length];
}

/** What an idle lane holds: one list for all. */
const NOTHING: Segment[] = [];
