import { describe, expect, it } from 'vitest';
import { Receipts } from '../../src/cli/receipts.js';

describe('Receipts', () => {
  it('counts a line when every peer has acknowledged it', async () => {
    const receipts = new Receipts();
    receipts.track(1, 10, [Promise.resolve(), Promise.resolve()]);
    receipts.track(2, 10, [Promise.resolve(), Promise.reject(new Error('gone'))]);
    expect(receipts.pending).toBe(2);
    await receipts.settled();
    expect(receipts).toMatchObject({ acknowledged: 1, failed: 1, pending: 0 });
    expect(receipts.failures()).toBe('2');
  });

  it.each([
    ['lines', 8192, 1],
    ['bytes', 1, 8 * 1024 * 1024],
  ])('has room for so many %s', async (_what, lines, bytes) => {
    const receipts = new Receipts();
    const ends: (() => void)[] = [];
    for (let line = 1; line <= lines; line++) {
      await receipts.room();
      receipts.track(line, bytes, [new Promise((resolve) => ends.push(resolve))]);
    }
    let room = false;
    const waited = receipts.room().then(() => {
      room = true;
    });
    await new Promise(setImmediate);
    expect(room).toBe(false);
    ends[0]?.();
    await waited;
    for (const end of ends) end();
    await receipts.settled();
    expect(receipts.acknowledged).toBe(lines);
  });

  it('names the lines that failed, as ranges, and counts what it does not name', () => {
    const receipts = new Receipts();
    for (const line of [7, 8, 9, 3, 12]) receipts.fail(line);
    expect(receipts.failures()).toBe('3, 7-9, 12');
    for (let line = 100; line < 200; line += 2) receipts.fail(line);
    expect(receipts.failures()).toMatch(/^3, 7-9, 12, 100, .*132 and 33 others$/);
  });
});
