/**
 * The listeners of a node. They may be of an application's transport, which may throw, or never say that it is closed: nobody
 * waits for it without end.
 */
import { MasterlessError, textOf } from '../errors.js';
import type { Platform } from '../platform.js';
import type {
  ConnectionEvents,
  Listener,
  Transport,
  Connection as TransportConnection,
} from '../transports/transport.js';

/** An address is free again so many milliseconds after its listener was closed, or nobody knows when. */
const LATEST = 1000;

/** Finds the transport of a URI, or throws. */
export interface Transports {
  transport(uri: string): Transport;
}

/**
 * @param scheme - of the transport
 * @param local - it came in where only this machine can dial
 */
type Accept = (outer: TransportConnection, scheme: string, local: boolean) => ConnectionEvents;

export class Listeners {
  readonly #transports: Transports;
  readonly #accept: Accept;
  readonly #platform: Platform;
  #all: Listener[] = [];

  constructor(transports: Transports, accept: Accept, platform: Platform) {
    this.#transports = transports;
    this.#accept = accept;
    this.#platform = platform;
  }

  /**
   * Listens at all of the URIs.
   * @returns the addresses at which others can dial, in the same order; rejects when one can't be had: `close` them all then
   */
  async listen(uris: readonly string[]): Promise<string[]> {
    const attempts = uris.map((uri) => this.#listenAt(uri));
    const failure = (await Promise.allSettled(attempts)).find((result) => result.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
    return Promise.all(attempts);
  }

  /** Accepts nothing more. Resolves when the addresses are free, or should be. */
  async close(): Promise<void> {
    await Promise.all(this.#all.splice(0).map((listener) => this.#free(listener)));
  }

  #listenAt(uri: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const transport = this.#transports.transport(uri);
      const listener = transport.listen(uri, {
        listening: (told) => {
          try {
            resolve(canonical(transport, told));
          } catch (cause) {
            const message = `can't listen at ${uri}: its transport says that it listens at ${textOf(told)}, which it does not take`;
            reject(new MasterlessError('ERR_LISTEN', message, { cause }));
          }
        },
        error: reject,
        accept: (outer) => this.#accept(outer, transport.scheme, transport.isLocal(uri)),
      });
      this.#all.push(listener);
    });
  }

  #free(listener: Listener): Promise<void> {
    return new Promise((resolve) => {
      const late = this.#platform.setTimeout(resolve, LATEST);
      const freed = (): void => {
        this.#platform.clearTimeout(late);
        resolve();
      };
      try {
        listener.close(freed);
      } catch {
        // It is gone one way or another.
        freed();
      }
    });
  }
}

/** What every handshake tells: it must be an address, or none comes about. */
function canonical(transport: Transport, told: string): string {
  const uri: unknown = transport.canonical(told);
  if (typeof uri === 'string') return uri;
  throw new TypeError(`its canonical spelling is ${textOf(uri)}`);
}
