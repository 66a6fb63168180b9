/**
 * `tcp://host:port` over IPv4, IPv6 and names, which are resolved anew for each connection. The address says where; that
 * streams are over TLS follows from what a node was given, so no address can lead around it.
 *
 * A wildcard host (`0.0.0.0`, `::`) is for listening only: whoever were told to dial it would reach himself. So it is
 * never announced, and refused wherever an address is to be dialled.
 */
import { createServer, isIPv4, isIPv6, type Server } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import { builtins } from '../builtins.js';
import { elsewhereOnly } from './elsewhere.js';
import { hasColon, isLoopback, isWildcard } from './loopback.js';
import type { Security } from './security.js';
import { acceptSocket, dialSocket, overServer } from './socket.js';
import { dialSecure, SecureAcceptor } from './tls.js';
import type { Connection, ConnectionEvents, Listener, ListenerEvents, Transport } from './transport.js';
import { refuseUri, type UriKind, uriText } from './uri.js';

const KIND: UriKind = { name: 'a TCP address', example: 'tcp://127.0.0.1:2435 or tcp://[::1]:2435' };

const ADVICE = {
  EADDRINUSE: 'the port is in use; choose another, or port 0 for any free one',
  EACCES: 'this user may not; choose a port above 1023',
  EADDRNOTAVAIL: 'this machine does not have that address; 0.0.0.0 stands for all it has',
  EAFNOSUPPORT: 'this machine has no addresses of that kind; try 127.0.0.1 or 0.0.0.0',
  ENOTFOUND: 'the host name is unknown; check its spelling, or give an IP address',
  EAI_AGAIN: 'no name server answers; give an IP address',
} as const;

/**
 * The TCP transport.
 * @param security - how streams are made secure; then none is in plain text, neither dialled nor accepted
 */
export function tcp(security: Security | null = null): Transport {
  return {
    scheme: 'tcp',
    secure: security !== null,
    canonical(uri) {
      const text = format(parseDialled(uri));
      // Kept for each link: not as another text of the same signs.
      return text === uri ? uri : text;
    },
    isLocal: (uri) => isLoopback(parse(uri).host),
    listen: (uri, events) => listen(uri, events, security),
    dial: (uri, events, elsewhere = false) => dial(uri, events, security, elsewhere),
  };
}

interface Address {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

function listen(uri: string, events: ListenerEvents, security: Security | null): Listener {
  const { host, port } = parse(uri);
  const secure = security === null ? null : new SecureAcceptor(security);
  let remote = '';
  const server = createServer({ noDelay: true }, (socket) => {
    const now = remoteOf(socket.remoteAddress);
    // One text for all who come from there, one after the other.
    if (now !== remote) remote = now;
    if (secure === null) acceptSocket(socket, remote, events);
    else secure.accept(socket, remote, events);
  });
  const listener = overServer(server, { uri, advice: ADVICE, announced: () => announced(server, host) }, events);
  // Else the workers of a cluster share it, and whoever dials meets one or the other.
  server.listen({ host, port, exclusive: true });
  return listener;
}

function dial(uri: string, events: ConnectionEvents, security: Security | null, elsewhere: boolean): Connection {
  const where = { ...parseDialled(uri), noDelay: true, ...(elsewhere ? { lookup: elsewhereOnly(uri) } : {}) };
  return security === null ? dialSocket(where, uri, events) : dialSecure(where, uri, events, security);
}

/** The other end without its port, which says nothing about who it is; IPv4 in its own spelling. */
function remoteOf(address = 'unknown'): string {
  return `tcp://${bracketed(address.replace(/^::ffff:(?=[\d.]+$)/, ''))}`;
}

function announced(server: Server, host: string): string {
  const bound = server.address();
  // It is an AddressInfo, since the server listens at a port.
  const { address, port } = bound as Exclude<typeof bound, string | null>;
  return format({ host: isWildcard(address) ? reachable(address, interfaces()) : host, port });
}

function interfaces(): NetworkInterfaceInfo[] {
  try {
    return Object.values(builtins.os.networkInterfaces()).flatMap((list) => list ?? []);
  } catch {
    // Some sandboxes forbid to ask.
    return [];
  }
}

/** The address by which others reach a listener at a wildcard: IPv4 before IPv6, loopback where there is no other. */
export function reachable(
  wildcard: string,
  all: readonly Pick<NetworkInterfaceInfo, 'address' | 'internal'>[],
): string {
  const outside = all.filter(({ internal }) => !internal).map(({ address }) => address);
  // Such an address is what an interface has that got none; it leads no further than its wire.
  const isLocal = (address: string): boolean => address.startsWith('169.254.');
  const v4 = outside.find((address) => isIPv4(address) && !isLocal(address));
  if (!hasColon(wildcard)) return v4 ?? outside.find(isLocal) ?? '127.0.0.1';
  // `::` takes IPv4 as well. A link-local address means nothing without the name of an interface of the dialling machine.
  const v6 = outside.find((address) => hasColon(address) && !/^fe[89ab]/i.test(address));
  return v4 ?? v6 ?? outside.find(isLocal) ?? '::1';
}

function format({ host, port }: Address): string {
  return `tcp://${bracketed(host)}:${port}`;
}

function bracketed(host: string): string {
  return hasColon(host) ? `[${host}]` : host;
}

function parseDialled(uri: string): Address {
  const address = parse(uri);
  if (address.port === 0) refuse(uri, 'port 0 is for listening only, and dialling needs the real one');
  if (isWildcard(address.host)) refuse(uri, `${address.host} is for listening only, and dialling needs a real host`);
  return address;
}

/** Addresses that were asked about lately: each is several times for one connection. Forgotten when they are too many. */
const lately = new Map<string, Address>();
const MOST_KEPT = 256;
/** Signs of the longest that is kept: peers tell addresses too. */
const LONGEST_KEPT = 256;

/** Port 0 and a wildcard host are let through. */
function parse(given: string): Address {
  const known = lately.get(given);
  if (known !== undefined) return known;
  const address = parsed(given);
  if (given.length > LONGEST_KEPT) return address;
  if (lately.size === MOST_KEPT) lately.clear();
  lately.set(given, address);
  return address;
}

function parsed(given: string): Address {
  const uri = uriText(given, KIND);
  const [, rest] = /^tcp:\/\/(.*)$/is.exec(uri) ?? refuse(uri, 'it does not begin with tcp://');
  if (rest === undefined || rest === '') refuse(uri, 'it has no host and no port');
  if (rest.includes('@')) refuse(uri, 'it has a user name');
  if (rest.includes('?')) refuse(uri, 'it has a query');
  if (rest.includes('#')) refuse(uri, 'it has a fragment');
  const slash = rest.indexOf('/');
  if (slash >= 0 && slash < rest.length - 1) refuse(uri, 'it has a path');
  const authority = slash < 0 ? rest : rest.slice(0, -1);

  const [, literal] = /^\[(.*?)\]/s.exec(authority) ?? [];
  const after = literal === undefined ? authority.indexOf(':') : literal.length + 2;
  if (literal === undefined && after !== authority.lastIndexOf(':')) refuse(uri, 'an IPv6 address must be in brackets');
  const digits = after < 0 || authority[after] !== ':' ? '' : authority.slice(after + 1);
  if (digits === '') refuse(uri, 'it has no port');
  const port = Number(digits);
  if (!/^\d+$/.test(digits) || port > 65_535) refuse(uri, `port ${digits} is not a number up to 65535`);
  return { host: literal === undefined ? name(authority.slice(0, after), uri) : ipv6(literal, uri), port };
}

/** The shortest spelling of an IPv6 address; its zone, if any, as it is. */
function ipv6(literal: string, uri: string): string {
  // In URIs the sign before the zone may be encoded itself.
  const [, address = '', zone = ''] = /^([^%]*)(?:%(?:25)?([\w.~-]+))?$/.exec(literal) ?? [];
  if (!isIPv6(address)) refuse(uri, `[${literal}] is no IPv6 address`);
  const shortest = new URL(`http://[${address}]`).hostname.slice(1, -1);
  return zone === '' ? shortest : `${shortest}%${zone}`;
}

/** An IPv4 address or a host name, in lower case. */
function name(host: string, uri: string): string {
  if (host === '') refuse(uri, 'it has no host');
  const lower = host.toLowerCase();
  if (isIPv4(lower)) return lower;
  const labels = lower.replace(/\.$/, '').split('.');
  const valid = lower.length <= 253 && labels.every((label) => /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/.test(label));
  // What ends in a number, resolvers take for an IPv4 address in one of its stranger spellings.
  if (!valid || /^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? ''))
    refuse(uri, 'its host is no IPv4 address or host name');
  return lower;
}

function refuse(uri: string, why: string): never {
  refuseUri(uri, KIND, why);
}
