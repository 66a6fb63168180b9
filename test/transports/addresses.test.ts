import { describe, expect, it } from 'vitest';
import { Addresses } from '../../src/transports/addresses.js';
import { memory } from '../../src/transports/memory.js';
import { tcp } from '../../src/transports/tcp.js';
import type { Transport } from '../../src/transports/transport.js';
import { unix } from '../../src/transports/unix.js';

const addresses = new Addresses([tcp(), unix(), memory()]);
const uriFault = expect.objectContaining({ code: 'ERR_URI', side: 'local' });

describe('transport', () => {
  it('is found by the scheme, in any case', () => {
    expect(addresses.transport('tcp://127.0.0.1:1').scheme).toBe('tcp');
    expect(addresses.transport('UNIX:///run/a').scheme).toBe('unix');
    expect(addresses.transport('Memory://a').scheme).toBe('memory');
  });

  it('of one scheme given twice is the later', () => {
    const own: Transport = { ...tcp(), canonical: () => 'tcp://own' };
    expect(new Addresses([tcp(), own]).canonical('tcp://127.0.0.1:1')).toBe('tcp://own');
  });

  it.each(['', 'x', '127.0.0.1:80', 'http://localhost', '://x', '1tcp://x', 'tcp', ' tcp://127.0.0.1:1'])(
    'for %j there is none, and the error names those there are',
    (uri) => {
      expect(() => addresses.transport(uri)).toThrow(uriFault);
      expect(() => addresses.transport(uri)).toThrow('tcp://, unix://, memory://');
    },
  );
});

describe('canonical', () => {
  it('is what the transport says, of a text or a URL', () => {
    expect(addresses.canonical('TCP://LocalHost:80/')).toBe('tcp://localhost:80');
    expect(addresses.canonical(new URL('tcp://[0::1]:80'))).toBe('tcp://[::1]:80');
  });

  it.each([null, undefined, 5, {}, []])('%j is refused', (wrong) => {
    expect(() => addresses.canonical(wrong)).toThrow(uriFault);
  });

  it("tells what null is: info() before 'listening'", () => {
    expect(() => addresses.canonical(null)).toThrow("info() gives before 'listening'");
    expect(() => addresses.canonical(5)).toThrow('type number');
  });
});

describe('checkListeners', () => {
  const check = (listen: string[], insecure = false, advertise: string[] | null = null) => {
    return () => addresses.checkListeners({ listen, advertise, insecure });
  };

  it.each([[[]], [['tcp://127.0.0.1:0']], [['tcp://[::1]:0', 'unix:///run/a', 'memory://a']], [['tcp://localhost:0']]])(
    '%j needs no credentials',
    (listen) => {
      expect(check(listen)).not.toThrow();
    },
  );

  it.each([['tcp://0.0.0.0:0'], ['tcp://[::]:0'], ['tcp://192.168.1.1:0'], ['tcp://example.test:0']])(
    '%s needs insecure: true',
    (uri) => {
      expect(check(['memory://a', uri])).toThrow(expect.objectContaining({ code: 'ERR_INSECURE' }));
      expect(check([uri])).toThrow(uri);
      expect(check([uri], true)).not.toThrow();
    },
  );

  it('an address that is told must be one that can be dialled', () => {
    expect(check([], false, ['tcp://example.test:1'])).not.toThrow();
    for (const wrong of ['tcp://0.0.0.0:1', 'tcp://example.test:0', 'nowhere']) {
      expect(check([], true, [wrong])).toThrow(uriFault);
    }
  });

  it('a URI of nobody is refused, insecure or not', () => {
    expect(check(['http://localhost'], true)).toThrow(uriFault);
  });
});
