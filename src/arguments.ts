/**
 * Checks of what applications pass to methods. Misuse throws at once, where it was made.
 */
import { isWellFormed } from './codec/text.js';
import { MasterlessError } from './errors.js';
import { MAX_ID } from './protocol/control.js';
import { byteLength } from './protocol/fields.js';

/** @throws MasterlessError `ERR_ID` */
export function checkedId(id: unknown): string {
  if (typeof id !== 'string') throw new MasterlessError('ERR_ID', `an id must be a string, and this is ${typeof id}`);
  // An id that is not well-formed would not arrive as it was sent. No unit of UTF-16 takes more than three bytes.
  const long = id.length > MAX_ID || (id.length * 3 > MAX_ID && byteLength(id) > MAX_ID);
  if (id.length === 0 || long || !isWellFormed(id)) {
    throw new MasterlessError('ERR_ID', `an id must be 1 to ${MAX_ID} bytes of well-formed UTF-8`);
  }
  return id;
}

/** @throws MasterlessError `ERR_ARGUMENT` */
export function checkedSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw new MasterlessError('ERR_ARGUMENT', 'the signal must be an AbortSignal');
}

/** @throws MasterlessError `ERR_PACKET_TOO_LARGE` */
export function checkPacketSize(size: number, most: number, limit: string): void {
  if (size <= most) return;
  const message = `the packet has ${size} bytes encoded, and ${limit} is ${most}: send it in parts, or raise the limit`;
  throw new MasterlessError('ERR_PACKET_TOO_LARGE', message);
}
