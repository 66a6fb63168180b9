/**
 * The application's own say in who may come in: asked for each connection when the other end has proved what the
 * credentials ask of it and said its id, before anything is made of it. Whatever is not a plain yes is a no.
 */
import type { X509Certificate } from 'node:crypto';

/** What is known of who claims an id. */
export interface Claim {
  /** Scheme of the transport, for example `tcp`. */
  readonly transport: string;
  /** The other end as the transport knows it, for example `tcp://192.168.1.64`: an address proves nothing. */
  readonly remote: string;
  /** The address that this node dialled, or null when it was dialled. */
  readonly uri: string | null;
  /** The certificate that the other end proved to have the key of; null without the option `tls`, and over `unix` and `memory`. */
  readonly certificate: X509Certificate | null;
}

/**
 * Whether the other end of a connection may have an id. `true`, or a promise of it, lets it in; all else, a throw and a
 * rejection too, turns it away with `ERR_UNAUTHORIZED`. What takes longer than `handshakeTimeout` is over.
 */
export type Authorize = (id: string, claim: Claim) => boolean | PromiseLike<boolean>;

/** @param problem - hears what was neither true nor false */
export function ask(
  authorize: Authorize,
  id: string,
  claim: Claim,
  problem: (what: unknown) => void,
): boolean | Promise<boolean> {
  const verdict = (given: unknown): boolean => {
    if (typeof given !== 'boolean') problem(`authorize gave a value of type ${typeof given}, which counts as false`);
    return given === true;
  };
  try {
    const given: unknown = authorize(id, claim);
    if (typeof given !== 'object' || given === null || !('then' in given)) return verdict(given);
    return Promise.resolve(given).then(verdict, (error: unknown) => {
      problem(error);
      return false;
    });
  } catch (error) {
    problem(error);
    return false;
  }
}
