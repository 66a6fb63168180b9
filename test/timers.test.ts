import { once } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Server } from '../src/index.js';
import { timers } from '../src/timers.js';

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'performance', 'Date'],
  });
});
afterEach(() => {
  vi.useRealTimers();
});

it('the clock goes on while that of the process stands still', async () => {
  const [stopped, begun] = [performance.now(), timers.now()];
  await new Promise<void>((resolve) => {
    timers.setTimeout(resolve, 20);
  });
  expect(performance.now()).toBe(stopped);
  // Timers of Node may ring up to a millisecond early.
  expect(timers.now() - begun).toBeGreaterThan(18);
});

it.each(['tcp://127.0.0.1:0', 'memory://timers'])('nodes at %s do all they do beside replaced timers', async (uri) => {
  const left = new Server('left', { listen: [], reconnect: { attempts: 3, minDelay: 1, maxDelay: 1000 } });
  const right = new Server('right', { listen: [uri] });
  await once(right, 'listening');
  await left.connect(right.info() ?? '');
  const had: unknown[] = [];
  right.on('message', (_sender, packet) => had.push(packet instanceof Uint8Array ? packet.length : packet));
  await left.deliver('right', 'once');
  const back = once(left, 'reconnect');
  await right.disconnect('left');
  await back;
  await left.deliver('right', new Uint8Array(1e6));
  expect(had).toEqual(['once', 1e6]);
  expect(await left.ping('right')).toBeGreaterThan(0);
  await new Promise<void>((resolve) => {
    void left.close(resolve);
  });
  await right.close();
});

it('both go on where the timers were replaced before the library was loaded', async () => {
  vi.resetModules();
  const { Server: Fresh } = await import('../src/index.js');
  const { Simulation } = await import('../src/testing/index.js');
  expect(Fresh).not.toBe(Server);
  const [left, right] = [new Fresh('left', { listen: [] }), new Fresh('right')];
  await once(right, 'listening');
  expect(await left.connect(right.info() ?? '')).toBe('right');
  await Promise.all([left.close(), right.close()]);
  const sim = new Simulation({ seed: 1 });
  const [a] = [sim.server('a'), sim.server('b')];
  expect(await sim.until(a.connect('sim://b'))).toBe('b');
  await sim.close();
});
