/**
 * A secret that all nodes of a mesh share, read and turned into what TLS needs: a key, and a name for the key that tells
 * it from others and nothing about it.
 *
 * A secret is random, never a password: who records a handshake could try passwords at leisure. So text has one form only,
 * the one that {@link newSecret} makes, and what looks like a password is refused rather than hashed. No message made here
 * shows what was given.
 */
import { builtins } from '../builtins.js';
import { MasterlessError } from '../errors.js';

const { isUint8Array } = builtins.util.types;

/** A secret as users give it: text made by `masterless keygen`, or 32 random bytes or more. */
export type Secret = string | Uint8Array;

/** A secret as TLS uses it. */
export interface SecretKey {
  /** Sent in the clear: the same for the same secret, and of no use without it. */
  readonly identity: string;
  readonly psk: Buffer;
}

/** Marks the text for people and for tools that search for secrets where none should be. */
const PREFIX = 'masterless-secret-';
const LEAST = 32;
const MOST = 1024;
/** Of 32 random bytes about 30 differ; fewer than this many differing ones come by chance less than once in 2^80. */
const FEWEST_VALUES = 12;
const REMEDY = '`npx masterless keygen` makes one';

/** A new secret as text: 32 random bytes. */
export function newSecret(): string {
  return PREFIX + builtins.crypto.randomBytes(LEAST).toString('base64url');
}

/**
 * Reads a secret.
 * @throws MasterlessError `ERR_OPTION` for what is none, too short or not random
 */
export function readSecret(option: string, given: unknown): SecretKey {
  const bytes = typeof given === 'string' ? fromText(option, given) : fromBytes(option, given);
  const derive = (label: string, length: number): Buffer => {
    return Buffer.from(builtins.crypto.hkdfSync('sha256', bytes, '', `masterless 1 ${label}`, length));
  };
  return { identity: `masterless-1-${derive('key id', 12).toString('hex')}`, psk: derive('tls psk', 32) };
}

function fromText(option: string, text: string): Uint8Array {
  if (text === '') refuse(option, 'is empty');
  if (!text.startsWith(PREFIX)) refuse(option, 'is a text that keygen did not make: it must be random, not a password');
  const encoded = text.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, 'base64url');
  // One spelling for each secret, whole: what was cut or has a line end is not taken for another secret.
  if (bytes.length !== LEAST || bytes.toString('base64url') !== encoded) {
    refuse(option, `is not whole: behind ${PREFIX} come 43 signs, and nothing after them`);
  }
  return bytes;
}

function fromBytes(option: string, given: unknown): Uint8Array {
  if (!isUint8Array(given)) refuse(option, 'is neither text nor bytes');
  if (given.length < LEAST) refuse(option, `has ${given.length} bytes, and ${LEAST} random ones are the least`);
  if (given.length > MOST) refuse(option, `has more than ${MOST} bytes`);
  if (new Set(given).size < FEWEST_VALUES) refuse(option, 'is not random: its bytes repeat');
  if (given.every((byte) => byte >= 0x20 && byte < 0x7f)) {
    refuse(option, 'is text given as bytes: give the text itself, or the random bytes that it stands for');
  }
  return given;
}

function refuse(option: string, what: string): never {
  throw new MasterlessError('ERR_OPTION', `option ${option} ${what}; ${REMEDY}`);
}
