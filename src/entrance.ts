/**
 * Who may come in, where the node's parts meet: what the transport found proved, what the credentials make of it, and what
 * the application says. The core asks; what is not known at once it hears later.
 */
import { type Authorize, ask } from './credentials/authorize.js';
import type { Credentials } from './credentials/credentials.js';
import { MasterlessError } from './errors.js';
import type { Admission } from './protocol/admission.js';
import type { Connection } from './protocol/connection.js';
import type { Rules } from './protocol/state.js';
import type { OtherEnd } from './runtime/wire.js';
import type { Addresses } from './transports/addresses.js';

/** What an entrance must be told, and whom it tells. */
export interface Surroundings {
  readonly addresses: Addresses;
  readonly credentials: Credentials | null;
  readonly authorize: Authorize | null;
  /** Who is at the other end of a connection; null when it is over. */
  otherEnd(connection: Connection): OtherEnd | null;
  /** The verdict on a connection for which it was `'later'`. */
  settled(connection: Connection, refusal: MasterlessError | null): void;
  debug(...values: unknown[]): void;
}

export class Entrance implements Rules {
  readonly #at: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#at = surroundings;
  }

  admit(connection: Connection, id: string): Admission {
    const { credentials, authorize, debug } = this.#at;
    const end = this.#at.otherEnd(connection);
    if (end === null) return refusal('the connection is over');
    const { scheme, proof, remote } = end;
    const where = connection.uri ?? remote;
    if (proof !== null && credentials?.covers(proof.certificate, id) === false) {
      if (credentials.isOfBefore(proof.certificate)) {
        const message = `the authorities were exchanged while ${where} shook hands: dial again`;
        return new MasterlessError('ERR_CONNECTION_LOST', message);
      }
      return refusal(`${where} may not have ${named(id)}: its certificate does not cover it`);
    }
    if (authorize === null) return null;
    const claim = { transport: scheme, remote, uri: connection.uri, certificate: proof?.certificate ?? null };
    const answer = ask(authorize, id, claim, (what) => debug('authorize', id, what));
    const verdict = (allowed: boolean): MasterlessError | null =>
      allowed ? null : refusal(`${where} may not have ${named(id)}: it is not authorized`);
    if (typeof answer === 'boolean') return verdict(answer);
    void answer.then((later) => this.#at.settled(connection, verdict(later)));
    return 'later';
  }

  /**
   * An address that a peer tells is dialled as this node would dial it, with its credentials. One that only this machine
   * has counts only from a peer on this machine: others could have this node speak to services that they can't reach.
   * What a name stands for shows when it is dialled, and there the same is asked of it.
   */
  dialable(connection: Connection, told: string): string | null {
    const { addresses } = this.#at;
    try {
      const uri = addresses.canonical(told);
      return !addresses.isLocal(uri) || this.near(connection) ? uri : null;
    } catch {
      return null;
    }
  }

  near(connection: Connection): boolean {
    return this.#at.otherEnd(connection)?.local === true;
  }
}

let warned = false;

/** Tells, once in the life of the process, that a node is open to all who reach it. */
export function warnOfInsecurity(uri: string): void {
  if (warned) return;
  warned = true;
  process.emitWarning(
    `a node listens at ${uri} without credentials (insecure: true): whoever reaches it can join, and read and change what flows. The options secret and tls close it.`,
    { code: 'MASTERLESS_INSECURE' },
  );
}

function named(id: string): string {
  return `the id ${JSON.stringify(id)}`;
}

function refusal(message: string): MasterlessError {
  return new MasterlessError('ERR_UNAUTHORIZED', message);
}
