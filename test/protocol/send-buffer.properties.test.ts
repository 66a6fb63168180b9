/** Laws of the send buffer, for any order of sending, writing, acknowledging, beginning anew and taking out. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeFrame, Frame } from '../../src/protocol/frame.js';
import { OVERHEAD, PIECE, SendBuffer } from '../../src/protocol/send-buffer.js';

/** What was accepted: packets, and the frames they became. */
class Truth {
  readonly packets: Uint8Array[] = [];
  readonly frames: Uint8Array[] = [];
  /** Numbers of frames at which a packet ends. */
  readonly ends: number[] = [0];
  /** The frame that whoever reads the present link takes the next one for. */
  next = 0;
  pushed = 0;

  push(packet: Uint8Array): void {
    this.packets.push(packet);
    let at = 0;
    for (; packet.length - at > PIECE; at += PIECE) {
      this.frames.push(encodeFrame(Frame.Piece, packet.subarray(at, at + PIECE)));
    }
    this.frames.push(encodeFrame(Frame.Data, packet.subarray(at)));
    this.ends.push(this.frames.length);
  }

  /** Takes packets out, by their numbers in rising order. */
  take(packets: readonly number[]): void {
    for (const packet of packets.toReversed()) {
      const [begin = 0, end = 0] = this.ends.slice(packet, packet + 2);
      this.frames.splice(begin, end - begin);
      this.packets.splice(packet, 1);
      this.ends.splice(packet + 1, 1);
      for (let later = packet + 1; later < this.ends.length; later++)
        this.ends[later] = (this.ends[later] ?? 0) - end + begin;
    }
  }

  from(frame: number, to?: number): Buffer {
    return Buffer.concat(this.frames.slice(frame, to));
  }
}

interface Under {
  readonly truth: Truth;
  readonly buffer: SendBuffer;
}

class Push implements fc.Command<Truth, SendBuffer> {
  readonly size: number;
  constructor(size: number) {
    this.size = size;
  }
  check(): boolean {
    return true;
  }
  run(truth: Truth, buffer: SendBuffer): void {
    // Every byte of every packet is another: a frame in the wrong place is seen.
    const first = ++truth.pushed;
    const packet = Uint8Array.from({ length: this.size }, (_, index) => (first * 31 + index * 7) & 0xff);
    truth.push(packet);
    expect(buffer.push(packet)).toBe(truth.frames.length);
    settled({ truth, buffer });
  }
  toString(): string {
    return `push(${this.size})`;
  }
}

class Gather implements fc.Command<Truth, SendBuffer> {
  readonly budget: number;
  constructor(budget: number) {
    this.budget = budget;
  }
  check(): boolean {
    return true;
  }
  run(truth: Truth, buffer: SendBuffer): void {
    const { next } = truth;
    const written = gathered(buffer, this.budget);
    expect(written.equals(truth.from(next, buffer.sent))).toBe(true);
    expect(buffer.sent > next || next === truth.frames.length).toBe(true);
    truth.next = buffer.sent;
    settled({ truth, buffer });
  }
  toString(): string {
    return `gather(${this.budget})`;
  }
}

class Acknowledge implements fc.Command<Truth, SendBuffer> {
  readonly packets: number;
  constructor(packets: number) {
    this.packets = packets;
  }
  check(): boolean {
    return true;
  }
  run(truth: Truth, buffer: SendBuffer): void {
    const { acked, everSent } = buffer;
    const possible = truth.ends.filter((end) => end >= acked && end <= everSent);
    const count = possible[this.packets % Math.max(1, possible.length)] ?? acked;
    buffer.acknowledge(count);
    expect([buffer.acked, buffer.everSent]).toEqual([count, everSent]);
    settled({ truth, buffer });
  }
  toString(): string {
    return `acknowledge(${this.packets})`;
  }
}

class Rewind implements fc.Command<Truth, SendBuffer> {
  readonly frames: number;
  constructor(frames: number) {
    this.frames = frames;
  }
  check(): boolean {
    return true;
  }
  run(truth: Truth, buffer: SendBuffer): void {
    const { acked, everSent } = buffer;
    const count = acked + (this.frames % (everSent - acked + 1));
    buffer.rewind(count);
    // Everything from there on, once; then as it was, for what follows.
    expect(gathered(buffer, Number.POSITIVE_INFINITY).equals(truth.from(count))).toBe(true);
    buffer.rewind(count);
    truth.next = count;
    settled({ truth, buffer });
  }
  toString(): string {
    return `rewind(${this.frames})`;
  }
}

class Withdraw implements fc.Command<Truth, SendBuffer> {
  readonly chosen: readonly boolean[];
  constructor(chosen: readonly boolean[]) {
    this.chosen = chosen;
  }
  check(): boolean {
    return true;
  }
  run(truth: Truth, buffer: SendBuffer): void {
    const { acked, sent, everSent, withdrawals } = buffer;
    // Of any that were not written to their end; those of which a piece was stay.
    const first = truth.ends.findIndex((end) => end > everSent) - 1;
    const asked = truth.packets.flatMap((_, packet) =>
      first >= 0 && packet >= first && this.chosen[(packet - first) % this.chosen.length] ? [packet] : [],
    );
    const taken = asked.filter((packet) => (truth.ends[packet] as number) >= everSent);
    const end = (packet: number): number => truth.ends[packet + 1] as number;
    const expected = taken.map((packet) => ({
      end: end(packet),
      payload: Buffer.from(truth.packets[packet] as Uint8Array),
    }));
    const withdrawn = buffer.withdraw(asked.map(end));
    expect(withdrawn.map(({ end, payload }) => ({ end, payload: Buffer.from(payload) }))).toEqual(expected);
    truth.take(taken);
    expect(buffer.withdrawals).toBe(withdrawals + (taken.length > 0 ? 1 : 0));
    expect([buffer.acked, buffer.sent, buffer.everSent]).toEqual([acked, sent, everSent]);
    expect(buffer.total).toBe(truth.frames.length);
    settled({ truth, buffer });
  }
  toString(): string {
    return `withdraw(${this.chosen.map(Number).join('')})`;
  }
}

function gathered(buffer: SendBuffer, budget: number): Buffer {
  const views: Uint8Array[] = [];
  const added = buffer.gather(views, budget);
  const bytes = Buffer.concat(views);
  expect(bytes.length).toBe(added);
  return bytes;
}

/** What is retained is what was accepted and not acknowledged, in order; and what it costs is the cost of just that. */
function settled({ truth, buffer }: Under): void {
  const first = truth.ends.indexOf(buffer.acked);
  const kept = buffer.retained().map(({ payload }) => Buffer.from(payload));
  const wanted = truth.packets.slice(first);
  expect(kept.length).toBe(wanted.length);
  kept.forEach((payload, index) => {
    expect(payload.equals(wanted[index] as Uint8Array)).toBe(true);
  });
  const frames = truth.frames.slice(buffer.acked);
  expect(buffer.bytes).toBe(frames.reduce((sum, { length }) => sum + length, 0));
  expect(buffer.cost).toBe(buffer.bytes + OVERHEAD * frames.length);
  expect(buffer.cost).toBeLessThanOrEqual(wanted.reduce((sum, { length }) => sum + SendBuffer.cost(length), 0));
}

const size = fc.oneof(
  { weight: 12, arbitrary: fc.nat(300) },
  { weight: 3, arbitrary: fc.nat(20_000) },
  { weight: 1, arbitrary: fc.constantFrom(PIECE, PIECE + 1, 2 * PIECE + 3) },
);

it('what is written is what was accepted, from where writing began; what is kept is what was not acknowledged', () => {
  const commands = fc.commands<Truth, SendBuffer>(
    [
      size.map((bytes) => new Push(bytes)),
      fc.constantFrom(1, 500, 70_000, 10 ** 7).map((budget) => new Gather(budget)),
      fc.nat(1000).map((packets) => new Acknowledge(packets)),
      fc.nat(1000).map((frames) => new Rewind(frames)),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }).map((chosen) => new Withdraw(chosen)),
    ],
    { maxCommands: 60, size: 'max' },
  );
  fc.assert(
    fc.property(commands, (list) => {
      fc.modelRun(() => ({ model: new Truth(), real: new SendBuffer(Frame.Data) }), list);
    }),
    { numRuns: 80 },
  );
});

it('when all is acknowledged nothing is kept and nothing costs, however it was written', () => {
  fc.assert(
    fc.property(fc.array(size, { maxLength: 12 }), fc.array(fc.nat(40_000), { maxLength: 30 }), (sizes, budgets) => {
      const buffer = new SendBuffer(Frame.Data);
      for (const each of sizes) buffer.push(new Uint8Array(each));
      for (const budget of budgets) buffer.gather([], budget);
      buffer.acknowledge(buffer.acked);
      buffer.gather([], Number.POSITIVE_INFINITY);
      buffer.acknowledge(buffer.total);
      expect([buffer.cost, buffer.bytes, buffer.retained(), buffer.pending]).toEqual([0, 0, [], false]);
    }),
    { numRuns: 50 },
  );
});

it('a count that can not be is refused, and changes nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(500), { minLength: 1, maxLength: 20 }), fc.nat(20), fc.nat(60), (sizes, had, count) => {
      const buffer = new SendBuffer(Frame.Data);
      const half = Math.ceil(sizes.length / 2);
      for (const each of sizes.slice(0, half)) buffer.push(new Uint8Array(each));
      buffer.gather([], Number.POSITIVE_INFINITY);
      for (const each of sizes.slice(half)) buffer.push(new Uint8Array(each));
      const acked = Math.min(had, half);
      buffer.acknowledge(acked);
      fc.pre(count < acked || count > half);
      const before = { cost: buffer.cost, sent: buffer.sent, kept: buffer.retained().length };
      const fault = expect.objectContaining({ code: 'ERR_PROTOCOL' });
      expect(() => buffer.acknowledge(count)).toThrow(fault);
      expect(() => buffer.rewind(count)).toThrow(fault);
      expect({ cost: buffer.cost, sent: buffer.sent, kept: buffer.retained().length }).toEqual(before);
      expect(buffer.acked).toBe(acked);
    }),
  );
});
