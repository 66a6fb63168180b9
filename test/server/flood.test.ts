/** A reader that has stopped reading while others send: memory stays bounded at both ends, and nothing is lost. */
import { expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { pass, within } from '../support/events.js';
import { scaled } from '../support/seed.js';

const MB = 1_000_000;
const FLOOD = scaled(3000, 60_000);

it.each([
  ['small', 8],
  ['middling', 1000],
  ['large', 100_000],
])('%s packets', { timeout: FLOOD + 60_000 }, async (_what, size) => {
  const reader = new Child('reader.mjs');
  const { uri, rss: readerBefore } = await reader.says<{ uri: string; rss: number }>();
  const sender = new Child('flooder.mjs', [uri, String(size)]);
  const { rss: senderBefore } = await sender.says<{ rss: number }>();
  await pass(FLOOD);
  sender.tell('stop');
  const {
    rss: senderAfter,
    accepted,
    refused,
  } = await sender.says<{ rss: number; accepted: number; refused: number }>();
  reader.tell('read');
  const { rss: readerAfter } = await reader.says<{ rss: number }>();
  const { count, inOrder } = await within(reader.says<{ count: number; inOrder: boolean }>(60_000), 'all', 60_000);
  console.log(
    `packets of ${size}: ${accepted} accepted, ${refused} refused; RSS of the sender +${mb(senderAfter - senderBefore)}, ` +
      `of the reader +${mb(readerAfter - readerBefore)}`,
  );
  expect([count, inOrder]).toEqual([accepted, true]);
  expect(refused).toBeGreaterThan(0);
  expect(senderAfter - senderBefore).toBeLessThan(100 * MB);
  expect(readerAfter - readerBefore).toBeLessThan(100 * MB);
});

function mb(bytes: number): string {
  return `${Math.round(bytes / MB)} MB`;
}
