/**
 * Mutual TLS 1.3: both ends show a certificate that an authority of this node has signed, and prove that they have its
 * key. What id such a certificate covers is looked at when the other end says its id, since ids are no host names: where
 * a node was dialled says nothing about who it is.
 *
 * A certificate that does not do is not cut off without a word, as `rejectUnauthorized` would: the end that is turned away
 * is told why, in the protocol's own words, and nothing of what it says is read.
 */
import type { X509Certificate } from 'node:crypto';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import { builtins } from '../builtins.js';
import { MasterlessError } from '../errors.js';
import type { Security } from '../transports/security.js';
import type { Proof } from '../transports/transport.js';
import { coversId, fingerprint } from './identity.js';
import { PROTOCOL_NAME, tlsParameters } from './tls-parameters.js';

const { isUint8Array } = builtins.util.types;

/** A certificate for this node, and what others must show. Texts are PEM. */
export interface TlsOptions {
  /** This node's private key, without a passphrase. */
  readonly key: string | Uint8Array;
  /** Its certificate, then those between it and the authority, if any. For both sides of TLS: it dials and is dialled. */
  readonly cert: string | Uint8Array;
  /** The authorities that certificates of nodes are signed by; the system's own count for nothing. */
  readonly ca: string | Uint8Array | readonly (string | Uint8Array)[];
  /**
   * What ties an id to a certificate: `'names'`, the id is one of its DNS names, letter for letter; a table, the SHA-256
   * fingerprints that an id may have; `'authorize'`, the option `authorize` alone. @default 'names'
   */
  readonly identity?: 'names' | 'authorize' | Readonly<Record<string, string | readonly string[]>> | undefined;
}

/** {@link TlsOptions} checked. */
export interface Certificates {
  readonly context: Readonly<SecureContextOptions>;
  readonly own: X509Certificate;
  /** Those who sign the certificates of others, as PEM. */
  readonly authorities: readonly string[];
  readonly identity: 'names' | 'authorize' | ReadonlyMap<string, ReadonlySet<string>>;
}

const CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';
const NAMES = ['key', 'cert', 'ca', 'identity'];

/** @throws MasterlessError `ERR_OPTION` */
export function readCertificates(given: unknown): Certificates {
  if (typeof given !== 'object' || given === null) refuse('tls', 'is no object with key, cert and ca');
  for (const name of Object.keys(given)) {
    if (!NAMES.includes(name)) refuse(`tls.${name}`, `does not exist: there are ${NAMES.join(', ')}`);
  }
  const key = pem('tls.key', Reflect.get(given, 'key'));
  const cert = pem('tls.cert', Reflect.get(given, 'cert'));
  const listed: unknown = Reflect.get(given, 'ca');
  const ca = (Array.isArray(listed) ? Array.from(listed) : [listed]).map((each) => pem('tls.ca', each));
  // With none at all, TLS would fall back on the authorities of the public web.
  if (ca.length === 0) refuse('tls.ca', 'is empty: name the authority that signs the certificates of nodes');
  for (const each of ca) certificate('tls.ca', each);
  const own = certificate('tls.cert', cert);
  const context = { ...tlsParameters(), ciphers: CIPHERS, key, cert, ca };
  try {
    builtins.tls.createSecureContext(context);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no further reason';
    refuse('tls', `has a key and a certificate that do not do: are they PEM, and do they belong together? (${code})`);
  }
  // One text may hold several.
  const authorities = ca.flatMap((text) => text.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? []);
  return { context, own, authorities, identity: readIdentity(Reflect.get(given, 'identity')) };
}

/** By which authorities certificates of others were accepted. */
const acceptedBy = new WeakMap<X509Certificate, Certificates['authorities']>();

/** It was accepted before an authority was dropped, and may be of that one: who showed it shakes hands anew. */
export function isOfBefore({ authorities }: Certificates, certificate: X509Certificate): boolean {
  return acceptedBy.get(certificate)?.every((each) => authorities.includes(each)) === false;
}

/** Whether the certificate covers the id, as far as it is the certificate that says so. */
export function covers(held: Certificates, certificate: X509Certificate, id: string): boolean {
  const { identity } = held;
  if (isOfBefore(held, certificate)) return false;
  if (identity === 'authorize') return true;
  if (identity === 'names') return coversId(certificate, id);
  return identity.get(id)?.has(fingerprint(certificate.fingerprint256) ?? '') ?? false;
}

/** @param current - the certificates that count now; another object when they were exchanged */
export function certificateSecurity(current: () => Certificates): Security {
  const common = { ALPNProtocols: [PROTOCOL_NAME] };
  let made: {
    readonly from: Certificates;
    readonly accepting: ReturnType<Security['accepting']>;
    readonly dialling: ReturnType<Security['dialling']>;
  };
  const handshakes = (): typeof made => {
    const from = current();
    if (made?.from === from) return made;
    const secureContext = builtins.tls.createSecureContext(from.context);
    const prove = (socket: TLSSocket): Proof | MasterlessError => proved(socket, from.authorities);
    made = {
      from,
      accepting: { options: { ...from.context, ...common, requestCert: true, rejectUnauthorized: false }, prove },
      dialling: {
        options: { secureContext, ...common, rejectUnauthorized: false, checkServerIdentity: () => undefined },
        prove,
      },
    };
    return made;
  };
  return {
    advice: 'does it have certificates too (option tls), and is that of this node one that it accepts?',
    accepting: () => handshakes().accepting,
    dialling: () => handshakes().dialling,
  };
}

function proved(socket: TLSSocket, authorities: Certificates['authorities']): Proof | MasterlessError {
  const certificate = shownBy(socket);
  if (certificate === null || socket.isSessionReused()) return unacceptable('it showed no certificate');
  if (!socket.authorized) return unacceptable(`its certificate is not accepted (${String(socket.authorizationError)})`);
  if (socket.getProtocol() !== 'TLSv1.3' || socket.alpnProtocol !== PROTOCOL_NAME) {
    return unacceptable('it shook hands as something else than a node');
  }
  acceptedBy.set(certificate, authorities);
  return { certificate, holds: () => true };
}

/**
 * The certificate that the other end showed. `getPeerX509Certificate` would be shorter, but where a socket came in it never
 * lets go of some 4 KiB (Node 20): whoever shakes hands, with any certificate, could use up the memory in time.
 */
function shownBy(socket: TLSSocket): X509Certificate | null {
  const { raw } = socket.getPeerCertificate() as { readonly raw?: Buffer };
  try {
    return raw === undefined ? null : new builtins.crypto.X509Certificate(raw);
  } catch {
    // What one part of the platform could read, another can't: as good as none.
    return null;
  }
}

function unacceptable(why: string): MasterlessError {
  return new MasterlessError('ERR_UNAUTHORIZED', why);
}

function readIdentity(given: unknown): Certificates['identity'] {
  if (given === undefined || given === 'names') return 'names';
  if (given === 'authorize') return 'authorize';
  if (typeof given !== 'object' || given === null || Array.isArray(given) || given instanceof Map) {
    refuse('tls.identity', "must be 'names', 'authorize' or a table of fingerprints by id");
  }
  return new Map(
    Object.entries(given).map(([id, prints]) => {
      const list: unknown[] = Array.isArray(prints) ? prints : [prints];
      const read = list.map((each) => {
        return (
          fingerprint(each) ?? refuse('tls.identity', `has for ${JSON.stringify(id)} what is no SHA-256 fingerprint`)
        );
      });
      return [id, new Set(read)];
    }),
  );
}

function pem(option: string, given: unknown): string {
  const text = isUint8Array(given) ? Buffer.from(given).toString('latin1') : given;
  if (typeof text !== 'string' || !text.includes('-----BEGIN ')) refuse(option, 'is no PEM text');
  return text;
}

function certificate(option: string, text: string): X509Certificate {
  try {
    return new builtins.crypto.X509Certificate(text);
  } catch {
    return refuse(option, 'holds no certificate that can be read');
  }
}

function refuse(option: string, what: string): never {
  throw new MasterlessError('ERR_OPTION', `option ${option} ${what}`);
}
