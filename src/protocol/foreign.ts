/**
 * Who speaks something else than this protocol: what it most likely is, by its first bytes. A TLS record begins like a
 * short DATA frame and an HTTP request like a longer one, and neither may come before a link is adopted.
 */
import { MasterlessError } from '../errors.js';

const HTTP = ['GET ', 'HEAD', 'POST', 'PUT ', 'DELE', 'OPTI', 'PATC', 'CONN', 'HTTP', 'PRI '];

/** The error for what begins like DATA where none may come yet, or null where it may be DATA. */
export function foreign(bytes: Uint8Array, start: number, end: number): MasterlessError | null {
  const first = bytes.subarray(start, Math.min(end, start + 4));
  // Handshake and alert records, of any version.
  if ((first[0] === 0x16 || first[0] === 0x15) && first[1] === 3) {
    const message =
      'the other end speaks TLS, and this node does not: give both the same credentials (options secret, tls)';
    return new MasterlessError('ERR_PROTOCOL', message);
  }
  if (HTTP.includes(String.fromCharCode(...first))) {
    return new MasterlessError('ERR_PROTOCOL', 'the other end speaks HTTP, and this is no web server');
  }
  return null;
}
