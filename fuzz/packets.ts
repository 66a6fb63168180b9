/** Random packets: values that arrive as what they were. */
import type { Random } from '../src/testing/random.js';

const NUMBERS: readonly number[] = [
  ...[0, -0, 1, -1, 31, 32, -32, -33, 127, 128, -128, -129, 255, 256, 32_767, 32_768, -32_768, -32_769, 65_535, 65_536],
  ...[
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    -(2 ** 31) - 1,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 53 - 1,
    2 ** 53,
    -(2 ** 53),
    2 ** 70,
  ],
  ...[0.1, 1.5, -1.5, 5e-324, Number.MAX_VALUE, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
];
const BIGINTS = [0n, 5n, -1n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, -(2n ** 63n)] as const;
const TIMES = [0, 5000, 1_764_000_000_123, -1, -1000, 2 ** 32 * 1000, 2 ** 34 * 1000, 8.64e15, -8.64e15, 999] as const;
const TEXTS = [
  '',
  'a',
  'id',
  'Zoë 😀',
  '\ufeffa',
  '\ufffd',
  '\0',
  'x'.repeat(31),
  'x'.repeat(32),
  'é'.repeat(24),
] as const;
const LONG_TEXTS = ['é'.repeat(40), 'x'.repeat(255), 'x'.repeat(256), '😀'.repeat(70)] as const;
const KEYS = [
  ...['id', 'type', 'list', 'a', 'b', 'c', '', '0', '7', '10', '1234', '4294967294', '4294967295', '007', '-1', 'é'],
  ...['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__', 'prototype', 'length', 'then'],
  ...['x'.repeat(31), 'x'.repeat(32), 'x'.repeat(39), 'x'.repeat(60)],
] as const;

/** @param depth - how deep it may still nest */
export function anyPacket(random: Random, depth = 4): unknown {
  if (depth > 0 && random.chance(0.45)) return random.chance(0.5) ? anyArray(random, depth) : anyObject(random, depth);
  switch (random.below(9)) {
    case 0:
      return random.pick([null, true, false]);
    case 1:
      return random.pick(NUMBERS);
    case 2:
      return random.below(2 ** (1 + random.below(32))) * random.pick([1, -1, 1, 1 / 3]);
    case 3:
      return random.pick(BIGINTS);
    case 4:
      return new Uint8Array(random.chance(0.05) ? 300 : random.below(20)).fill(random.below(256));
    case 5:
      return new Date(random.pick(TIMES));
    case 6:
      return random.pick(random.chance(0.1) ? LONG_TEXTS : TEXTS);
    default:
      return random.pick(TEXTS);
  }
}

function anyArray(random: Random, depth: number): unknown[] {
  const length = random.chance(0.03) ? 14 + random.below(8) : random.below(5);
  return Array.from({ length }, () => anyPacket(random, depth - 1));
}

function anyObject(random: Random, depth: number): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (let count = random.chance(0.03) ? 14 + random.below(60) : random.below(5); count > 0; count--) {
    const key = random.chance(0.8) ? random.pick(KEYS) : String(random.below(2 ** (1 + random.below(34))));
    // Plain assignment finds what every object has.
    Object.defineProperty(object, key, {
      ...{ value: anyPacket(random, depth - 1), writable: true, enumerable: true, configurable: true },
    });
  }
  return object;
}
