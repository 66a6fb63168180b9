import { describe, expect, it } from 'vitest';
import { Pending } from '../../src/delivery/pending.js';

describe('Pending', () => {
  it('answers by number', async () => {
    const pending = new Pending<string>();
    const [one, two] = [pending.add(1, 'one', undefined, nothing), pending.add(2, 'two', undefined, nothing)];
    pending.resolve(2, 'b');
    pending.reject(1, new Error('a'));
    await expect(two).resolves.toBe('b');
    await expect(one).rejects.toThrow('a');
    expect([pending.has(1), pending.has(2)]).toEqual([false, false]);
  });

  it('is given up by its signal, once, and says so', async () => {
    const pending = new Pending<string>();
    const controller = new AbortController();
    let abandoned = 0;
    const promise = pending.add(1, 'connecting to x', controller.signal, () => abandoned++);
    controller.abort(new Error('late'));
    controller.abort();
    await expect(promise).rejects.toMatchObject({
      code: 'ERR_ABORTED',
      message: expect.stringContaining('connecting to x'),
      cause: expect.objectContaining({ message: 'late' }),
    });
    expect(abandoned).toBe(1);
    expect(pending.has(1)).toBe(false);
  });

  it('is never there for a signal that was aborted before', async () => {
    const pending = new Pending<string>();
    await expect(pending.add(1, 'x', AbortSignal.abort(), nothing)).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(pending.has(1)).toBe(false);
  });

  it('raises no unhandled rejection when nobody listens', async () => {
    const unhandled: unknown[] = [];
    const hear = (reason: unknown): number => unhandled.push(reason);
    process.on('unhandledRejection', hear);
    const pending = new Pending<string>();
    void pending.add(1, 'x', undefined, nothing);
    pending.reject(1, new Error('ignored'));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', hear);
    expect(unhandled).toEqual([]);
  });
});

function nothing(): void {}
