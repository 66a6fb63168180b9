/** A peer that is killed again and again: whatever was accepted for it arrived, or is reported. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { eventually, heard, Log, pass } from '../support/events.js';
import { atEnd, node } from '../support/nodes.js';
import { scaled, seeded } from '../support/seed.js';

const RUNS = scaled(10, 100);

it('kill -9 and restart: no packet that was accepted is forgotten', { timeout: scaled(60_000, 600_000) }, async () => {
  const random = seeded();
  const directory = mkdtempSync(join(tmpdir(), 'masterless-'));
  atEnd(async () => rmSync(directory, { recursive: true }));
  const ledger = join(directory, 'ledger');
  const path = join(directory, 'worker.sock');
  const a = node<number>('a', {
    listen: [],
    window: 256 * 1024,
    reconnect: { attempts: Number.POSITIVE_INFINITY, minDelay: 2, maxDelay: 20 },
  });
  const log = new Log(a);
  const [uncertain, unsent] = [new Set<number>(), new Set<number>()];
  a.on('undelivered', (_id, packets) => {
    for (const n of packets.uncertain) uncertain.add(n);
    for (const n of packets.unsent) unsent.add(n);
  });

  let accepted = 0;
  const pouring = setInterval(() => {
    for (let i = 0; i < 500 && a.send('worker', accepted); i++) accepted++;
  }, 2);
  try {
    let first = true;
    for (let run = 0; run < RUNS; run++) {
      const connected = heard(a, 'connect', undefined, 20_000);
      const worker = new Child('worker.mjs', [path, ledger]);
      await worker.says();
      if (first) void a.connect(`unix://${path}`);
      first = false;
      await connected;
      await pass(random.below(150));
      await worker.kill();
    }
    // The last one is left alive, and gets the rest.
    const connected = heard(a, 'connect', undefined, 20_000);
    await new Child('worker.mjs', [path, ledger]).says();
    await connected;
    await pass(50);
  } finally {
    clearInterval(pouring);
  }
  await a.flush('worker');

  const lines = readFileSync(ledger, 'utf8').trimEnd().split('\n').map(Number);
  const arrived = new Set(lines);
  // Once each, and in order.
  expect(arrived.size).toBe(lines.length);
  expect(lines.every((n, i) => i === 0 || n > (lines[i - 1] as number))).toBe(true);
  const forgotten = Array.from({ length: accepted }, (_, n) => n).filter(
    (n) => !arrived.has(n) && !uncertain.has(n) && !unsent.has(n),
  );
  expect(forgotten).toEqual([]);
  expect([...unsent].filter((n) => arrived.has(n))).toEqual([]);
  expect(accepted).toBeGreaterThan(RUNS * 100);
  expect(log.of('disconnect').map(([, reason]) => reason)).toEqual(Array(RUNS).fill('restarted'));
  await eventually(() => a.connections().length === 1, 'still connected');
  console.log(
    `${RUNS} kills: ${accepted} accepted, ${arrived.size} arrived, ${uncertain.size} uncertain, ${unsent.size} unsent`,
  );
});
