/**
 * What a URI scheme names: how byte streams are opened and accepted. The rest of the library knows no socket, only this.
 *
 * Rules that every transport keeps (test/transports/compliance.ts holds them to it):
 * - No callback runs inside the call that caused it: `dial`, `listen`, `write`, `end` and `destroy` return first.
 * - After `close` nothing more is called for that connection; `close` comes exactly once, also after `destroy`.
 * - A byte stream is ordered and complete up to the moment it breaks. An orderly end shows as `close(null)`.
 * - Every socket has an error handler from the moment it exists; nothing is ever thrown from a callback's origin.
 */
import type { X509Certificate } from 'node:crypto';
import type { MasterlessError } from '../errors.js';

/** How the byte streams of one URI scheme are opened and accepted. */
export interface Transport {
  /** The scheme in small letters and without a colon, for example `tcp`. */
  readonly scheme: string;
  /**
   * Its streams are encrypted, and both ends known to belong to the mesh, by means of its own. A node with credentials
   * uses a transport of the application's that does not say so within this machine only. @default false
   */
  readonly secure?: boolean;

  /**
   * The canonical spelling of a URI that can be dialled: equal addresses give equal strings.
   * @throws MasterlessError `ERR_URI`, naming what is wrong and what a right one looks like.
   */
  canonical(uri: string): string;

  /**
   * Whether only this machine can reach a listener at that URI; such a listener needs no credentials.
   * @throws MasterlessError `ERR_URI`, as do `listen` and `dial`
   */
  isLocal(uri: string): boolean;

  /** Starts to listen. `events.listening` or `events.error` follows, each at most once. */
  listen(uri: string, events: ListenerEvents): Listener;

  /**
   * Starts to open a connection. `events.open` or `events.close` follows. Names are resolved anew at each call.
   * @param elsewhere - a peer on another machine told the address: where it leads to this one, as a name may that is
   * resolved now, nothing is opened, and `events.close` follows. @default false
   */
  dial(uri: string, events: ConnectionEvents, elsewhere?: boolean): Connection;
}

/** A place where connections arrive. */
export interface Listener {
  /** Accepts no more; open connections are left alone. Calls back when the address is free again. */
  close(callback: () => void): void;
}

/** What a listener tells. */
export interface ListenerEvents {
  /** It listens; `uri` can be dialled by others: it has the real port, and never a wildcard host. */
  listening(uri: string): void;
  /** It can't listen. */
  error(error: Error): void;
  /** A connection came in, already open (its `open` is not called). Returns who hears of it. */
  accept(connection: Connection): ConnectionEvents;
}

/** One byte stream. */
export interface Connection {
  /** The other end as far as the transport knows it, for limits per address and for people; never dialled. */
  readonly remote: string;
  /** The other end is on this machine, as far as is known: `undefined` leaves it to the URI. Set when it is open. */
  readonly local?: boolean | undefined;
  /** What the other end has proved, from before its first byte arrives; none where there is nothing to prove. */
  readonly proof?: Proof | null | undefined;
  /** Bytes accepted by `write` and not yet taken by the system. */
  readonly buffered: number;
  /**
   * Writes the chunks in order. The memory must stay as it is until `drain` or until `buffered` is 0.
   * `false` means: enough for now, `drain` will tell when to go on. After `end`, `destroy` or `close` it does nothing.
   */
  write(chunks: readonly Uint8Array[]): boolean;
  /** Closes after what was written has gone out. The caller sets its own deadline and then destroys. */
  end(): void;
  /** Closes at once; what was not sent is lost. */
  destroy(): void;
}

/** What the other end of a connection has proved by its credentials. */
export interface Proof {
  /** Its certificate, whose key it has; null for a member of a mesh with one secret. */
  readonly certificate: X509Certificate | null;
  /** Whether it would still be let in by it. */
  holds(): boolean;
}

/** What a connection tells. */
export interface ConnectionEvents {
  /** A dialled connection is open. */
  open(): void;
  /**
   * The other end has not proved what it must. What it says, then as well by `data`, counts for nothing; last words may be written to
   * it, then the connection is to be ended. Without this method it is destroyed.
   */
  refused?(error: MasterlessError): void;
  /** Bytes arrived; the memory is the transport's again when the call returns. */
  data(chunk: Uint8Array): void;
  /** What `write` refused to take more of has gone out. */
  drain(): void;
  /** The connection is over, or could not be opened. `null` is an orderly end. */
  close(error: Error | null): void;
}

/** Whether it has what a transport must have, and a scheme as URIs are taken with. */
export function isTransport(value: unknown): value is Transport {
  const { scheme, canonical, isLocal, listen, dial } = Object(value) as Transport;
  if (typeof scheme !== 'string' || !/^[a-z][a-z0-9+.-]*$/.test(scheme)) return false;
  return [canonical, isLocal, listen, dial].every((method) => typeof method === 'function');
}
