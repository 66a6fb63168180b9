import { describe, expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import { handshakeFault } from '../../src/transports/tls-faults.js';

const address = 'tcp://192.0.2.1:2435';
const advice = 'is the moon full?';

function fault(code: string): MasterlessError {
  return handshakeFault(Object.assign(new Error('what the system says'), { code }), address, advice);
}

describe('a handshake that failed', () => {
  it.each([
    ['ERR_SSL_HTTP_REQUEST', 'ERR_PROTOCOL', 'speaks HTTP'],
    ['ERR_SSL_HTTPS_PROXY_REQUEST', 'ERR_PROTOCOL', 'speaks HTTP'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_PROTOCOL', 'does not speak TLS:'],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_PROTOCOL', 'does not speak TLS:'],
    ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'ERR_PROTOCOL', 'TLS 1.3'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'ERR_PROTOCOL', 'TLS 1.3'],
    ['ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM', 'ERR_UNAUTHORIZED', advice],
    ['ERR_SSL_BINDER_DOES_NOT_VERIFY', 'ERR_UNAUTHORIZED', advice],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'ERR_UNAUTHORIZED', advice],
    ['CERT_HAS_EXPIRED', 'ERR_UNAUTHORIZED', advice],
    ['ECONNRESET', 'ERR_CONNECTION_LOST', advice],
    ['EPIPE', 'ERR_CONNECTION_LOST', advice],
    ['ECONNREFUSED', 'ERR_REFUSED', 'nobody listens there'],
    ['ENOTFOUND', 'ERR_UNREACHABLE', 'host name'],
    ['EAI_AGAIN', 'ERR_UNREACHABLE', 'name server'],
    ['EHOSTUNREACH', 'ERR_UNREACHABLE', 'reached'],
    ['ETIMEDOUT', 'ERR_TIMEOUT', 'firewall'],
    ['', 'ERR_UNAUTHORIZED', 'what the system says'],
  ])('with %s is %s: %s', (system, code, text) => {
    const error = fault(system);
    expect(error).toMatchObject({ code, side: 'remote', message: expect.stringContaining(text) });
    expect(error.message).toContain(address);
    expect(error.message).toContain(system);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('at all addresses of a name is told like that of one', () => {
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    expect(handshakeFault(new AggregateError([refused, refused]), address, advice).code).toBe('ERR_REFUSED');
  });

  it('in our own words stays as it is', () => {
    const own = new MasterlessError('ERR_REFUSED', 'own');
    expect(handshakeFault(own, address, advice)).toBe(own);
  });
});
