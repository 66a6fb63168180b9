/**
 * A codec that has seen any traffic does the same as a fresh one: it learns the keys of maps, and strangers choose which.
 *
 * Input: a byte that chooses the past (a table of keys that is empty, nearly full, full, about to be emptied; shapes that
 * came often), then
 * packets, each with its length before it.
 */
import { decode } from '@msgpack/msgpack';
import type { Codec } from '../../src/codec/codec.js';
import { msgpack } from '../../src/codec/msgpack.js';
import type { Random } from '../../src/testing/random.js';
import { Choices } from '../choices.js';
import { faultIn } from '../grammar/msgpack.js';
import { anyPacket } from '../packets.js';
import { same } from '../same.js';
import { must, type Target } from '../target.js';
import { mustBeRefused } from './msgpack.js';

const BOUNDS = { depth: 32, items: 1_000_000, size: 64 * 1024 * 1024 };
/** Keys that the table holds, and unknown ones that pass by before it is emptied: see src/codec/keys.ts. */
const FULL = 2048;
const PATIENCE = 16 * FULL;
const KEYS = ['a', 'b', 'c', 'id', 'type', 'é', '7', 'toString', 'x'.repeat(38), 'x'.repeat(39), ''] as const;
const encoder = msgpack();
const OPTIONS = { useBigInt64: true };

export const learnt: Target = {
  name: 'learnt',
  piece: 10_000,
  longest: 1024,

  make(random) {
    const parts: Uint8Array[] = [Uint8Array.of(random.below(256))];
    for (let count = 1 + random.below(5); count > 0; count--) {
      const packet = encoder.encode(random.chance(0.7) ? record(random) : anyPacket(random, 3)).slice(0, 255);
      parts.push(Uint8Array.of(packet.length), packet);
    }
    return new Uint8Array(Buffer.concat(parts));
  },

  units(input) {
    const starts: number[] = [];
    for (let at = 1; at < input.length; at += 1 + (input[at] as number)) starts.push(at);
    return starts;
  },

  run(input) {
    const choices = new Choices(input);
    const chosen = choices.byte();
    let past = PASTS[chosen - FIRST_PAST] ?? (chosen < HEARTLESS ? 'none' : 'by heart');
    // This one takes as long as a thousand cases.
    if (past === 'nearly emptied' && choices.byte() < 252) past = 'full';
    const codec = withPast(past);
    let [taken, refused] = [0, 0];
    while (choices.more) {
      const bytes = choices.take(choices.byte());
      // Twice: what the first has learnt, the second finds.
      for (let again = 0; again < 2; again++) {
        if (agrees(codec, bytes)) taken++;
        else refused++;
      }
    }
    const name = refused === 0 ? 'taken' : taken === 0 ? 'refused' : 'both';
    return `${name}|${taken} ${refused}`;
  },
};

type Past = 'none' | 'by heart' | 'nearly full' | 'full' | 'nearly emptied';
const KEYS_SEEN = { 'nearly full': FULL - 3, full: FULL, 'nearly emptied': FULL + PATIENCE - 3 } as const;
const HISTORIES: { [past in Past]?: Uint8Array } = {};
/** Bytes from these on choose one of {@link PASTS}, or that the codec knows some shapes by heart. */
const FIRST_PAST = 252;
const HEARTLESS = 248;
/** Having one takes longer than many cases: they are rare. */
const PASTS: readonly Past[] = ['none', 'nearly full', 'full', 'nearly emptied'];

/** Whether the packet is taken; by both or by none, and as the same. */
function agrees(codec: Codec, bytes: Uint8Array): boolean {
  const fault = faultIn(bytes, BOUNDS);
  let packet: unknown;
  try {
    packet = codec.decode(bytes);
  } catch (error) {
    mustBeRefused(error, fault);
    return false;
  }
  must(fault === null, `a codec with a past takes it, and the grammar refuses it: ${fault}`);
  // A fresh one each time would take most of the time; another implementation has no past either.
  must(same(packet, decode(bytes, OPTIONS)), 'a codec with a past reads another value than one without');
  return true;
}

function withPast(past: Past): Codec {
  const codec = msgpack();
  if (past === 'none') return codec;
  if (past === 'by heart') {
    codec.decode((HISTORIES[past] ??= recurring()));
    return codec;
  }
  codec.decode((HISTORIES[past] ??= history(KEYS_SEEN[past])));
  return codec;
}

/** A packet with so many different keys. */
function history(keys: number): Uint8Array {
  return encoder.encode(Array.from({ length: keys }, (_, index) => ({ [`k${index}`]: 1 }))).slice();
}

/** A packet with maps of some shapes that come so often that code is made for them. */
function recurring(): Uint8Array {
  const [a, b, c, id, type] = KEYS;
  const shapes = [
    { [a]: 1, [b]: 2 },
    { [a]: 0.5, [c]: 'a' },
    { [id]: 70_000, [type]: 'é', [a]: { [a]: 1 } },
    { [a]: null },
  ];
  return encoder.encode(Array.from({ length: 1000 }, (_, index) => shapes[index % shapes.length])).slice();
}

function record(random: Random): unknown {
  const one = (): object =>
    Object.fromEntries(Array.from({ length: random.below(5) }, () => [random.pick(KEYS), random.below(3)]));
  return random.chance(0.3) ? Array.from({ length: random.below(6) }, one) : one();
}
