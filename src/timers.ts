/**
 * Timers and the clock, of the platform's modules and as they were when this library was loaded. Tests of applications
 * replace the global ones to turn time by hand, and a node that used these would stand still beside its sockets, whose time
 * goes on: nothing would be written, and `close` never end. For nodes in a time of their own there is `masterless/testing`.
 */
type Timer = 'setTimeout' | 'clearTimeout' | 'setImmediate' | 'clearImmediate';

interface Timers extends Pick<typeof import('node:timers'), Timer> {
  readonly nextTick: NodeJS.Process['nextTick'];
  /** Milliseconds on a clock that only goes forward. */
  readonly now: () => number;
}

const { setTimeout, clearTimeout, setImmediate, clearImmediate } = process.getBuiltinModule('node:timers');
const { nextTick } = process.getBuiltinModule('node:process');
const { performance } = process.getBuiltinModule('node:perf_hooks');

export const timers: Timers = {
  setTimeout,
  clearTimeout,
  setImmediate,
  clearImmediate,
  nextTick,
  now: performance.now.bind(performance),
};
