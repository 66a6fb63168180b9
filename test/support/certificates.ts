/** Credentials for tests: secrets, and the certificates that certificates/make.sh made. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CredentialOptions, Credentials } from '../../src/credentials/credentials.js';
import type { TlsOptions } from '../../src/index.js';
import type { Security } from '../../src/transports/security.js';
import { ROOT } from './program.js';

/** A file of that folder. */
export function pem(file: string): string {
  return readFileSync(join(ROOT, 'test/support/certificates', file), 'utf8');
}

/** The option `tls` of a node with that certificate. */
export function certificate(name: string, more: Partial<TlsOptions> = {}): TlsOptions {
  return { key: pem(`${name}.key`), cert: pem(`${name}.pem`), ca: pem('authority.pem'), ...more };
}

/** What a transport gets of such credentials. */
export function security(options: CredentialOptions): Security {
  const credentials = Credentials.from(options, process.versions);
  if (credentials === null) throw new Error('no credentials');
  return credentials.security;
}
