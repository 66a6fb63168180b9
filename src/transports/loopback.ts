/** Which hosts are this machine and no other. */
import { isIPv4 } from 'node:net';

/** @param host - an address or a name in its canonical spelling; IPv4 within IPv6 may be in either of its two */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  return host === 'localhost' || host === '::1' || /^::ffff:(7f[0-9a-f]{2}:|127\.)/.test(host);
}
