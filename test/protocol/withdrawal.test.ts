/** Taking out of a send buffer, case by case; its laws are in send-buffer.properties.test.ts. */
import { describe, expect, it } from 'vitest';
import { Frame } from '../../src/protocol/frame.js';
import { PIECE, SendBuffer } from '../../src/protocol/send-buffer.js';

/** A buffer with packets of these sizes, and their ends. Each is filled with its number. */
function filled(...sizes: number[]): { readonly buffer: SendBuffer; readonly ends: number[] } {
  const buffer = new SendBuffer(Frame.Data);
  const ends = sizes.map((size, index) => buffer.push(new Uint8Array(size).fill(index + 1)));
  return { buffer, ends };
}

/** What is still there: of each packet its number and size. */
function left(buffer: SendBuffer): [number, number][] {
  return buffer.retained().map(({ payload }) => [payload[0] ?? 0, payload.length]);
}

function pick(ends: readonly number[], ...indices: number[]): number[] {
  return indices.map((index) => ends[index] as number);
}

describe('taking packets out', () => {
  it('moves those behind them up, and gives their room back', () => {
    const { buffer, ends } = filled(10, 20, 30, 40);
    const { cost } = buffer;
    const taken = buffer.withdraw(pick(ends, 0, 2));
    expect(taken.map(({ end, frames, size }) => [end, frames, size])).toEqual([
      [1, 1, 11],
      [3, 1, 31],
    ]);
    expect(left(buffer)).toEqual([
      [2, 20],
      [4, 40],
    ]);
    expect([buffer.total, buffer.bytes]).toEqual([2, 62]);
    expect(buffer.cost).toBeLessThan(cost);
    expect(buffer.push(new Uint8Array(1))).toBe(3);
  });

  it('leaves the bytes of the others as they are, before and behind', () => {
    const { buffer, ends } = filled(10, 300, 20, 30);
    buffer.withdraw(pick(ends, 0));
    buffer.withdraw([3]);
    const views: Uint8Array[] = [];
    buffer.gather(views, 1e9);
    const [first, second] = [new Uint8Array(300).fill(2), new Uint8Array(20).fill(3)];
    expect(Buffer.concat(views)).toEqual(Buffer.concat([Buffer.of(0xc1, 0x2c), first, Buffer.of(20), second]));
  });

  it('gives copies, which stay what they are', () => {
    const { buffer, ends } = filled(10, 10);
    const [taken] = buffer.withdraw(pick(ends, 0));
    buffer.push(new Uint8Array(10).fill(9));
    expect(taken?.payload).toEqual(new Uint8Array(10).fill(1));
  });

  it('leaves what was written, and a packet of which a piece was', () => {
    const { buffer, ends } = filled(10, 2 * PIECE + 5, 20);
    buffer.gather([], 1);
    buffer.gather([], 1);
    expect(buffer.everSent).toBe(2);
    expect(buffer.withdraw(ends).map(({ end }) => end)).toEqual([5]);
    expect(left(buffer)).toEqual([
      [1, 10],
      [2, 2 * PIECE + 5],
    ]);
    buffer.gather([], 1e9);
    expect([buffer.sent, buffer.total]).toEqual([4, 4]);
  });

  it('takes a packet in pieces whole, from between others', () => {
    const { buffer, ends } = filled(10, 2 * PIECE + 5, 20, PIECE + 1);
    const taken = buffer.withdraw(pick(ends, 1, 3));
    expect(taken.map(({ frames, payload }) => [frames, payload.length])).toEqual([
      [3, 2 * PIECE + 5],
      [2, PIECE + 1],
    ]);
    expect(taken[0]?.payload.every((byte) => byte === 2)).toBe(true);
    expect(left(buffer)).toEqual([
      [1, 10],
      [3, 20],
    ]);
    const views: Uint8Array[] = [];
    buffer.gather(views, 1e9);
    expect(Buffer.concat(views).length).toBe(11 + 21);
    buffer.acknowledge(2);
    expect([buffer.bytes, buffer.total]).toEqual([0, 2]);
  });

  it('of all leaves nothing, and goes on', () => {
    const { buffer, ends } = filled(50_000, 50_000, 50_000);
    expect(buffer.withdraw(ends)).toHaveLength(3);
    expect([buffer.pending, buffer.bytes, buffer.total, buffer.cost]).toEqual([false, 0, 0, 0]);
    expect(buffer.push(Uint8Array.of(7))).toBe(1);
    const views: Uint8Array[] = [];
    buffer.gather(views, 1e9);
    expect(Buffer.concat(views)).toEqual(Buffer.from([1, 7]));
  });

  it('goes on where it was when all behind what was written is gone', () => {
    const { buffer, ends } = filled(700, 700, 700);
    buffer.gather([], 1);
    expect(buffer.everSent).toBe(1);
    buffer.withdraw(pick(ends, 1, 2));
    buffer.push(new Uint8Array(3).fill(8));
    buffer.rewind(0);
    const views: Uint8Array[] = [];
    buffer.gather(views, 1e9);
    expect(Buffer.concat(views)).toEqual(
      Buffer.concat([[0xc2, 0xbc], new Uint8Array(700).fill(1), [3, 8, 8, 8]].map((part) => Buffer.from(part))),
    );
    buffer.acknowledge(2);
    expect(buffer.bytes).toBe(0);
  });

  it('waits until a packet is encoded', () => {
    const { buffer, ends } = filled(10, 10);
    buffer.reserve();
    expect(buffer.withdraw(ends)).toEqual([]);
    buffer.commit(5);
    buffer.release();
    expect(buffer.withdraw(ends)).toHaveLength(2);
    expect(left(buffer)).toEqual([[0, 5]]);
  });

  it('one at a time leaves the others in order', () => {
    const { buffer } = filled(...Array.from({ length: 3000 }, () => 1000));
    for (let i = 0; i < 1000; i++) expect(buffer.withdraw([1])).toHaveLength(1);
    expect([buffer.total, buffer.withdrawals]).toEqual([2000, 1000]);
    expect(left(buffer).map(([first]) => first)).toEqual(Array.from({ length: 2000 }, (_, i) => (i + 1001) % 256));
  });
});
