/** What is written, on which connection, and how much at a time. */
import { expect, it } from 'vitest';
import { OVERHEAD, SendBuffer } from '../../src/protocol/send-buffer.js';
import { follow, type Line, Scripted } from './scripted.js';

const LARGE = { window: 1e6, totalWindow: 1e7 };

function linked(config = {}): { scripted: Scripted; line: Line } {
  const scripted = new Scripted(config);
  const { line } = follow(scripted, { window: 1e6 });
  line.said();
  return { scripted, line };
}

function bytes(views: readonly Uint8Array[]): number {
  return views.reduce((sum, view) => sum + view.length, 0);
}

it('normal packets get what urgent ones leave of the budget', () => {
  const { scripted, line } = linked(LARGE);
  const { mesh, now } = scripted;
  for (let i = 0; i < 90; i++) mesh.send('a', new Uint8Array(1000), true);
  for (let i = 0; i < 500; i++) mesh.send('a', new Uint8Array(1000), false);
  const size = bytes(mesh.gather(line.connection, 100_000, now));
  expect(size).toBeGreaterThanOrEqual(100_000);
  expect(size).toBeLessThan(100_000 + 64 * 1024);
});

it('packets and acknowledgements of a peer go out on its link, not on what else it has opened', () => {
  const { scripted, line } = linked();
  const second = scripted.dial();
  second.greet({ keep: true });
  const { mesh, now } = scripted;
  mesh.send('a', Uint8Array.of(1), false);
  expect(bytes(mesh.gather(second.connection, 1000, now))).toBe(0);
  expect(bytes(mesh.gather(line.connection, 1000, now))).toBe(2);
});

it('the window takes what fills it to the last byte', () => {
  const { scripted } = linked({ window: SendBuffer.cost(100) + 101 + OVERHEAD });
  const send = (): number => scripted.act((mesh) => mesh.send('a', new Uint8Array(100), false));
  expect([send(), send(), send()]).toEqual([1, 2, 0]);
});

it('a packet larger than the windows of all peers together goes when nothing is on its way to any', () => {
  const { scripted } = linked({ window: 1000, totalWindow: 1000 });
  follow(scripted, { id: 'b' });
  const send = (id: string): number => scripted.act((mesh) => mesh.send(id, new Uint8Array(5000), false));
  expect([send('a'), send('a'), send('b')]).toEqual([1, 0, 0]);
});

it('nobody is asked to acknowledge who is not there', () => {
  const { scripted, line } = linked();
  scripted.act((mesh) => mesh.ask('nobody'));
  expect(line.kinds()).toEqual([]);
});
