import { describe, expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import { connectionFault, listenFault } from '../../src/transports/faults.js';

const AT = 'tcp://10.0.0.1:80';

function system(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}

describe('a connection', () => {
  it.each([
    ['ECONNREFUSED', 'ERR_REFUSED', 'nobody listens there'],
    ['ENOENT', 'ERR_REFUSED', 'nobody listens there'],
    ['ENOTFOUND', 'ERR_UNREACHABLE', 'the host name is unknown'],
    ['EAI_AGAIN', 'ERR_UNREACHABLE', 'the host name is unknown, or no name server answers'],
    ['EAI_OTHER', 'ERR_UNREACHABLE', 'the host name is unknown'],
    ['EHOSTUNREACH', 'ERR_UNREACHABLE', 'check it and the network'],
    ['ENETUNREACH', 'ERR_UNREACHABLE', 'check it and the network'],
    ['EACCES', 'ERR_UNREACHABLE', 'check permissions and firewall'],
    ['EMFILE', 'ERR_UNREACHABLE', 'too many files are open'],
    ['EAGAIN', 'ERR_UNREACHABLE', 'no further connections'],
    ['ETIMEDOUT', 'ERR_TIMEOUT', 'does a firewall let it through?'],
    ['ECONNRESET', 'ERR_CONNECTION_LOST', 'the connection broke'],
    ['EPIPE', 'ERR_CONNECTION_LOST', 'the connection broke'],
    ['ESOMETHING', 'ERR_CONNECTION_LOST', 'the connection broke'],
  ])('%s is %s: %s', (code, expected, meaning) => {
    const cause = system(code);
    const error = connectionFault(cause, AT);
    expect(error).toMatchObject({ code: expected, side: 'remote', cause });
    expect(error.message.startsWith(`${AT}: `)).toBe(true);
    expect(error.message.endsWith(` (${code})`)).toBe(true);
    expect(error.message).toContain(meaning);
  });

  it('without a code, the message of the system is shown', () => {
    expect(connectionFault(new Error('odd'), AT)).toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      message: `${AT}: the connection broke (odd)`,
    });
  });

  it.each([
    [['ENETUNREACH', 'ECONNREFUSED'], 'ERR_REFUSED', '(ENETUNREACH, ECONNREFUSED)'],
    [['ECONNREFUSED', 'ETIMEDOUT'], 'ERR_REFUSED', '(ECONNREFUSED, ETIMEDOUT)'],
    [['ETIMEDOUT', 'ENETUNREACH'], 'ERR_TIMEOUT', '(ETIMEDOUT, ENETUNREACH)'],
    [['ENETUNREACH', 'ENETUNREACH'], 'ERR_UNREACHABLE', '(ENETUNREACH)'],
    [[], 'ERR_CONNECTION_LOST', '()'],
  ])('of several addresses, %j is %s', (codes, expected, shown) => {
    // The system's own error of this kind has the code of its first member.
    const cause = Object.assign(new AggregateError(codes.map(system)), { code: codes[0] });
    const error = connectionFault(cause, AT);
    expect(error).toMatchObject({ code: expected, cause });
    expect(error.message.endsWith(shown)).toBe(true);
  });

  it('an error of this library is left as it is', () => {
    const error = new MasterlessError('ERR_REFUSED', 'x');
    expect(connectionFault(error, AT)).toBe(error);
  });
});

describe('a listener', () => {
  it('tells what to do where that is known, and what the system said where not', () => {
    const cause = system('EADDRINUSE');
    expect(listenFault(cause, AT, { EADDRINUSE: 'choose another' })).toMatchObject({
      code: 'ERR_LISTEN',
      message: `can't listen at ${AT}: choose another (EADDRINUSE)`,
      cause,
    });
    expect(listenFault(cause, AT, {}).message).toBe(`can't listen at ${AT}: connect EADDRINUSE`);
    expect(listenFault(new Error('odd'), AT, {}).message).toBe(`can't listen at ${AT}: odd`);
  });
});
