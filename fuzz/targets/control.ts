/**
 * Payloads of control frames: each is refused as a protocol error, or becomes a value that goes back to those very bytes,
 * since every field has one form only.
 *
 * Input: a byte that chooses the frame, then the payload.
 */
import { MasterlessError } from '../../src/errors.js';
import * as control from '../../src/protocol/control.js';
import { FrameDecoder } from '../../src/protocol/frame.js';
import type { Random } from '../../src/testing/random.js';
import { same } from '../same.js';
import { must, type Target } from '../target.js';

interface Form {
  readonly name: string;
  decode(payload: Uint8Array): unknown;
  encode(fields: unknown): Uint8Array;
  make(random: Random): Uint8Array;
}

function form<T>(
  name: string,
  decode: (payload: Uint8Array) => T,
  encode: (fields: T) => Uint8Array,
  make: (random: Random) => T,
): Form {
  return { name, decode, encode: (fields) => encode(fields as T), make: (random) => encode(make(random)) };
}

const NUMBERS = [0, 1, 2, 127, 128, 16_383, 16_384, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 49, 2 ** 53 - 1] as const;
const TEXTS = [
  'a',
  'test',
  'Zoë 😀',
  '\ufeffa',
  'x'.repeat(31),
  'x'.repeat(126),
  'é'.repeat(64),
  'x'.repeat(255),
] as const;
const number = (random: Random): number => (random.chance(0.5) ? random.below(300) : random.pick(NUMBERS));
const positive = (random: Random): number => number(random) || 1;
const counts = (random: Random): readonly [number, number] => [number(random), number(random)];
const incarnation = (random: Random): string =>
  Array.from({ length: 16 }, () => random.below(16).toString(16))
    .join('')
    .replace(/^0+$/, '1');

function hello(random: Random): control.Hello {
  return {
    ...{ minVersion: random.pick([1, 0, 2, 255]), maxVersion: random.pick([1, 1, 2, 255]) },
    ...{ offered: number(random), required: number(random), nonce: number(random), incarnation: incarnation(random) },
    ...{ id: random.pick(TEXTS), codec: random.pick(TEXTS).slice(0, 8), keep: random.chance(0.5) },
    ...{ heartbeat: positive(random), resumeWindow: number(random) },
    ...{ window: positive(random), maxPacket: positive(random) },
    addresses: Array.from({ length: random.below(9) }, () => random.pick(TEXTS)),
  };
}

const FORMS: readonly Form[] = [
  form('Hello', control.decodeHello, control.encodeHello, hello),
  form('State', control.decodeState, control.encodeState, (random) => ({
    ...{ nonce: number(random), incarnation: random.chance(0.3) ? '' : incarnation(random), session: number(random) },
    ...{ epoch: number(random), live: random.chance(0.5), received: counts(random) },
  })),
  form('Query', control.decodeQuery, control.encodeQuery, number),
  form('Adopt', control.decodeAdopt, control.encodeAdopt, (random) => ({
    ...{ nonce: number(random), epoch: number(random), session: number(random) },
    ...{ received: counts(random), start: counts(random) },
  })),
  form('Accept', control.decodeAccept, control.encodeAccept, (random) => ({
    ...{ epoch: number(random), received: counts(random) },
  })),
  form('Duplicate', control.decodeDuplicate, control.encodeDuplicate, () => undefined),
  form('Reject', control.decodeReject, control.encodeReject, (random) => ({
    reason: random.pick(Object.values(control.RejectReason)),
    detail: random.chance(0.1) ? '' : random.pick(TEXTS),
  })),
  form(
    'Ack',
    control.decodeAck,
    (handled) => (handled === null ? control.encodeAckRequest() : control.encodeAck(handled)),
    (random) => (random.chance(0.1) ? null : counts(random)),
  ),
  form('Keep', control.decodeKeep, control.encodeKeep, (random) => random.chance(0.5)),
  form('Bye', control.decodeBye, control.encodeBye, (random) => random.pick(Object.values(control.ByeReason))),
  form('Ping', control.decodePing, control.encodePing, (random) => ({
    ...{ contested: random.chance(0.5), token: number(random) },
  })),
  form('Pong', control.decodePong, control.encodePong, number),
  form('Extension', control.decodeExtension, control.encodeExtension, number),
];

export const controls: Target = {
  name: 'control',
  piece: 250_000,
  longest: 1025,

  make(random) {
    const kind = random.below(FORMS.length);
    const payload = payloadOf((FORMS[kind] as Form).make(random));
    const input = new Uint8Array(1 + payload.length);
    input[0] = kind;
    input.set(payload, 1);
    return input;
  },

  run(input) {
    const form = FORMS[(input[0] ?? 0) % FORMS.length] as Form;
    let fields: unknown;
    try {
      fields = form.decode(input.subarray(1));
    } catch (error) {
      if (!(error instanceof MasterlessError) || error.code !== 'ERR_PROTOCOL') throw error;
      return `refused|${form.name} ${error.message.slice(0, 60).replaceAll(/\d+/g, '0')}`;
    }
    mustBeFields(fields);
    const again = payloadOf(form.encode(fields));
    const decoded = form.decode(again);
    must(same(decoded, shortened(fields)), `${form.name} came back as ${JSON.stringify(decoded)}`);
    mustBeThoseBytes(form.name, fields, input.subarray(1), again);
    return `taken|${form.name} ${again.length}`;
  },
};

/** The payload of one whole frame. */
function payloadOf(frame: Uint8Array): Uint8Array {
  const decoder = new FrameDecoder();
  decoder.push(frame);
  must(decoder.next(), 'what was encoded is no whole frame');
  const payload = decoder.buffer.slice(decoder.start, decoder.end);
  must(!decoder.next() && !decoder.partial, 'what was encoded is more than one frame');
  return payload;
}

/** Behind what is known, HELLO and EXTENSION may have more; the words of a REJECT may be too many to be said again. */
function mustBeThoseBytes(name: string, fields: unknown, payload: Uint8Array, again: Uint8Array): void {
  if (!same(shortened(fields), fields)) return;
  const open = name === 'Hello' || name === 'Extension';
  must(same(open ? payload.subarray(0, again.length) : payload, again), `${name} has two forms`);
}

/** Numbers are whole and exact, texts are Unicode. */
function mustBeFields(value: unknown): void {
  if (typeof value === 'number') must(Number.isSafeInteger(value) && value >= 0, `the number ${value}`);
  else if (typeof value === 'string') must(Buffer.from(value).toString() === value, 'a text that is not Unicode');
  else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) mustBeFields(item);
}

/** What is said to people is said in at most 200 characters; half of one becomes U+FFFD. */
function shortened(fields: unknown): unknown {
  if (typeof fields !== 'object' || fields === null || !('detail' in fields)) return fields;
  return { ...fields, detail: Buffer.from(String(fields.detail).slice(0, 200)).toString() };
}
