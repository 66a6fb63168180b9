/** What the codec's tests need to look at bytes and errors. */
import { MasterlessError } from '../../src/errors.js';

/** A new seed each time, or the one in the environment: `SEED=123 npx vitest run test/codec`. */
export function newSeed(): number {
  return Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
}

/** What `run` throws, which must be an error of the library. */
export function thrownBy(run: () => unknown): MasterlessError {
  try {
    run();
  } catch (error) {
    if (error instanceof MasterlessError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Bytes from hexadecimal digits, spaces ignored. */
export function hex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits.replaceAll(' ', ''), 'hex'));
}

/** Hexadecimal digits of bytes. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What a strict decoder of the platform makes of the bytes; null if that is not UTF-8. */
export function strictText(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

/** Newer than the types that this project is checked against. */
export const Resizable = ArrayBuffer as unknown as new (
  size: number,
  options: { readonly maxByteLength: number },
) => ArrayBuffer & { resize(size: number): void };
