/**
 * The codec that a node uses unless it is given another: MessagePack, strict and limited.
 *
 * The bytes are plain MessagePack that any implementation reads. What is ours is the choice where the format leaves one,
 * made so that a value either comes back as what it was or is refused where it was sent; `docs/values.md` has the table.
 *
 * | value | bytes |
 * |---|---|
 * | whole number of at most 32 bits | the shortest integer form |
 * | every other number, -0 included | float64, which is exact for all whole numbers up to 2^53 |
 * | bigint | uint64, or int64 when negative; these forms are read as bigint and nothing else |
 * | Date | timestamp extension, the shortest form |
 *
 * What other encoders write is taken as well: integers and lengths longer than needed, float32, map keys in any order.
 * Not taken are keys that are no string, a key twice, `__proto__`, invalid UTF-8, every extension but the timestamp, and
 * a timestamp that a Date can't hold. Both directions have the same limits, so that what one side sends, the other takes.
 */
import { MasterlessError } from '../errors.js';
import type { Codec } from './codec.js';
import { Decoder } from './decoder.js';
import { Encoder } from './encoder.js';
import type { PacketLimits } from './limits.js';

/** Bounds of one packet, for both directions. */
export type MsgpackOptions = Partial<PacketLimits>;

const ranges = {
  depth: { fallback: 32, min: 1, max: 512 },
  items: { fallback: 1_000_000, min: 1, max: 2 ** 31 },
  size: { fallback: 64 * 1024 * 1024, min: 16, max: 2048 * 1024 * 1024 },
} as const satisfies Record<keyof PacketLimits, object>;

/**
 * Makes a strict MessagePack codec. It keeps buffers and learnt keys of its own, a few hundred KiB at most between calls.
 *
 * @param options `depth` of nested arrays and maps (default 32, at most 512); `items`: values in one packet, containers
 * and keys included (default 1,000,000); `size` in bytes of one encoded packet (default 64 MiB, at most 2 GiB).
 * @throws MasterlessError `ERR_OPTION` for an unknown or impossible limit.
 */
export function msgpack(options: MsgpackOptions = {}): Codec {
  const limits = resolveLimits(options);
  const encoder = new Encoder(limits);
  const decoder = new Decoder(limits);
  return Object.freeze({
    name: 'msgpack',
    encode: (packet: unknown): Uint8Array => encoder.encode(packet),
    decode: (bytes: Uint8Array): unknown => decoder.decode(bytes),
  });
}

function resolveLimits(options: MsgpackOptions): PacketLimits {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(ranges, name)) fail(`msgpack has no option ${name}: there are ${Object.keys(ranges).join(', ')}`);
  }
  return Object.freeze({ depth: limit(options, 'depth'), items: limit(options, 'items'), size: limit(options, 'size') });
}

function limit(options: MsgpackOptions, name: keyof PacketLimits): number {
  const { fallback, min, max } = ranges[name];
  const value = options[name] ?? fallback;
  if (!Number.isInteger(value) || value < min || value > max) {
    fail(`msgpack option ${name} is ${String(value)}: it must be a whole number from ${min} to ${max}`);
  }
  return value;
}

function fail(message: string): never {
  throw new MasterlessError('ERR_OPTION', message);
}
