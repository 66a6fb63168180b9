import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { Fifo } from '../../src/delivery/fifo.js';
import { Inbox, MOST_DECODED, type Receipt } from '../../src/delivery/inbox.js';
import { OVERHEAD } from '../../src/protocol/send-buffer.js';
import { NORMAL, Session } from '../../src/protocol/session.js';
import { bytesOf, inboxEvents } from './content.js';

/** An inbox with a switch for its listeners, and a record of what they and the core heard. */
function bench(maxOrphans = 1000) {
  const heard: number[] = [];
  const handled: number[] = [];
  const state = { listening: false, left: 0 };
  const spoilt: [number, string][] = [];
  const events = inboxEvents({
    emit: ({ packet }) => {
      if (state.listening) heard.push(packet);
      return state.listening;
    },
    handled: ({ sequence }) => handled.push(sequence),
    left: () => state.left++,
    spoilt: ({ sequence, session: of }, error) => {
      spoilt.push([sequence, String(error)]);
      inbox.orphan(of);
    },
  });
  const inbox: Inbox<number> = new Inbox<number>(events, maxOrphans);
  const session = new Session();
  const add = (packet: number, of: Session = session, size = 10): void => {
    const receipt: Receipt = { id: 'p', session: of, lane: NORMAL, sequence: packet, receivedBytes: packet };
    inbox.add({ sender: 'p', packet }, receipt, size, false);
  };
  /** One that waits as it came; of a number below 0 it is none. */
  const pack = (packet: number, of: Session = session, size = 10): void => {
    const sequence = Math.abs(packet);
    const receipt: Receipt = { id: 'p', session: of, lane: NORMAL, sequence, receivedBytes: sequence };
    inbox.add({ sender: 'p', bytes: bytesOf(packet) }, receipt, size, false);
  };
  return { inbox, heard, handled, spoilt, state, add, pack, session };
}

describe('an inbox without readers', () => {
  it('holds what nobody listens for, and does not tell it as handled', () => {
    const { inbox, heard, handled, state, add } = bench();
    add(1);
    add(2);
    expect([heard, handled, inbox.idle]).toEqual([[], [], false]);
    state.listening = true;
    inbox.flow();
    expect([heard, handled, inbox.idle]).toEqual([[1, 2], [1, 2], true]);
  });

  it('asks the listeners once for a packet, and again when one comes', () => {
    const asked: number[] = [];
    const inbox = new Inbox<number>(inboxEvents({ emit: ({ packet }) => asked.push(packet) < 0 }), 1000);
    const receipt: Receipt = { id: 'p', session: new Session(), lane: NORMAL, sequence: 1, receivedBytes: 1 };
    inbox.add({ sender: 'p', packet: 1 }, receipt, 10, true);
    expect(asked).toEqual([]);
    inbox.flow();
    expect(asked).toEqual([1]);
  });

  it('hands on in order when a listener comes and goes', () => {
    const { inbox, heard, handled, state, add } = bench();
    add(1);
    state.listening = true;
    // The listener is there, but what waits was not handed to it yet: nothing may overtake it.
    add(2);
    expect(heard).toEqual([]);
    inbox.flow();
    expect(heard).toEqual([1, 2]);
    state.listening = false;
    add(3);
    expect(handled).toEqual([1, 2]);
  });
});

describe('readers of an inbox', () => {
  it('tell a packet as handled when they take it, not before', async () => {
    const { inbox, handled, add } = bench();
    const reader = inbox.read(undefined);
    add(1);
    add(2);
    expect(handled).toEqual([]);
    expect((await reader.next()).value).toEqual({ sender: 'p', packet: 1 });
    expect(handled).toEqual([1]);
    expect((await reader.next()).value).toEqual({ sender: 'p', packet: 2 });
    expect(handled).toEqual([1, 2]);
  });

  it('begin with what nobody has had', async () => {
    const { inbox, add } = bench();
    add(1);
    const first = inbox.read(undefined);
    const second = inbox.read(undefined);
    add(2);
    expect((await first.next()).value?.packet).toBe(1);
    expect((await inbox.read(undefined).next()).value?.packet).toBe(2);
    expect((await second.next()).value?.packet).toBe(1);
  });

  it('take over what one that is left has not taken, which is not handled until then', async () => {
    const { inbox, handled, add } = bench();
    const old = inbox.read(undefined);
    for (const packet of [1, 2, 3]) add(packet);
    await old.next();
    const fresh = inbox.read(undefined);
    await old.return?.();
    expect(handled).toEqual([1]);
    expect((await fresh.next()).value?.packet).toBe(2);
    expect(handled).toEqual([1, 2]);
    await fresh.return?.();
    expect((await inbox.read(undefined).next()).value?.packet).toBe(3);
  });

  it('that are left hold nothing back that another has taken, and no listener has it again', async () => {
    const { inbox, handled, heard, state, add } = bench();
    const [quick, slow] = [inbox.read(undefined), inbox.read(undefined)];
    for (const packet of [1, 2, 3]) add(packet);
    await quick.next();
    await quick.next();
    await quick[Symbol.asyncDispose]();
    expect(handled).toEqual([]);
    state.listening = true;
    inbox.flow();
    expect(heard).toEqual([3]);
    await slow.return?.();
    expect(handled).toEqual([1, 2, 3]);
  });

  it.each([true, false])('that begin in a listener begin behind what it hears (listening: %s)', async (listening) => {
    const readers: AsyncIterableIterator<{ packet: number }>[] = [];
    const handled: number[] = [];
    const events = inboxEvents({
      emit: ({ packet }) => {
        if (packet !== 1) return false;
        readers.push(inbox.read(undefined));
        return listening;
      },
      handled: ({ sequence }) => handled.push(sequence),
    });
    const inbox: Inbox<number> = new Inbox<number>(events, 1000);
    for (const packet of [1, 2]) {
      inbox.add(
        { sender: 'p', packet },
        { id: 'p', session: new Session(), lane: NORMAL, sequence: packet, receivedBytes: 1 },
        1,
        false,
      );
    }
    expect((await readers[0]?.next())?.value?.packet).toBe(listening ? 2 : 1);
    expect(handled).toEqual(listening ? [1, 2] : [1]);
  });

  it('each get every packet, and the slowest holds it', async () => {
    const { inbox, handled, add } = bench();
    const readers = [inbox.read(undefined), inbox.read(undefined)] as const;
    add(1);
    await readers[0].next();
    expect(handled).toEqual([]);
    await readers[1].next();
    expect(handled).toEqual([1]);
  });

  it('wait for a packet, and serve calls of next in their order', async () => {
    const { inbox, add } = bench();
    const reader = inbox.read(undefined);
    const calls = [reader.next(), reader.next()];
    add(1);
    add(2);
    expect((await Promise.all(calls)).map((result) => result.value?.packet)).toEqual([1, 2]);
  });

  it('leave what they have not taken to the next one', async () => {
    const { inbox, handled, add } = bench();
    const reader = inbox.read(undefined);
    add(1);
    add(2);
    await reader.next();
    await reader.return?.();
    expect((await reader.next()).done).toBe(true);
    expect(handled).toEqual([1]);
    expect((await inbox.read(undefined).next()).value?.packet).toBe(2);
  });

  it('throw the reason of their signal, also while they wait', async () => {
    const { inbox } = bench();
    const controller = new AbortController();
    const next = inbox.read(controller.signal).next();
    controller.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    await expect(inbox.read(AbortSignal.abort(new Error('never'))).next()).rejects.toThrow('never');
    expect(inbox.idle).toBe(true);
  });

  it('end when no packet will come, after what waits', async () => {
    const { inbox, add } = bench();
    const reader = inbox.read(undefined);
    add(1);
    inbox.end();
    expect((await reader.next()).value?.packet).toBe(1);
    expect((await reader.next()).done).toBe(true);
  });

  it('hear their signal no more once the node is closed, also if nobody asks them again', async () => {
    const { inbox } = bench();
    const { signal } = new AbortController();
    const reader = inbox.read(signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    inbox.end();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  it('hold nobody back once their signal has aborted, also if nobody asks them again', async () => {
    const { inbox, handled, state, add } = bench();
    state.listening = true;
    const controller = new AbortController();
    const reader = inbox.read(controller.signal);
    const never = inbox.read(AbortSignal.abort(new Error('never')));
    add(1);
    expect(handled).toEqual([]);
    controller.abort(new Error('enough'));
    expect(handled).toEqual([1]);
    add(2);
    expect([handled, inbox.idle, inbox.attended]).toEqual([[1, 2], true, false]);
    await expect(reader.next()).rejects.toThrow('enough');
    expect((await reader.next()).done).toBe(true);
    await expect(never.next()).rejects.toThrow('never');
  });

  it('tell when they read no further: left, aborted, or never begun', async () => {
    const { inbox, add, state } = bench();
    add(1);
    await inbox.read(undefined).return();
    expect([state.left, inbox.attended]).toEqual([1, false]);
    const controller = new AbortController();
    inbox.read(controller.signal);
    expect([state.left, inbox.attended]).toEqual([1, true]);
    controller.abort();
    expect([state.left, inbox.attended]).toEqual([2, false]);
    inbox.read(controller.signal);
    expect([state.left, inbox.attended]).toEqual([3, false]);
  });

  it('do not keep listeners waiting', () => {
    const { inbox, heard, handled, state, add } = bench();
    state.listening = true;
    inbox.read(undefined);
    add(1);
    expect(heard).toEqual([1]);
    expect(handled).toEqual([]);
  });
});

describe('packets of sessions that have ended', () => {
  it('are still handed out', async () => {
    const { inbox, add, session } = bench();
    add(1);
    inbox.orphan(session);
    expect((await inbox.read(undefined).next()).value?.packet).toBe(1);
  });

  it('go, the oldest first, beyond the bound; others stay', async () => {
    const { inbox, add, session } = bench(25);
    const living = new Session();
    add(1);
    add(2, living);
    add(3);
    add(4);
    inbox.orphan(session);
    const reader = inbox.read(undefined);
    const packets: (number | undefined)[] = [];
    for (let i = 0; i < 3; i++) packets.push((await reader.next()).value?.packet);
    expect(packets).toEqual([2, 3, 4]);
  });

  it('go in that order too where older ones became such only after others had gone', async () => {
    const { inbox, add } = bench(25);
    const [first, second, third] = [new Session(), new Session(), new Session()];
    add(0, new Session());
    add(1, first);
    for (const packet of [2, 3, 4]) add(packet, second);
    inbox.orphan(second);
    add(5, third);
    inbox.orphan(first);
    inbox.orphan(third);
    const reader = inbox.read(undefined);
    for (const packet of [0, 4, 5]) expect((await reader.next()).value?.packet).toBe(packet);
  });

  it('are not looked through again by each session that ends', () => {
    const { inbox, add } = bench(1_000_000);
    // Holds the front.
    add(0, new Session());
    const crowd = new Session();
    for (let packet = 1; packet <= 150_000; packet++) add(packet, crowd);
    inbox.orphan(crowd);
    const at = vi.spyOn(Fifo.prototype, 'at');
    for (let visit = 0; visit < 100; visit++) {
      const session = new Session();
      add(visit, session);
      inbox.orphan(session);
    }
    expect(at.mock.calls.length).toBeLessThan(5000);
    at.mockRestore();
  });

  it('that were dropped are nothing a listener waits for', () => {
    const { inbox, heard, state, add, session } = bench(5);
    const living = new Session();
    inbox.read(undefined);
    add(1, living);
    add(2);
    inbox.orphan(session);
    state.listening = true;
    inbox.flow();
    add(3, living);
    add(4, living);
    expect(heard).toEqual([1, 3, 4]);
  });

  it('keep nothing of their sessions, and nothing at all once they were dropped', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { inbox, add } = bench(25);
    const living = new Session();
    add(0, living);
    const refs = [1, 2, 3, 4].map((packet) => {
      const session = new Session();
      add(packet, session);
      inbox.orphan(session);
      return new WeakRef(session);
    });
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(refs.map((ref) => ref.deref())).toEqual([undefined, undefined, undefined, undefined]);
    // Many come and go while one waits.
    const before = process.memoryUsage().heapUsed;
    for (let round = 0; round < 40; round++) {
      const session = new Session();
      for (let packet = 0; packet < 2000; packet++) add(packet, session, 1);
      inbox.orphan(session);
    }
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 * 2 ** 20);
    const reader = inbox.read(undefined);
    expect((await reader.next()).value?.packet).toBe(0);
    expect((await reader.next()).value?.packet).toBe(1975);
  });
});

describe('packets that wait as they came', () => {
  it('are handed on like others, to listeners and readers, in order', async () => {
    const { inbox, heard, handled, state, add, pack } = bench();
    const reader = inbox.read(undefined);
    add(1);
    pack(2);
    add(3);
    state.listening = true;
    inbox.flow();
    pack(4);
    expect([heard, handled]).toEqual([[1, 2, 3, 4], []]);
    for (const packet of [1, 2, 3, 4])
      expect(await reader.next()).toEqual({ done: false, value: { sender: 'p', packet } });
    expect(handled).toEqual([1, 2, 3, 4]);
  });

  it('are what is to be added when so much waits decoded, and until that was taken', async () => {
    const { inbox, add, pack } = bench();
    const reader = inbox.read(undefined);
    add(1, undefined, OVERHEAD + MOST_DECODED - 1);
    expect(inbox.full).toBe(false);
    pack(2, undefined, OVERHEAD + MOST_DECODED);
    expect(inbox.full).toBe(false);
    add(3, undefined, OVERHEAD + 1);
    expect(inbox.full).toBe(true);
    await reader.next();
    expect(inbox.full).toBe(false);
  });

  it.each(['a reader', 'a listener'])(
    'and are none spoil their session when it is the turn of %s, and others not',
    async (who) => {
      const { inbox, heard, handled, spoilt, state, add, pack } = bench();
      const other = new Session();
      add(1);
      pack(-2);
      add(3, other);
      add(4);
      pack(5);
      const reader = who === 'a reader' ? inbox.read(undefined) : null;
      const had: unknown[] = [];
      if (reader !== null) {
        for (let i = 0; i < 2; i++) had.push((await reader.next()).value?.packet);
      } else {
        state.listening = true;
        inbox.flow();
        had.push(...heard);
      }
      expect(had).toEqual([1, 3]);
      expect(spoilt).toEqual([[2, 'Error: no packet']]);
      expect(handled).toEqual([1, 3]);
      expect(inbox.full).toBe(false);
      state.listening = true;
      add(6, other);
      inbox.flow();
      expect(heard.at(-1)).toBe(6);
      await reader?.next();
      expect(handled.at(-1)).toBe(6);
    },
  );

  it('and are none, of a session that has ended, are left out', async () => {
    const { inbox, handled, spoilt, add, pack, session } = bench();
    add(1);
    pack(-2);
    add(3);
    inbox.orphan(session);
    const reader = inbox.read(undefined);
    expect([(await reader.next()).value?.packet, (await reader.next()).value?.packet]).toEqual([1, 3]);
    expect([spoilt, handled]).toEqual([[], []]);
  });

  it('and are none are left out for readers that come to them later, too', async () => {
    const { inbox, handled, spoilt, add, pack } = bench();
    const [quick, slow] = [inbox.read(undefined), inbox.read(undefined)];
    const other = new Session();
    add(1);
    pack(-2);
    pack(3);
    add(4, other);
    expect([(await quick.next()).value?.packet, (await quick.next()).value?.packet]).toEqual([1, 4]);
    expect([(await slow.next()).value?.packet, (await slow.next()).value?.packet]).toEqual([1, 4]);
    expect([spoilt.length, handled]).toEqual([1, [4]]);
  });

  it('are dropped like others when too much of ended sessions waits', async () => {
    const { inbox, pack, session } = bench(100);
    for (let packet = 1; packet <= 20; packet++) pack(packet);
    inbox.orphan(session);
    const reader = inbox.read(undefined);
    const had: unknown[] = [];
    for (let i = 0; i < 10; i++) had.push((await reader.next()).value?.packet);
    expect(had).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  });
});
