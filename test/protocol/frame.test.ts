import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeFrame,
  Frame,
  FrameDecoder,
  type FrameKind,
  MAX_CONTROL,
  MAX_DATA,
  MAX_HEADER,
  protocolError,
  writeHeader,
} from '../../src/protocol/frame.js';

interface Plain {
  readonly kind: FrameKind;
  readonly payload: Uint8Array;
}

function decoderFor(maxData = MAX_DATA): FrameDecoder {
  const decoder = new FrameDecoder();
  decoder.maxData = maxData;
  return decoder;
}

function drain(decoder: FrameDecoder): Plain[] {
  const frames: Plain[] = [];
  while (decoder.next()) frames.push({ kind: decoder.kind, payload: decoder.buffer.slice(decoder.start, decoder.end) });
  return frames;
}

/** Bytes that the decoder holds of an unfinished frame. */
function held(decoder: FrameDecoder): number {
  return (Reflect.get(decoder, 'held') as Uint8Array).length;
}

const bulk: readonly FrameKind[] = [Frame.Data, Frame.Urgent, Frame.Piece];
const control = Object.values(Frame).filter((kind) => !bulk.includes(kind) && kind !== Frame.Heartbeat);
const length = fc.oneof(
  fc.nat(300),
  fc.nat(20_000),
  fc.constantFrom(0, 127, 128, 191, 192, 8191, 8192, 16_383, 16_384),
);
const frames = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom(...bulk), length }),
    fc.record({ kind: fc.constantFrom(...control), length: fc.nat(MAX_CONTROL) }),
    fc.constant({ kind: Frame.Heartbeat, length: 0 }),
  ),
  { maxLength: 12 },
);

function plain(list: readonly { kind: FrameKind; length: number }[]): Plain[] {
  return list.map(({ kind, length }, index) => ({ kind, payload: new Uint8Array(length).fill(index + 1) }));
}

function stream(list: readonly Plain[]): Uint8Array {
  return new Uint8Array(Buffer.concat(list.map(({ kind, payload }) => encodeFrame(kind, payload))));
}

describe('FrameDecoder', () => {
  it('finds the same frames however the stream is split', () => {
    fc.assert(
      fc.property(
        frames,
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 20 }),
        (list, sizes) => {
          const wanted = plain(list);
          const bytes = stream(wanted);
          const decoder = decoderFor();
          const found: Plain[] = [];
          // One chunk of memory for all, as a socket may do it: the decoder must have copied what it still needs.
          const memory = new Uint8Array(5000);
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const size = Math.min(sizes[turn % sizes.length] as number, bytes.length - at);
            memory.set(bytes.subarray(at, at + size));
            decoder.push(memory.subarray(0, size));
            found.push(...drain(decoder));
            memory.fill(0xee);
            at += size;
          }
          deepStrictEqual(found, wanted);
          expect(decoder.partial).toBe(false);
        },
      ),
    );
  });

  it('finds the same frames whole and byte by byte', () => {
    fc.assert(
      fc.property(frames, (list) => {
        const wanted = plain(list);
        const bytes = stream(wanted);
        const whole = decoderFor();
        whole.push(bytes);
        deepStrictEqual(drain(whole), wanted);
        const bytewise = decoderFor();
        const found: Plain[] = [];
        for (const byte of bytes) {
          bytewise.push(Uint8Array.of(byte));
          found.push(...drain(bytewise));
        }
        deepStrictEqual(found, wanted);
      }),
      { numRuns: 30 },
    );
  });

  it('throws protocol errors and nothing else on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(0, 100, MAX_DATA), (bytes, maxData) => {
        const decoder = decoderFor(maxData);
        decoder.push(bytes);
        try {
          for (const { kind, payload } of drain(decoder)) {
            const most = bulk.includes(kind) ? maxData : MAX_CONTROL;
            expect(payload.length).toBeLessThanOrEqual(most);
          }
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_PROTOCOL' });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('takes a payload from the chunk without copying it', () => {
    const decoder = decoderFor();
    const chunk = encodeFrame(Frame.Data, new Uint8Array(1000));
    decoder.push(chunk);
    expect(decoder.next()).toBe(true);
    expect(decoder.buffer).toBe(chunk);
  });

  it('holds no more than what has come of a frame that declares much', () => {
    const decoder = decoderFor();
    decoder.push(Uint8Array.of(0xef, 0xff, 0xff));
    expect(decoder.next()).toBe(false);
    expect(decoder.partial).toBe(true);
    expect(held(decoder)).toBe(64);
    let came = 3;
    for (const size of [100, 1000, 10_000]) {
      decoder.push(new Uint8Array(size));
      expect(decoder.next()).toBe(false);
      came += size;
      expect(held(decoder)).toBeLessThan(2 * came + 64);
    }
  });

  it('never holds more than the largest frame, uses that memory for the next, and lets go of it when none follows', () => {
    const decoder = decoderFor();
    const frame = encodeFrame(Frame.Data, new Uint8Array(MAX_DATA));
    for (let at = 0; at < frame.length; at += 60_000) {
      decoder.push(frame.subarray(at, at + 60_000));
      const found = decoder.next();
      expect(held(decoder)).toBeLessThanOrEqual(MAX_DATA + MAX_HEADER);
      expect(found).toBe(at + 60_000 >= frame.length);
    }
    expect(decoder.next()).toBe(false);
    const memory = held(decoder);
    expect(memory).toBeGreaterThan(MAX_DATA);
    decoder.push(frame.subarray(0, 60_000));
    expect(decoder.next()).toBe(false);
    decoder.push(frame.subarray(60_000));
    expect([decoder.next(), decoder.next(), held(decoder)]).toEqual([true, false, memory]);
    decoder.push(encodeFrame(Frame.Heartbeat, new Uint8Array(0)));
    expect([decoder.next(), decoder.next(), held(decoder)]).toEqual([true, false, 0]);
  });

  it('keeps small memory for the next frame that comes in parts', () => {
    const decoder = decoderFor();
    const frame = encodeFrame(Frame.Data, new Uint8Array(40));
    for (let round = 0; round < 3; round++) {
      decoder.push(frame.subarray(0, 20));
      expect(decoder.next()).toBe(false);
      decoder.push(frame.subarray(20));
      expect(decoder.next()).toBe(true);
      expect(decoder.next()).toBe(false);
    }
    expect(held(decoder)).toBe(64);
  });

  it('refuses packets until it is told how large they may be', () => {
    for (const first of [0x00, 0xbf, 0xc1]) {
      const decoder = new FrameDecoder();
      decoder.push(Uint8Array.of(first, 0));
      expect(() => decoder.next()).toThrow('before the link is adopted');
    }
    const decoder = new FrameDecoder();
    decoder.push(Uint8Array.of(0xf2, 0, 0x01, 0x61));
    expect(decoder.next()).toBe(true);
    decoder.maxData = 1;
    expect(decoder.next()).toBe(true);
    expect(decoder.kind).toBe(Frame.Data);
  });

  it('refuses a length over the limit as soon as it is read', () => {
    const decoder = decoderFor(1000);
    decoder.push(Uint8Array.of(0xff, 0xe9));
    expect(decoder.next()).toBe(false);
    decoder.push(Uint8Array.of(0x07));
    expect(() => decoder.next()).toThrow('frame FF of 1001 bytes: the limit is 1000');
  });
});

describe('writeHeader', () => {
  it.each([
    [Frame.Data, 191, 1],
    [Frame.Data, 192, 2],
    [Frame.Data, 8191, 2],
    [Frame.Data, 8192, 3],
    [Frame.Data, MAX_DATA, 3],
    [Frame.Heartbeat, 0, 1],
    [Frame.Urgent, 127, 2],
    [Frame.Urgent, 128, 3],
    [Frame.Piece, 131_072, 4],
    [Frame.Ack, 4, 2],
  ] as const)('%i of %i bytes takes %i', (kind, size, header) => {
    expect(writeHeader(kind, size, new Uint8Array(MAX_HEADER + 3), 3)).toBe(header + 3);
  });
});

it('protocolError says whose fault it is', () => {
  expect(protocolError('why')).toMatchObject({
    code: 'ERR_PROTOCOL',
    side: 'remote',
    message: 'the other node broke the protocol: why',
  });
});
