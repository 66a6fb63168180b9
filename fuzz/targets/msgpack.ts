/**
 * Packets of strangers. What the written grammar takes is a value, the same that two other implementations read, and goes
 * there and back through all three; what the grammar refuses is refused, for the same reason.
 *
 * The codec is one for all cases, so that it has learnt all manner of keys. `learnt` is the target for that.
 *
 * Input: a byte that chooses the limits, then the packet.
 */
import * as theirs from '@msgpack/msgpack';
import { Packr } from 'msgpackr';
import { msgpack } from '../../src/codec/msgpack.js';
import { MasterlessError } from '../../src/errors.js';
import { type Bounds, type Fault, faultIn } from '../grammar/msgpack.js';
import { anyPacket } from '../packets.js';
import { same } from '../same.js';
import { must, type Target } from '../target.js';

const BOUNDS: readonly Bounds[] = [
  { depth: 32, items: 1_000_000, size: 64 * 1024 * 1024 },
  { depth: 4, items: 1_000_000, size: 64 * 1024 * 1024 },
  { depth: 32, items: 12, size: 64 * 1024 * 1024 },
  { depth: 1, items: 4, size: 16 },
];
const CODECS = BOUNDS.map((bounds) => msgpack(bounds));
const packr = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true, int64AsType: 'bigint' });
const options = { useBigInt64: true };

const ENCODERS = [
  (CODECS[0] as (typeof CODECS)[number]).encode,
  (value: unknown) => theirs.encode(value, options),
  (value: unknown): Uint8Array => packr.pack(value),
] as const;

/** What the error says for each reason. */
const SAID: Readonly<Record<Fault, RegExp>> = {
  size: /bytes are more than/,
  cut: /ends too early/,
  count: /more than the bytes can hold/,
  'left-over': /left over/,
  form: /begins no value/,
  extension: /extension type/,
  timestamp: /timestamp/,
  key: /not a string/,
  twice: /there twice/,
  proto: /__proto__/,
  'utf-8': /not valid UTF-8/,
  depth: /nested deeper/,
  items: /more than \d+ values/,
};

export const packets: Target = {
  name: 'msgpack',
  piece: 150_000,
  longest: 2048,

  make(random) {
    if (random.chance(0.1)) return noise(random.below(24), () => random.below(256));
    const packet = random.pick(ENCODERS)(anyPacket(random));
    const input = new Uint8Array(1 + packet.length);
    input[0] = random.chance(0.8) ? 0 : random.below(256);
    input.set(packet, 1);
    return input;
  },

  run(input) {
    const which = (input[0] ?? 0) % BOUNDS.length;
    const bytes = input.subarray(1);
    const fault = faultIn(bytes, BOUNDS[which] as Bounds);
    const codec = CODECS[which] as (typeof CODECS)[number];
    let packet: unknown;
    try {
      packet = codec.decode(bytes);
    } catch (error) {
      mustBeRefused(error, fault);
      return `${fault}|${which} ${bytes[0]} ${Math.min(bytes.length, 20)}`;
    }
    must(fault === null, `taken, and the grammar refuses it: ${fault}`);
    mustBeMeant(packet, bytes);
    mustTravel(packet, codec);
    return `taken|${which} ${bytes[0]} ${shapeOf(packet)}`;
  },
};

/** The error is one of the codec, for the reason that the grammar gives. */
export function mustBeRefused(error: unknown, fault: Fault | null): asserts fault is Fault {
  if (!(error instanceof MasterlessError) || error.code !== 'ERR_BAD_PACKET' || error.cause !== undefined) throw error;
  must(fault !== null, `refused, and the grammar takes it: ${error.message}`);
  must(SAID[fault].test(error.message), `the grammar says ${fault}: ${error.message}`);
}

/** Others read the same from these bytes. */
function mustBeMeant(packet: unknown, bytes: Uint8Array): void {
  must(same(theirs.decode(bytes, options), packet), '@msgpack/msgpack reads another value');
  must(same(packr.unpack(bytes.slice()), packet), 'msgpackr reads another value');
}

/** There and back through each of the three. */
function mustTravel(packet: unknown, codec: (typeof CODECS)[number]): void {
  const own = codec.encode(packet).slice();
  must(faultIn(own, BOUNDS[0] as Bounds) === null, 'the grammar refuses what was encoded');
  must(same(codec.decode(own), packet), 'it does not come back');
  must(same(codec.encode(packet), own), 'it is encoded in two ways');
  must(same(theirs.decode(own, options), packet), '@msgpack/msgpack reads another value of what was encoded');
  must(same(packr.unpack(own), packet), 'msgpackr reads another value of what was encoded');
  // Neither of the two tells -0 from 0.
  if (hasNegativeZero(packet)) return;
  const codecs = CODECS[0] as (typeof CODECS)[number];
  must(same(codecs.decode(theirs.encode(packet, options)), packet), 'what @msgpack/msgpack writes is read as another');
  must(same(codecs.decode(packr.pack(packet)), packet), 'what msgpackr writes is read as another');
}

function hasNegativeZero(value: unknown): boolean {
  if (Object.is(value, -0)) return true;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  return Object.values(value).some(hasNegativeZero);
}

/** What kinds of values there are, two levels down. */
function shapeOf(value: unknown, depth = 0): string {
  if (typeof value !== 'object' || value === null) return (typeof value)[0] as string;
  if (value instanceof Uint8Array) return 'B';
  if (value instanceof Date) return 'D';
  const items = depth > 1 ? [] : Object.values(value).slice(0, 4);
  return `${Array.isArray(value) ? 'A' : 'O'}${items.map((item) => shapeOf(item, depth + 1)).join('')}.`;
}

/** Bytes with more headers of containers and strings than chance has. */
function noise(length: number, byte: () => number): Uint8Array {
  return new Uint8Array(length + 1).map((_, index) =>
    index === 0 ? 0 : byte() < 128 ? byte() : 0x80 + (byte() % 0x60),
  );
}
