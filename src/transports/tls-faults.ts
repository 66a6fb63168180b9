/**
 * Why no TLS connection came about, in this library's terms. What OpenSSL says is for those who know it; each message
 * says first what it most likely means between two nodes.
 */
import { MasterlessError } from '../errors.js';
import { connectionFault } from './faults.js';

const HTTP = /HTTP_REQUEST|HTTPS_PROXY_REQUEST/;
const OLD = /UNSUPPORTED_PROTOCOL|ALERT_PROTOCOL_VERSION|VERSION_TOO_LOW/;
const NOT_TLS =
  /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_TYPE|RECORD_LAYER_FAILURE|RECORD_TOO_SMALL|LENGTH_TOO_LONG|UNEXPECTED_MESSAGE|UNEXPECTED_RECORD/;

/**
 * @param address - of the other end
 * @param advice - what may be the matter when the other end does speak TLS
 */
export function handshakeFault(cause: Error, address: string, advice: string): MasterlessError {
  if (cause instanceof MasterlessError) return cause;
  const code = 'code' in cause ? String(cause.code) : '';
  if (HTTP.test(code)) {
    return new MasterlessError('ERR_PROTOCOL', `${address} speaks HTTP, and this is no web server (${code})`, {
      cause,
    });
  }
  if (OLD.test(code)) {
    return new MasterlessError(
      'ERR_PROTOCOL',
      `${address} does not speak TLS 1.3: is it a masterless node? (${code})`,
      {
        cause,
      },
    );
  }
  if (NOT_TLS.test(code)) {
    const meaning = 'does not speak TLS: is it a node without credentials (options secret, tls), or no node at all?';
    return new MasterlessError('ERR_PROTOCOL', `${address} ${meaning} (${code})`, { cause });
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return new MasterlessError('ERR_CONNECTION_LOST', `${address} broke off the TLS handshake: ${advice} (${code})`, {
      cause,
    });
  }
  const system = /^E[A-Z0-9]+(_[A-Z]+)?$/.test(code) && !/^ERR_/.test(code);
  if (system || cause instanceof AggregateError) return connectionFault(cause, address);
  const meaning = `could not agree on TLS with this node: ${advice} (${code === '' ? cause.message : code})`;
  return new MasterlessError('ERR_UNAUTHORIZED', `${address} ${meaning}`, { cause });
}
