/**
 * Addresses of all transports: which one a URI belongs to, its canonical spelling, and whether listening there is safe.
 */
import { MasterlessError } from '../errors.js';
import type { Transport } from './transport.js';

export class Addresses {
  readonly #transports: ReadonlyMap<string, Transport>;

  /** @param transports - of two with the same scheme the later counts */
  constructor(transports: readonly Transport[]) {
    this.#transports = new Map(transports.map((transport) => [transport.scheme, transport]));
  }

  /** @throws MasterlessError `ERR_URI` for a scheme that no transport has */
  transport(uri: string): Transport {
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase() ?? '';
    const transport = this.#transports.get(scheme);
    if (transport !== undefined) return transport;
    const known = [...this.#transports.keys()].map((name) => `${name}://`).join(', ');
    throw new MasterlessError(
      'ERR_URI',
      `${JSON.stringify(uri)} is no address known here: it must begin with one of ${known}`,
    );
  }

  /** @throws MasterlessError `ERR_URI` */
  canonical(uri: unknown): string {
    const text = uri instanceof URL ? uri.href : uri;
    if (typeof text === 'string') return this.transport(text).canonical(text);
    const what =
      text === null ? "null, which is what info() gives before 'listening'" : `a value of type ${typeof text}`;
    throw new MasterlessError('ERR_URI', `the address is ${what}: it must be a URI such as tcp://127.0.0.1:2435`);
  }

  /** @throws MasterlessError `ERR_INSECURE` for a listener that other machines reach; `ERR_URI` */
  checkListeners(options: {
    readonly listen: readonly string[];
    readonly advertise: readonly string[] | null;
    readonly insecure: boolean;
  }): void {
    for (const uri of options.listen) {
      if (this.transport(uri).isLocal(uri) || options.insecure) continue;
      throw new MasterlessError(
        'ERR_INSECURE',
        `${uri} can be reached from other machines, and whoever reaches it can join: listen on loopback, or say insecure: true`,
      );
    }
    for (const uri of options.advertise ?? []) this.canonical(uri);
  }
}
