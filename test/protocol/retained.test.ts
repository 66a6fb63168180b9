import { expect, it } from 'vitest';
import { Frame, writeHeader } from '../../src/protocol/frame.js';
import { retainedIn } from '../../src/protocol/retained.js';
import { Segment } from '../../src/protocol/segment.js';

function segment(first: number, ...frames: [kind: typeof Frame.Data | typeof Frame.Piece, text: string][]): Segment {
  const made = new Segment(new Uint8Array(100), first, frames.at(-1)?.[0] === Frame.Piece);
  for (const [kind, text] of frames) {
    const start = writeHeader(kind, text.length, made.bytes, made.length);
    made.bytes.set(Buffer.from(text), start);
    made.length = start + text.length;
    made.frames++;
  }
  return made;
}

it('reads packets from a place on, puts pieces together, and knows which were written, and to their end', () => {
  const segments = [
    segment(0, [Frame.Data, 'had'], [Frame.Data, 'one']),
    segment(2, [Frame.Piece, 'tw']),
    segment(3, [Frame.Data, 'o'], [Frame.Data, ''], [Frame.Data, 'three']),
  ];
  const read = (everSent: number) =>
    retainedIn(segments, 4, 1, everSent).map(({ payload, written }) => [Buffer.from(payload).toString(), written]);
  expect(read(3)).toEqual([
    ['one', true],
    ['two', false],
    ['', false],
    ['three', false],
  ]);
  expect(read(1).map(([, written]) => written)).toEqual([false, false, false, false]);
  expect(retainedIn([], 0, 0, 0)).toEqual([]);
});
