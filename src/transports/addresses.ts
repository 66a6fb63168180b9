/**
 * Addresses of all transports: which one a URI belongs to, its canonical spelling, and whether listening there is safe.
 */
import { MasterlessError } from '../errors.js';
import type { Transport } from './transport.js';

export class Addresses {
  readonly #transports: ReadonlyMap<string, Transport>;
  readonly #secured: boolean;

  /**
   * @param transports - of two with the same scheme the later counts
   * @param secured - the node has credentials: nothing that is not secure leaves this machine
   */
  constructor(transports: readonly Transport[], secured: boolean = false) {
    this.#secured = secured;
    this.#transports = new Map(transports.map((transport) => [transport.scheme, transport]));
  }

  /**
   * @throws MasterlessError `ERR_URI` for a scheme that no transport has; `ERR_INSECURE` where the node's credentials
   * would count for nothing
   */
  transport(uri: string): Transport {
    const transport = this.#transports.get(uri.slice(0, Math.max(0, uri.indexOf(':'))).toLowerCase());
    if (transport !== undefined) {
      if (!this.#secured || transport.secure || transport.isLocal(uri)) return transport;
      throw new MasterlessError(
        'ERR_INSECURE',
        `the transport of ${JSON.stringify(uri.slice(0, 120))} does not say that it is secure, and this node has credentials: use tcp://`,
      );
    }
    const known = [...this.#transports.keys()].map((name) => `${name}://`).join(', ');
    throw new MasterlessError(
      'ERR_URI',
      `${JSON.stringify(uri)} is no address known here: it must begin with one of ${known}`,
    );
  }

  /** Whether only this machine has that address. @throws MasterlessError `ERR_URI` */
  isLocal(uri: string): boolean {
    return this.transport(uri).isLocal(uri);
  }

  /** @throws MasterlessError `ERR_URI`; `ERR_INSECURE` as `transport` */
  canonical(uri: unknown): string {
    const text = uri instanceof URL ? uri.href : uri;
    if (typeof text === 'string') return this.transport(text).canonical(text);
    const what =
      text === null ? "null, which is what info() gives before 'listening'" : `a value of type ${typeof text}`;
    throw new MasterlessError('ERR_URI', `the address is ${what}: it must be a URI such as tcp://127.0.0.1:2435`);
  }

  /**
   * @returns a listener that is open to all who reach it, which `insecure` allows; null when there is none
   * @throws MasterlessError `ERR_INSECURE` for such a listener otherwise; `ERR_URI`
   */
  checkListeners(options: {
    readonly listen: readonly string[];
    readonly advertise: readonly string[] | null;
    readonly insecure: boolean;
  }): string | null {
    let open: string | null = null;
    for (const uri of options.listen) {
      const transport = this.transport(uri);
      if (transport.isLocal(uri) || transport.secure) continue;
      open ??= uri;
      if (options.insecure) continue;
      throw new MasterlessError(
        'ERR_INSECURE',
        `${uri} can be reached from other machines, and whoever reaches it can join: give the node a secret or certificates (options secret, tls), listen on loopback, or say insecure: true`,
      );
    }
    for (const uri of options.advertise ?? []) this.canonical(uri);
    return open;
  }
}
