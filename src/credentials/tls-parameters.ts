/**
 * What every handshake of this library has in common: TLS 1.3 and nothing older, no tickets, one protocol name.
 */
import type { SecureContextOptions } from 'node:tls';
import { builtins } from '../builtins.js';
import { MasterlessError } from '../errors.js';

/** Keeps a service of another kind with the same certificates from being taken for a node, and the other way round. */
export const PROTOCOL_NAME = 'masterless';

export function tlsParameters(): Pick<SecureContextOptions, 'minVersion' | 'maxVersion' | 'secureOptions'> {
  return {
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    // A ticket would let its holder in after the secret or the certificate behind it was dropped.
    secureOptions: builtins.crypto.constants.SSL_OP_NO_TICKET,
  };
}

/**
 * Whether this runtime's TLS is the one all this was tested with. Others accept the same options and may ignore some,
 * which here would mean to let in whom they should not.
 * @throws MasterlessError `ERR_UNSUPPORTED`
 */
export function checkRuntime(option: string, versions: Readonly<Record<string, string | undefined>>): void {
  const other = ['bun', 'deno', 'electron'].find((name) => versions[name] !== undefined);
  if (other === undefined && versions.node !== undefined) return;
  throw new MasterlessError(
    'ERR_UNSUPPORTED',
    `option ${option} needs the TLS of Node.js, and this is ${other ?? 'another runtime'}: run the node with Node.js, or listen on unix:// or loopback behind a tunnel of your own`,
  );
}
