import { describe, expect, it } from 'vitest';
import { FrameDecoder, MAX_DATA } from '../../src/protocol/frame.js';
import { bytesOf, forms, type Kind, kindOf, type Valid, vectors } from './vectors.js';

interface Found {
  readonly kind: Kind;
  readonly fields: unknown;
}

/** Every frame in the chunks, decoded down to its fields. */
function decode(chunks: Iterable<Uint8Array>, maxData = MAX_DATA): Found[] {
  const decoder = new FrameDecoder();
  decoder.maxData = maxData;
  const found: Found[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    while (decoder.next()) {
      const kind = kindOf(decoder.kind);
      found.push({ kind, fields: forms[kind].decode(decoder.buffer.subarray(decoder.start, decoder.end)) });
    }
  }
  return found;
}

function* bytewise(bytes: Uint8Array): Generator<Uint8Array> {
  // One array, so that a decoder that kept a view of a chunk would be found out.
  const one = new Uint8Array(1);
  for (const byte of bytes) {
    one[0] = byte;
    yield one;
  }
}

/** As the decoder gives the fields: payloads as plain hex. */
function expected({ kind, fields }: Valid): Found {
  if (typeof fields !== 'object' || fields === null || !('payload' in fields)) return { kind, fields };
  return { kind, fields: { payload: Buffer.from(bytesOf(String(fields.payload))).toString('hex') } };
}

function same(found: readonly Found[], wanted: readonly Found[]): void {
  // Large payloads compare as text first: a diff of a megabyte helps nobody.
  expect(found.map(({ kind }) => kind)).toEqual(wanted.map(({ kind }) => kind));
  if (JSON.stringify(found) !== JSON.stringify(wanted)) expect(found).toEqual(wanted);
}

const heartbeat: Found = { kind: 'Heartbeat', fields: {} };

describe.each(vectors.valid)('$name', (vector) => {
  const bytes = bytesOf(vector.hex);

  it('is what its fields encode to', () => {
    const encoded = forms[vector.kind].encode(vector.fields);
    expect(Buffer.compare(encoded, bytes)).toBe(0);
  });

  it('decodes whole', () => same(decode([bytes]), [expected(vector)]));

  it('decodes byte by byte', () => same(decode(bytewise(bytes)), [expected(vector)]));

  it('decodes between other frames, and from a chunk that goes on', () => {
    const around = Uint8Array.from([0xf1, ...bytes, 0xf1, 0xf1, 0xf2, 0x81]);
    same(decode([around]), [heartbeat, expected(vector), heartbeat, heartbeat]);
  });

  it('is nothing while a byte is missing', () => {
    const cut = bytes.subarray(0, -1);
    same(decode([cut]), []);
    same(decode([cut, bytes.subarray(-1)]), [expected(vector)]);
  });
});

describe.each(vectors.invalid)('$name', ({ hex, error, maxData }) => {
  const bytes = bytesOf(hex);
  const fault = expect.objectContaining({ code: 'ERR_PROTOCOL', message: expect.stringContaining(error) });

  it('is a protocol error, whole', () => {
    expect(() => decode([bytes], maxData)).toThrow(fault);
  });

  it('is a protocol error, byte by byte', () => {
    expect(() => decode(bytewise(bytes), maxData)).toThrow(fault);
  });

  it('is a protocol error with bytes behind it', () => {
    expect(() => decode([Uint8Array.from([...bytes, 0xf1, 0x00])], maxData)).toThrow(fault);
  });
});

it('there are vectors for every kind of frame', () => {
  expect(new Set(vectors.valid.map(({ kind }) => kind))).toEqual(new Set(Object.keys(forms)));
  expect(vectors.valid.length + vectors.invalid.length).toBeGreaterThan(100);
});
