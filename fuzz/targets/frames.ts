/**
 * A byte stream taken apart into frames: whole, byte by byte and in portions of any size it must come to the same, which is
 * what the written grammar says; nothing but a protocol error may be thrown, and no more may be held than has come.
 *
 * Input: a byte that chooses the limit, one for the portions, then the stream.
 */
import { MasterlessError } from '../../src/errors.js';
import {
  encodeFrame,
  Frame,
  FrameDecoder,
  type FrameKind,
  MAX_CONTROL,
  MAX_DATA,
  MAX_HEADER,
} from '../../src/protocol/frame.js';
import { Random } from '../../src/testing/random.js';
import { type Reading, readFrames } from '../grammar/frames.js';
import { must, type Target } from '../target.js';

const LIMITS = [MAX_DATA, 0, 100, 192, 8191, 8192, 20_000, 16] as const;
const LONG = 1000;
const KINDS = Object.values(Frame);
/** Lengths around which a header changes its form. */
const LENGTHS = [0, 1, 2, 15, 16, 17, 100, 101, 126, 127, 128, 191, 192, 193, 255, 1023, 1024, 1025] as const;
const LARGE = [4095, 8191, 8192, 8193, 16_383, 16_384, 20_000, 20_001] as const;
const REASONS: Readonly<Record<Exclude<Reading['error'], null>, RegExp>> = {
  'too-long': /the limit is/,
  'not-shortest': /not in its shortest form/,
  // It may say what it looks like instead, once enough of it has come.
  'too-early': /before the link is adopted|speaks (TLS|HTTP)/,
  'endless-length': /length of more than 3 bytes/,
};

export const frames: Target = {
  name: 'frames',
  piece: 200_000,
  longest: 20_100,

  make(random) {
    const parts: Uint8Array[] = [Uint8Array.of(random.chance(0.5) ? 0 : random.below(8), random.below(256))];
    for (let count = 1 + random.below(6); count > 0; count--) {
      const kind: FrameKind = random.chance(0.4) ? Frame.Data : random.pick(KINDS);
      const large = random.chance(0.001);
      const length = large ? random.pick(LARGE) : random.chance(0.9) ? random.below(20) : random.pick(LENGTHS);
      parts.push(encodeFrame(kind, new Uint8Array(kind === Frame.Heartbeat ? 0 : length).fill(random.below(256))));
    }
    return new Uint8Array(Buffer.concat(parts));
  },

  units(input) {
    return readFrames(input.subarray(2), MAX_DATA).frames.map(({ end }) => end + 2);
  },

  run(input) {
    const most = LIMITS[(input[0] ?? 0) % LIMITS.length] as number;
    const stream = input.subarray(2);
    const meant = readFrames(stream, most);
    check(stream, most, meant, () => Math.max(1, stream.length));
    // Of the long ones, which take as long as a hundred others, one of eight.
    if (stream.length < LONG || (input[1] ?? 0) % 8 === 0) check(stream, most, meant, () => 1);
    const random = new Random(input[1] ?? 0);
    check(stream, most, meant, () => 1 + random.below(random.chance(0.5) ? 3 : 300));
    const end = meant.error ?? (meant.rest > 0 ? 'partial' : 'whole');
    const last = meant.frames.at(-1);
    return `${end}|${meant.frames.length} ${last?.kind}`;
  },
};

/** Memory for chunks, of each small size: used again and again, as a socket's is. */
const SCRATCH = new Uint8Array(512);
const SCRATCHES = Array.from({ length: SCRATCH.length + 1 }, (_, size) => SCRATCH.subarray(0, size));

/** Feeds the stream in portions, and holds what comes out to what is meant. */
function check(stream: Uint8Array, most: number, meant: Reading, portion: () => number): void {
  const decoder = new FrameDecoder();
  decoder.maxData = most;
  let found = 0;
  let at = 0;
  let steps = 0;
  try {
    while (at < stream.length) {
      // A copy, overwritten by the next: what a decoder keeps of a chunk, it must have copied.
      const size = Math.min(portion(), stream.length - at);
      const chunk = size <= SCRATCH.length ? (SCRATCHES[size] as Uint8Array) : new Uint8Array(size);
      for (let i = 0; i < size; i++) chunk[i] = stream[at + i] as number;
      at += size;
      decoder.push(chunk);
      while (decoder.next()) {
        must(++steps <= stream.length, 'more frames than bytes');
        same(decoder, stream, meant, found++);
      }
      if (size > 1) chunk.fill(0xee);
      mustHoldLittle(decoder, at, most);
    }
  } catch (error) {
    if (!(error instanceof MasterlessError) || error.code !== 'ERR_PROTOCOL') throw error;
    must(
      meant.error !== null && REASONS[meant.error].test(error.message),
      `${error.message}: ${meant.error} was meant`,
    );
    must(found === meant.frames.length, `${found} frames before the error, not ${meant.frames.length}`);
    return;
  }
  must(meant.error === null, `taken, and ${meant.error} was meant`);
  must(found === meant.frames.length, `${found} frames, not ${meant.frames.length}`);
  must(decoder.partial === meant.rest > 0, `partial is ${decoder.partial} with ${meant.rest} bytes left`);
}

function same(decoder: FrameDecoder, stream: Uint8Array, meant: Reading, index: number): void {
  const frame = meant.frames[index];
  must(frame !== undefined, `a frame ${decoder.kind} too many`);
  must(decoder.kind === frame.kind, `frame ${index} is ${decoder.kind}, not ${frame.kind}`);
  must(decoder.end - decoder.start === frame.end - frame.start, `frame ${index} is too long or too short`);
  for (let i = 0; i < frame.end - frame.start; i++) {
    if (decoder.buffer[decoder.start + i] === stream[frame.start + i]) continue;
    must(false, `byte ${i} of frame ${index} is wrong`);
  }
}

function mustHoldLittle(decoder: FrameDecoder, arrived: number, most: number): void {
  const held = Reflect.get(decoder, 'held') as Uint8Array;
  const length = Reflect.get(decoder, 'heldLength') as number;
  must(length <= MAX_HEADER + Math.max(most, MAX_CONTROL), `${length} bytes held`);
  must(held.length <= 64 + 2 * arrived, `room for ${held.length} bytes made when ${arrived} had come`);
}
