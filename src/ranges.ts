/**
 * The options that are numbers, with their defaults and bounds.
 */
import type { LimitOptions, ReconnectOptions } from './options.js';

const MiB = 1024 * 1024;
/** The longest time a timer of the platform can wait. */
const LONGEST = 2 ** 31 - 1;

export interface Range {
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
}

/** The options of a node that are numbers. */
export type NumberOption =
  | 'port'
  | 'heartbeat'
  | 'timeout'
  | 'stallTimeout'
  | 'handshakeTimeout'
  | 'probeTimeout'
  | 'closeTimeout'
  | 'maxLinkAge'
  | 'resumeWindow'
  | 'window'
  | 'totalWindow'
  | 'maxPacket';

export const numbers: Readonly<Record<NumberOption, Range>> = {
  port: { fallback: 0, min: 0, max: 65_535 },
  heartbeat: { fallback: 1000, min: 10, max: LONGEST - 1 },
  timeout: { fallback: 5000, min: 20, max: LONGEST },
  stallTimeout: { fallback: 60_000, min: 20, max: LONGEST },
  handshakeTimeout: { fallback: 5000, min: 10, max: LONGEST },
  probeTimeout: { fallback: 500, min: 10, max: LONGEST },
  closeTimeout: { fallback: 5000, min: 0, max: LONGEST },
  maxLinkAge: { fallback: Number.POSITIVE_INFINITY, min: 100, max: Number.POSITIVE_INFINITY },
  resumeWindow: { fallback: 10_000, min: 0, max: LONGEST },
  window: { fallback: 16 * MiB, min: 1024, max: 4096 * MiB },
  totalWindow: { fallback: 256 * MiB, min: 1024, max: 65_536 * MiB },
  maxPacket: { fallback: 64 * MiB, min: 16, max: 2048 * MiB },
};

export const reconnectNumbers: Readonly<Record<keyof ReconnectOptions, Range>> = {
  attempts: { fallback: 1, min: 0, max: Number.POSITIVE_INFINITY },
  minDelay: { fallback: 100, min: 0, max: LONGEST },
  maxDelay: { fallback: 10_000, min: 0, max: LONGEST },
};

export const limitNumbers: Readonly<Record<keyof LimitOptions, Range>> = {
  depth: { fallback: 32, min: 1, max: 512 },
  items: { fallback: 200_000, min: 1, max: 2 ** 31 },
  handshakes: { fallback: 128, min: 1, max: 2 ** 31 },
  handshakesPerAddress: { fallback: 16, min: 1, max: 2 ** 31 },
  peers: { fallback: 4096, min: 1, max: 2 ** 31 },
  deliveries: { fallback: 10_000, min: 0, max: 2 ** 31 },
  resumeWindow: { fallback: 60_000, min: 0, max: LONGEST },
  heartbeat: { fallback: 600_000, min: 10, max: LONGEST },
};

/** Every number option with its default and bounds, nested ones with a dot: what the documentation's table is held to. */
export const optionRanges: Readonly<Record<string, Range>> = Object.freeze({
  ...numbers,
  ...prefixed('reconnect', reconnectNumbers),
  ...prefixed('limits', limitNumbers),
});

function prefixed(prefix: string, ranges: Readonly<Record<string, Range>>): Record<string, Range> {
  return Object.fromEntries(Object.entries(ranges).map(([key, range]) => [`${prefix}.${key}`, range]));
}
