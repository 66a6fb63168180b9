import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frame, FrameDecoder, headerSize, MAX_DATA } from '../../src/protocol/frame.js';
import { Parts } from '../../src/protocol/parts.js';
import { OVERHEAD, PIECE, SendBuffer } from '../../src/protocol/send-buffer.js';

interface ModelFrame {
  readonly packet: number;
  readonly last: boolean;
}

/** The same as plain arrays: what a send buffer must do, without memory, views or cursors. */
class Model {
  readonly packets: Uint8Array[] = [];
  readonly frames: ModelFrame[] = [];
  acked = 0;
  sent = 0;
  everSent = 0;

  push(payload: Uint8Array): void {
    const pieces = Math.max(1, Math.ceil(payload.length / PIECE));
    for (let i = 1; i <= pieces; i++) this.frames.push({ packet: this.packets.length, last: i === pieces });
    this.packets.push(payload);
  }

  /** Whether an acknowledgement or a rewind to that count is possible. */
  allows(count: number, whole: boolean): boolean {
    if (count < this.acked || count > this.everSent) return false;
    return !whole || count === this.acked || this.frames[count - 1]?.last === true;
  }

  retained(): { payload: Uint8Array; written: boolean }[] {
    const first = this.frames[this.acked]?.packet ?? this.packets.length;
    return this.packets.slice(first).map((payload, index) => {
      const frame = this.frames.findLastIndex(({ packet }) => packet === first + index);
      return { payload, written: frame < this.everSent };
    });
  }
}

/** What a link carried, as frames. */
function decode(views: readonly Uint8Array[]): { kind: number; payload: Uint8Array }[] {
  const decoder = new FrameDecoder();
  decoder.maxData = MAX_DATA;
  decoder.push(new Uint8Array(Buffer.concat(views)));
  const frames = [];
  while (decoder.next()) {
    frames.push({ kind: decoder.kind, payload: decoder.buffer.slice(decoder.start, decoder.end) });
  }
  expect(decoder.partial).toBe(false);
  return frames;
}

const size = fc.oneof(
  { weight: 20, arbitrary: fc.nat(600) },
  { weight: 5, arbitrary: fc.nat(20_000) },
  { weight: 1, arbitrary: fc.constantFrom(0, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 7, 3 * PIECE) },
);
const step = fc.oneof(
  fc.record({ do: fc.constant('push' as const), size }),
  fc.record({
    do: fc.constant('encode' as const),
    size,
    meanwhile: fc.constantFrom('nothing' as const, 'push' as const, 'gather' as const, 'acknowledge' as const),
    commits: fc.boolean(),
  }),
  fc.record({ do: fc.constant('gather' as const), budget: fc.constantFrom(1, 1000, 70_000, 10 ** 7) }),
  fc.record({ do: fc.constant('acknowledge' as const), count: fc.nat(60) }),
  fc.record({ do: fc.constant('rewind' as const), count: fc.nat(60) }),
);

type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;
/** Steps that chance seldom brings together. */
const ACKNOWLEDGED_BEFORE_IT_IS_WRITTEN_AGAIN: Step[] = [
  { do: 'push', size: 0 },
  { do: 'gather', budget: 1 },
  { do: 'rewind', count: 0 },
  { do: 'acknowledge', count: 1 },
  { do: 'push', size: 10 },
  { do: 'gather', budget: 1 },
];

function gather(buffer: SendBuffer, model: Model, budget: number): void {
  const views: Uint8Array[] = [];
  const added = buffer.gather(views, budget);
  const carried = decode(views);
  expect(added).toBe(views.reduce((sum, view) => sum + view.length, 0));
  if (model.sent < model.frames.length) expect(carried.length).toBeGreaterThan(0);
  for (const { kind, payload } of carried) check(model, model.sent++, kind, payload);
  model.everSent = Math.max(model.everSent, model.sent);
}

/** What happened while a packet was encoded at the end of the lane, and whether it was accepted in the end. */
interface Encoding {
  readonly size: number;
  readonly meanwhile: 'nothing' | 'push' | 'gather' | 'acknowledge';
  readonly commits: boolean;
}

function push(buffer: SendBuffer, model: Model, size: number): void {
  const payload = new Uint8Array(size).fill(model.packets.length + 1);
  model.push(payload);
  expect(buffer.push(payload.slice())).toBe(model.frames.length);
}

function encode(buffer: SendBuffer, model: Model, { size, meanwhile, commits }: Encoding): void {
  const place = buffer.reserve();
  if (place === null) {
    push(buffer, model, size);
    return;
  }
  expect(buffer.reserve()).toBe(null);
  const at = buffer.reservedAt;
  const fits = size <= place.bytes.length - at;
  // The packet comes behind what is accepted while it is encoded.
  const byte = model.packets.length + (meanwhile === 'push' ? 2 : 1);
  const half = Math.floor(size / 2);
  if (fits) place.bytes.fill(byte, at, at + half);
  // Its header may be longer than the one for which there is room.
  if (meanwhile === 'push') push(buffer, model, size % 3 === 0 ? 500 : 50);
  if (meanwhile === 'gather') gather(buffer, model, 10 ** 7);
  if (meanwhile === 'acknowledge') {
    gather(buffer, model, 10 ** 7);
    buffer.acknowledge(model.frames.length);
    model.acked = model.frames.length;
    model.sent = model.frames.length;
  }
  if (fits) place.bytes.fill(byte, at + half, at + size);
  expect(buffer.reservedAt).toBe(at);
  if (commits && fits) {
    const payload = new Uint8Array(size).fill(byte);
    const number = buffer.commit(size);
    const asked = meanwhile === 'nothing' || meanwhile === 'gather';
    if (asked && place.bytes.length - at - size > 3) expect(number).toBe(buffer.total);
    if (!asked) expect(number).toBe(0);
    if (number === 0) buffer.push(place.bytes.subarray(at, at + size));
    model.push(payload);
    expect(buffer.total).toBe(model.frames.length);
  }
  buffer.release();
}

/** Bytes kept to be written again. */
function spareBytes(buffer: SendBuffer): number {
  return (buffer as unknown as { spares: { bytes: number } | null }).spares?.bytes ?? 0;
}

describe('SendBuffer', () => {
  it('does what the model does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const buffer = new SendBuffer(Frame.Data);
        const model = new Model();
        for (const each of steps) {
          switch (each.do) {
            case 'push':
              push(buffer, model, each.size);
              break;
            case 'encode':
              encode(buffer, model, each);
              break;
            case 'gather':
              gather(buffer, model, each.budget);
              break;
            case 'acknowledge':
            case 'rewind': {
              const acknowledge = each.do === 'acknowledge';
              // Mostly near where it can be.
              const count = each.count > 30 ? each.count : model.acked + each.count;
              const act = () => (acknowledge ? buffer.acknowledge(count) : buffer.rewind(count));
              if (!model.allows(count, acknowledge)) {
                expect(act).toThrow(expect.objectContaining({ code: 'ERR_PROTOCOL' }));
                break;
              }
              act();
              // What was acknowledged over an earlier link, and lies behind where this one begins, is written all the same.
              if (acknowledge) model.acked = count;
              else model.sent = count;
            }
          }
          compare(buffer, model);
        }
      }),
      { numRuns: 400, examples: [[ACKNOWLEDGED_BEFORE_IT_IS_WRITTEN_AGAIN]] },
    );
  });

  it('costs as much as its estimate, or less', () => {
    for (const length of [0, 1, 191, 192, 10_000, PIECE, PIECE + 1, 5 * PIECE + 3]) {
      const buffer = new SendBuffer(Frame.Data);
      buffer.push(new Uint8Array(length));
      expect(buffer.cost).toBeLessThanOrEqual(SendBuffer.cost(length));
      expect(buffer.cost).toBe(buffer.bytes + OVERHEAD * buffer.total);
      expect(buffer.bytes).toBeGreaterThan(length);
    }
  });

  it('does not write again the memory where a packet is being encoded', () => {
    const buffer = new SendBuffer(Frame.Data);
    const views: Uint8Array[] = [];
    // Two to a segment, behind which there is room in the last.
    for (let i = 0; i < 21; i++) buffer.push(new Uint8Array(30_000));
    buffer.gather(views, Number.POSITIVE_INFINITY);
    const place = buffer.reserve();
    const at = buffer.reservedAt;
    place?.bytes.fill(7, at, at + 5000);
    buffer.acknowledge(21);
    for (let i = 0; i < 100; i++) buffer.push(new Uint8Array(30_000).fill(9));
    expect(place?.bytes.subarray(at, at + 5000).every((byte) => byte === 7)).toBe(true);
    expect(buffer.commit(5000)).toBe(0);
    buffer.release();
    expect(buffer.commit(1)).toBe(0);
  });

  it('loses the rest of one segment at most to what is sent while packets are encoded', () => {
    const buffer = new SendBuffer(Frame.Data);
    for (let i = 0; i < 5000; i++) {
      const place = buffer.reserve();
      buffer.push(new Uint8Array(10));
      if (place === null || buffer.commit(10) === 0) buffer.push(new Uint8Array(10));
      buffer.release();
    }
    const memories = new Set(buffer.retained().map(({ payload }) => payload.buffer));
    const memory = [...memories].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(memory).toBeLessThan(buffer.bytes + 3 * 64 * 1024);
  });

  it('moves a packet whose header is longer than that of the one before', () => {
    for (const kind of [Frame.Data, Frame.Urgent]) {
      const buffer = new SendBuffer(kind);
      buffer.push(new Uint8Array(1024));
      const sizes = [10, 127, 128, 191, 192, 300, 8191, 8192, 5, 16_383, 16_384, 1];
      for (const size of sizes) {
        const place = buffer.reserve();
        if (place === null || place.room < size + 8) {
          buffer.push(new Uint8Array(size).fill(size));
        } else {
          place.bytes.fill(size, buffer.reservedAt, buffer.reservedAt + size);
          expect(buffer.commit(size)).toBe(buffer.total);
        }
        buffer.release();
      }
      const views: Uint8Array[] = [];
      buffer.gather(views, Number.POSITIVE_INFINITY);
      const frames = decode(views).slice(1);
      expect(frames.map(({ payload }) => payload.length)).toEqual(sizes);
      for (const [index, size] of sizes.entries()) {
        expect(frames[index]?.kind).toBe(kind);
        expect(frames[index]?.payload.every((byte) => byte === (size & 0xff))).toBe(true);
      }
      const cost = sizes.reduce((sum, size) => sum + headerSize(kind, size) + size, headerSize(kind, 1024) + 1024);
      expect(buffer.bytes).toBe(cost);
    }
  });

  it('copies what it is given', () => {
    const buffer = new SendBuffer(Frame.Data);
    const payload = Uint8Array.of(1, 2, 3);
    buffer.push(payload);
    payload.fill(9);
    expect(buffer.retained()[0]?.payload).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('never changes a view that it gave away', () => {
    const buffer = new SendBuffer(Frame.Data);
    const given: { view: Uint8Array; copy: Uint8Array }[] = [];
    for (let i = 0; i < 200; i++) {
      buffer.push(new Uint8Array(300).fill(i));
      const views: Uint8Array[] = [];
      buffer.gather(views, 1e6);
      for (const view of views) given.push({ view, copy: view.slice() });
      if (i % 3 === 0) buffer.acknowledge(i);
      if (i % 7 === 0) buffer.rewind(i);
    }
    for (const { view, copy } of given) expect(view).toEqual(copy);
  });

  it('writes memory again only when all in it was acknowledged, and keeps none when all is', () => {
    const buffer = new SendBuffer(Frame.Data);
    const packet = new Uint8Array(30_000);
    const views: Uint8Array[] = [];
    const memories = (): Set<ArrayBufferLike> => new Set(views.map((view) => view.buffer));
    const spare = (): number => spareBytes(buffer);
    const fill = (count: number): void => {
      for (let i = 0; i < count; i++) buffer.push(packet);
      while (buffer.pending) buffer.gather(views, 1);
    };
    fill(40);
    const before = memories().size;
    expect(spare()).toBe(0);
    fill(10);
    expect(memories().size).toBeGreaterThan(before);
    const most = memories().size;
    // Two to a segment: all but the last of these are free again, and nothing else is.
    buffer.acknowledge(40);
    expect(spare()).toBeGreaterThan(500_000);
    const held = buffer.retained().map(({ payload }) => payload.buffer);
    fill(20);
    expect(memories().size).toBe(most);
    expect(
      buffer
        .retained()
        .slice(10)
        .some(({ payload }) => held.slice(0, 9).includes(payload.buffer)),
    ).toBe(false);
    buffer.acknowledge(70);
    expect(spare()).toBe(0);
    fill(200);
    buffer.acknowledge(269);
    expect(spare()).toBeLessThanOrEqual(1024 * 1024 + buffer.bytes);
  });

  it.each([
    ['small packets', 30_000],
    ['packets in pieces', 3 * PIECE],
  ])('does not write memory of %s again that a new link may still have to write', (_what, size) => {
    const buffer = new SendBuffer(Frame.Data);
    const fill = (count: number, byte: number): number => {
      let total = 0;
      for (let i = 0; i < count; i++) total = buffer.push(new Uint8Array(size).fill(byte));
      return total;
    };
    const all = (): Uint8Array[] => {
      const views: Uint8Array[] = [];
      while (buffer.pending) buffer.gather(views, 1);
      return views;
    };
    const sent = fill(40, 1);
    all();
    // The link breaks. All has arrived on it, but the other side had counted none of it when it said where to go on.
    buffer.rewind(0);
    const given = all().map((view) => ({ view, copy: view.slice() }));
    fill(40, 2);
    // The socket of the new link has written none of these views when the counts of the old one come over it.
    buffer.acknowledge(sent);
    const more = fill(40, 3);
    all();
    for (const { view, copy } of given) expect(Buffer.compare(view, copy)).toBe(0);
    // What was on no link before is written again when it was acknowledged.
    const spare = (): number => spareBytes(buffer);
    fill(40, 4);
    expect(spare()).toBe(0);
    buffer.acknowledge(more);
    expect(spare()).toBeGreaterThan(0);
  });

  it('writes the memory of large packets again, whatever the size of their last pieces', () => {
    const buffer = new SendBuffer(Frame.Data);
    const packet = new Uint8Array(7 * PIECE + 80_000);
    const views: Uint8Array[] = [];
    let total = 0;
    const fill = (count: number): void => {
      for (let i = 0; i < count; i++) total = buffer.push(packet);
      while (buffer.pending) buffer.gather(views, 1);
    };
    fill(16);
    const memories = new Set(views.map((view) => view.buffer));
    for (let round = 0; round < 10; round++) {
      buffer.acknowledge(total - 8 * 8);
      fill(8);
    }
    for (const view of views) expect(memories.has(view.buffer)).toBe(true);
  });

  it('takes packets in parts as it takes them in one', () => {
    const sizes = [0, 1, 200, 8200, 65_536, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 5];
    const packets = sizes.map((length) => new Uint8Array(length).map((_, index) => index * 11));
    for (const kind of [Frame.Data, Frame.Urgent] as const) {
      const [one, other] = [new SendBuffer(kind), new SendBuffer(kind)];
      for (const packet of [...packets, ...packets.toReversed()]) {
        const cuts = [0, packet.length >> 2, packet.length >> 1, packet.length];
        const parts = cuts.map((cut, index) => packet.subarray(cut, cuts[index + 1] ?? packet.length));
        expect(other.pushParts(new Parts([packet.subarray(0, 0), ...parts]))).toBe(one.push(packet));
      }
      const [views, others]: [Uint8Array[], Uint8Array[]] = [[], []];
      one.gather(views, 1e9);
      other.gather(others, 1e9);
      expect(Buffer.compare(Buffer.concat(views), Buffer.concat(others))).toBe(0);
      expect([other.bytes, other.cost, other.total]).toEqual([one.bytes, one.cost, one.total]);
    }
    const nothing = new SendBuffer(Frame.Data);
    expect(nothing.pushParts(new Parts([]))).toBe(1);
  });

  it('keeps about as much to be written again as is on its way', () => {
    const buffer = new SendBuffer(Frame.Data);
    const spare = (): number => spareBytes(buffer);
    for (let i = 0; i < 100; i++) buffer.push(new Uint8Array(PIECE));
    buffer.gather([], 1e9);
    const seen = Array.from({ length: 100 }, (_, i) => {
      buffer.acknowledge(i + 1);
      return [buffer.bytes, spare()] as const;
    });
    expect(seen[49]?.[1]).toBeGreaterThan(49 * PIECE);
    for (const [bytes, kept] of seen) expect(kept).toBeLessThanOrEqual(bytes === 0 ? 0 : bytes + 1024 * 1024);
    expect(spare()).toBe(0);
  });

  it('pins little memory when little is retained', () => {
    const buffer = new SendBuffer(Frame.Data);
    for (let i = 0; i < 10_000; i++) {
      buffer.push(new Uint8Array(500));
      buffer.gather([], 1e9);
      buffer.acknowledge(i + 1);
    }
    const segments = Reflect.get(buffer, 'segments') as { bytes: Uint8Array }[];
    const pinned = segments.reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(pinned).toBeLessThanOrEqual(84 * 1024);
    expect(buffer.bytes).toBe(0);
  });

  it('ends an urgent packet with URGENT', () => {
    const buffer = new SendBuffer(Frame.Urgent);
    buffer.push(Uint8Array.of(7));
    const views: Uint8Array[] = [];
    buffer.gather(views, 10);
    expect(Buffer.concat(views).toString('hex')).toBe('f00107');
  });

  it('says why an acknowledgement is impossible', () => {
    const buffer = new SendBuffer(Frame.Data);
    buffer.push(new Uint8Array(PIECE + 1));
    buffer.push(new Uint8Array(1));
    expect(() => buffer.acknowledge(1)).toThrow('1 acknowledged and only 0 sent');
    buffer.gather([], 1e9);
    expect(() => buffer.acknowledge(1)).toThrow('half a packet acknowledged');
    buffer.acknowledge(2);
    expect(() => buffer.acknowledge(1)).toThrow('goes back from 2 to 1');
    expect(() => buffer.rewind(1)).toThrow('forgot frames 1 to 2');
    expect(() => buffer.rewind(4)).toThrow('4 frames received and only 3 sent');
  });

  it.each([
    ['nothing of it was written again', 0, 2],
    ['a part of it was written again', 1, 2],
    ['all of it was', 3, 1],
    ['all that there is was acknowledged', 0, 3],
  ])(
    'writes all from where the link began, though an earlier one had it acknowledged: %s',
    (_what, from, acknowledged) => {
      // Whoever reads it counts: a frame left out would make every later one another.
      const sizes = [10, 20, 30, 40];
      const buffer = new SendBuffer(Frame.Data);
      for (const size of sizes.slice(0, 3)) buffer.push(new Uint8Array(size));
      buffer.gather([], 1e6);
      buffer.rewind(from);
      buffer.acknowledge(acknowledged);
      expect(buffer.pending).toBe(from < 3);
      buffer.push(new Uint8Array(40));
      expect(buffer.retained().map(({ payload }) => payload.length)).toEqual(sizes.slice(acknowledged));
      expect(buffer.cost).toBe(sizes.slice(acknowledged).reduce((sum, size) => sum + size + 1 + OVERHEAD, 0));
      const views: Uint8Array[] = [];
      buffer.gather(views, 1e6);
      expect(decode(views).map(({ payload }) => payload.length)).toEqual(sizes.slice(from));
      expect(buffer.pending).toBe(false);
    },
  );

  it('lets go of what was acknowledged before it was written once it is', () => {
    const packet = (): Uint8Array => new Uint8Array(100_000);
    const buffer = new SendBuffer(Frame.Data);
    for (let i = 0; i < 3; i++) buffer.push(packet());
    buffer.gather([], 1e9);
    buffer.rewind(0);
    buffer.acknowledge(2);
    const segments = (): number => (buffer as unknown as { readonly segments: readonly unknown[] }).segments.length;
    expect([segments(), buffer.retained().length]).toEqual([3, 1]);
    buffer.gather([], 1);
    expect(segments()).toBe(2);
    buffer.acknowledge(3);
    expect([segments(), buffer.bytes]).toEqual([2, 0]);
    buffer.push(packet());
    buffer.rewind(3);
    expect([segments(), buffer.retained().length]).toEqual([1, 1]);
    buffer.gather([], 1e9);
    buffer.acknowledge(4);
    expect([segments(), buffer.cost]).toEqual([0, 0]);
  });

  it('can resume inside a packet', () => {
    const buffer = new SendBuffer(Frame.Data);
    buffer.push(new Uint8Array(2 * PIECE + 5).fill(1));
    buffer.gather([], 1e9);
    buffer.rewind(2);
    const views: Uint8Array[] = [];
    buffer.gather(views, 1e9);
    expect(decode(views).map(({ kind, payload }) => [kind, payload.length])).toEqual([[Frame.Data, 5]]);
    expect(buffer.retained().map(({ payload }) => payload.length)).toEqual([2 * PIECE + 5]);
  });
});

function check(model: Model, number: number, kind: number, payload: Uint8Array): void {
  const { packet, last } = model.frames[number] as ModelFrame;
  const whole = model.packets[packet] as Uint8Array;
  expect(kind).toBe(last ? Frame.Data : Frame.Piece);
  const before = number - model.frames.findIndex((frame) => frame.packet === packet);
  expect(payload.length).toBe(Math.min(PIECE, whole.length - before * PIECE));
  expect(payload.every((byte) => byte === whole[0])).toBe(true);
}

function compare(buffer: SendBuffer, model: Model): void {
  const { acked, sent, everSent, total, pending } = buffer;
  expect({ acked, sent, everSent, total, pending }).toEqual({
    ...{ acked: model.acked, sent: model.sent, everSent: model.everSent },
    ...{ total: model.frames.length, pending: model.sent < model.frames.length },
  });
  const [kept, wanted] = [buffer.retained(), model.retained()];
  expect(kept.map(({ payload, written }) => [payload.length, payload[0], written])).toEqual(
    wanted.map(({ payload, written }) => [payload.length, payload[0], written]),
  );
  expect(kept.length === 0).toBe(buffer.bytes === 0);
}
