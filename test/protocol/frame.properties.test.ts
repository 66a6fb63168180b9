/** Laws of frames, for any stream and however it is portioned. */
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
  writeHeader,
} from '../../src/protocol/frame.js';

const bulk: readonly FrameKind[] = [Frame.Urgent, Frame.Piece];
const control = Object.values(Frame).filter(
  (kind) => kind !== Frame.Data && kind !== Frame.Heartbeat && !bulk.includes(kind),
);

/** A length with as many bits as it likes, so that small ones are not rare. */
function upTo(most: number): fc.Arbitrary<number> {
  return fc.tuple(fc.nat(20), fc.nat(most)).map(([shift, value]) => value >>> shift);
}

const headers: fc.Arbitrary<readonly [FrameKind, number]> = fc.oneof(
  upTo(MAX_DATA).map((length) => [Frame.Data, length] as const),
  fc.tuple(fc.constantFrom(...bulk), upTo(MAX_DATA)),
  fc.tuple(fc.constantFrom(...control), upTo(MAX_CONTROL)),
);
const body = fc.oneof(fc.uint8Array({ maxLength: 2 }), fc.uint8Array({ maxLength: 300 }));
const frame = fc.oneof(
  fc.constant(Uint8Array.of(Frame.Heartbeat)),
  body.map((payload) => encodeFrame(Frame.Data, payload)),
  fc.tuple(fc.constantFrom(...bulk), body).map(([kind, payload]) => encodeFrame(kind, payload)),
  fc.tuple(fc.constantFrom(...control), body).map(([kind, payload]) => encodeFrame(kind, payload)),
);
/** Good frames, and behind them anything. */
const stream = fc
  .tuple(fc.array(frame, { maxLength: 6 }), fc.uint8Array({ maxLength: 40 }))
  .map(([frames, rest]) => new Uint8Array(Buffer.concat([...frames, rest])));
const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 });

function* portions(bytes: Uint8Array, of: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = of[turn % of.length] as number;
    yield bytes.slice(at, at + size);
    at += size;
  }
}

function decoderUpTo(maxData: number): FrameDecoder {
  const decoder = new FrameDecoder();
  decoder.maxData = maxData;
  return decoder;
}

/** The frames and, if there is one, the fault behind them. */
function outcome(chunks: Iterable<Uint8Array>): string[] {
  const decoder = decoderUpTo(200);
  const found: string[] = [];
  try {
    for (const chunk of chunks) {
      decoder.push(chunk);
      while (decoder.next()) {
        const payload = decoder.buffer.subarray(decoder.start, decoder.end);
        found.push(`${decoder.kind} ${Buffer.from(payload).toString('hex')}`);
      }
    }
    found.push(decoder.partial ? 'unfinished' : 'whole');
  } catch (error) {
    found.push(String(error));
  }
  return found;
}

describe('headers', () => {
  it('are as long as the table says, and give kind and length back', () => {
    fc.assert(
      fc.property(headers, ([kind, length]) => {
        const bytes = new Uint8Array(MAX_HEADER + length);
        const header = writeHeader(kind, length, bytes, 0);
        const varint = length < 2 ** 7 ? 1 : length < 2 ** 14 ? 2 : 3;
        expect(header).toBe(kind === Frame.Data ? (length < 192 ? 1 : length < 8192 ? 2 : 3) : 1 + varint);
        const decoder = decoderUpTo(MAX_DATA);
        decoder.push(bytes.subarray(0, header + length));
        expect(decoder.next()).toBe(true);
        expect([decoder.kind, decoder.end - decoder.start, decoder.start]).toEqual([kind, length, header]);
      }),
    );
  });

  it('in any longer form than the shortest are refused', () => {
    fc.assert(
      fc.property(headers, ([kind, length]) => {
        const longer: number[][] = [];
        if (kind === Frame.Data) {
          if (length < 192) longer.push([0xc0, length]);
          if (length < 8192) longer.push([0xe0, length >> 8, length & 0xff]);
        } else {
          if (length < 2 ** 7) longer.push([kind, length | 0x80, 0]);
          if (length < 2 ** 14) longer.push([kind, (length & 0x7f) | 0x80, (length >> 7) | 0x80, 0]);
        }
        for (const header of longer) {
          const decoder = decoderUpTo(MAX_DATA);
          decoder.push(Uint8Array.from(header));
          expect(() => decoder.next()).toThrow('is not in its shortest form');
        }
      }),
    );
  });
});

describe('for any stream', () => {
  it('frames and fault are the same however it is portioned', () => {
    fc.assert(
      fc.property(stream, sizes, (bytes, of) => {
        expect(outcome(portions(bytes, of))).toEqual(outcome([bytes]));
      }),
      { numRuns: 400 },
    );
  });

  it('what is decoded is what is encoded: the bytes up to the last frame, once more', () => {
    fc.assert(
      fc.property(stream, sizes, (bytes, of) => {
        const decoder = decoderUpTo(200);
        const again: Uint8Array[] = [];
        try {
          for (const chunk of portions(bytes, of)) {
            decoder.push(chunk);
            while (decoder.next()) {
              const payload = decoder.buffer.slice(decoder.start, decoder.end);
              again.push(decoder.kind === Frame.Heartbeat ? Uint8Array.of(0xf1) : encodeFrame(decoder.kind, payload));
            }
          }
        } catch {
          // The fault ends it; what came before it still must be what was there.
        }
        const whole = Buffer.concat(again);
        expect(whole.equals(bytes.subarray(0, whole.length))).toBe(true);
      }),
    );
  });

  it('memory stays below twice what has come', () => {
    fc.assert(
      fc.property(headers, sizes, ([kind, length], of) => {
        const bytes = encodeFrame(kind, new Uint8Array(length)).subarray(0, 3000);
        const decoder = decoderUpTo(MAX_DATA);
        let came = 0;
        for (const chunk of portions(bytes, of)) {
          came += chunk.length;
          decoder.push(chunk);
          while (decoder.next());
          const { length: held } = Reflect.get(decoder, 'held') as Uint8Array;
          expect(held).toBeLessThanOrEqual(Math.max(64, 2 * came));
        }
      }),
    );
  });
});

it('no beginning of a frame is a frame or a fault', () => {
  fc.assert(
    fc.property(frame, (bytes) => {
      for (let length = 0; length < bytes.length; length++) {
        const decoder = decoderUpTo(300);
        decoder.push(bytes.subarray(0, length));
        expect(decoder.next()).toBe(false);
        expect(decoder.partial).toBe(length > 0);
      }
    }),
  );
});
