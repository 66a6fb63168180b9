/** A process whose event loop stands still is busy, not dead. */
import { expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { Log, packets, within } from '../support/events.js';
import { node } from '../support/nodes.js';

const BLOCK = 10_000;

it('ten seconds in which a peer computes: no disconnect, no reconnecting, nothing lost', {
  timeout: 60_000,
}, async () => {
  const child = new Child('blocking.mjs');
  const { uri } = await child.says<{ uri: string }>();
  // With the default times: the silence is twice the timeout.
  const a = node<unknown>('a', { listen: [] });
  const log = new Log(a);
  const got = packets(a);
  await a.connect(uri);
  const ready = await child.says();
  expect(ready).toBe('connected');
  for (let n = 0; n < 100; n++) a.send('blocking', n);
  await a.flush();
  child.tell({ block: BLOCK });
  expect(await child.says()).toBe('blocking now');
  const begun = performance.now();
  const sending = setInterval(() => a.send('blocking', 'meanwhile'), 100);
  await within(a.ping('blocking'), 'an answer after the block', BLOCK + 10_000);
  expect(performance.now() - begun).toBeGreaterThan(BLOCK * 0.9);
  clearInterval(sending);
  await within(a.flush('blocking'), 'flush');
  const { heard, events } = await report(child);
  expect(events).toEqual([]);
  expect(log.names).toEqual(['connect']);
  expect(heard.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, n) => n));
  expect(heard.length).toBeGreaterThan(150);
  expect(got).toEqual(['before', 'after']);
});

async function report(child: Child): Promise<{ heard: unknown[]; events: unknown[] }> {
  child.tell({ report: true });
  return child.says();
}
