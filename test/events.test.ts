/** A TypedEmitter does what an EventEmitter does, one listener or many, however they come and go. */
import { EventEmitter } from 'node:events';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { TypedEmitter } from '../src/events.js';

interface Events {
  message: [text: string];
  other: [text: string];
}

class Typed extends TypedEmitter<Events> {
  constructor() {
    super('message', () => undefined);
  }
}

const ADD = ['on', 'once', 'addListener', 'prependListener', 'prependOnceListener'] as const;
const REMOVE = ['off', 'removeListener'] as const;

type Step = (emitter: EventEmitter, log: string[]) => void;

/** The same listener for the same number, whatever emitter it is of. */
function listener(emitter: EventEmitter, log: string[], number: number): (text: string) => void {
  const known = listeners.get(log) ?? new Map<number, (text: string) => void>();
  listeners.set(log, known);
  const made =
    known.get(number) ??
    function (this: unknown, text: string): void {
      log.push(`${number} ${text} ${this === emitter}`);
      // Some have others in hand.
      if (number === 3) emitter.removeAllListeners('message');
      if (number === 4) emitter.off('message', listener(emitter, log, 1));
      if (number === 5) emitter.once('message', listener(emitter, log, 1));
    };
  known.set(number, made);
  return made;
}

const listeners = new WeakMap<string[], Map<number, (text: string) => void>>();

const event = fc.constantFrom('message', 'message', 'other');
const number = fc.integer({ min: 0, max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.constantFrom(...ADD), event, number).map(([add, name, which]): Step => {
    return (emitter, log) => emitter[add](name, listener(emitter, log, which));
  }),
  fc.tuple(fc.constantFrom(...REMOVE), event, number).map(([remove, name, which]): Step => {
    return (emitter, log) => emitter[remove](name, listener(emitter, log, which));
  }),
  fc.tuple(event, number).map(([name, which]): Step => {
    return (emitter, log) => log.push(String(emitter.emit(name, `text ${which}`)));
  }),
  event.map(
    (name): Step =>
      (emitter, log) => {
        emitter.removeAllListeners(name);
        log.push(String(emitter.listenerCount(name)));
      },
  ),
  fc.constant<Step>((emitter) => emitter.removeAllListeners()),
  fc.constant<Step>((emitter) => emitter.removeAllListeners(undefined)),
  fc.constant<Step>((emitter, log) => {
    emitter.on('removeListener', (name: string) => log.push(`removed ${name}`));
  }),
);

test('listeners come, go and hear as in an EventEmitter', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const [plain, typed] = [new EventEmitter(), new Typed()];
      const logs: [string[], string[]] = [[], []];
      for (const take of steps) {
        take(plain, logs[0]);
        take(typed as unknown as EventEmitter, logs[1]);
      }
      expect(logs[1]).toEqual(logs[0]);
    }),
    { numRuns: 3000 },
  );
});

test('who hears that a listener was removed may emit, and may throw', () => {
  const logs = [new EventEmitter(), new Typed() as unknown as EventEmitter].map((emitter) => {
    const log: string[] = [];
    const listener = (text: string): void => void log.push(text);
    emitter.on('removeListener', () => {
      log.push(String(emitter.emit('message', 'meanwhile')));
      throw new Error('mine');
    });
    for (const remove of ['off', 'removeListener', 'removeAllListeners'] as const) {
      emitter.on('message', listener);
      emitter.emit('message', remove);
      expect(() => emitter[remove]('message', listener)).toThrow('mine');
      log.push(String(emitter.emit('message', 'after')));
    }
    emitter.once('message', listener);
    expect(() => emitter.emit('message', 'once')).toThrow('mine');
    log.push(String(emitter.emit('message', 'after')));
    return log;
  });
  expect(logs[1]).toEqual(logs[0]);
});

test('what a listener throws comes out, and the next event is heard', () => {
  const typed = new Typed();
  const heard: string[] = [];
  typed.on('message', (text) => {
    heard.push(text);
    if (text === 'bad') throw new Error('mine');
  });
  expect(() => typed.emit('message', 'bad')).toThrow('mine');
  expect(typed.emit('message', 'good')).toBe(true);
  expect(heard).toEqual(['bad', 'good']);
});

test('where rejections are captured, those of a single listener are', async () => {
  EventEmitter.captureRejections = true;
  const typed = new Typed();
  EventEmitter.captureRejections = false;
  const caught = new Promise((resolve) => (typed as unknown as EventEmitter).once('error', resolve));
  typed.on('message', () => Promise.reject(new Error('late')) as unknown as undefined);
  typed.emit('message', 'text');
  expect(await caught).toEqual(new Error('late'));
});
