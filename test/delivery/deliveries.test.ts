import { describe, expect, it } from 'vitest';
import { Deliveries } from '../../src/delivery/deliveries.js';
import { system } from '../../src/platform.js';
import { Parts } from '../../src/protocol/parts.js';
import { NORMAL, Session, URGENT } from '../../src/protocol/session.js';

/** Deliveries over a session that takes as many packets as there is room for. */
function bench(room = Number.POSITIVE_INFINITY, limit = 3) {
  const session = new Session();
  const state = {
    room,
    connected: true,
    asked: 0,
    drained: 0,
    pumped: 0,
    onDrain: nothing,
    onPump: nothing,
    of: session,
  };
  const deliveries = new Deliveries(
    {
      send: (_id, bytes, urgent) => {
        if (state.room <= 0 || !state.connected) return 0;
        state.room--;
        const { outgoing } = session.use(urgent ? URGENT : NORMAL);
        return bytes instanceof Parts ? outgoing.pushParts(bytes) : outgoing.push(bytes);
      },
      writable: () => state.room > 0 && state.connected,
      session: () => (state.connected ? state.of : null),
      ask: () => state.asked++,
    },
    limit,
    system,
    {
      drain: () => {
        state.drained++;
        state.onDrain();
      },
      pump: () => {
        state.pumped++;
        state.onPump();
      },
    },
  );
  const write = (): void => {
    for (const lane of [session.normal, session.urgent]) lane.outgoing.gather([], 1e9);
  };
  const deliver = (number: number, urgent = false, signal?: AbortSignal): Promise<void> => {
    const promise = deliveries.deliver('p', Uint8Array.of(number), { urgent, until: Number.POSITIVE_INFINITY, signal });
    promise.catch(() => undefined);
    return promise;
  };
  const acknowledge = (normal: number, urgent = 0): void => {
    write();
    session.acknowledge([normal, urgent]);
    deliveries.waiters.acknowledged(session);
  };
  return { session, state, deliveries, deliver, acknowledge, write };
}

function nothing(): void {}

/** What a promise has come to in this turn. */
async function now(promise: Promise<void>): Promise<string> {
  const pending = Symbol('pending');
  const result = await Promise.race([
    promise.then(
      () => 'resolved',
      (error: Error) => error.message,
    ),
    new Promise((resolve) => setImmediate(() => resolve(pending))),
  ]);
  return result === pending ? 'pending' : String(result);
}

describe('deliver', () => {
  it('resolves when the packet, and not only one before it, is acknowledged', async () => {
    const { deliver, acknowledge, state } = bench();
    const [first, second] = [deliver(1), deliver(2)];
    acknowledge(1);
    expect([await now(first), await now(second)]).toEqual(['resolved', 'pending']);
    acknowledge(2);
    expect(await now(second)).toBe('resolved');
    expect(state.asked).toBe(2);
  });

  it('counts lanes apart', async () => {
    const { deliver, acknowledge } = bench();
    const [normal, urgent] = [deliver(1), deliver(2, true)];
    acknowledge(0, 1);
    expect([await now(normal), await now(urgent)]).toEqual(['pending', 'resolved']);
  });

  it('waits for room, in the order of the calls, and lets nothing overtake', async () => {
    const { deliver, deliveries, acknowledge, state, session } = bench(1);
    const promises = [deliver(1), deliver(2), deliver(3)] as const;
    expect(deliveries.waiting('p', false)).toBe(true);
    acknowledge(1);
    state.room = 1;
    deliveries.drained('p');
    expect(session.normal.outgoing.total).toBe(2);
    state.room = 5;
    deliveries.drained('p');
    expect(deliveries.waiting('p', false)).toBe(false);
    acknowledge(3);
    expect(await Promise.all(promises.map(now))).toEqual(['resolved', 'resolved', 'resolved']);
  });

  it('urgent ones pass those that are not, and wait for one another', async () => {
    const { deliver, deliveries, acknowledge, state, session } = bench(0, 9);
    const settled: string[] = [];
    const named = (name: string, urgent: boolean): void => {
      void deliver(0, urgent).then(() => settled.push(name));
    };
    named('first', false);
    expect([deliveries.waiting('p', false), deliveries.waiting('p', true)]).toEqual([true, false]);
    state.room = 1;
    named('passes at once', true);
    expect([session.normal.outgoing.total, session.urgent.outgoing.total]).toEqual([0, 1]);
    named('waits', true);
    named('second', false);
    named('waits behind it', true);
    expect([deliveries.waiting('p', false), deliveries.waiting('p', true)]).toEqual([true, true]);
    state.room = 2;
    deliveries.drained('p');
    expect([session.normal.outgoing.total, session.urgent.outgoing.total]).toEqual([0, 3]);
    acknowledge(0, 3);
    state.room = 2;
    deliveries.drained('p');
    acknowledge(2, 3);
    await now(Promise.resolve());
    expect(settled).toEqual(['passes at once', 'waits', 'waits behind it', 'first', 'second']);
  });

  it('rejects what was not sent in time, and waits for the others as they are numbered then', async () => {
    const { deliver, deliveries, acknowledge, session, write } = bench();
    const expire = (...ends: number[]): void => {
      const { outgoing } = session.normal;
      const withdrawn = outgoing.withdraw(ends);
      expect(withdrawn).toHaveLength(ends.length);
      const { withdrawals } = outgoing;
      deliveries.waiters.expired({ kind: 'expired', id: 'p', session, lane: NORMAL, withdrawn, withdrawals });
    };
    const sent = deliver(1);
    write();
    const [stale, behind, alone] = [deliver(2), deliver(3), deliveries.flush(['p'], undefined)];
    const [last, all] = [deliver(4), deliveries.flush(['p'], undefined)];
    expire(2, 4);
    await expect(stale).rejects.toMatchObject({ code: 'ERR_EXPIRED', uncertain: false });
    await expect(last).rejects.toMatchObject({ code: 'ERR_EXPIRED' });
    const later = deliver(5);
    expect(await Promise.all([sent, behind, alone, all, later].map(now))).toEqual(Array(5).fill('pending'));
    acknowledge(1);
    expect(await Promise.all([sent, behind, alone, all].map(now))).toEqual(['resolved', ...Array(3).fill('pending')]);
    acknowledge(2);
    expect(await Promise.all([behind, alone, all, later].map(now))).toEqual([...Array(3).fill('resolved'), 'pending']);
    acknowledge(3);
    expect(await now(later)).toBe('resolved');
  });

  it('does not move the numbers of those who came after packets were taken out, and before that was told', async () => {
    const { deliver, deliveries, acknowledge, session } = bench();
    const stale = deliver(1);
    const withdrawn = session.normal.outgoing.withdraw([1]);
    const [first, second] = [deliver(2), deliver(3)];
    deliveries.waiters.expired({ kind: 'expired', id: 'p', session, lane: NORMAL, withdrawn, withdrawals: 1 });
    await expect(stale).rejects.toMatchObject({ code: 'ERR_EXPIRED' });
    acknowledge(1);
    expect([await now(first), await now(second)]).toEqual(['resolved', 'pending']);
  });

  it('sends none of several that one signal gives up, though the first makes room for the next', async () => {
    const { deliver, deliveries, session, state } = bench(0, 9);
    const controller = new AbortController();
    const [first, second] = [deliver(1, false, controller.signal), deliver(2, false, controller.signal)];
    const last = deliver(3);
    state.room = 2;
    controller.abort();
    expect([await now(first), await now(second)]).toEqual(Array(2).fill(expect.stringContaining('given up')));
    deliveries.drained('p');
    expect(session.normal.outgoing.retained().map(({ payload }) => payload[0])).toEqual([3]);
    expect(await now(last)).toBe('pending');
  });

  it('lets whoever was refused an urgent packet pass before the first that is not urgent, and tells that once', async () => {
    const { deliver, deliveries, session, state } = bench(0, 9);
    const accepted = (): number[] => [session.normal.outgoing.total, session.urgent.outgoing.total];
    deliveries.refused('p');
    void deliver(1);
    void deliver(2, true);
    void deliver(3);
    state.room = 3;
    const told = new Promise<void>((resolve) => {
      state.onDrain = resolve;
    });
    const served = new Promise<void>((resolve) => {
      state.onPump = resolve;
    });
    deliveries.drained('p');
    // Behind those of `deliver` that are urgent, and before the others, also if it awaits that there is room.
    await Promise.race([told]);
    expect([state.drained, accepted()]).toEqual([1, [0, 1]]);
    void deliver(4, true);
    deliveries.refused('p');
    await served;
    expect([state.drained, accepted()]).toEqual([1, [1, 2]]);
    state.room = 3;
    deliveries.drained('p');
    await new Promise<void>((resolve) => {
      state.onPump = resolve;
    });
    // Before the last one was served, and when nobody waits any more.
    expect([state.drained, accepted()]).toEqual([3, [2, 2]]);
    void deliver(5);
    state.room = 0;
    void deliver(6);
    state.room = 1;
    deliveries.drained('p');
    expect(state.drained).toBe(4);
  });

  it('are not lost where whoever hears of room delivers, and gives up others', async () => {
    const { deliver, deliveries, session, state } = bench(0, 9);
    const controller = new AbortController();
    const first = deliver(1, false, controller.signal);
    deliveries.refused('p');
    state.onDrain = () => {
      state.onDrain = () => undefined;
      controller.abort();
      state.room = 0;
      void deliver(2);
    };
    state.room = 1;
    deliveries.drained('p');
    expect(await now(first)).toContain('given up');
    expect([deliveries.waiting('p', false), session.normal.outgoing.total]).toEqual([true, 0]);
    state.room = 1;
    deliveries.drained('p');
    expect([deliveries.waiting('p', false), session.normal.outgoing.total]).toEqual([false, 1]);
  });

  it('says nothing of room to whoever was refused an urgent packet while there may be none', () => {
    const { deliver, deliveries, state } = bench(0, 9);
    const controller = new AbortController();
    void deliver(1, false, controller.signal);
    void deliver(2);
    deliveries.refused('p');
    controller.abort();
    expect([state.drained, deliveries.waiting('p', false)]).toEqual([0, true]);
  });

  it('an urgent one with a signal, too', async () => {
    const { deliver, deliveries, session, state } = bench(0, 9);
    const controller = new AbortController();
    void deliver(1);
    const urgent = deliver(2, true, controller.signal);
    void deliver(3, true);
    controller.abort();
    expect(await now(urgent)).toContain('was given up');
    state.room = 1;
    deliveries.drained('p');
    expect([session.normal.outgoing.total, session.urgent.outgoing.total]).toEqual([0, 1]);
  });

  it('refuses more than the limit of those who wait', async () => {
    const { deliver } = bench(0, 2);
    void deliver(1);
    void deliver(2);
    await expect(deliver(3)).rejects.toMatchObject({ code: 'ERR_LIMIT' });
  });

  it.each([
    ['in one', (bytes: Uint8Array) => bytes],
    ['in parts', (bytes: Uint8Array) => new Parts([bytes])],
  ])('keeps its own copy of what waits, %s', async (_, encoded) => {
    const { deliveries, state, session } = bench(0);
    // A codec may give a Buffer, and use its memory again.
    const bytes = Buffer.from([7]);
    void deliveries.deliver('p', encoded(bytes), {
      urgent: false,
      until: Number.POSITIVE_INFINITY,
      signal: undefined,
    });
    bytes[0] = 9;
    state.room = 1;
    deliveries.drained('p');
    expect(session.normal.outgoing.retained()[0]?.payload).toEqual(Uint8Array.of(7));
  });

  it('rejects with what is known when the session ends', async () => {
    const { deliver, deliveries, session, write } = bench();
    const sent = deliver(1);
    write();
    const unsent = deliver(2);
    deliveries.waiters.ended('p', session);
    await expect(sent).rejects.toMatchObject({
      code: 'ERR_UNDELIVERED',
      uncertain: true,
      message: expect.stringContaining('may have'),
    });
    await expect(unsent).rejects.toMatchObject({
      uncertain: false,
      message: expect.stringContaining('it was not sent'),
    });
  });

  it('rejects those who wait for room when the peer is gone', async () => {
    const { deliver, deliveries, state } = bench(0);
    const waiting = deliver(1);
    state.connected = false;
    deliveries.gone('p');
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_UNDELIVERED', uncertain: false });
    expect(deliveries.waiting('p', false)).toBe(false);
  });

  it('rejects only those who waited before, when the peer is there again by then', async () => {
    const { deliver, deliveries, session, state, acknowledge } = bench(0, 9);
    const controller = new AbortController();
    state.of = new Session();
    const before = deliver(1);
    const urgent = deliver(2, true);
    state.of = session;
    const [after, leaver, last] = [deliver(3), deliver(4, false, controller.signal), deliver(5)];
    deliveries.gone('p');
    await expect(before).rejects.toMatchObject({ code: 'ERR_UNDELIVERED', uncertain: false });
    await expect(urgent).rejects.toMatchObject({ code: 'ERR_UNDELIVERED' });
    expect(await Promise.all([after, leaver, last].map(now))).toEqual(Array(3).fill('pending'));
    controller.abort();
    expect(await now(leaver)).toContain('given up');
    // There always was room: they waited behind the others.
    state.room = 9;
    deliveries.connected('p');
    acknowledge(2);
    expect(await Promise.all([after, last].map(now))).toEqual(['resolved', 'resolved']);
    // Nobody waits, and nobody is told of room for that.
    const { drained } = state;
    deliveries.connected('p');
    expect(state.drained).toBe(drained);
  });

  it('rejects at once for a peer that is not connected', async () => {
    const { deliver, state } = bench();
    state.connected = false;
    await expect(deliver(1)).rejects.toMatchObject({ code: 'ERR_UNKNOWN_PEER', uncertain: false });
  });

  it('is given up by its signal: before, while it waits for room, and while it waits for the acknowledgement', async () => {
    const before = bench();
    await expect(before.deliver(1, false, AbortSignal.abort())).rejects.toMatchObject({
      code: 'ERR_ABORTED',
      uncertain: false,
    });
    expect(before.session.normal.outgoing.total).toBe(0);

    const room = bench(0);
    const controller = new AbortController();
    const waiting = room.deliver(1, false, controller.signal);
    const behind = room.deliver(2);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ uncertain: false, message: expect.stringContaining('not sent') });
    room.state.room = 9;
    room.deliveries.drained('p');
    expect(room.session.normal.outgoing.total).toBe(1);
    room.acknowledge(1);
    expect(await now(behind)).toBe('resolved');

    const sent = bench();
    const later = new AbortController();
    const promise = sent.deliver(1, false, later.signal);
    const next = sent.deliver(2);
    later.abort();
    await expect(promise).rejects.toMatchObject({
      uncertain: true,
      message: expect.stringContaining('accepted, and not yet sent'),
    });
    sent.write();
    const written = new AbortController();
    const third = sent.deliver(3, false, written.signal);
    sent.write();
    written.abort();
    await expect(third).rejects.toMatchObject({
      uncertain: true,
      message: expect.stringContaining('sent, and not yet acknowledged'),
    });
    sent.acknowledge(3);
    expect(await now(next)).toBe('resolved');
  });

  it('of which the first gives up leaves its room to those behind it, and then to everybody', async () => {
    const { deliver, deliveries, acknowledge, session, state } = bench(0);
    const [first, third] = [new AbortController(), new AbortController()];
    const large = deliver(1, false, first.signal);
    const small = deliver(2);
    const last = deliver(3, false, third.signal);
    // There was no room for the first.
    state.room = 1;
    third.abort();
    expect([session.normal.outgoing.total, state.pumped, deliveries.waiting('p', false)]).toEqual([0, 0, true]);
    first.abort();
    expect([session.normal.outgoing.total, state.pumped, state.drained]).toEqual([1, 1, 1]);
    expect(deliveries.waiting('p', false)).toBe(false);
    acknowledge(1);
    expect(await Promise.all([large, small, last].map((promise) => now(promise)))).toEqual([
      expect.stringContaining('not sent'),
      'resolved',
      expect.stringContaining('not sent'),
    ]);
  });

  it('of which the only one gives up while there is no room leaves nobody waiting, and says nothing of room', () => {
    const { deliver, deliveries, state } = bench(0);
    const controller = new AbortController();
    void deliver(1, false, controller.signal);
    controller.abort();
    expect([deliveries.waiting('p', false), deliveries.idle, state.drained]).toEqual([false, true, 0]);
  });

  it('stays cheap with many on their way', () => {
    const { deliver, acknowledge } = bench();
    for (let i = 0; i < 50_000; i++) void deliver(i & 0xff);
    // One acknowledgement each would cost a second and more if each looked at all who wait.
    for (let i = 1; i <= 50_000; i++) acknowledge(i);
  });
});

describe('flush', () => {
  it('is refused while ten thousand others wait for the same peer', async () => {
    const { deliver, deliveries, acknowledge } = bench();
    void deliver(1);
    const all = Array.from({ length: 10_000 }, () => deliveries.flush(['p'], undefined));
    await expect(deliveries.flush(['p'], undefined)).rejects.toMatchObject({ code: 'ERR_LIMIT' });
    acknowledge(1);
    await Promise.all(all);
    void deliver(2);
    const last = deliveries.flush(['p'], undefined);
    acknowledge(2);
    await last;
  });

  it('resolves when all that was accepted before is acknowledged, in both lanes', async () => {
    const { deliver, deliveries, acknowledge } = bench();
    void deliver(1);
    void deliver(2, true);
    const flushed = deliveries.flush(['p'], undefined);
    void deliver(3);
    acknowledge(1, 0);
    expect(await now(flushed)).toBe('pending');
    acknowledge(1, 1);
    expect(await now(flushed)).toBe('resolved');
  });

  it('resolves at once when nothing is on its way, and rejects for a peer that is not connected', async () => {
    const { deliveries, state } = bench();
    await expect(deliveries.flush(['p'], undefined)).resolves.toBeUndefined();
    state.connected = false;
    await expect(deliveries.flush(['p'], undefined)).rejects.toMatchObject({ code: 'ERR_UNKNOWN_PEER' });
  });
});
