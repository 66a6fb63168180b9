import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Alarm } from '../../src/runtime/alarm.js';

describe('Alarm', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('rings once, no earlier than asked, after the loop has read', () => {
    const ring = vi.fn();
    const alarm = new Alarm(ring);
    alarm.set(150, 100);
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
    alarm.set(1000, 0);
    alarm.set(10, 0);
    alarm.set(500, 0);
    vi.advanceTimersByTime(12);
    expect(ring).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(2000);
    expect(ring).toHaveBeenCalledTimes(1);
  });

  it('waits for the longest time there is when asked for longer, and never for infinity', () => {
    const alarm = new Alarm(vi.fn());
    alarm.set(Number.POSITIVE_INFINITY, 0);
    expect(vi.getTimerCount()).toBe(0);
    alarm.set(1e15, 0);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('is silent once stopped, also between its timer and its ringing', () => {
    const ring = vi.fn();
    const alarm = new Alarm(ring);
    alarm.set(10, 0);
    vi.advanceTimersToNextTimer();
    alarm.stop();
    vi.runAllTimers();
    expect(ring).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
