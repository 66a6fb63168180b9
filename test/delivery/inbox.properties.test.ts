/** Laws of packets that wait, for any coming and going of listeners and readers. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Inbox, type Message, type Receipt } from '../../src/delivery/inbox.js';
import { NORMAL, Session } from '../../src/protocol/session.js';
import { contentOf, inboxEvents } from './content.js';

type Deed = 'add' | 'listen' | 'flow' | 'mute' | 'open' | 'take' | 'close' | 'orphan';

function bench(maxOrphans: number) {
  const [heard, handled]: [number[], number[]] = [[], []];
  const ears = { open: false };
  const emit = ({ packet }: Message<number>): boolean => {
    if (ears.open) heard.push(packet);
    return ears.open;
  };
  const inbox = new Inbox<number>(inboxEvents({ emit, handled: ({ sequence }) => handled.push(sequence) }), maxOrphans);
  let added = 0;
  const session = new Session();
  const add = (): void => {
    const sequence = ++added;
    const receipt: Receipt = { id: 'p', session, lane: NORMAL, sequence, receivedBytes: sequence };
    inbox.add(contentOf(sequence), receipt, 10, false);
  };
  const listen = (open: boolean): void => {
    ears.open = open;
    if (open) inbox.flow();
  };
  return { inbox, heard, handled, ears, session, add, listen, count: () => added };
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

it('listeners hear every packet once and in order, and what they have not heard is not handled', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom<Deed>('add', 'add', 'listen', 'flow', 'mute'), { maxLength: 60, size: 'max' }),
      (deeds) => {
        const on = bench(1e6);
        for (const deed of deeds) {
          if (deed === 'add') on.add();
          // A listener is there a moment before it is handed what waits.
          else if (deed === 'flow') on.inbox.flow();
          else on.ears.open = deed === 'listen';
          expect(on.heard).toEqual(upTo(on.heard.length));
          expect(on.handled).toEqual(on.heard);
          if (deed === 'flow' && on.ears.open) expect(on.heard.length).toBe(on.count());
        }
        on.listen(true);
        expect(on.handled).toEqual(upTo(on.count()));
      },
    ),
  );
});

it('each reader has every packet once and in order from where it began; handled is what all have had, in order', async () => {
  const deeds = fc.array(
    fc.tuple(
      fc.constantFrom<Deed>('add', 'add', 'add', 'listen', 'mute', 'open', 'open', 'take', 'take', 'take', 'close'),
      fc.nat(3),
    ),
    { maxLength: 60, size: 'max' },
  );
  await fc.assert(
    fc.asyncProperty(deeds, async (list) => {
      const on = bench(1e6);
      const readers: { readonly messages: AsyncIterableIterator<{ packet: number }>; readonly had: number[] }[] = [];
      const pending: Promise<unknown>[] = [];
      for (const [deed, which] of list) {
        const reader = readers[which % Math.max(1, readers.length)];
        if (deed === 'add') on.add();
        else if (deed === 'listen' || deed === 'mute') on.listen(deed === 'listen');
        else if (deed === 'open') readers.push({ messages: on.inbox.read(undefined), had: [] });
        else if (deed === 'close') await reader?.messages.return?.();
        else if (reader !== undefined) {
          const next = reader.messages.next().then(({ done, value }) => {
            if (done !== true) reader.had.push(value.packet);
          });
          pending.push(next);
        }
        // Who has taken a packet has it a few promises later.
        await new Promise((resolve) => setImmediate(resolve));
        expect(on.handled).toEqual(upTo(on.handled.length));
        const had = new Set([...on.heard, ...readers.flatMap((each) => each.had)]);
        for (const packet of on.handled) if (!had.has(packet)) throw new Error(`nobody has had ${packet}`);
        // What readers had before a listener came is gone for it.
        expect(on.heard.every((packet, index) => index === 0 || packet > (on.heard[index - 1] ?? 0))).toBe(true);
      }
      on.inbox.end();
      await Promise.all(pending);
      for (const { had } of readers) {
        const [first = 1] = had;
        expect(had).toEqual(had.map((_, index) => first + index));
      }
      for (const { messages } of readers) await messages.return?.();
      const had = new Set([...on.heard, ...readers.flatMap((each) => each.had)]);
      expect(on.handled).toEqual(upTo(Math.max(0, ...had)));
      on.listen(true);
      expect(on.handled).toEqual(upTo(on.count()));
      const rest = upTo(on.count()).slice(had.size);
      expect(on.heard.slice(on.heard.length - rest.length)).toEqual(rest);
    }),
    { numRuns: 60 },
  );
});

it('of ended sessions no more bytes wait than may, and the youngest are kept', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(400), fc.nat(20), (before, maxOrphans, after) => {
      const on = bench(maxOrphans);
      for (let i = 0; i < before; i++) on.add();
      on.inbox.orphan(on.session);
      const kept = Math.min(before, Math.floor(maxOrphans / 10));
      for (let i = 0; i < after; i++) on.add();
      on.listen(true);
      expect(on.heard).toEqual(upTo(before + after).slice(before - kept));
      // Nobody waits for receipts of a session that has ended.
      expect(on.handled).toEqual(upTo(before + after).slice(before));
      expect(on.inbox.idle).toBe(true);
    }),
  );
});

it('readers and listeners keep their place while the packets of sessions that end are dropped around it', async () => {
  const deeds = fc.array(
    fc.tuple(fc.constantFrom('add', 'add', 'add', 'take', 'take', 'end', 'listen', 'mute'), fc.nat(3)),
    { maxLength: 80, size: 'max' },
  );
  await fc.assert(
    fc.asyncProperty(deeds, fc.nat(60), fc.integer({ min: 1, max: 3 }), async (list, maxOrphans, count) => {
      const [heard, handled]: [number[], number[]] = [[], []];
      let open = false;
      const emit = ({ packet }: Message<number>): boolean => {
        if (open) heard.push(packet);
        return open;
      };
      const events = inboxEvents({ emit, handled: ({ sequence }) => handled.push(sequence) });
      const inbox = new Inbox<number>(events, maxOrphans);
      const sessions = Array.from({ length: 4 }, () => new Session());
      const readers = Array.from({ length: count }, () => ({ messages: inbox.read(undefined), had: [] as number[] }));
      const pending: Promise<unknown>[] = [];
      /** Of which session each packet is, and the packets of sessions that have ended. */
      const of: Session[] = [];
      const ended = new Set<number>();
      for (const [deed, which] of list) {
        const session = sessions[which] as Session;
        if (deed === 'add') {
          const sequence = of.push(session);
          const receipt: Receipt = { id: 'p', session, lane: NORMAL, sequence, receivedBytes: sequence };
          inbox.add(contentOf(sequence), receipt, 10, false);
        } else if (deed === 'end') {
          for (const [index, each] of of.entries()) if (each === session) ended.add(index + 1);
          sessions[which] = new Session();
          inbox.orphan(session);
        } else if (deed === 'take') {
          const { messages, had } = readers[which % count] as (typeof readers)[number];
          const next = messages.next().then(({ done, value }) => {
            if (done !== true) had.push(value.packet);
          });
          pending.push(next);
          await Promise.race([next, new Promise((resolve) => setImmediate(resolve))]);
        } else {
          open = deed === 'listen';
          if (open) inbox.flow();
        }
      }
      inbox.end();
      await Promise.all(pending);
      for (const { messages, had } of readers) for await (const { packet } of messages) had.push(packet);
      for (const had of [...readers.map((reader) => reader.had), heard, handled]) {
        expect(had).toEqual([...new Set(had)].sort((a, b) => a - b));
      }
      const living = upTo(of.length).filter((packet) => !ended.has(packet));
      for (const { had } of readers) expect(had.filter((packet) => !ended.has(packet))).toEqual(living);
      expect(handled.filter((packet) => !ended.has(packet))).toEqual(living);
      expect(inbox.idle).toBe(true);
    }),
    { numRuns: 100 },
  );
});
