/** One connection that has much to say, and whose bytes are dear: others have their turn nevertheless. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { Pacer } from '../../src/transports/pacer.js';
import { within } from '../support/events.js';
import { atEnd } from '../support/nodes.js';

const BYTES = 2 ** 20;

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

/** What comes is handed on by a pacer. */
function paced(socket: Socket, data: (chunk: Uint8Array) => void): void {
  const pacer = new Pacer(socket, { data });
  socket.on('data', (chunk: Uint8Array) => pacer.take(chunk));
}

/** Reads all that comes, with work of so many milliseconds for each KiB: bytes in each turn of the loop, and their order. */
async function turns(work: number): Promise<{ sizes: number[]; bytes: number; ordered: boolean }> {
  const { near, far } = await joined();
  const sizes: number[] = [];
  let [turn, bytes, ordered, ended] = [0, 0, true, false];
  const count = (): void => {
    if (turn > 0) sizes.push(turn);
    turn = 0;
    if (!ended) setImmediate(count);
  };
  setImmediate(count);
  const read = (chunk: Uint8Array): void => {
    const end = performance.now() + (work * chunk.length) / 1024;
    for (const byte of chunk) ordered &&= byte === bytes++ % 251;
    turn += chunk.length;
    while (performance.now() < end);
  };
  paced(far, read);
  near.end(Uint8Array.from({ length: BYTES }, (_, at) => at % 251));
  await within(once(far, 'end'), 'all that was sent', 30_000);
  ended = true;
  count();
  return { sizes, bytes, ordered };
}

it('what takes long to read comes in small pieces, one a turn, and all of it comes, in order', async () => {
  const { sizes, bytes, ordered } = await turns(0.5);
  expect([bytes, ordered]).toEqual([BYTES, true]);
  // What it costs is known when some has been read; what is left when the stream ends comes before its end.
  const [first = 0, ...others] = sizes;
  const last = others.pop() ?? 0;
  expect(Math.max(first, last)).toBeLessThanOrEqual(128 * 1024);
  // Less than the millisecond takes, and one piece that begins within it.
  expect(Math.max(...others)).toBeLessThanOrEqual(2048 + 4096);
});

it('what is read fast comes as it comes', async () => {
  const { sizes, bytes, ordered } = await turns(0);
  expect([bytes, ordered]).toEqual([BYTES, true]);
  expect(Math.max(...sizes)).toBeGreaterThan(4096);
});

it('nothing more comes when the reader has destroyed the socket, in the middle of a chunk too', async () => {
  const { near, far } = await joined();
  let count = 0;
  paced(far, (chunk) => {
    const end = performance.now() + chunk.length / 1024;
    while (performance.now() < end);
    if (++count === 3) far.destroy();
  });
  near.on('error', () => undefined);
  near.write(new Uint8Array(BYTES));
  await within(once(far, 'close'), 'the end');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(count).toBe(3);
});

it.each([
  ['without TLS, where the system goes on to other sockets after so little', false, 0, 2000],
  ['with TLS, which may hand on many records in one turn', true, 1, 100],
])('chunks that are small and dear, %s', (_, encrypted, pauses, read) => {
  let [paused, bytes] = [0, 0];
  const socket = { encrypted, destroyed: false, once: () => undefined, pause: () => paused++, resume: () => undefined };
  const pacer = new Pacer(socket as unknown as Socket, {
    data(chunk) {
      const end = performance.now() + 1.1;
      while (performance.now() < end);
      bytes += chunk.length;
    },
  });
  for (let count = 0; count < 20; count++) pacer.take(new Uint8Array(100));
  expect([paused, bytes]).toEqual([pauses, read]);
});

it.each([100, 20_000])(
  'what still comes of a socket that was destroyed is not handed on past what it waits behind: %d bytes',
  async (more) => {
    const socket = {
      encrypted: true,
      destroyed: false,
      once: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
    };
    const seen: number[] = [];
    const pacer = new Pacer(socket as unknown as Socket, {
      data(chunk) {
        const end = performance.now() + chunk.length / 4096;
        while (performance.now() < end);
        seen.push(...chunk);
      },
    });
    const chunk = (from: number, length: number): Uint8Array =>
      Uint8Array.from({ length }, (_, at) => (from + at) % 251);
    pacer.take(chunk(0, 20_000));
    pacer.take(chunk(20_000, 20_000));
    expect(seen.length).toBeLessThan(40_000);
    // A reset does that before it is told, and a stream goes on to hand out what it has buffered.
    socket.destroyed = true;
    await new Promise(setImmediate);
    for (let from = 40_000; from < 100_000; from += more) pacer.take(chunk(from, more));
    expect(seen).toEqual([...chunk(0, seen.length)]);
  },
);
