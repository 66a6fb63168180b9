import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Platform, system } from '../../src/platform.js';
import { Alarm, grainOf } from '../../src/runtime/alarm.js';

/** The timers of the process, which a node does not use, so that they can be replaced. */
const replaced: Platform = {
  ...system,
  now: () => performance.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timeout) => clearTimeout(timeout as NodeJS.Timeout),
  setImmediate: (run) => setImmediate(run),
  clearImmediate: (immediate) => clearImmediate(immediate as NodeJS.Immediate),
};

describe('Alarm', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('rings once, no earlier than asked, after the loop has read', () => {
    const ring = vi.fn();
    const alarm = new Alarm(ring, 1, replaced);
    vi.advanceTimersByTime(100);
    alarm.set(performance.now() + 50);
    vi.advanceTimersByTime(49);
    expect(ring).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2);
    expect(ring).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1000);
    expect(ring).toHaveBeenCalledTimes(1);
  });

  it('moves forward and never back', () => {
    const ring = vi.fn();
    const alarm = new Alarm(ring, 1, replaced);
    alarm.set(performance.now() + 1000);
    alarm.set(performance.now() + 10);
    alarm.set(performance.now() + 500);
    vi.advanceTimersByTime(12);
    expect(ring).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(2000);
    expect(ring).toHaveBeenCalledTimes(1);
  });

  it('rings at whole multiples of its grain, so that what is waited for shares turns', () => {
    const ring = vi.fn();
    const alarm = new Alarm(ring, 20, replaced);
    const start = Math.ceil(performance.now() / 20) * 20;
    vi.advanceTimersByTime(start - performance.now());
    alarm.set(start + 31);
    alarm.set(start + 25);
    vi.advanceTimersByTime(39);
    expect(ring).not.toHaveBeenCalled();
    // Faked, an immediate takes a millisecond.
    vi.advanceTimersByTime(2);
    expect(ring).toHaveBeenCalledTimes(1);
    alarm.set(start + 140);
    vi.advanceTimersByTime(98);
    expect(ring).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(2);
    expect(ring).toHaveBeenCalledTimes(2);
  });

  it('rings promptly when asked to, whatever it was set for', () => {
    const ring = vi.fn();
    const alarm = new Alarm(ring, 20, replaced);
    vi.advanceTimersByTime(5);
    alarm.set(performance.now() - 1);
    alarm.set(performance.now(), true);
    vi.advanceTimersByTime(1);
    expect(ring).toHaveBeenCalledTimes(1);
  });

  it('is hardly late beside the heartbeat', () => {
    expect(grainOf(1000)).toBe(20);
    expect(grainOf(10)).toBeLessThan(1);
  });

  it('waits for the longest time there is when asked for longer, and never for infinity', () => {
    const alarm = new Alarm(vi.fn(), 1, replaced);
    alarm.set(performance.now() + Number.POSITIVE_INFINITY);
    expect(vi.getTimerCount()).toBe(0);
    alarm.set(performance.now() + 1e15);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('waits for nothing when it is set for never', () => {
    const ring = vi.fn();
    const alarm = new Alarm(ring, 1, replaced);
    alarm.set(performance.now() + 10);
    alarm.set(Number.POSITIVE_INFINITY);
    expect(vi.getTimerCount()).toBe(0);
    alarm.set(performance.now() + 20);
    vi.advanceTimersByTime(15);
    expect(ring).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10);
    expect(ring).toHaveBeenCalledTimes(1);
  });

  it('is silent once stopped, also between its timer and its ringing', () => {
    const ring = vi.fn();
    const alarm = new Alarm(ring, 1, replaced);
    alarm.set(performance.now() + 10);
    vi.advanceTimersToNextTimer();
    alarm.stop();
    vi.runAllTimers();
    expect(ring).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
