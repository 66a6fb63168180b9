/**
 * What a transport must be given to make its streams secure: how to shake hands, and how to tell whether the other end
 * has proved what it must. Which credentials there are, it need not know.
 */
import type { ConnectionOptions, TLSSocket, TlsOptions } from 'node:tls';
import type { MasterlessError } from '../errors.js';
import type { Proof } from './transport.js';

/** How one side shakes hands. */
export interface Handshake<Options> {
  /** For `node:tls`; not changed once given out. */
  readonly options: Options;
  /** When TLS has agreed, and before a byte passes: what the other end has proved, or why it is turned away. */
  prove(socket: TLSSocket): Proof | MasterlessError;
}

/** How both sides shake hands. */
export interface Security {
  /** For one dial. */
  dialling(): Handshake<ConnectionOptions>;
  /** For connections that come in from now on; the same object until the credentials change. */
  accepting(): Handshake<TlsOptions>;
  /** What may be the matter when the other end breaks off or turns the handshake down, for people. */
  readonly advice: string;
}
