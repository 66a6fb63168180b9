/** Laws of the payloads of control frames, for any fields and any damage. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByeReason, decodeHello, encodeHello, type Hello, RejectReason } from '../../src/protocol/control.js';
import { FieldReader, FieldWriter } from '../../src/protocol/fields.js';
import { encodeFrame, Frame, MAX_CONTROL } from '../../src/protocol/frame.js';
import { hello, Scripted } from './scripted.js';
import { forms, type Kind } from './vectors.js';

const number = fc.oneof(fc.nat(300), fc.maxSafeNat());
const counts = fc.tuple(number, number);
const incarnation = fc.stringMatching(/^[0-9a-f]{15}[1-9a-f]$/);

/** Every control frame whose payload has one form only. */
const fields = {
  State: fc.record({
    ...{ nonce: number, incarnation: fc.oneof(incarnation, fc.constant('')), session: number, epoch: number },
    ...{ live: fc.boolean(), received: counts },
  }),
  Query: fc.record({ nonce: number }),
  Adopt: fc.record({ nonce: number, epoch: number, session: number, received: counts, start: counts }),
  Accept: fc.record({ epoch: number, received: counts }),
  Reject: fc.record({ reason: fc.constantFrom(...Object.values(RejectReason)), detail: fc.string({ maxLength: 50 }) }),
  Ack: fc.record({ handled: counts }),
  Keep: fc.record({ keep: fc.boolean() }),
  Bye: fc.record({ reason: fc.constantFrom(...Object.values(ByeReason)) }),
  Ping: fc.record({ contested: fc.boolean(), token: number }),
  Pong: fc.record({ token: number }),
} satisfies Partial<Record<Kind, fc.Arbitrary<unknown>>>;

const anyFrame = fc.oneof(
  ...Object.entries(fields).map(([kind, arbitrary]) =>
    (arbitrary as fc.Arbitrary<unknown>).map((given) => ({
      kind: kind as Kind,
      payload: payloadOf(forms[kind as Kind].encode(given)),
    })),
  ),
);

/** The payload of a control frame: what is behind kind and length. */
function payloadOf(frame: Uint8Array): Uint8Array {
  return frame.subarray((frame[1] as number) > 0x7f ? 3 : 2);
}

describe('a payload of one form', () => {
  it('that is damaged in one byte is refused, or is the only form of other fields', () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(), fc.nat(255), ({ kind, payload }, place, byte) => {
        const damaged = payload.slice();
        damaged[place % damaged.length] = byte;
        let decoded: unknown;
        try {
          decoded = forms[kind].decode(damaged);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_PROTOCOL' });
          return;
        }
        expect(payloadOf(forms[kind].encode(decoded))).toEqual(damaged);
      }),
      { numRuns: 1000 },
    );
  });

  it('that is cut anywhere, or goes on, is refused', () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(255), ({ kind, payload }, more) => {
        const fault = expect.objectContaining({ code: 'ERR_PROTOCOL' });
        // ACK of nothing is a frame of its own: it asks.
        for (let length = kind === 'Ack' ? 1 : 0; length < payload.length; length++) {
          expect(() => forms[kind].decode(payload.subarray(0, length))).toThrow(fault);
        }
        expect(() => forms[kind].decode(Uint8Array.from([...payload, more]))).toThrow(fault);
      }),
    );
  });
});

describe('a varint', () => {
  it('has a byte for each 7 bits, and comes back as its number', () => {
    fc.assert(
      fc.property(number, number, (left, right) => {
        const bytes = payloadOf(new FieldWriter().varint(left).varint(right).frame(Frame.Ack));
        const length = (value: number) => Math.max(1, Math.ceil(value.toString(2).length / 7));
        expect(bytes.length).toBe(length(left) + length(right));
        const reader = new FieldReader(bytes);
        expect(reader.whole([reader.varint(), reader.varint()])).toEqual([left, right]);
      }),
    );
  });
});

describe('HELLO', () => {
  it('means the same with anything behind it', () => {
    const positive = number.map((value) => Math.max(1, value));
    const given = fc.record<Partial<Hello>>({ nonce: number, incarnation, window: positive, keep: fc.boolean() });
    fc.assert(
      fc.property(given, fc.uint8Array({ maxLength: 900 }), (some, rest) => {
        const payload = Uint8Array.from([...payloadOf(encodeHello(hello(some))), ...rest]);
        expect(decodeHello(payload)).toEqual(hello(some));
      }),
    );
  });

  it('is answered by HELLO if version 1 is in its range, else by REJECT(version) whatever is behind the range', () => {
    const byte = fc.oneof(fc.nat(3), fc.nat(255));
    fc.assert(
      fc.property(byte, byte, fc.uint8Array({ maxLength: MAX_CONTROL - 4 }), (min, max, rest) => {
        const inside = min <= 1 && max >= 1;
        const good = encodeHello(hello({ minVersion: min, maxVersion: max }));
        const line = new Scripted().dial();
        line.say(inside ? good : encodeFrame(Frame.Hello, Uint8Array.from([0x4d, 0x4c, min, max, ...rest])));
        if (inside) expect(line.one<Hello>('Hello').maxVersion).toBe(1);
        else expect(line.one<{ reason: number }>('Reject').reason).toBe(RejectReason.Version);
      }),
    );
  });

  it('is taken with any features offered, and with none but those of this node required', () => {
    const one = fc.nat(52).map((bit) => 2 ** bit);
    const features = fc.oneof(fc.constant(0), one, fc.maxSafeNat());
    fc.assert(
      fc.property(features, features, (offered, required) => {
        const line = new Scripted().dial();
        line.say(encodeHello(hello({ offered, required })));
        if (required === 0) expect(line.kinds()).toEqual(['Hello']);
        else expect(line.one<{ reason: number }>('Reject').reason).toBe(RejectReason.Feature);
      }),
    );
  });
});
