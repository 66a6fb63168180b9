import { describe, expect, it } from 'vitest';
import { encodeHello } from '../../src/protocol/control.js';
import { foreign } from '../../src/protocol/foreign.js';
import { FrameDecoder } from '../../src/protocol/frame.js';
import { hello } from './scripted.js';

const said = (bytes: Uint8Array): string => {
  const decoder = new FrameDecoder();
  decoder.push(bytes);
  try {
    decoder.next();
    return 'nothing';
  } catch (error) {
    return String(error);
  }
};

describe('who speaks something else', () => {
  it.each([
    ['a TLS client', Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0), 'speaks TLS'],
    ['a TLS server that turned us away', Uint8Array.of(0x15, 3, 3, 0, 2, 2, 0x16), 'speaks TLS'],
    ['a browser', Buffer.from('GET / HTTP/1.1\r\n'), 'speaks HTTP'],
    ['a web server', Buffer.from('HTTP/1.1 400 Bad Request\r\n'), 'speaks HTTP'],
    ['HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n'), 'speaks HTTP'],
    ['somebody', Uint8Array.of(0x16), 'DATA before the link is adopted'],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH'), 'DATA before the link is adopted'],
    ['long DATA', Uint8Array.of(0xe0, 0, 0), 'DATA before the link is adopted'],
  ])('%s', (_who, bytes, text) => {
    expect(said(bytes)).toContain(text);
  });

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'CONNECT'])('is told a request: %s', (verb) => {
    expect(said(Buffer.from(`${verb} / HTTP/1.1\r\n`))).toContain('speaks HTTP');
  });

  it.each([
    ['a handshake record of another protocol', Uint8Array.of(0x16, 4, 1, 0)],
    ['TLS application data', Uint8Array.of(0x17, 3, 3, 0)],
  ])('is not taken for TLS: %s', (_what, bytes) => {
    expect(foreign(bytes, 0, 4)).toBe(null);
  });

  it('is told what to do about it', () => {
    const tls = foreign(Uint8Array.of(0x16, 3, 1, 2), 0, 4);
    expect(tls).toMatchObject({
      code: 'ERR_PROTOCOL',
      message: 'the other end speaks TLS, and this node does not: give both the same credentials (options secret, tls)',
    });
    const http = foreign(Buffer.from('GET '), 0, 4);
    expect(http).toMatchObject({
      code: 'ERR_PROTOCOL',
      message: 'the other end speaks HTTP, and this is no web server',
    });
  });

  it('is not one who says HELLO', () => {
    expect(said(encodeHello(hello()))).toBe('nothing');
  });

  it('is told from where the bytes lie', () => {
    const bytes = Buffer.from('xxPOST');
    expect(foreign(bytes, 2, 6)?.message).toContain('HTTP');
    expect(foreign(bytes, 0, 6)).toBe(null);
    expect(foreign(bytes, 2, 4)).toBe(null);
  });

  it('on a link is as wrong as ever, and no stranger', () => {
    const decoder = new FrameDecoder();
    decoder.maxData = 1000;
    decoder.push(Buffer.concat([Uint8Array.of(0x16, 3), Buffer.alloc(30)]));
    expect(decoder.next()).toBe(true);
  });
});
