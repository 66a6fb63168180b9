/**
 * Frames that a stranger can say: with both bytes 0 the right one at that moment, as far as there is one; otherwise some of
 * its fields are wrong in a way that the core must notice, or bear.
 */
import * as control from '../../src/protocol/control.js';
import type { Counts } from '../../src/protocol/fields.js';
import { encodeFrame, Frame } from '../../src/protocol/frame.js';
import { Choices } from '../choices.js';
import type { Line } from './line.js';

const MOST = 2 ** 53 - 1;
const INCARNATIONS = ['00000000000000bb', '00000000000000cc', '00000000000000aa', '00000000000000ee'] as const;
/** Where the honest node is among the ids; its incarnation is the last. */
const HONEST = 3;
const LENGTHS = [1, 0, 2, 191, 192, 1000, 4096, 4097, 8192] as const;

/** Knowledge that a stranger has of the pair, from the lines that it had before. */
export interface Memory {
  session: number;
  epoch: number;
}

export type Phrase = (line: Line, memory: Memory, choices: Choices) => Uint8Array;

/** @param ids - of the stranger; the first is the usual one */
export function phrases(ids: readonly string[]): readonly Phrase[] {
  return [
    (_line, _memory, choices) => sayHello(ids, choices),
    sayState,
    sayAccept,
    sayAdopt,
    (_line, _memory, choices) => control.encodeQuery(choices.byte() > 200 ? MOST : choices.byte()),
    (line, _memory, choices) => sayPacket(line, choices),
    (line, _memory, choices) => sayAck(line, choices),
    (_line, _memory, choices) => control.encodeKeep(choices.byte() % 2 === 0),
    (_line, _memory, choices) => control.encodeBye(((choices.byte() + 1) % 5) as control.ByeReason),
    (_line, _memory, choices) => control.encodePing({ contested: choices.byte() % 2 === 1, token: choices.byte() }),
    (line, _memory, choices) => control.encodePong(choices.byte() % 2 === 0 ? line.token : choices.byte()),
    (_line, _memory, choices) =>
      control.encodeReject({
        reason: (choices.byte() % 12) as control.RejectReason,
        detail: 'x'.repeat(choices.byte()),
      }),
    (_line, _memory, choices) => control.encodeExtension([1, 0, 2, MOST][choices.byte() % 4] as number),
    () => control.encodeDuplicate(),
    () => control.encodeHeartbeat(),
  ];
}

function sayHello(ids: readonly string[], choices: Choices): Uint8Array {
  const [who, how] = [choices.byte(), choices.byte()];
  const wrong = new Choices(Uint8Array.of(how, who, how ^ who));
  const kind = how % 32;
  const odd = <T>(number: number, value: T, usual: T): T => (kind === number ? value : usual);
  const id = who % 16;
  const incarnation = who >> 5 === 7 ? 1 + (how % 3) : 0;
  return control.encodeHello({
    minVersion: odd(2, 2, 1),
    maxVersion: odd(2, 3, odd(3, 0, 1)),
    offered: odd(4, MOST, 0),
    required: odd(5, 2 ** wrong.below(53), 0),
    nonce: odd(1, MOST, 77 + (who >> 6)),
    // Who repeats both of the honest node's is that node to the core: without certificates it may take over its link.
    incarnation: INCARNATIONS[id === HONEST && incarnation === 3 ? 0 : incarnation] as string,
    id: ids[id] ?? (ids[0] as string),
    codec: odd(6, 'other', 'test'),
    keep: who % 32 < 16,
    heartbeat: odd(7, 1, odd(8, MOST, 2000)),
    resumeWindow: odd(9, 0, odd(10, MOST, 10_000)),
    window: odd(11, 1, odd(12, MOST, odd(13, 1024, 16 * 1024))),
    maxPacket: odd(14, 1, odd(15, MOST, 4096)),
    addresses: odd(16, ['test://hand', '', 'x'.repeat(255)], odd(17, ['test://m'], odd(18, ['test://hand'], []))),
  });
}

function sayState(line: Line, memory: Memory, choices: Choices): Uint8Array {
  const [what, how] = [choices.byte() % 12, choices.byte()];
  const knows = memory.session > 0 && what !== 1;
  const [normal, urgent] = line.received;
  const counts: readonly Counts[] = [
    ...([
      [normal, urgent],
      [0, 0],
      [normal, urgent],
      [normal, urgent],
      [normal, urgent],
      [normal, urgent],
    ] as const),
    ...([
      [normal, urgent],
      [normal + 1, urgent],
      [normal, urgent + 1],
      [MOST, 0],
      [Math.max(0, normal - 1), urgent],
    ] as const),
  ];
  return control.encodeState({
    nonce: how < 240 ? line.question : how,
    incarnation: knows ? (what === 6 ? '00000000000000dd' : '00000000000000aa') : '',
    session: what === 5 ? memory.session + 1 : knows ? memory.session : 0,
    epoch: what === 3 ? memory.epoch + 1 : what === 4 ? MOST : knows ? memory.epoch : 0,
    live: knows && what !== 2 && how % 4 === 1,
    received: knows ? (counts[what] ?? [normal, urgent]) : [0, 0],
  });
}

function sayAccept(line: Line, memory: Memory, choices: Choices): Uint8Array {
  const [what, how] = [choices.byte() % 8, choices.byte()];
  const { epoch = 1, session = 1 } = line.adopt ?? {};
  memory.session = session;
  memory.epoch = epoch;
  const [normal, urgent] = line.adopt?.start ?? [0, 0];
  const received: readonly Counts[] = [
    [normal, urgent],
    [normal, urgent],
    [normal + 1, urgent],
    [MOST, MOST],
    [0, how],
  ];
  return control.encodeAccept({
    epoch: what === 1 ? epoch + 1 : epoch,
    received: received[what] ?? [normal, urgent],
  });
}

function sayAdopt(line: Line, memory: Memory, choices: Choices): Uint8Array {
  const [what, how] = [choices.byte() % 12, choices.byte()];
  const goesOn = memory.session > 0 && what !== 1 && line.state?.session === memory.session;
  const epoch = Math.max(memory.epoch, line.state?.epoch ?? 0) + 1;
  if (!goesOn) memory.session = what === 2 ? 0 : memory.session + 1;
  memory.epoch = what === 3 ? memory.epoch : what === 4 ? MOST : epoch;
  const start: Counts = goesOn ? (line.state?.received ?? [0, 0]) : [0, 0];
  line.sent[0] = start[0];
  line.sent[1] = start[1];
  return control.encodeAdopt({
    nonce: what === 5 ? how : (line.hello?.nonce ?? 0),
    epoch: memory.epoch,
    session: memory.session,
    received: what === 6 ? [how, 0] : what === 7 ? [0, MOST] : goesOn ? line.received : [0, 0],
    start: what === 8 ? [start[0] + 1 + how, start[1]] : what === 9 ? [0, 0] : start,
  });
}

function sayPacket(line: Line, choices: Choices): Uint8Array {
  const [what, how] = [choices.byte(), choices.byte()];
  const kind = ([Frame.Data, Frame.Urgent, Frame.Data, Frame.Piece] as const)[what % 4] ?? Frame.Data;
  const length = how < 128 ? how : (LENGTHS[how % LENGTHS.length] as number);
  line.sent[kind === Frame.Urgent ? 1 : 0]++;
  return encodeFrame(kind, new Uint8Array(length));
}

function sayAck(line: Line, choices: Choices): Uint8Array {
  const [what, how] = [choices.byte() % 10, choices.byte()];
  const [normal, urgent] = line.received;
  if (what === 3) return control.encodeAckRequest();
  const counts: readonly Counts[] = [
    ...([
      [normal, urgent],
      [Math.max(0, normal - 1), urgent],
      [normal + 1, urgent],
      [normal, urgent],
    ] as const),
    ...([
      [normal, urgent + 1 + how],
      [0, 0],
      [MOST, MOST],
      [normal + 1 + how, urgent],
      [normal, 0],
      [0, urgent],
    ] as const),
  ];
  return control.encodeAck(counts[what] ?? [normal, urgent]);
}
