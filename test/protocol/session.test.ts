import { describe, expect, it } from 'vitest';
import { OVERHEAD, PIECE } from '../../src/protocol/send-buffer.js';
import { Session, URGENT } from '../../src/protocol/session.js';

function bytes(length: number, fill = 1): Uint8Array {
  return new Uint8Array(length).fill(fill);
}

/** A session with packets of these sizes, all written. */
function written(...sizes: number[]): Session {
  const session = new Session();
  const { outgoing } = session.normal;
  for (const [index, size] of sizes.entries()) outgoing.push(bytes(size, index + 1));
  outgoing.gather([], 1e9);
  return session;
}

describe('Session', () => {
  it('is settled when everything accepted is acknowledged, in both lanes', () => {
    const session = written(5);
    expect(session.settled).toBe(false);
    session.acknowledge([1, 0]);
    expect(session.settled).toBe(true);
    session.use(URGENT).outgoing.push(bytes(1));
    expect(session.settled).toBe(false);
    expect(session.acked).toEqual([1, 0]);
    expect(session.outstanding).toBe(3 + OVERHEAD);
  });

  it('has an urgent lane of its own from the first urgent packet on', () => {
    const [one, other] = [new Session(), new Session()];
    expect(one.urgent).toBe(other.urgent);
    one.use(URGENT).outgoing.push(bytes(1));
    expect([one.urgent.outgoing.total, other.urgent.outgoing.total, new Session().urgent.outgoing.total]).toEqual([
      1, 0, 0,
    ]);
    expect(one.use(URGENT)).toBe(one.urgent);
    expect(() => other.acknowledge([0, 1])).toThrow('only 0 sent');
    expect(() => other.rewind([0, 1])).toThrow('only 0 sent');
  });

  it('tells uncertain from unsent, oldest first, with all pieces of a packet', () => {
    const session = written(1, PIECE + 1);
    session.normal.outgoing.push(bytes(2, 3));
    session.use(URGENT).outgoing.push(bytes(3, 4));
    session.acknowledge([1, 0]);
    const { uncertain, unsent } = session.leftover();
    expect(uncertain.map(({ length }) => length)).toEqual([PIECE + 1]);
    expect(unsent.map(({ length }) => length)).toEqual([2, 3]);
  });

  it('calls uncertain what only another link carried', () => {
    const session = written(1, 2);
    session.rewind([0, 0]);
    expect(session.leftover().uncertain.length).toBe(2);
  });

  it('knows which counts the other side can have', () => {
    const session = written(1, 2, 3);
    session.acknowledge([1, 0]);
    const counts = [0, 1, 2, 3, 4].filter((count) => session.plausible([count, 0]));
    expect(counts).toEqual([1, 2, 3]);
    expect(session.plausible([1, 1])).toBe(false);
  });

  it('asks after a rewind for what is not acknowledged', () => {
    const session = written(1);
    session.rewind([1, 0]);
    expect(session.ask).toBe(true);
    session.acknowledge([1, 0]);
    session.rewind([1, 0]);
    expect(session.ask).toBe(false);
  });

  it('tells what was handled once, and again on a new link', () => {
    const session = new Session();
    expect(session.unacked).toBe(false);
    session.normal.received = 3;
    session.normal.handled = 2;
    expect(session.unacked).toBe(true);
    expect(session.tell()).toEqual([2, 0]);
    expect(session.unacked).toBe(false);
    expect(session.ackAt).toBe(Number.POSITIVE_INFINITY);
    session.retell();
    expect(session.unacked).toBe(true);
    expect(session.ackAt).toBe(Number.NEGATIVE_INFINITY);
  });

  it('answers a question when all that had come by then is handled', () => {
    const session = new Session();
    expect(session.question()).toBe(false);
    session.normal.received = 2;
    expect(session.answers).toBe(false);
    expect(session.question()).toBe(false);
    session.normal.handled = 1;
    expect(session.answers).toBe(false);
    session.normal.handled = 2;
    expect(session.answers).toBe(true);
    session.tell();
    expect(session.answers).toBe(false);
    expect(session.question()).toBe(true);
    expect(session.answers).toBe(false);
  });

  it('answers each question in its time', () => {
    const session = new Session();
    for (session.normal.received = 1; session.normal.received <= 4; session.normal.received++) {
      session.question();
      session.question();
    }
    const told: number[] = [];
    for (const handled of [1, 3, 3, 4, 5]) {
      session.normal.handled = handled;
      if (session.answers) told.push(session.tell()[0]);
    }
    expect(told).toEqual([1, 3, 4]);
  });

  it('answers the last of however many questions', () => {
    const session = new Session();
    for (let received = 1; received <= 1000; received++) {
      session.normal.received = received;
      session.question();
    }
    const told: number[] = [];
    for (let handled = 1; handled <= 1000; handled++) {
      session.normal.handled = handled;
      if (session.answers) told.push(session.tell()[0]);
    }
    expect(told).toEqual([...Array.from({ length: 255 }, (_, n) => n + 1), 1000]);
  });
});
