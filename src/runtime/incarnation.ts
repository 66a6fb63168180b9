/**
 * The number that tells a restarted node from the one before.
 */
import { type Platform, system } from '../platform.js';

/** 16 hexadecimal digits, random, not all 0. */
export function newIncarnation(platform: Platform = system): string {
  for (;;) {
    const digits = Array.from(platform.randomBytes(8), (byte) => byte.toString(16).padStart(2, '0')).join('');
    if (!/^0+$/.test(digits)) return digits;
  }
}
