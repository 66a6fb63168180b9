import { expect, it } from 'vitest';
import { detached } from '../../src/transports/detached.js';
import { memory } from '../../src/transports/memory.js';
import type { Connection, ConnectionEvents, Transport } from '../../src/transports/transport.js';
import { listening, node } from '../support/nodes.js';

/** One that takes functions out of what it is given to hear, as `socket.on('data', events.data)` does. */
function careless(): Transport {
  const inner = memory();
  const torn = ({ open, refused, data, drain, close }: ConnectionEvents): ConnectionEvents => ({
    open: () => open(),
    refused: (error) => refused?.(error),
    data: (chunk) => data(chunk),
    drain: () => drain(),
    close: (error) => close(error),
  });
  return {
    ...inner,
    dial: (uri, events) => inner.dial(uri, torn(events)),
    listen: (uri, { listening: at, error, accept }) =>
      inner.listen(uri, { listening: at, error, accept: (stream) => torn(accept(stream)) }),
  };
}

it('what a transport is given to hear can be called apart from its object', async () => {
  const transports = [careless()];
  const { node: b, uri } = await listening('b', { listen: 'memory://detached', transports });
  const a = node('a', { listen: [], transports });
  const got = new Promise((resolve) => b.on('message', (id, packet) => resolve([id, packet])));
  expect(await a.connect(uri)).toBe('b');
  a.send('b', { large: 'x'.repeat(300_000) });
  expect(await got).toEqual(['a', { large: 'x'.repeat(300_000) }]);
  await a.disconnect('b');
});

it('a stream that throws where it should write is cut, and nothing of what was sent is lost or out of order', async () => {
  const inner = memory();
  let writes = 0;
  const transport: Transport = {
    ...inner,
    dial: (uri, events) => {
      const stream = inner.dial(uri, events);
      return {
        remote: stream.remote,
        get buffered() {
          return stream.buffered;
        },
        write: (chunks) => {
          if ([12, 20, 30].includes(++writes)) throw new Error('it does not write');
          return stream.write(chunks);
        },
        end: () => stream.end(),
        destroy: () => stream.destroy(),
      };
    },
  };
  const { node: b, uri } = await listening('b', { listen: 'memory://throws', transports: [transport] });
  const a = node('a', { listen: [], transports: [transport] });
  const count = 2000;
  const got: unknown[] = [];
  const back: unknown[] = [];
  // Answers are written while what they answer is still read.
  a.on('message', (id, packet) => {
    got.push(packet);
    a.send(id, packet);
  });
  const all = new Promise<void>((resolve) => {
    b.on('message', (_, packet) => {
      back.push(packet);
      if (back.length === count) resolve();
    });
  });
  await Promise.all([new Promise((resolve) => b.once('connect', resolve)), a.connect(uri)]);
  for (let index = 0; index < count; index++) {
    b.send('a', index);
    if (index % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await all;
  const wanted = Array.from({ length: count }, (_, index) => index);
  expect(got).toEqual(wanted);
  expect(back).toEqual(wanted);
  expect(writes).toBeGreaterThan(30);
});

it.each(['proof', 'local'])(
  'a stream that throws for its %s is turned away and cut, and nothing else comes of it',
  async (name) => {
    const inner = memory();
    const transport: Transport = {
      ...inner,
      listen: (uri, events) => inner.listen(uri, { ...events, accept: (stream) => events.accept(throwing(stream)) }),
    };
    const throwing = (stream: Connection): Connection =>
      Object.defineProperty(stream, name, {
        get() {
          throw new Error('it does not say');
        },
      });
    const { node: b, uri } = await listening('b', { listen: `memory://throws-${name}`, transports: [transport] });
    const faults: string[] = [];
    b.on('fault', (_, { code }) => faults.push(code));
    await expect(node('a', { listen: [], reconnect: false }).connect(uri)).rejects.toMatchObject({ side: 'remote' });
    expect(faults).toEqual(['ERR_UNAUTHORIZED']);
    expect(b.connections()).toEqual([]);
  },
);

it('a transport is told where a dial must not lead', () => {
  const asked: unknown[] = [];
  const inner = memory();
  const transport: Transport = {
    ...inner,
    dial(uri, events, elsewhere) {
      asked.push([uri, elsewhere]);
      return inner.dial(uri, events);
    },
  };
  const nothing = (): void => undefined;
  const events = { open: nothing, data: nothing, drain: nothing, close: nothing };
  detached(transport).dial('memory://x', events, true);
  detached(transport).dial('memory://y', events);
  expect(asked).toEqual([
    ['memory://x', true],
    ['memory://y', undefined],
  ]);
});

it('a transport keeps what it says of itself', () => {
  const secure = { ...memory(), secure: true };
  expect([detached(memory()).secure, detached(secure).secure]).toEqual([false, true]);
  expect(detached(secure).scheme).toBe('memory');
  expect(detached(secure).isLocal('memory://x')).toBe(true);
  expect(detached(secure).canonical('memory://x')).toBe('memory://x');
});
