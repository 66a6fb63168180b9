import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Waiters } from '../../src/delivery/waiters.js';
import { MasterlessError } from '../../src/errors.js';
import { type LaneIndex, NORMAL, Session, URGENT } from '../../src/protocol/session.js';

/** Who waits for packets of a session, and a log of what they heard. */
function bench() {
  const session = new Session();
  const waiters = new Waiters();
  const heard: (
    | string
    | { readonly code: string; readonly uncertain: boolean | undefined; readonly message: string }
  )[] = [];
  const push = (lane: LaneIndex, size = 1): number => session.use(lane).outgoing.push(new Uint8Array(size));
  const add = (name: string, lane: LaneIndex, number: number, single: boolean) =>
    waiters.add(session, lane, number, single, {
      resolve: () => heard.push(name),
      reject: (error) => {
        const { code, uncertain, message } = error as MasterlessError;
        heard.push({ code, uncertain, message });
      },
    });
  const write = (lane: LaneIndex, budget = 1e9): unknown => session.lane(lane).outgoing.gather([], budget);
  return { session, waiters, heard, push, add, write };
}

const abort = new MasterlessError('ERR_ABORTED', 'enough', { uncertain: true });
const uncertain = expect.objectContaining({
  code: 'ERR_UNDELIVERED',
  uncertain: true,
  message: expect.stringContaining('in part'),
});
const unsent = expect.objectContaining({
  code: 'ERR_UNDELIVERED',
  uncertain: false,
  message: expect.stringContaining('not sent'),
});

describe('who waits for all that was accepted, when the session ends', () => {
  it('hears that it may have arrived if any of it was written', () => {
    const { session, waiters, heard, push, add, write } = bench();
    push(NORMAL);
    write(NORMAL);
    add('all', NORMAL, push(NORMAL), false);
    waiters.ended('p', session);
    expect(heard).toEqual([uncertain]);
  });

  it.each([
    ['urgent', URGENT],
    ['normal', NORMAL],
  ] as const)('hears the same in both lanes, where only the %s one was written', (_, lane) => {
    const { session, waiters, heard, push, add, write } = bench();
    for (const each of [NORMAL, URGENT] as const) add('all', each, push(each), false);
    write(lane);
    waiters.ended('p', session);
    expect(heard).toEqual([uncertain, uncertain]);
  });

  it('hears that nothing was sent of what is left, also where what was written is had, or was no whole packet', () => {
    const { session, waiters, heard, push, add, write } = bench();
    push(NORMAL);
    write(NORMAL);
    session.acknowledge([1, 0]);
    waiters.acknowledged(session);
    add('all', NORMAL, push(NORMAL, 300_000), false);
    write(NORMAL, 1);
    expect(session.normal.outgoing.everSent).toBe(2);
    waiters.ended('p', session);
    expect(heard).toEqual([unsent]);
  });

  it('is told apart from who waits for one packet', () => {
    const { session, waiters, heard, push, add, write } = bench();
    push(NORMAL);
    write(NORMAL);
    add('one', NORMAL, push(NORMAL), true);
    waiters.ended('p', session);
    expect(heard).toEqual([unsent]);
  });
});

describe('who gives up', () => {
  it('hears that, and nothing else; others wait on', () => {
    const { session, waiters, heard, push, add, write } = bench();
    const [first, second, third] = [push(NORMAL), push(NORMAL), push(NORMAL)];
    add('first', NORMAL, first, true);
    const leaver = add('second', NORMAL, second, true);
    add('third', NORMAL, third, true);
    waiters.leave(session, NORMAL, leaver, abort);
    expect(heard).toEqual([expect.objectContaining({ code: 'ERR_ABORTED' })]);
    write(NORMAL);
    session.acknowledge([1, 0]);
    waiters.acknowledged(session);
    session.acknowledge([3, 0]);
    waiters.acknowledged(session);
    expect(heard.filter((each) => typeof each === 'string' && each !== 'second')).toEqual(['first', 'third']);
  });

  it.each(['leave', 'expire'])('is kept no longer, however many: %s', (how) => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { session, waiters, push } = bench();
    push(NORMAL);
    session.normal.outgoing.gather([], 1e9);
    const quiet = { resolve: () => undefined, reject: () => undefined };
    for (let i = 0; i < 10; i++) waiters.add(session, NORMAL, 1, true, quiet);
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 20_000; i++) {
      const number = how === 'leave' ? 1 : push(NORMAL);
      // What is kept of one would be ten times as much as this.
      const kept = new Array(100).fill(number);
      const waiter = waiters.add(session, NORMAL, number, true, { ...quiet, resolve: () => kept });
      if (how === 'leave') {
        waiters.leave(session, NORMAL, waiter, abort);
        continue;
      }
      const { outgoing } = session.normal;
      const withdrawn = outgoing.withdraw([number]);
      const { withdrawals } = outgoing;
      waiters.expired({ kind: 'expired', id: 'p', session, lane: NORMAL, withdrawn, withdrawals });
    }
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 ** 20);
  });
});
