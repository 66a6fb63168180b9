/**
 * Which ids a certificate covers. Names in certificates are never taken apart here: OpenSSL compares them, and says which
 * of them it was.
 */
import type { X509Certificate } from 'node:crypto';

/**
 * Whether the id is one of the DNS names in the certificate, letter for letter. `checkHost` alone would not do: names are
 * alike in upper and lower case, and `.example.com` stands for every name below it, while ids are told apart by each byte.
 */
export function coversId(certificate: X509Certificate, id: string): boolean {
  // OpenSSL takes text up to a zero byte for the whole. And a name that stands for many is nobody's own.
  if (id.includes('\0') || id.includes('*')) return false;
  return certificate.checkHost(id, { subject: 'never', wildcards: false }) === id;
}

/** The SHA-256 fingerprint in one spelling: 64 hexadecimal digits; null for what is none. */
export function fingerprint(text: unknown): string | null {
  if (typeof text !== 'string') return null;
  const digits = text.replaceAll(':', '').toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits) ? digits : null;
}
