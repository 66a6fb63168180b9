/**
 * The three ways in which a node can be open to others, and what each party has in them: the node that is attacked, its
 * honest peer, a member that is hostile, and strangers.
 */
import type { ConnectionOptions } from 'node:tls';
import { readSecret } from '../../src/credentials/secret.js';
import { newSecret, type ServerOptions } from '../../src/index.js';
import { certificate, pem } from '../support/certificates.js';

export const MODES = ['plain', 'secret', 'tls'] as const;
export type Mode = (typeof MODES)[number];

/** The node that is attacked. Of a pair the one with the greater id is the arbiter. */
export const VICTIM = 'b';
/** Its honest peer, by another name of the same certificate. */
export const HONEST = 'b2';
/** Ids of the hostile member: with one it follows, with the other it leads. */
export const FOLLOWER = 'a';
export const ARBITER = 'm';

/** One secret for a whole run. */
export const SECRET: string = newSecret();

/** The credentials of the attacked node and its peer. */
export function credentials(mode: Mode): ServerOptions {
  if (mode === 'secret') return { secret: SECRET };
  return mode === 'tls' ? { tls: certificate('b') } : {};
}

const COMMON = {
  minVersion: 'TLSv1.3',
  rejectUnauthorized: false,
  ALPNProtocols: ['masterless'],
  checkServerIdentity: () => undefined,
} as const;

/** What a member of that name shakes hands with; null where there is no TLS. */
export function membership(mode: Mode, name: string): ConnectionOptions | null {
  if (mode === 'secret') return byKey(SECRET);
  return mode === 'tls' ? byCertificate(name) : null;
}

export function byKey(
  secret: string | Uint8Array,
  change: Partial<ReturnType<typeof readSecret>> = {},
): ConnectionOptions {
  const { identity, psk } = { ...readSecret('secret', secret), ...change };
  return { ...COMMON, ciphers: 'TLS_AES_128_GCM_SHA256', pskCallback: () => ({ identity, psk }) };
}

export function byCertificate(name: string): ConnectionOptions {
  return { ...COMMON, key: pem(`${name}.key`), cert: pem(`${name}.pem`), ca: pem('authority.pem') };
}

/** TLS without anything to show. */
export const NOTHING_TO_SHOW: ConnectionOptions = COMMON;
