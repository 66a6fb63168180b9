import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Alarm } from '../../src/runtime/alarm.js';

describe('Alarm', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('rings once, no earlier than asked, after the loop has read', () => {
    const ring = vi.fn();
    const alarm = new Alarm(ring);
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
    const alarm = new Alarm(ring);
    alarm.set(performance.now() + 1000);
    alarm.set(performance.now() + 10);
    alarm.set(performance.now() + 500);
    vi.advanceTimersByTime(12);
    expect(ring).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(2000);
    expect(ring).toHaveBeenCalledTimes(1);
  });

  it('waits for the longest time there is when asked for longer, and never for infinity', () => {
    const alarm = new Alarm(vi.fn());
    alarm.set(performance.now() + Number.POSITIVE_INFINITY);
    expect(vi.getTimerCount()).toBe(0);
    alarm.set(performance.now() + 1e15);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('is silent once stopped, also between its timer and its ringing', () => {
    const ring = vi.fn();
    const alarm = new Alarm(ring);
    alarm.set(performance.now() + 10);
    vi.advanceTimersToNextTimer();
    alarm.stop();
    vi.runAllTimers();
    expect(ring).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
