/** Where a node may listen and dial, with credentials and without. */
import { describe, expect, it } from 'vitest';
import { newSecret, Server, type ServerOptions, type Transport } from '../../src/index.js';
import { memory } from '../../src/transports/memory.js';
import { tcp } from '../../src/transports/tcp.js';
import { certificate } from '../support/certificates.js';
import { Child } from '../support/child.js';
import { outcome } from '../support/entrance.js';
import { within } from '../support/events.js';
import { listening, node, socketPath } from '../support/nodes.js';

const secret = newSecret();

/** A transport of an application's own. */
function custom(scheme: string, local: boolean, secure?: boolean): Transport {
  return {
    ...memory(),
    ...{ scheme, canonical: (uri) => uri, isLocal: () => local },
    listen(uri, events) {
      setImmediate(() => events.listening(uri));
      return { close: (callback) => setImmediate(callback) };
    },
    ...(secure === undefined ? {} : { secure }),
  };
}

describe('a listener that other machines reach', () => {
  const open = { host: '0.0.0.0' };

  it.each<[string, ServerOptions, boolean]>([
    ['nothing', open, false],
    ['insecure: true', { ...open, insecure: true }, true],
    ['a secret', { ...open, secret }, true],
    ['certificates', { ...open, tls: certificate('b') }, true],
    ['authorize alone', { ...open, authorize: () => true }, false],
    ['a transport that secures itself', { listen: 'own://x', transports: [custom('own', false, true)] }, true],
    ['one that does not', { listen: 'own://x', transports: [custom('own', false)] }, false],
  ])('with %s: %#', async (_what, options, allowed) => {
    const make = (): Server => new Server('b', options);
    if (!allowed) expect(make).toThrow(expect.objectContaining({ code: 'ERR_INSECURE' }));
    else await make().close();
  });

  it.each<[string, ServerOptions]>([
    ['listens', { listen: 'own://x' }],
    ['advertises', { listen: [], advertise: 'own://x' }],
  ])('of a transport that is not secure is none for a node with credentials that %s', (_what, options) => {
    const make = (transport: Transport): Server => new Server('b', { secret, ...options, transports: [transport] });
    expect(() => make(custom('own', false))).toThrow(expect.objectContaining({ code: 'ERR_INSECURE' }));
    expect(() => make(custom('own', false, false))).toThrow(expect.objectContaining({ code: 'ERR_INSECURE' }));
  });

  it('nor may tcp be put in the place of the secured one', () => {
    const options = { secret, listen: 'tcp://192.0.2.1:5', transports: [tcp()] };
    expect(() => new Server('b', options)).toThrow(expect.objectContaining({ code: 'ERR_INSECURE' }));
    const a = node('a', { secret, listen: [], transports: [tcp()] });
    expect(() => a.connect('tcp://192.0.2.1:5')).toThrow(expect.objectContaining({ code: 'ERR_INSECURE' }));
  });
});

describe('the warning of insecurity', () => {
  it('comes once in the life of a process, and not for what only this machine reaches', async () => {
    const child = new Child('insecure.mjs');
    const { stderr, code } = await within(child.ended, 'the program that warns');
    expect(code).toBe(0);
    expect(stderr.match(/MASTERLESS_INSECURE/g)).toHaveLength(1);
    expect(stderr).toContain('tcp://0.0.0.0:0');
  });
});

describe('unix and memory', () => {
  it('are not encrypted, and take members and others alike', async () => {
    for (const listen of [`unix://${socketPath()}`, 'memory://addresses']) {
      const { uri, node: b } = await listening('b', { secret, listen });
      expect(await outcome(node('a', { listen: [] }), uri)).toBe('b');
      await b.close();
    }
  });
});
