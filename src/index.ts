/** The public face of the library. */
export type { Codec } from './codec/codec.js';
export { type MsgpackOptions, msgpack } from './codec/msgpack.js';
export type { Message } from './delivery/inbox.js';
export { type ErrorCode, type ErrorSide, errorCodes, MasterlessError } from './errors.js';
export type { LimitOptions, ReconnectOptions, ServerOptions } from './options.js';
export type { ConnectInfo, DisconnectReason } from './protocol/output.js';
export {
  type ConnectOptions,
  type DeliverOptions,
  type SendOptions,
  Server,
  Server as default,
  type ServerEvents,
  type Undelivered,
  type WaitOptions,
} from './server.js';
export type { Connection, ConnectionEvents, Listener, ListenerEvents, Transport } from './transports/transport.js';
