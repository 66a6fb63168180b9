/**
 * What a node takes of the machine it runs on, transports aside: time and chance. Whoever gives another platform decides
 * what happens when, as `masterless/testing` does.
 */
import { builtins } from './builtins.js';
import { timers } from './timers.js';

/** Time and chance, as a node uses them. */
export interface Platform {
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
  /** Calls back once, after so many milliseconds (at most 2147483647). What it returns is for `clearTimeout`. */
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timeout: unknown): void;
  /** Calls back once, in a later turn, when all that has arrived was read. What it returns is for `clearImmediate`. */
  setImmediate(run: () => void): unknown;
  clearImmediate(immediate: unknown): void;
  /** Uniform in [0, 1): for delays and for telling handshakes apart. */
  random(): number;
  /** For the number that tells a restarted node from the one before: nobody else must come to have the same. */
  randomBytes(size: number): Uint8Array;
}

/** The platform itself. */
export const system: Platform = {
  now: timers.now,
  setTimeout: (run, ms) => timers.setTimeout(run, ms),
  clearTimeout: (timeout) => timers.clearTimeout(timeout as NodeJS.Timeout),
  setImmediate: (run) => timers.setImmediate(run),
  clearImmediate: (immediate) => timers.clearImmediate(immediate as NodeJS.Immediate),
  random: () => Math.random(),
  randomBytes: (size) => builtins.crypto.randomBytes(size),
};
