/** Packets from their arrival on: decoded at once, or kept as they came; and what the core hears of it. */
import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type Message, type Messages, MOST_DECODED } from '../../src/delivery/inbox.js';
import { Reception } from '../../src/delivery/reception.js';
import type { MasterlessError } from '../../src/errors.js';
import { Deliver } from '../../src/protocol/output.js';
import { Session } from '../../src/protocol/session.js';

const KiB = 1024;

/** A reception whose packets are texts, and a record of what it asks and tells. */
function bench() {
  const session = new Session();
  const told: unknown[] = [];
  const decoded: string[] = [];
  const state: { session: Session | null; attended: boolean } = { session, attended: false };
  const core = {
    attend: (attended: boolean) => {
      state.attended = attended;
    },
    handled: ({ sequence }: { sequence: number }, now: number) => void told.push(['handled', sequence, now]),
    session: () => state.session,
    undecodable: (id: string, { code, message }: MasterlessError) => void told.push(['undecodable', id, code, message]),
  };
  const codec = {
    decode: (bytes: Uint8Array): string => {
      const text = Buffer.from(bytes).toString().trimEnd();
      if (text === 'bad') throw new Error('no text');
      decoded.push(text);
      return text;
    },
  };
  const driver = { instant: 1, now: () => 2, pump: () => void told.push('pump'), scheduleFlush: () => undefined };
  const voice = new EventEmitter<{ message: [string, string] }>();
  const reception = new Reception<string>(core, codec, voice, driver, 1024 * KiB);
  const memory = new Uint8Array(MOST_DECODED);
  let sequence = 0;
  /** It comes in memory that others come in as well. */
  const come = (text: string, size = text.length): void => {
    const deliver = new Deliver(session);
    memory.fill(0x20, 0, size);
    memory.set(Buffer.from(text));
    Object.assign(deliver, { id: 'p', buffer: memory, start: 0, end: size, lane: 0, sequence: ++sequence });
    reception.receive(deliver);
    memory.fill(0);
  };
  return { reception, voice, session, told, decoded, state, come };
}

async function take(messages: Messages<string>, count: number): Promise<(Message<string> | undefined)[]> {
  const had: (Message<string> | undefined)[] = [];
  for (let i = 0; i < count; i++) had.push((await messages.next()).value);
  return had;
}

describe('a packet that comes', () => {
  it('goes straight to who listens, and is handled then', () => {
    const { voice, told, come } = bench();
    voice.on('message', (sender, packet) => told.push([sender, packet]));
    come('a');
    expect(told).toEqual([
      ['p', 'a'],
      ['handled', 1, 1],
    ]);
  });

  it('waits where nobody listens, and the core knows that', () => {
    const { reception, voice, told, state, come } = bench();
    state.attended = true;
    come('a');
    expect([told, state.attended]).toEqual([[], false]);
    voice.on('message', (_, packet) => told.push(packet));
    reception.listen();
    expect([told, state.attended]).toEqual([['a', ['handled', 1, 2]], true]);
  });

  it('and is none ends its session at once', () => {
    const { voice, told, come } = bench();
    voice.on('message', () => told.push('message'));
    come('bad');
    expect(told).toEqual([['undecodable', 'p', 'ERR_BAD_PACKET', 'Error: no text']]);
  });
});

describe('packets that wait', () => {
  it('are decoded as they come while these are few, and others when it is their turn', async () => {
    const { reception, decoded, told, come } = bench();
    for (const text of ['a', 'b']) come(text, MOST_DECODED - 1);
    for (const text of ['c', 'd']) come(text);
    expect(decoded).toEqual(['a', 'b']);
    const messages = reception.read(undefined);
    expect(await take(messages, 3)).toEqual(['a', 'b', 'c'].map((packet) => ({ sender: 'p', packet })));
    expect(decoded).toEqual(['a', 'b', 'c']);
    expect(told).toEqual([1, 2, 3].map((number) => ['handled', number, 2]));
    // Few wait again.
    come('e');
    expect(decoded).toEqual(['a', 'b', 'c', 'e']);
    expect(await take(messages, 2)).toMatchObject([{ packet: 'd' }, { packet: 'e' }]);
  });

  it('reach a listener in order though others wait for a reader', () => {
    const { reception, voice, come } = bench();
    reception.read(undefined);
    const heard: string[] = [];
    voice.on('message', (_, packet) => heard.push(packet));
    for (const text of ['a', 'b']) come(text, MOST_DECODED - 1);
    for (const text of ['c', 'd']) come(text);
    expect(heard).toEqual(['a', 'b', 'c', 'd']);
  });

  it.each([true, false])('and turn out to be none end their session, if it goes on (%s)', async (goesOn) => {
    const { reception, told, state, come } = bench();
    for (const text of ['a', 'b']) come(text, MOST_DECODED - 1);
    for (const text of ['bad', 'behind']) come(text);
    if (!goesOn) state.session = new Session();
    const messages = reception.read(undefined);
    expect(await take(messages, 2)).toMatchObject([{ packet: 'a' }, { packet: 'b' }]);
    void messages.next();
    await new Promise(setImmediate);
    const end = goesOn ? [['undecodable', 'p', 'ERR_BAD_PACKET', 'Error: no text'], 'pump'] : [];
    expect(told).toEqual([['handled', 1, 2], ['handled', 2, 2], ...end]);
  });
});
