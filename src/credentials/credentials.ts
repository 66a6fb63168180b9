/**
 * What a node proves itself with, and what it asks of others: a secret that all share, or certificates. Both can be
 * exchanged for others of their kind while the node runs.
 *
 * The two are never mixed: a TLS server with a certificate takes whoever offers no key, so where there is a secret there
 * is no certificate. Keys stay in private fields, which nothing prints.
 */
import type { X509Certificate } from 'node:crypto';
import { MasterlessError } from '../errors.js';
import type { Security } from '../transports/security.js';
import {
  type Certificates,
  certificateSecurity,
  covers,
  isOfBefore,
  readCertificates,
  type TlsOptions,
} from './certificates.js';
import { coversId } from './identity.js';
import { pskSecurity, readSecrets } from './psk.js';
import type { Secret, SecretKey } from './secret.js';
import { checkRuntime } from './tls-parameters.js';

/** What {@link Server.rotate} takes: new credentials of the kind that the node was made with. */
export interface CredentialOptions {
  /** One secret, or a list: the first is dialled with, all are accepted. */
  readonly secret?: Secret | readonly Secret[];
  /** Certificates. */
  readonly tls?: TlsOptions;
}

type Held =
  | { readonly kind: 'secret'; readonly keys: readonly SecretKey[] }
  | ({ readonly kind: 'tls' } & Certificates);

export class Credentials {
  #held: Held;
  readonly security: Security;

  private constructor(held: Held) {
    this.#held = held;
    this.security =
      held.kind === 'secret'
        ? pskSecurity(() => (this.#held.kind === 'secret' ? this.#held.keys : []))
        : certificateSecurity(() => (this.#held.kind === 'tls' ? this.#held : held));
  }

  /**
   * Reads the options `secret` and `tls`; null when neither is given.
   * @throws MasterlessError `ERR_OPTION`; `ERR_UNSUPPORTED` where this runtime's TLS can't do it
   */
  static from(given: CredentialOptions, versions: Readonly<Record<string, string | undefined>>): Credentials | null {
    const held = read(given);
    if (held === null) return null;
    checkRuntime(held.kind, versions);
    return new Credentials(held);
  }

  /** What this node's certificates alone do not say of an id is left to the option `authorize`. */
  get leavesIdsOpen(): boolean {
    return leavesIdsOpen(this.#held);
  }

  /**
   * Takes new ones in place of those it has.
   * @param own - the node's id
   * @param asks - the application is asked about ids
   * @throws MasterlessError `ERR_OPTION`, and then nothing has changed
   */
  exchange(given: CredentialOptions, own: string, asks: boolean): void {
    if (typeof given !== 'object' || given === null) throw mistake('rotate(credentials): they are no object');
    for (const name in given) {
      if (name !== 'secret' && name !== 'tls')
        throw mistake(`rotate(credentials): ${name} is none: secret and tls are`);
    }
    const held = read(given);
    if (held === null) throw mistake('rotate(credentials): there is neither secret nor tls');
    if (held.kind !== this.#held.kind) {
      throw mistake(
        `this node was made with ${this.#held.kind}, and ${held.kind} can't take its place: make a new node`,
      );
    }
    checkOwn(held, own);
    if (!asks && leavesIdsOpen(held)) throw mistake("tls.identity 'authorize' needs a node with the option authorize");
    this.#held = held;
  }

  /** @throws MasterlessError `ERR_OPTION` when this node's own id is not covered by its certificate */
  checkOwn(id: string): void {
    checkOwn(this.#held, id);
  }

  /** Whether what the other end has proved covers the id. With a secret every member may have any id. */
  covers(certificate: X509Certificate | null, id: string): boolean {
    if (this.#held.kind === 'secret') return true;
    return certificate !== null && covers(this.#held, certificate, id);
  }

  /** Whether a certificate covers nothing only because the authorities were exchanged since it was accepted. */
  isOfBefore(certificate: X509Certificate | null): boolean {
    return this.#held.kind === 'tls' && certificate !== null && isOfBefore(this.#held, certificate);
  }
}

function read(given: CredentialOptions): Held | null {
  for (const name of ['secret', 'tls'] as const) {
    // Most likely a variable of the environment that is not set: such a node must not become one without credentials.
    if (name in given && given[name] === undefined) {
      throw mistake(`option ${name} is undefined: leave it out for a node without credentials`);
    }
  }
  const { secret, tls } = given;
  if (secret !== undefined && tls !== undefined) throw mistake('options secret and tls exclude each other: choose one');
  if (secret !== undefined) return { kind: 'secret', keys: readSecrets(secret) };
  return tls === undefined ? null : { kind: 'tls', ...readCertificates(tls) };
}

function leavesIdsOpen(held: Held): boolean {
  return held.kind === 'tls' && held.identity === 'authorize';
}

function checkOwn(held: Held, id: string): void {
  if (held.kind !== 'tls' || held.identity !== 'names' || coversId(held.own, id)) return;
  throw mistake(
    `option tls.cert does not cover the id ${JSON.stringify(id)}, so no peer would let it in: the id must be one of its DNS names (subjectAltName), letter for letter, and no wildcard`,
  );
}

function mistake(message: string): MasterlessError {
  return new MasterlessError('ERR_OPTION', message);
}
