/**
 * `tcp://host:port` over IPv4, IPv6 and names, which are resolved anew for each connection.
 */
import { connect, createServer, isIP, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { MasterlessError } from '../errors.js';
import { overServer, overSocket } from './socket.js';
import type { Connection, ConnectionEvents, Listener, ListenerEvents, Transport } from './transport.js';

/**
 * One buffer that all dialled sockets read into. It is used up before the next read begins, since the system is asked
 * for bytes and the callback runs in one go.
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/** The TCP transport. */
export function tcp(): Transport {
  return {
    scheme: 'tcp',
    canonical: (uri) => format(parse(uri, 1)),
    isLocal: (uri) => isLoopback(parse(uri, 0).host),
    listen,
    dial,
  };
}

interface Address {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

function listen(uri: string, events: ListenerEvents): Listener {
  const { host, port } = parse(uri, 0);
  const server = createServer({ noDelay: true, allowHalfOpen: false }, (socket) => {
    const remote = `tcp://${bracketed(socket.remoteAddress ?? 'unknown')}`;
    let handler: ConnectionEvents | null = null;
    const connection = overSocket(socket, remote, () => handler as ConnectionEvents);
    handler = events.accept(connection);
    socket.on('data', (chunk) => handler.data(chunk));
  });
  const listener = overServer(server, events, uri, () => {
    const bound = server.address();
    if (bound === null || typeof bound === 'string') return uri;
    return format({ host: isWildcard(host) ? reachable(host) : host, port: bound.port });
  });
  server.listen({ host, port });
  return listener;
}

function dial(uri: string, events: ConnectionEvents): Connection {
  const { host, port } = parse(uri, 1);
  const socket = connect({
    host,
    port,
    noDelay: true,
    onread: {
      buffer: readBuffer,
      callback: (length, buffer) => {
        events.data(buffer.subarray(0, length));
        return true;
      },
    },
  });
  const connection = overSocket(socket, uri, () => events);
  socket.once('connect', () => events.open());
  // With `onread` nothing else starts the flow or notices the end of the stream.
  socket.resume();
  return connection;
}

/** An address of this machine that others can reach. */
function reachable(wildcard: string): string {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = all.filter((address) => !address.internal && !address.address.startsWith('fe80:'));
  const v4 = outside.find((address) => address.family === 'IPv4');
  const v6 = outside.find((address) => address.family === 'IPv6');
  // `::` takes IPv4 as well.
  return (
    (v4 ?? (isIPv6(wildcard) ? v6 : undefined))?.address ?? (isIPv6(wildcard) && v4 === undefined ? '::1' : '127.0.0.1')
  );
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || (isIPv6(host) && /^[0:]+$/.test(host));
}

function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  return host === 'localhost' || host === '::1' || /^::ffff:127\./.test(host) || /^::ffff:7f[0-9a-f]{2}:/.test(host);
}

function format({ host, port }: Address): string {
  return `tcp://${bracketed(host)}:${port}`;
}

function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

function parse(uri: string, lowestPort: number): Address {
  const [, text = '', port = ''] = /^tcp:\/\/(\[[^\]/?#@]+\]|[^:[\]/?#@\s]+):(\d{1,5})\/?$/i.exec(uri) ?? [];
  if (text === '') fail(uri, whatIsWrong(uri));
  const number = Number(port);
  if (number < lowestPort || number > 65_535) fail(uri, `port ${port} is not from ${lowestPort} to 65535`);
  const host = text.startsWith('[') ? ipv6(text.slice(1, -1), uri) : name(text, uri);
  return { host, port: number };
}

/** The shortest spelling of an IPv6 address; its zone, if any, as it is. */
function ipv6(host: string, uri: string): string {
  const [address = '', zone] = host.split('%');
  if (!isIPv6(address)) fail(uri, `[${host}] is no IPv6 address`);
  const shortest = new URL(`http://[${address}]`).hostname.slice(1, -1);
  return zone === undefined ? shortest : `${shortest}%${zone}`;
}

function name(host: string, uri: string): string {
  const lower = host.toLowerCase();
  const numeric = /^[\d.]+$/.test(lower);
  const valid = numeric
    ? isIP(lower) === 4
    : lower.length <= 253 && /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/.test(lower);
  if (!valid) fail(uri, `${host} is no IPv4 address or host name`);
  return lower;
}

function whatIsWrong(uri: string): string {
  if (/@/.test(uri)) return 'it has a user name';
  if (/[?#]/.test(uri)) return 'it has a query or a fragment';
  if (/^tcp:\/\/[^/]+\/./i.test(uri)) return 'it has a path';
  if (/^tcp:\/\/[^/:]*:[0-9a-f:]+$/i.test(uri) && uri.split(':').length > 3)
    return 'an IPv6 address must be in brackets';
  if (/^tcp:\/\/(\[[^\]]*\]|[^:/]+)\/?$/i.test(uri)) return 'it has no port';
  return 'it is not of the form tcp://host:port';
}

function fail(uri: string, why: string): never {
  const message = `${JSON.stringify(uri)} is no TCP address: ${why}; a right one is tcp://127.0.0.1:2435 or tcp://[::1]:2435`;
  throw new MasterlessError('ERR_URI', message);
}
