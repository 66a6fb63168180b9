/** Which hosts are this machine and no other, or all that it has. */
import { isIPv4, isIPv6 } from 'node:net';

/** @param given - an address or a name in its canonical spelling; IPv4 within IPv6 may be in either of its two */
export function isLoopback(given: string): boolean {
  const host = withoutZone(given);
  if (isIPv4(host)) return host.startsWith('127.');
  return host === 'localhost' || host === '::1' || /^::ffff:(7f[0-9a-f]{2}:|127\.)/.test(host);
}

/** All zeros, also as IPv4 within IPv6: to listen there is to listen everywhere, to dial it leads to this machine. */
export function isWildcard(given: string): boolean {
  const host = withoutZone(given);
  return host === '0.0.0.0' || (isIPv6(host) && /^[0:]+(ffff:(0:0|0\.0\.0\.0))?$/.test(host));
}

/** An address without its zone, which makes no other of one that is not link-local: systems connect as if it were not there. */
function withoutZone(host: string): string {
  const sign = host.indexOf('%');
  return sign < 0 ? host : host.slice(0, sign);
}
