/**
 * The require() face: `require('masterless')` is the constructor itself, with every other export as its property, and
 * every exported type in the namespace merged with it. There is one copy of the class, the one that import gives.
 */
import type * as Module from './index.js' with { 'resolution-mode': 'import' };

// Not Pick: compilers crash where a property of a mapped type meets the type of its name, in `import { Server } from`.
interface Values {
  readonly Server: typeof Module.Server;
  readonly default: typeof Module.default;
  readonly MasterlessError: typeof Module.MasterlessError;
  readonly errorCodes: typeof Module.errorCodes;
  readonly msgpack: typeof Module.msgpack;
  readonly newSecret: typeof Module.newSecret;
}

const all: typeof Module = require('./index.js');

const Server: typeof Module.Server & Values = Object.assign(all.Server, {
  Server: all.Server,
  default: all.default,
  MasterlessError: all.MasterlessError,
  errorCodes: all.errorCodes,
  msgpack: all.msgpack,
  newSecret: all.newSecret,
});

type Server<Packet = unknown> = Module.Server<Packet>;

declare namespace Server {
  type Authorize = Module.Authorize;
  type Claim = Module.Claim;
  type Codec = Module.Codec;
  type ConnectInfo = Module.ConnectInfo;
  type ConnectOptions = Module.ConnectOptions;
  type Connection = Module.Connection;
  type ConnectionEvents = Module.ConnectionEvents;
  type CredentialOptions = Module.CredentialOptions;
  type DeliverOptions = Module.DeliverOptions;
  type DisconnectReason = Module.DisconnectReason;
  type EncodeTarget = Module.EncodeTarget;
  type ErrorCode = Module.ErrorCode;
  type ErrorSide = Module.ErrorSide;
  type LimitOptions = Module.LimitOptions;
  type Listener = Module.Listener;
  type ListenerEvents = Module.ListenerEvents;
  type MasterlessError = Module.MasterlessError;
  type Message<Packet = unknown> = Module.Message<Packet>;
  type Messages<Packet = unknown> = Module.Messages<Packet>;
  type PacketLimits = Module.PacketLimits;
  type Platform = Module.Platform;
  type Proof = Module.Proof;
  type ReconnectOptions = Module.ReconnectOptions;
  type Secret = Module.Secret;
  type SendOptions = Module.SendOptions;
  type Server<Packet = unknown> = Module.Server<Packet>;
  type ServerEvents<Packet = unknown> = Module.ServerEvents<Packet>;
  type ServerOptions = Module.ServerOptions;
  type TlsOptions = Module.TlsOptions;
  type Transport = Module.Transport;
  type Undelivered<Packet = unknown> = Module.Undelivered<Packet>;
  type WaitOptions = Module.WaitOptions;
}

export = Server;
