import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Interruption } from '../../src/cli/interruption.js';

describe('Interruption', () => {
  let interruption: Interruption | null = null;
  afterEach(() => {
    interruption?.release();
    vi.restoreAllMocks();
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('makes the first %s an orderly end with code %i, and ends at once with the second', (name, code) => {
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
    interruption = new Interruption();
    expect(interruption.code).toBe(0);
    expect(interruption.signal.aborted).toBe(false);
    process.emit(name, name);
    expect(interruption.code).toBe(code);
    expect(interruption.signal.aborted).toBe(true);
    expect(exit).not.toHaveBeenCalled();
    process.emit(name, name);
    expect(exit).toHaveBeenCalledWith(code);
  });

  it('within some time aborts by either, also when garbage was collected meanwhile', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
    interruption = new Interruption();
    const timed = once(interruption.within(50), 'abort');
    const interrupted = once(interruption.within(2 ** 31 - 1), 'abort');
    for (let i = 0; i < 3; i++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await timed;
    process.emit('SIGINT', 'SIGINT');
    await interrupted;
  });

  it('lets go of the signals', () => {
    const before = process.listenerCount('SIGINT');
    interruption = new Interruption();
    interruption.release();
    expect(process.listenerCount('SIGINT')).toBe(before);
  });
});
