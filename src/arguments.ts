/**
 * Checks of what applications pass to methods. Misuse throws at once, where it was made.
 */
import { builtins } from './builtins.js';
import type { Codec } from './codec/codec.js';
import { isWellFormed } from './codec/text.js';
import { lengthOf } from './codec/true-bytes.js';
import { MasterlessError } from './errors.js';
import { MAX_ID } from './protocol/control.js';
import { byteLength } from './protocol/fields.js';
import { type Encoded, Parts } from './protocol/parts.js';

/** Asking for it takes longer than all else that is checked of a packet. */
const { isUint8Array } = builtins.util.types;
/** The longest time a timer can wait. */
const MAX_TTL = 2 ** 31 - 1;

/** @throws MasterlessError `ERR_ID` */
export function checkedId(id: unknown): string {
  if (typeof id !== 'string') throw new MasterlessError('ERR_ID', `an id must be a string, and this is ${kindOf(id)}`);
  // An id that is not well-formed would not arrive as it was sent. No unit of UTF-16 takes more than three bytes.
  const long = id.length > MAX_ID || (id.length * 3 > MAX_ID && byteLength(id) > MAX_ID);
  if (id.length === 0 || long || !isWellFormed(id)) {
    throw new MasterlessError('ERR_ID', `an id must be 1 to ${MAX_ID} bytes of well-formed UTF-8`);
  }
  return id;
}

/**
 * Options of a call, all of which it must know: one that is misspelt, or a signal in place of `{ signal }`, would do nothing.
 * @throws MasterlessError `ERR_ARGUMENT`
 */
export function checkedOptions<Options extends object>(
  options: Options,
  call: string,
  known: readonly (keyof Options & string)[],
): Options {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw argument(
      `${call}: the options must be an object, such as { ${known.join(', ')} }, and this is ${kindOf(options)}`,
    );
  }
  for (const name in options) {
    if ((known as readonly string[]).includes(name)) continue;
    throw argument(`${call}: ${name} is none of its options, which are ${known.join(', ')}`);
  }
  return options;
}

/** @throws MasterlessError `ERR_ARGUMENT` */
export function checkedSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  try {
    // Asked what it is, since who only inherits from the class has nothing of it.
    if (signal instanceof AbortSignal && typeof signal.aborted === 'boolean') return signal;
  } catch {
    // As good as none.
  }
  throw argument('the signal must be an AbortSignal');
}

/** @throws MasterlessError `ERR_ARGUMENT` */
export function checkedFlag(flag: unknown, name: string): boolean {
  if (typeof flag === 'boolean') return flag;
  throw argument(`${name} must be a boolean, and this is ${kindOf(flag)}`);
}

/** A number of milliseconds. @throws MasterlessError `ERR_ARGUMENT` */
export function checkedTtl(ttl: unknown): number {
  if (typeof ttl === 'number' && ttl > 0 && ttl <= MAX_TTL) return ttl;
  const is = typeof ttl === 'number' ? ttl : kindOf(ttl);
  throw argument(`ttl must be a number of milliseconds, above 0 and at most ${MAX_TTL}, and this is ${is}`);
}

/** A number of bytes. @throws MasterlessError `ERR_ARGUMENT` */
export function checkedSize(size: unknown): number {
  if (typeof size === 'number' && size >= 0) return size;
  const is = typeof size === 'number' ? size : kindOf(size);
  throw argument(`the size must be a number of bytes, 0 or more, and this is ${is}`);
}

/** What a codec of the application made of a packet, in one or in parts. @throws MasterlessError `ERR_PACKET` */
export function checkedEncoded(made: unknown, codec: Codec): Encoded {
  if (!Array.isArray(made)) return checkedBytes(made, codec);
  return new Parts(Array.from(made, (part: unknown) => checkedBytes(part, codec)));
}

function checkedBytes(made: unknown, { name }: Codec): Uint8Array {
  if (isUint8Array(made) && lengthOf(made) === made.length) return made;
  const message = `the codec ${name} made ${kindOf(made)} of it: it must make a Uint8Array, such as Buffer.from(text)`;
  throw new MasterlessError('ERR_PACKET', `packet: ${message}`);
}

/** @throws MasterlessError `ERR_PACKET_TOO_LARGE` */
export function checkPacketSize(size: number, most: number, limit: string): void {
  if (size <= most) return;
  const message = `the packet has ${size} bytes encoded, and ${limit} is ${most}: send it in parts, or raise the limit`;
  throw new MasterlessError('ERR_PACKET_TOO_LARGE', message);
}

function argument(message: string): MasterlessError {
  return new MasterlessError('ERR_ARGUMENT', message);
}

/** What a value is, in words. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === 'object' ? 'another object' : `a ${typeof value}`;
}
