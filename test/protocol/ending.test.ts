/** What is told of a connection that ends before it became a link. */
import { describe, expect, it } from 'vitest';
import { encodeHello } from '../../src/protocol/control.js';
import { hello, Scripted } from './scripted.js';

/** Faults told so far. */
function faults(scripted: Scripted): unknown[] {
  return scripted.outputs.filter(({ kind }) => kind === 'fault');
}

describe('an attempt that comes to nothing tells what to look at', () => {
  /** The core dials `test://there`. */
  function dialling(): Scripted {
    const scripted = new Scripted();
    scripted.act((mesh, now) => mesh.connect(1, 'test://there', null, now));
    scripted.wait(0);
    return scripted;
  }

  function failure(scripted: Scripted): unknown {
    return scripted.outputs.find((output) => output.kind === 'wish')?.error;
  }

  it('nobody answers', () => {
    const scripted = dialling();
    scripted.dialling();
    scripted.wait(4999);
    expect(failure(scripted)).toBe(undefined);
    scripted.wait(1);
    expect(failure(scripted)).toMatchObject({
      code: 'ERR_TIMEOUT',
      message:
        'test://there did not answer in time (handshakeTimeout): is the address right, and does a firewall let it through?',
    });
  });

  it('somebody takes the connection and says nothing', () => {
    const scripted = dialling();
    scripted.taken();
    scripted.wait(5000);
    expect(failure(scripted)).toMatchObject({
      code: 'ERR_TIMEOUT',
      message:
        'test://there took the connection and did not finish the handshake in time (handshakeTimeout): is it a masterless node, and running?',
    });
  });

  it('it ends after a HELLO, which is no matter of credentials', () => {
    const scripted = dialling();
    const line = scripted.taken();
    line.say(encodeHello(hello()));
    line.end();
    expect(failure(scripted)).toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      message: 'test://there closed the connection',
    });
    expect(faults(scripted)).toEqual([]);
  });
});

it('who comes and goes without a word is told of to the operator', () => {
  const scripted = new Scripted();
  scripted.dial().end();
  expect(faults(scripted)).toEqual([
    {
      kind: 'fault',
      remote: 'there',
      error: expect.objectContaining({
        code: 'ERR_CONNECTION_LOST',
        message:
          'there closed the connection before it said who it is: is it closing, are too many shaking hands, or does it have other credentials (options secret, tls), or none?',
      }),
    },
  ]);
});
