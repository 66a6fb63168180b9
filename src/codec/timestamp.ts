/**
 * Dates as MessagePack's timestamp extension, type -1: seconds since 1970 and nanoseconds on top, in 4, 8 or 12 bytes.
 *
 * A Date counts whole milliseconds within 8.64e15 of 1970. What it can't hold is refused rather than rounded.
 */

/** Header and body of the longest form. */
export const MAX_TIMESTAMP = 15;

const FIXEXT4 = 0xd6;
const FIXEXT8 = 0xd7;
const EXT8 = 0xc7;
const TYPE = 0xff;
const U32 = 2 ** 32;
const MAX_MILLISECONDS = 8.64e15;

/** Writes the shortest form of a valid time at `at`; returns the offset behind it. */
export function writeTimestamp(view: DataView, at: number, milliseconds: number): number {
  const seconds = Math.floor(milliseconds / 1000);
  const nanoseconds = (milliseconds - seconds * 1000) * 1_000_000;
  if (seconds >= 0 && seconds < U32 && nanoseconds === 0) {
    view.setUint16(at, (FIXEXT4 << 8) | TYPE);
    view.setUint32(at + 2, seconds);
    return at + 6;
  }
  const high = Math.floor(seconds / U32);
  if (high >= 0 && high < 4) {
    view.setUint16(at, (FIXEXT8 << 8) | TYPE);
    view.setUint32(at + 2, nanoseconds * 4 + high);
    view.setUint32(at + 6, seconds);
    return at + 10;
  }
  view.setUint8(at, EXT8);
  view.setUint16(at + 1, (12 << 8) | TYPE);
  view.setUint32(at + 3, nanoseconds);
  view.setInt32(at + 7, high);
  view.setUint32(at + 11, seconds);
  return at + 15;
}

/** The Date in a body of 4, 8 or 12 bytes, at `at`, or the reason why there is none. */
export function readTimestamp(view: DataView, at: number, length: number): Date | string {
  let seconds: number;
  let nanoseconds = 0;
  if (length === 4) {
    seconds = view.getUint32(at);
  } else if (length === 8) {
    const first = view.getUint32(at);
    nanoseconds = first >>> 2;
    seconds = (first & 3) * U32 + view.getUint32(at + 4);
  } else {
    nanoseconds = view.getUint32(at);
    // Inexact only far beyond what a Date can hold.
    seconds = view.getInt32(at + 4) * U32 + view.getUint32(at + 8);
  }
  if (nanoseconds >= 1_000_000_000) return `a timestamp of ${nanoseconds} nanoseconds`;
  if (nanoseconds % 1_000_000 !== 0) return 'a timestamp finer than the milliseconds of a Date';
  const milliseconds = seconds * 1000 + nanoseconds / 1_000_000;
  if (Math.abs(milliseconds) > MAX_MILLISECONDS) return 'a timestamp beyond the range of a Date';
  return new Date(milliseconds);
}
