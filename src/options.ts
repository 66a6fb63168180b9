/**
 * Options are parsed once, here, into a frozen {@link ResolvedOptions}; nobody else looks at what the user gave.
 * Times are milliseconds, sizes are bytes. `docs/options.md` lists the same table and a test compares the two.
 */
import type { Codec } from './codec/codec.js';
import type { Authorize } from './credentials/authorize.js';
import type { TlsOptions } from './credentials/certificates.js';
import { Credentials } from './credentials/credentials.js';
import type { Secret } from './credentials/secret.js';
import { MasterlessError, textOf } from './errors.js';
import { type Platform, system } from './platform.js';
import { limitNumbers, type NumberOption, numbers, type Range, reconnectNumbers } from './ranges.js';
import { isTransport, type Transport } from './transports/transport.js';

/** When and how often a lost link is dialled again, and an address that did not answer. */
export interface ReconnectOptions {
  /** Attempts per loss, 0 to Infinity. @default 1 */
  readonly attempts?: number | undefined;
  /** Upper bound of the random delay before the second attempt; the first follows at once. @default 100 */
  readonly minDelay?: number | undefined;
  /** Upper bound of every delay; the bound doubles from `minDelay` with each attempt. @default 10_000 */
  readonly maxDelay?: number | undefined;
}

/** Bounds on what strangers and peers can make a node hold. */
export interface LimitOptions {
  /** Nesting of arrays and maps in a packet. @default 32 */
  readonly depth?: number | undefined;
  /** Values in one packet, containers and keys included. @default 200_000 */
  readonly items?: number | undefined;
  /** Connections in their handshake. @default 128 */
  readonly handshakes?: number | undefined;
  /** The same for one remote address; what comes to listeners at loopback, unix and memory is not counted. @default 16 */
  readonly handshakesPerAddress?: number | undefined;
  /** Peers, connected or wished for. @default 4096 */
  readonly peers?: number | undefined;
  /** Calls of `deliver` waiting for room, per peer. @default 10_000 */
  readonly deliveries?: number | undefined;
  /** Milliseconds for which the session of a lost link is held, whatever `resumeWindow` the peer asks for. @default 60_000 */
  readonly resumeWindow?: number | undefined;
  /**
   * Milliseconds between signs of life that a peer may ask for: of one whose `heartbeat` is longer, silence is suspected as if
   * it were this. @default 600_000
   */
  readonly heartbeat?: number | undefined;
}

/** What `new Server(id, options)` takes; everything has a default. */
export interface ServerOptions {
  /** TCP host to bind. Anything but loopback needs `secret`, `tls` or `insecure: true`. @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** TCP port to bind; 0 lets the system choose. @default 0 */
  readonly port?: number | undefined;
  /** URIs to listen on, in place of `host` and `port`. An empty list only dials. */
  readonly listen?: string | readonly string[] | undefined;
  /** URIs told to peers and by `info()`, in place of those bound. */
  readonly advertise?: string | readonly string[] | undefined;
  /**
   * Closes the node to all who do not have the same, and encrypts: text that `masterless keygen` made, or 32 random bytes
   * or more. Of a list the first is dialled with, all are accepted.
   */
  readonly secret?: Secret | readonly Secret[];
  /** The same by certificates, which also say who may have which id. Excludes `secret`. */
  readonly tls?: TlsOptions;
  /** Has a say in who may have which id. */
  readonly authorize?: Authorize;
  /** Without credentials: allows a listener that other machines reach, so anyone who reaches it can join. @default false */
  readonly insecure?: boolean | undefined;
  /** A link is replaced by a younger one at this age, and the session goes on. @default Infinity */
  readonly maxLinkAge?: number | undefined;
  /** A link on which nothing was sent for so long gets one byte; twice so long to a node of more than 128 peers. @default 1000 */
  readonly heartbeat?: number | undefined;
  /** A peer silent for so long is suspected, and tested with a second connection. @default 5000 */
  readonly timeout?: number | undefined;
  /** A suspect whose machine still takes connections is lost only after so long a silence. @default 60_000 */
  readonly stallTimeout?: number | undefined;
  /** From opening a connection to its adoption, in all. @default 5000 */
  readonly handshakeTimeout?: number | undefined;
  /**
   * How long a peer has to prove that it lives: when another node claims its id, or when it fell silent and came by a
   * second connection. @default 500
   */
  readonly probeTimeout?: number | undefined;
  /** How long `close` and `disconnect` wait for what is still on its way. @default 5000 */
  readonly closeTimeout?: number | undefined;
  /** Reconnection; a number is `attempts`, `false` is 0 attempts, `true` is without end. */
  readonly reconnect?: boolean | number | ReconnectOptions | undefined;
  /** How long the other side holds the session of a lost link open for us. @default 10_000 */
  readonly resumeWindow?: number | undefined;
  /** Bytes accepted for one peer and not yet acknowledged; a packet counts 256 more than it has. @default 16 MiB */
  readonly window?: number | undefined;
  /** The same for all peers together; each has 256 KiB of it for itself, or its part of a sixteenth of it. @default 256 MiB */
  readonly totalWindow?: number | undefined;
  /** The largest packet sent or taken, encoded. @default 64 MiB */
  readonly maxPacket?: number | undefined;
  /** Further bounds. */
  readonly limits?: LimitOptions | undefined;
  /** What turns packets into bytes. @default strict msgpack */
  readonly codec?: Codec | undefined;
  /** Transports beside `tcp`, `unix` and `memory`, or in place of those of the same scheme. */
  readonly transports?: readonly Transport[] | undefined;
  /** Called with what the node does, in place of `DEBUG=masterless*`. */
  readonly debug?: ((...values: unknown[]) => void) | undefined;
  /** Time and chance from elsewhere than the system: for tests, see `masterless/testing`. */
  readonly platform?: Platform | undefined;
}

type Given<Options> = { readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined> };

/** {@link ReconnectOptions} with nothing left open. */
export type ReconnectPolicy = Given<ReconnectOptions>;
/** {@link LimitOptions} with nothing left open. */
export type Limits = Given<LimitOptions>;

/** {@link ServerOptions} checked, with nothing left open, frozen. */
export interface ResolvedOptions {
  readonly listen: readonly string[];
  readonly advertise: readonly string[] | null;
  readonly credentials: Credentials | null;
  readonly authorize: Authorize | null;
  readonly insecure: boolean;
  readonly maxLinkAge: number;
  readonly heartbeat: number;
  readonly timeout: number;
  readonly stallTimeout: number;
  readonly handshakeTimeout: number;
  readonly probeTimeout: number;
  readonly closeTimeout: number;
  readonly reconnect: ReconnectPolicy;
  readonly resumeWindow: number;
  readonly window: number;
  readonly totalWindow: number;
  readonly maxPacket: number;
  readonly limits: Limits;
  readonly codec: Codec | null;
  readonly transports: readonly Transport[];
  readonly debug: ((...values: unknown[]) => void) | null;
  readonly platform: Platform;
}

const others = [
  'host',
  'listen',
  'advertise',
  'secret',
  'tls',
  'authorize',
  'insecure',
  'reconnect',
  'limits',
  'codec',
  'transports',
  'debug',
  'platform',
] as const satisfies readonly Exclude<keyof ServerOptions, NumberOption>[];

/**
 * Checks what the user gave and fills in the rest.
 * @throws MasterlessError `ERR_OPTION`, naming the option, what it was and what it may be.
 */
export function resolveOptions(options: ServerOptions = {}): ResolvedOptions {
  onlyKnown('options', options, [...Object.keys(numbers), ...others]);
  const { port, ...rest } = pick('', options, numbers);
  const resolved: ResolvedOptions = {
    ...rest,
    listen: Object.freeze(listenUris(options, port)),
    advertise: options.advertise === undefined ? null : Object.freeze(strings('advertise', options.advertise)),
    credentials: Credentials.from(options, process.versions),
    authorize: authorizer(options),
    insecure: typed('insecure', or(options.insecure, false), 'boolean'),
    reconnect: Object.freeze(reconnectPolicy(options.reconnect)),
    limits: Object.freeze(pick('limits.', known('limits', or(options.limits, {}), limitNumbers), limitNumbers)),
    codec: options.codec === undefined ? null : checkedCodec(options.codec),
    transports: Object.freeze(checkedTransports(or(options.transports, []))),
    debug: options.debug === undefined ? null : typed('debug', options.debug, 'function'),
    platform: options.platform === undefined ? system : checkedPlatform(options.platform),
  };
  if (resolved.credentials?.leavesIdsOpen && resolved.authorize === null) {
    throw new MasterlessError(
      'ERR_OPTION',
      "option tls.identity is 'authorize': then the option authorize must be there",
    );
  }
  if (resolved.timeout <= resolved.heartbeat) {
    fail(
      'timeout',
      resolved.timeout,
      `more than heartbeat (${resolved.heartbeat}): a healthy peer speaks only that often`,
    );
  }
  if (resolved.stallTimeout < resolved.timeout) {
    fail('stallTimeout', resolved.stallTimeout, `at least timeout (${resolved.timeout})`);
  }
  return Object.freeze(resolved);
}

function authorizer(options: ServerOptions): Authorize | null {
  if (!('authorize' in options)) return null;
  const { authorize } = options;
  // One that is missing must not make a node that asks nobody.
  if (typeof authorize !== 'function') fail('authorize', authorize, 'a function, or left out');
  return authorize;
}

function listenUris(options: ServerOptions, port: number): string[] {
  if (options.listen === undefined) {
    const host = typed('host', or(options.host, '127.0.0.1'), 'string');
    if (host === '') fail('host', host, "a host name or address, for example '127.0.0.1'");
    return [`tcp://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`];
  }
  if (options.host !== undefined || options.port !== undefined) {
    fail('listen', options.listen, 'given without host and port, which are the short form of one tcp:// URI');
  }
  return strings('listen', options.listen);
}

function reconnectPolicy(given: ServerOptions['reconnect']): ReconnectPolicy {
  if (given === true) return reconnectPolicy({ attempts: Number.POSITIVE_INFINITY });
  if (given === false) return reconnectPolicy({ attempts: 0 });
  if (typeof given === 'number') return reconnectPolicy({ attempts: given });
  if (given !== undefined && typeof given !== 'object')
    fail('reconnect', given, 'true, false, a number of attempts or an object');
  const policy = pick('reconnect.', known('reconnect', or(given, {}), reconnectNumbers), reconnectNumbers);
  if (policy.maxDelay < policy.minDelay) {
    fail('reconnect.maxDelay', policy.maxDelay, `at least reconnect.minDelay (${policy.minDelay})`);
  }
  return policy;
}

function checkedCodec(codec: Codec): Codec {
  const { name, encode, decode } = Object(codec) as Codec;
  const { encodeInto = encode, encodeParts = encode, decodeRange = decode } = Object(codec) as Codec;
  const methods = [encode, decode, encodeInto, encodeParts, decodeRange];
  const named = typeof name === 'string' && /^[\x21-\x7e]{1,32}$/.test(name);
  const valid = named && methods.every((method) => typeof method === 'function');
  return valid
    ? codec
    : fail('codec', codec, 'an object with encode, decode and a name of 1 to 32 visible ASCII characters, no spaces');
}

function checkedPlatform(platform: Platform): Platform {
  const missing = Object.keys(system).find((name) => typeof Reflect.get(Object(platform), name) !== 'function');
  if (missing !== undefined) fail('platform', platform, `an object with ${missing} and the other methods of Platform`);
  return platform;
}

function checkedTransports(transports: readonly Transport[]): Transport[] {
  if (!Array.isArray(transports)) fail('transports', transports, 'a list of transports');
  // Array.from also finds what is missing in between.
  return Array.from(transports, (transport: unknown, index) => {
    const wanted = 'a transport: a scheme such as tcp, canonical, isLocal, listen and dial';
    return isTransport(transport) ? transport : fail(`transports[${index}]`, transport, wanted);
  });
}

function pick<K extends string>(prefix: string, given: object, ranges: Readonly<Record<K, Range>>): Record<K, number> {
  const picked = {} as Record<K, number>;
  for (const key of Object.keys(ranges) as K[]) {
    const { fallback, min, max } = ranges[key];
    const value: unknown = or(Reflect.get(given, key), fallback);
    const whole = Number.isInteger(value) || value === max;
    if (typeof value !== 'number' || !whole || value < min || value > max) {
      fail(prefix + key, value, `a whole number from ${min} to ${max}`);
    }
    picked[key] = value;
  }
  return picked;
}

function known<T extends object>(option: string, given: T, ranges: Readonly<Record<string, Range>>): T {
  onlyKnown(option, given, Object.keys(ranges));
  return given;
}

function onlyKnown(option: string, given: object, names: readonly string[]): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given) || given instanceof Map) {
    fail(option, given, 'an object with options');
  }
  // Inherited ones too, as they are read.
  for (const name in given) {
    // A misspelt option that does nothing is found in production; here it is found at once.
    if (names.includes(name)) continue;
    // Its value is not shown: it may be a secret.
    throw new MasterlessError('ERR_OPTION', `there is no option ${option}.${name}, but ${names.join(', ')}`);
  }
}

function strings(option: string, value: string | readonly string[]): string[] {
  const list = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(list)) fail(option, value, 'a URI as text, or a list of these');
  return Array.from(list, (item: unknown) => typed(option, item, 'string') as string);
}

function typed<T>(option: string, value: T, type: 'string' | 'boolean' | 'function'): T {
  if (typeof value !== type) fail(option, value, `a ${type}`);
  return value;
}

/** The default is for what is not given, and null was. */
function or<T>(value: T | undefined, fallback: T): T {
  return value === undefined ? fallback : value;
}

function fail(option: string, value: unknown, wanted: string): never {
  const quoted = typeof value === 'string' ? JSON.stringify(value) : textOf(value);
  const shown = quoted === '' ? 'an empty list' : typeof value === 'bigint' ? `${quoted}n` : quoted;
  throw new MasterlessError('ERR_OPTION', `option ${option} is ${shown.slice(0, 80)}: it must be ${wanted}`);
}
