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
 * | bigint | uint64, or int64 when negative; these forms are read as bigint, and no others are |
 * | Date | timestamp extension, the shortest form |
 *
 * What other encoders write is taken as well: integers and lengths longer than needed, float32, map keys in any order.
 * Not taken are keys that are no string, a key twice, `__proto__`, invalid UTF-8, every extension but the timestamp, and
 * a timestamp that a Date can't hold.
 */
import { builtins } from '../builtins.js';
import { MasterlessError } from '../errors.js';
import type { Codec, EncodeTarget } from './codec.js';
import { Decoder } from './decoder.js';
import { Encoder } from './encoder.js';
import { type GivenLimits, type PacketLimits, resolveLimits } from './limits.js';
import { lengthOf } from './true-bytes.js';

const { isUint8Array } = builtins.util.types;

/** Bounds of one packet, for both directions. */
export type MsgpackOptions = GivenLimits;

/**
 * Makes a strict MessagePack codec. Between calls it keeps a scratch buffer of at most 1 MiB, the last target that had a long
 * text in it, the last memory of at most 256 KiB that it read from, tables of at most 2,048 learnt keys for reading and as
 * many for writing, and code made for shapes that come often: for 16 keys or a shape more each time that twice as many maps of
 * a shape have come, with a short text for each.
 *
 * @param limits `depth` of nested arrays and maps (default 32, at most 512); `items`: values in one packet, containers
 * and keys included (default 200,000); `size` in bytes of one encoded packet (default 64 MiB, at most 2 GiB).
 * @throws MasterlessError `ERR_OPTION` for an unknown or impossible limit.
 */
export function msgpack(limits: MsgpackOptions = {}): Codec {
  return made(resolveLimits(limits));
}

let latest: { readonly limits: PacketLimits; readonly codec: Codec } | null = null;

/**
 * The same for one of many nodes in a process: those with equal limits, made one after another, have one codec. They mostly
 * send one another the same shapes, which are learnt once then, and kept once.
 */
export function sharedMsgpack(given: MsgpackOptions): Codec {
  const limits = resolveLimits(given);
  if (latest === null || !equal(latest.limits, limits)) latest = { limits, codec: made(limits) };
  return latest.codec;
}

function equal(one: PacketLimits, other: PacketLimits): boolean {
  return one.depth === other.depth && one.items === other.items && one.size === other.size;
}

function made(resolved: PacketLimits): Codec {
  const encoder = new Encoder(resolved);
  const decoder = new Decoder(resolved);
  const codec: Codec = {
    name: 'msgpack',
    encode: (packet: unknown): Uint8Array => encoder.encode(packet),
    decode: (bytes: Uint8Array): unknown => {
      if (!isUint8Array(bytes)) throw new MasterlessError('ERR_ARGUMENT', 'decode(bytes): it must be a Uint8Array');
      return decoder.decode(bytes, 0, lengthOf(bytes));
    },
  };
  // Not enumerable: who spreads the codec to wrap `encode` and `decode` must not get these past the wrapping.
  Object.defineProperties(codec, {
    encodeInto: {
      value: (packet: unknown, target: EncodeTarget, at: number) => encoder.encodeInto(packet, target, at),
    },
    encodeParts: { value: (packet: unknown) => encoder.encodeParts(packet) },
    decodeRange: {
      value: (buffer: Uint8Array, start: number, end: number): unknown => decoder.decode(buffer, start, end),
    },
  });
  return Object.freeze(codec);
}
