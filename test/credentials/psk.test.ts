/**
 * Runtimes that take the place of Node and do not know pre-shared keys; what Node does with them is in test/transports/tls
 * and test/server/secret. Whatever such a runtime leaves out, no node speaks in plain text for it.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer as createPlainServer } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { newSecret, Server } from '../../src/index.js';
import { outcome, watched } from '../support/entrance.js';
import { within } from '../support/events.js';
import { atEnd, node } from '../support/nodes.js';

/** Where the runtime leaves the option `pskCallback` out. */
const without = vi.hoisted(() => ({ accepting: false, dialling: false, checking: false }));
afterEach(() => Object.assign(without, { accepting: false, dialling: false, checking: false }));

vi.mock('../../src/builtins.js', async (original) => {
  const { builtins } = await original<typeof import('../../src/builtins.js')>();
  const { tls } = builtins;
  const withoutKey = (options: object): object => ({ ...options, pskCallback: undefined });
  const lacking = {
    ...tls,
    createServer: (options: { pskCallback?: unknown }) => {
      const isCheck = options.pskCallback !== undefined && typeof options.pskCallback !== 'function';
      return tls.createServer((isCheck ? without.checking : without.accepting) ? withoutKey(options) : options);
    },
    connect: (options: object) => tls.connect(without.dialling ? withoutKey(options) : options),
  };
  return { builtins: Object.create(builtins, { tls: { value: lacking } }) };
});

const secret = newSecret();

it('are known where nothing is left out', async () => {
  const { uri } = await watched('b', { secret });
  expect(await outcome(node('a', { secret, listen: [] }), uri)).toBe('b');
});

it('a runtime that does not know them has no node with a secret', async () => {
  without.checking = true;
  expect(() => new Server('a', { secret })).toThrow(
    expect.objectContaining({ code: 'ERR_UNSUPPORTED', message: expect.stringContaining('run the node with Node.js') }),
  );
  await node('a', {}).close();
});

it('a node that dials without its key says nothing, and is not let in', async () => {
  const { uri, said, node: b } = await watched('b', { secret });
  without.dialling = true;
  const a = node('who-dials', { secret, listen: [] });
  expect(await outcome(a, uri)).toMatchObject({ code: 'ERR_UNAUTHORIZED' });
  await said('ERR_UNAUTHORIZED');
  expect([a.connections(), b.connections()]).toEqual([[], []]);
  expect(await firstWords(a)).toEqual({ isHandshake: true, saysId: false });
});

it('a node that takes no key lets nobody in', async () => {
  without.accepting = true;
  const { uri, said, node: b } = await watched('b', { secret });
  const a = node('a', { secret, listen: [] });
  expect(await outcome(a, uri)).toMatchObject({ code: 'ERR_UNAUTHORIZED' });
  await said('ERR_UNAUTHORIZED');
  expect([a.connections(), b.connections()]).toEqual([[], []]);
});

/** What a node says to who answers nothing. */
async function firstWords(from: Server): Promise<{ isHandshake: boolean; saysId: boolean }> {
  const chunks: Buffer[] = [];
  const silent = createPlainServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      socket.end();
    });
  });
  atEnd(async () => silent.close());
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const ended = once(silent, 'connection').then(([socket]) => once(socket, 'close'));
  await outcome(from, `tcp://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  await within(ended, 'the end of the connection');
  const words = Buffer.concat(chunks);
  // 22 is the first byte of a record of TLS that has a handshake.
  return { isHandshake: words[0] === 22, saysId: words.includes(from.id) };
}
