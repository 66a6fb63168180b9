import { describe, expect, it } from 'vitest';
import { memory } from '../../src/transports/memory.js';
import { nextTurn, onBench } from './bench.js';
import { compliance } from './compliance.js';

let names = 0;
const free = (): string => `memory://node-${++names}`;

compliance({ transport: memory(), free });

describe('memory addresses', () => {
  it.each([
    ['memory://a', 'memory://a'],
    ['MEMORY://Node_1.b-c', 'memory://Node_1.b-c'],
    [`memory://${'x'.repeat(200)}`, `memory://${'x'.repeat(200)}`],
  ])('%s is %s', (uri, canonical) => {
    expect(memory().canonical(uri)).toBe(canonical);
    expect(memory().isLocal(uri)).toBe(true);
  });

  it.each([
    'memory://',
    'memory:a',
    'memory:///a',
    'memory://a/',
    'memory://a b',
    'memory://ä',
    'memory://a\n',
    `memory://${'x'.repeat(201)}`,
  ])('%j is refused', (uri) => {
    expect(() => memory().canonical(uri)).toThrow(
      expect.objectContaining({
        code: 'ERR_URI',
        message: expect.stringMatching(/is not an address in memory: its name must be.*a right one is memory:\/\/name/),
      }),
    );
  });
});

describe('memory streams', () => {
  it('names are those of the process, whichever transport made them', () =>
    onBench(memory(), async (bench) => {
      const { uri } = await bench.listen(free());
      await onBench(memory(), (other) => other.dial(uri).opened);
    }));

  it('what is written is copied, also of a Buffer, whose slice() copies nothing', () =>
    onBench(memory(), async (bench) => {
      const { near, far } = await bench.pair(await bench.listen(free()));
      const bytes = near.cut(1000);
      near.writeThese([bytes]);
      bytes.fill(0);
      await far.has(1000);
    }));

  it('the other end is told that a connection was broken off', () =>
    onBench(memory(), async (bench) => {
      const { near, far } = await bench.pair(await bench.listen(free()));
      near.write(10);
      near.destroy();
      expect(near.connection.buffered).toBe(0);
      expect(await far.closed).toMatchObject({
        code: 'ERR_CONNECTION_LOST',
        message: expect.stringContaining('memory://'),
      });
      expect(far.received).toBe(0);
    }));

  it('asks to wait from 64 KiB on, and not before', () =>
    onBench(memory(), async (bench) => {
      const { near, far } = await bench.pair(await bench.listen(free()));
      expect(near.write(65_535)).toBe(true);
      expect(near.write(1)).toBe(false);
      expect(near.connection.buffered).toBe(65_536);
      await near.drained();
      expect(far.received).toBe(65_536);
      expect(near.told).toEqual(['open', 'drain']);
    }));

  it('arrives in pieces, and leaves turns of the loop to others', () =>
    onBench(memory(), async (bench) => {
      const { near, far } = await bench.pair(await bench.listen(free()));
      let last = 0;
      let largest = 0;
      far.onData = () => {
        largest = Math.max(largest, far.received - last);
        last = far.received;
      };
      near.write(6_400_000);
      let turns = 0;
      for (; far.received < 6_400_000; turns++) await nextTurn();
      expect(largest).toBeLessThanOrEqual(65_536);
      expect(turns).toBeGreaterThan(50);
    }));

  it('two ends that answer each other at once do not hold up the loop', () =>
    onBench(memory(), async (bench) => {
      const { near, far } = await bench.pair(await bench.listen(free()));
      near.onData = () => near.write(1);
      far.onData = () => far.write(1);
      near.write(1);
      for (let turn = 0; turn < 100; turn++) await nextTurn();
      expect(near.received).toBeLessThanOrEqual(100);
      near.end();
      await far.closed;
    }));
});
