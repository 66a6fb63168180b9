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

  it('lets go of the signals', () => {
    const before = process.listenerCount('SIGINT');
    interruption = new Interruption();
    interruption.release();
    expect(process.listenerCount('SIGINT')).toBe(before);
  });
});
