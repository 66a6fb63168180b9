/** Which hosts are this machine and no other. */
import { isIPv4 } from 'node:net';

/** @param given - an address or a name in its canonical spelling; IPv4 within IPv6 may be in either of its two */
export function isLoopback(given: string): boolean {
  const host = withoutZone(given);
  if (isIPv4(host)) return host.startsWith('127.');
  return host === 'localhost' || host === '::1' || /^::ffff:(7f[0-9a-f]{2}:|127\.)/.test(host);
}

/** An address without its zone, which makes no other of one that is not link-local: systems connect as if it were not there. */
export function withoutZone(host: string): string {
  const sign = host.indexOf('%');
  return sign < 0 ? host : host.slice(0, sign);
}
