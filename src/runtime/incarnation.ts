/**
 * The number that tells a restarted node from the one before.
 */
import { randomBytes } from 'node:crypto';

/** 16 hexadecimal digits, random, not all 0. */
export function newIncarnation(): string {
  for (;;) {
    const digits = randomBytes(8).toString('hex');
    if (!/^0+$/.test(digits)) return digits;
  }
}
