import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ByeReason,
  decodeHello,
  decodeReject,
  decodeVersions,
  encodeHello,
  encodeReject,
  type Hello,
  MAX_ADDRESS,
  MAX_ADDRESSES,
  MAX_ID,
  RejectReason,
} from '../../src/protocol/control.js';
import { MAX_CONTROL } from '../../src/protocol/frame.js';
import { hello } from './scripted.js';
import { forms, type Kind } from './vectors.js';

/** The payload of a control frame: what is behind kind and length. */
function payloadOf(frame: Uint8Array): Uint8Array {
  return frame.subarray((frame[1] as number) > 0x7f ? 3 : 2);
}

function again(fields: Hello): Hello {
  return decodeHello(payloadOf(encodeHello(fields)));
}

const number = fc.maxSafeNat();
const counts = fc.tuple(number, number);
const incarnation = fc.stringMatching(/^[0-9a-f]{15}[1-9a-f]$/);

describe('control frames', () => {
  const fields: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    State: fc.record({
      ...{ nonce: number, incarnation: fc.oneof(incarnation, fc.constant('')), session: number, epoch: number },
      ...{ live: fc.boolean(), received: counts },
    }),
    Query: fc.record({ nonce: number }),
    Adopt: fc.record({ nonce: number, epoch: number, session: number, received: counts, start: counts }),
    Accept: fc.record({ epoch: number, received: counts }),
    Reject: fc.record({
      reason: fc.constantFrom(...Object.values(RejectReason)),
      detail: fc.string({ maxLength: 200 }),
    }),
    Ack: fc.record({ handled: fc.option(counts) }),
    Keep: fc.record({ keep: fc.boolean() }),
    Bye: fc.record({ reason: fc.constantFrom(...Object.values(ByeReason)) }),
    Ping: fc.record({ contested: fc.boolean(), token: number }),
    Pong: fc.record({ token: number }),
  };

  it.each(Object.keys(fields))('%s comes back as it was', (kind) => {
    const form = forms[kind as Kind];
    fc.assert(
      fc.property(fields[kind] as fc.Arbitrary<unknown>, (given) => {
        expect(form.decode(payloadOf(form.encode(given)))).toEqual(given);
      }),
    );
  });

  it.each(Object.keys(forms).filter((kind) => kind !== 'Heartbeat'))(
    '%s of any bytes is fields or a protocol error',
    (kind) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
          try {
            forms[kind as Kind].decode(bytes);
          } catch (error) {
            expect(error).toMatchObject({ code: 'ERR_PROTOCOL' });
          }
        }),
      );
    },
  );
});

describe('HELLO', () => {
  it('comes back as it was', () => {
    const positive = number.map((value) => Math.max(1, value));
    const given = fc.record<Partial<Hello>>({
      ...{ offered: number, required: number, nonce: number, incarnation, keep: fc.boolean(), heartbeat: positive },
      ...{ resumeWindow: number, window: positive, maxPacket: positive },
      id: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((id) => Buffer.byteLength(id) <= MAX_ID),
      addresses: fc.array(fc.webUrl({ size: 'small' }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(given, (fields) => {
        fc.pre((fields.addresses ?? []).every((address) => Buffer.byteLength(address) <= MAX_ADDRESS));
        expect(again(hello(fields))).toEqual(hello(fields));
      }),
    );
  });

  it('tells the first addresses that fit, and leaves out what is too long', () => {
    const many = Array.from({ length: 12 }, (_, index) => `tcp://10.0.0.${index}:1`);
    expect(again(hello({ addresses: many })).addresses).toEqual(many.slice(0, MAX_ADDRESSES));
    const long = `tcp://${'h'.repeat(MAX_ADDRESS)}`;
    expect(again(hello({ addresses: [long, 'tcp://a:1'] })).addresses).toEqual(['tcp://a:1']);
    const large = Array.from({ length: 8 }, (_, index) => `tcp://${index}${'h'.repeat(240)}`);
    const told = again(hello({ addresses: [...large.slice(0, 7), 'tcp://a:1'], id: 'i'.repeat(MAX_ID) })).addresses;
    expect(told).toEqual([...large.slice(0, 2), 'tcp://a:1']);
  });

  it('never is larger than a control frame may be', () => {
    const address = fc.string({ minLength: 1, maxLength: MAX_ADDRESS });
    fc.assert(
      fc.property(fc.array(address, { maxLength: 8 }), fc.integer({ min: 1, max: MAX_ID }), (addresses, size) => {
        const largest = { offered: 2 ** 53 - 1, required: 2 ** 53 - 1, nonce: 2 ** 53 - 1, codec: 'c'.repeat(32) };
        const frame = encodeHello(hello({ ...largest, addresses, id: 'i'.repeat(size), window: 2 ** 53 - 1 }));
        expect(payloadOf(frame).length).toBeLessThanOrEqual(MAX_CONTROL);
      }),
    );
  });

  it('may go on behind its last field, for what a later version adds', () => {
    const payload = payloadOf(encodeHello(hello()));
    expect(decodeHello(Uint8Array.from([...payload, 1, 2, 3]))).toEqual(hello());
  });

  it('tells its versions whatever follows them', () => {
    expect(decodeVersions(Uint8Array.of(0x4d, 0x4c, 2, 9, 255, 255))).toEqual({ min: 2, max: 9 });
  });
});

it('REJECT cuts a long detail', () => {
  const frame = encodeReject({ reason: RejectReason.Limit, detail: 'é'.repeat(500) });
  expect(decodeReject(payloadOf(frame)).detail).toBe('é'.repeat(200));
});
