import { describe, expect, it } from 'vitest';
import { Frame, MAX_HEADER, writeHeader } from '../../src/protocol/frame.js';
import { frameSize, offsetOf, Segment } from '../../src/protocol/segment.js';

describe('a segment', () => {
  it('knows its room, and shows the same bytes to whoever encodes', () => {
    const memory = new Uint8Array(new ArrayBuffer(100), 20, 60);
    const segment = new Segment(memory, 5, false);
    expect([segment.first, segment.frames, segment.length, segment.room]).toEqual([5, 0, 0, 60]);
    segment.length = 25;
    expect(segment.room).toBe(35);
    segment.view.setUint16(58, 0x0102);
    expect([...memory.subarray(58)]).toEqual([1, 2]);
    expect(segment.view).toBe(segment.view);
    expect(() => segment.view.getUint8(60)).toThrow(RangeError);
  });

  it.each([Frame.Data, Frame.Urgent, Frame.Piece])('finds frames of kind %d by their headers', (kind) => {
    const lengths = [0, 1, 127, 128, 191, 192, 8191, 8192, 16_383, 16_384, 100_000];
    const segment = new Segment(new Uint8Array(200_000), 3, false);
    const begins: number[] = [];
    for (const length of lengths) {
      begins.push(segment.length);
      const start = writeHeader(kind, length, segment.bytes, segment.length);
      expect(start - segment.length).toBeLessThanOrEqual(MAX_HEADER);
      expect(frameSize(segment.bytes, segment.length)).toEqual({ header: start - segment.length, payload: length });
      segment.length = start + length;
      segment.frames++;
    }
    begins.forEach((begin, index) => {
      expect(offsetOf(segment, 3 + index, 3, 0)).toBe(begin);
    });
    expect(offsetOf(segment, 3 + lengths.length, 3, 0)).toBe(segment.length);
  });
});
