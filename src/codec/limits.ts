/** What one packet may be at most: the same in both directions and counted in the same way, parsed once. */
import { MasterlessError, textOf } from '../errors.js';

/** Limits of {@link msgpack}. */
export interface PacketLimits {
  /** Nesting of arrays and maps: 1 is a flat array. @default 32 */
  readonly depth: number;
  /** Values, containers and map keys included; a packet that is one number has 1. @default 200_000 */
  readonly items: number;
  /** Bytes of the encoded packet. @default 64 MiB */
  readonly size: number;
}

/** Those that are left out, or undefined, have their defaults. */
export type GivenLimits = { readonly [Name in keyof PacketLimits]?: PacketLimits[Name] | undefined };

const ranges = {
  depth: { fallback: 32, min: 1, max: 512 },
  items: { fallback: 200_000, min: 1, max: 2 ** 31 },
  size: { fallback: 64 * 1024 * 1024, min: 16, max: 2048 * 1024 * 1024 },
} as const satisfies Record<keyof PacketLimits, object>;

/**
 * Checks limits and fills in those left out.
 * @throws MasterlessError `ERR_OPTION` for an unknown or impossible limit.
 */
export function resolveLimits(given: GivenLimits): PacketLimits {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    fail('the limits of msgpack must be an object, such as { depth: 16 }');
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(ranges, name)) fail(`msgpack has no limit ${name}: there are ${Object.keys(ranges).join(', ')}`);
  }
  return Object.freeze({ depth: limit(given, 'depth'), items: limit(given, 'items'), size: limit(given, 'size') });
}

function limit(given: GivenLimits, name: keyof PacketLimits): number {
  const { fallback, min, max } = ranges[name];
  const value = given[name] === undefined ? fallback : given[name];
  if (!Number.isInteger(value) || value < min || value > max) {
    fail(`msgpack limit ${name} is ${textOf(value)}: it must be a whole number from ${min} to ${max}`);
  }
  return value;
}

function fail(message: string): never {
  throw new MasterlessError('ERR_OPTION', message);
}
