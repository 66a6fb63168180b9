/** Small damage to inputs that exist: bits, bytes, lengths, parts moved about, parts of others. */
import type { Random } from '../src/testing/random.js';
import type { Target } from './target.js';

/** First bytes and lengths at which something changes, in frames, varints and MessagePack. */
const BYTES = [
  0x00, 0x01, 0x02, 0x04, 0x08, 0x0f, 0x10, 0x1f, 0x20, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x9f, 0xa0, 0xa9, 0xbf, 0xc0,
  0xc1, 0xc2, 0xc4, 0xc6, 0xc7, 0xca, 0xcb, 0xcc, 0xcf, 0xd3, 0xd4, 0xd6, 0xd7, 0xd8, 0xd9, 0xdb, 0xdc, 0xdd, 0xde,
  0xdf, 0xe0, 0xef, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff,
] as const;

/** Numbers written over what is there, or put in. */
const WORDS: readonly (readonly number[])[] = [
  [0xff, 0xff],
  [0x80, 0x00],
  [0x7f, 0xff],
  [0xff, 0xff, 0xff, 0xff],
  [0x7f, 0xff, 0xff, 0xff],
  [0x80, 0x00, 0x00, 0x00],
  [0x00, 0x00, 0x00, 0x01],
  // Varints: 0 in two bytes, 2^32, 2^53 - 1, 2^53, and one that does not end.
  [0x80, 0x00],
  [0x80, 0x80, 0x80, 0x80, 0x10],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  // A key of MessagePack that is not taken.
  [0xa9, 0x5f, 0x5f, 0x70, 0x72, 0x6f, 0x74, 0x6f, 0x5f, 0x5f],
];

/** A changed copy of `input`; `other` is what parts are taken from. */
export function mutate(random: Random, target: Target, input: Uint8Array, other: Uint8Array): Uint8Array {
  let bytes = input;
  // Mostly one change: what is damaged in many places dies at the first.
  let changes = 1;
  while (changes < 6 && random.chance(0.35)) changes++;
  for (; changes > 0; changes--) {
    const byUnits = target.units !== undefined && random.chance(0.4);
    bytes = byUnits ? changeUnits(random, target, bytes, other) : changeBytes(random, bytes, other);
  }
  if (bytes === input) bytes = input.slice();
  return bytes.length > target.longest ? bytes.slice(0, target.longest) : bytes;
}

function changeBytes(random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length === 0) return Uint8Array.of(random.pick(BYTES));
  const at = random.below(length);
  switch (random.below(10)) {
    case 0:
      return written(bytes, at, [(bytes[at] as number) ^ (1 << random.below(8))]);
    case 1:
      return written(bytes, at, [random.pick(BYTES)]);
    case 2:
      return written(bytes, at, [random.below(256)]);
    // A length or a count that is a little off.
    case 3:
      return written(bytes, at, [((bytes[at] as number) + 1 + random.below(4)) & 0xff]);
    case 4:
      return written(bytes, at, [((bytes[at] as number) - 1 - random.below(4)) & 0xff]);
    case 5:
      return random.chance(0.5)
        ? written(bytes, at, random.pick(WORDS))
        : spliced(bytes, at, random.chance(0.5) ? at : at + 1, Uint8Array.from(random.pick(WORDS)));
    case 6:
      return spliced(bytes, at, at + 1 + random.below(Math.min(length - at, 16)), EMPTY);
    case 7:
      return spliced(bytes, at, at, bytes.subarray(at, at + 1 + random.below(16)));
    case 8: {
      const from = random.below(other.length + 1);
      const end = random.chance(0.5) ? length : at + random.below(length - at + 1);
      return spliced(bytes, at, end, other.subarray(from, from + 1 + random.below(64)));
    }
    default:
      return bytes.subarray(0, at);
  }
}

/** Removes, doubles, swaps or puts in whole units. */
function changeUnits(random: Random, target: Target, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const starts = target.units?.(bytes) ?? [];
  const { length } = starts;
  if (length === 0) return bytes;
  const start = (index: number): number => starts[index] ?? bytes.length;
  const index = random.below(length);
  const [at, end] = [start(index), start(index + 1)];
  switch (random.below(4)) {
    case 0:
      return spliced(bytes, at, end, EMPTY);
    case 1:
      return spliced(bytes, at, at, bytes.subarray(at, end));
    case 2: {
      const third = start(index + 2);
      const swapped = bytes.slice();
      swapped.set(bytes.subarray(end, third), at);
      swapped.set(bytes.subarray(at, end), at + third - end);
      return swapped;
    }
    default: {
      const others = target.units?.(other) ?? [];
      if (others.length === 0) return bytes;
      const from = random.below(others.length);
      const to = from + 1 + random.below(3);
      return spliced(bytes, at, at, other.subarray(others[from] ?? 0, others[to] ?? other.length));
    }
  }
}

const EMPTY = new Uint8Array(0);

/** A copy with `by` in place of what is at `at`, as far as there is room. */
function written(bytes: Uint8Array, at: number, by: readonly number[]): Uint8Array {
  const copy = bytes.slice();
  for (let i = 0; i < by.length && at + i < copy.length; i++) copy[at + i] = by[i] as number;
  return copy;
}

/** A copy with `by` in place of `bytes[at..end)`. */
function spliced(bytes: Uint8Array, at: number, end: number, by: Uint8Array): Uint8Array {
  const whole = new Uint8Array(bytes.length - (end - at) + by.length);
  whole.set(bytes.subarray(0, at));
  whole.set(by, at);
  whole.set(bytes.subarray(end), at + by.length);
  return whole;
}
