/** The floor's framing reads the same whole, byte by byte, and in halves. */
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { FrameWriter, readFrames } from '../../bench/peers/frames.js';

/** Small ones, an empty one, one beyond a batch, and one that goes out by itself. */
const PAYLOADS = [5, 0, 300, 16_000, 16_000, 16_000, 16_000, 16_000, 100_000, 1].map((size, at) =>
  Buffer.alloc(size, at),
);

/** @param late - keeps what it is given, as a socket that is full does, and looks at it later */
async function written(late: boolean): Promise<Buffer> {
  const parts: Buffer[] = [];
  const socket = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const take = (): void => {
        parts.push(Buffer.from(chunk));
        done();
      };
      if (late) setImmediate(take);
      else take();
    },
  });
  const writer = new FrameWriter(socket as never);
  for (const payload of PAYLOADS) writer.write(payload);
  await new Promise((resolve) => setImmediate(resolve));
  socket.end();
  await finished(socket);
  return Buffer.concat(parts);
}

it.each([
  [1, false],
  [3, true],
  [4, false],
  [5, true],
  [1000, false],
  [65_536, true],
  [1_000_000, false],
])('in chunks of %i, written to a socket that is full: %s', async (size, late) => {
  const bytes = await written(late);
  const came: Buffer[] = [];
  const read = readFrames((payload) => came.push(Buffer.from(payload)));
  for (let at = 0; at < bytes.length; at += size) read(bytes.subarray(at, at + size));
  expect(came.map(({ length }) => length)).toEqual(PAYLOADS.map(({ length }) => length));
  expect(came.every((payload, at) => payload.equals(PAYLOADS[at] as Buffer))).toBe(true);
});
