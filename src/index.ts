/** The public face of the library. */
export type { Codec, EncodeTarget } from './codec/codec.js';
export type { PacketLimits } from './codec/limits.js';
export { msgpack } from './codec/msgpack.js';
export type {
  ConnectOptions,
  DeliverOptions,
  SendOptions,
  ServerEvents,
  Undelivered,
  WaitOptions,
} from './contract.js';
export type { Authorize, Claim } from './credentials/authorize.js';
export type { TlsOptions } from './credentials/certificates.js';
export type { CredentialOptions } from './credentials/credentials.js';
export { newSecret, type Secret } from './credentials/secret.js';
export type { Message, Messages } from './delivery/inbox.js';
export { type ErrorCode, type ErrorSide, errorCodes, MasterlessError } from './errors.js';
export type { LimitOptions, ReconnectOptions, ServerOptions } from './options.js';
export type { Platform } from './platform.js';
export type { ConnectInfo, DisconnectReason } from './protocol/output.js';
export { Server, Server as default } from './server.js';
export type {
  Connection,
  ConnectionEvents,
  Listener,
  ListenerEvents,
  Proof,
  Transport,
} from './transports/transport.js';
