/**
 * Credentials that are none: both processes must know them, what they cost is measured, and they never leave the machine. The
 * certificate is one of the tests'.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.js';

/** 32 bytes for masterless as for who uses them as the key itself. */
export const SECRET: Buffer = createHash('sha256').update('masterless bench').digest();

/** The same for both ends, in the names that masterless and `node:tls` have for them. */
export function certificate(): { readonly key: string; readonly cert: string; readonly ca: string } {
  const read = (file: string): string => readFileSync(join(ROOT, 'test/support/certificates', file), 'utf8');
  return { key: read('b.key'), cert: read('b.pem'), ca: read('authority.pem') };
}
