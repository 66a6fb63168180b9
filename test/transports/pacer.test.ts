/** One connection that has much to say, and whose bytes are dear: others have their turn nevertheless. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { pacer } from '../../src/transports/pacer.js';
import { within } from '../support/events.js';
import { atEnd } from '../support/nodes.js';

const BYTES = 4 * 2 ** 20;

/** Two ends of a connection over loopback. */
async function joined(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  server.close();
  atEnd(async () => {
    near.destroy();
    far.destroy();
  });
  return { near, far };
}

/** Reads all that comes with work of so many milliseconds for each chunk: the most chunks in one turn of the loop. */
async function most(work: number): Promise<{ chunks: number; bytes: number }> {
  const { near, far } = await joined();
  let [turn, chunks, bytes, ended] = [0, 0, 0, false];
  const count = (): void => {
    turn = 0;
    if (!ended) setImmediate(count);
  };
  setImmediate(count);
  const read = (chunk: Uint8Array): void => {
    bytes += chunk.length;
    chunks = Math.max(chunks, ++turn);
    for (const end = performance.now() + work; performance.now() < end; );
  };
  far.on('data', pacer(far, read));
  near.end(new Uint8Array(BYTES));
  await within(once(far, 'end'), 'all that was sent', 30_000);
  ended = true;
  return { chunks, bytes };
}

it('what takes long to read comes a chunk a turn, and all of it comes', async () => {
  const { chunks, bytes } = await most(6);
  expect(bytes).toBe(BYTES);
  // One that was read, and one that had been on its way to the reader.
  expect(chunks).toBeLessThanOrEqual(2);
});

it('what is read fast comes as it comes', async () => {
  const { chunks, bytes } = await most(0);
  expect(bytes).toBe(BYTES);
  expect(chunks).toBeGreaterThan(2);
});
