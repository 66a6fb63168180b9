/** What an application does while a packet of its own is being encoded: getters, toJSON and codecs run in the midst of it. */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Codec, MasterlessError, msgpack } from '../../src/index.js';
import { packets } from '../support/events.js';
import { linked, node } from '../support/nodes.js';

/** A packet with a getter, of a shape that is written by code made for it once it came often. */
function during(act: () => void, n: number): { n: number; readonly read: string; text: string } {
  return {
    n,
    get read() {
      act();
      return 'read';
    },
    text: 'x'.repeat(n % 60),
  };
}

describe('while a packet is encoded', () => {
  it('others may be sent to the same peer and come first; nothing of either is damaged', async () => {
    const { a, b } = await linked();
    const heard = packets(b);
    const expected: unknown[] = [];
    for (let n = 0; n < 2000; n++) {
      const inner = { inner: n, bytes: new Uint8Array(n % 300).fill(n) };
      const outer = during(() => {
        expect(a.send('b', inner, { urgent: n % 50 === 49 })).toBe(true);
        // The header of what is sent last is longer than that of the outer packet, or as long.
        if (n % 3 !== 0) expect(a.send(['b'], n)).toBe(1);
      }, n);
      expect(a.send('b', outer)).toBe(true);
      if (n % 50 !== 49) expected.push(inner);
      if (n % 3 !== 0) expected.push(n);
      expected.push({ n, read: 'read', text: 'x'.repeat(n % 60) });
      if (n % 400 === 399) await a.flush();
    }
    await a.flush();
    const normal = heard.filter(
      (packet) =>
        (packet as { inner?: number } | null)?.inner === undefined || (packet as { inner: number }).inner % 50 !== 49,
    );
    expect(normal).toEqual(expected);
    expect(heard.length).toBe(3 * 2000 - 667);
  });

  it('large binaries are sent as they are then, and their memory is the application’s again', async () => {
    const { a, b } = await linked();
    const heard = packets(b);
    const data = new Uint8Array(400_000);
    const sizes = [20, 20_000, 64 * 1024, 140_000, 400_000, 16_384];
    for (let n = 0; n < 60; n++) {
      const part = data.subarray(0, sizes[n % 6]).fill(n);
      const packet = {
        n,
        part,
        get twice() {
          if (n % 5 === 0) expect(a.send('b', { inner: n, part })).toBe(true);
          return part;
        },
      };
      while (!a.writable('b', 1_000_000)) await a.flush();
      if (n % 7 === 5) void a.deliver('b', packet);
      else expect(a.send(n % 7 === 6 ? ['b'] : 'b', packet)).toBeTruthy();
      data.fill(0xee);
    }
    await a.flush();
    const expected = Array.from({ length: 60 }, (_, n) => {
      const part = new Uint8Array(sizes[n % 6] as number).fill(n);
      return [...(n % 5 === 0 ? [{ inner: n, part }] : []), { n, part, twice: part }];
    }).flat();
    expect(heard.length).toBe(expected.length);
    for (const [index, packet] of expected.entries()) {
      if (!isDeepStrictEqual(heard[index], packet)) throw new Error(`packet ${index} is another`);
    }
  });

  it('it may fail, and the next packet goes where it would have gone', async () => {
    const { a, b } = await linked();
    const heard = packets(b);
    const fails = during(() => {
      throw new Error('of the getter');
    }, 50);
    for (let n = 0; n < 100; n++) {
      a.send('b', n);
      expect(() => a.send('b', fails)).toThrow('of the getter');
      expect(() => a.send('b', { a: 'x'.repeat(100), b: () => 1 })).toThrow(/packet\.b/);
    }
    await a.flush();
    expect(heard).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  it.each(['disconnect', 'close'] as const)('%s may be called, and then it is not taken', async (call) => {
    const { a, b } = await linked();
    const heard = packets(b);
    const end = (): Promise<void> => (call === 'close' ? a.close() : a.disconnect('b'));
    const ends = during(() => void end(), 30);
    a.send('b', 'before');
    expect(a.send('b', ends)).toBe(false);
    await end();
    expect(heard).toEqual(['before']);
  });
});

describe('a codec of the application', () => {
  it.each(['with', 'without'])('%s encodeInto carries packets of all sizes', async (how) => {
    const whole = msgpack();
    const { name, encode, decode } = whole;
    const codec: Codec = how === 'with' ? whole : { name, encode, decode };
    const { a, b } = await linked({ a: { codec }, b: { codec } });
    const heard = packets(b);
    const sizes = [0, 1, 180, 190, 200, 8180, 8200, 60_000, 70_000, 130_000, 300_000];
    const sent = Array.from({ length: 120 }, (_, index) => new Uint8Array(sizes[index % 11] as number).fill(index));
    for (const packet of sent) while (!a.send('b', packet)) await a.flush();
    await a.flush();
    expect(heard.length).toBe(sent.length);
    for (const [index, packet] of sent.entries()) expect(Buffer.compare(packet, heard[index] as Uint8Array)).toBe(0);
  });

  it('may give packets in parts, of which nothing is kept', async () => {
    const whole = msgpack();
    const parts = (packet: unknown): Uint8Array[] => {
      const bytes = whole.encode(packet);
      return [bytes.slice(0, 1), bytes.slice(1, 2), bytes.slice(2)];
    };
    const { name, encode, decode } = whole;
    for (const codec of [
      { name, encode, decode, encodeParts: parts },
      { name, encode, decode, encodeParts: parts, encodeInto: parts },
      { name, encode, decode, encodeParts: encode, encodeInto: encode },
    ] satisfies Codec[]) {
      const { a, b } = await linked({ a: { codec }, b: { codec } });
      const heard = packets(b);
      const sent = Array.from({ length: 300 }, (_, index) => 'x'.repeat((index * 377) % 5000));
      for (const packet of sent) a.send('b', packet);
      await a.flush();
      expect(heard).toEqual(sent);
    }
  });

  it.each([0.5, -5, Number.NaN, 1e5, 1e9])(
    'that says it wrote %d bytes is told so, and nothing is lost',
    async (lie) => {
      const whole = msgpack();
      const encodeInto: NonNullable<Codec['encodeInto']> = (packet, target, at) =>
        packet === 'lie' ? lie : (whole.encodeInto?.(packet, target, at) ?? 0);
      const codec: Codec = { name: whole.name, encode: whole.encode, decode: whole.decode, encodeInto };
      const { a, b } = await linked({ a: { codec }, b: { codec } });
      const heard = packets(b);
      a.send('b', 'first');
      expect(() => a.send('b', 'lie')).toThrow(MasterlessError);
      a.send('b', 'last');
      await a.flush();
      expect(heard).toEqual(['first', 'last']);
    },
  );

  it('may give the packet as a part of the target, whatever its size', async () => {
    const whole = msgpack();
    const encodeInto: NonNullable<Codec['encodeInto']> = (packet, target, at) => {
      const made = whole.encodeInto?.(packet, target, at) ?? 0;
      return typeof made === 'number' ? target.bytes.subarray(at, at + made) : made;
    };
    const codec: Codec = { name: whole.name, encode: whole.encode, decode: whole.decode, encodeInto };
    const { a, b } = await linked({ a: { codec }, b: { codec } });
    const heard = packets(b);
    const sent = Array.from({ length: 300 }, (_, index) => 'x'.repeat((index * 37) % 500));
    for (const packet of sent) a.send('b', packet);
    await a.flush();
    expect(heard).toEqual(sent);
  });

  it('that wraps the one there is by spreading it sees every packet', async () => {
    const whole = msgpack();
    const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0x55);
    const codec: Codec = {
      ...whole,
      name: 'flipped',
      encode: (packet) => flip(whole.encode(packet)),
      decode: (bytes) => whole.decode(flip(bytes)),
    };
    const { a, b } = await linked({ a: { codec }, b: { codec } });
    const heard = packets(b);
    for (let n = 0; n < 50; n++) a.send('b', { n });
    await a.flush();
    expect(heard).toEqual(Array.from({ length: 50 }, (_, n) => ({ n })));
  });

  it.each(['encodeInto', 'encodeParts', 'decodeRange'] as const)('has a function for %s, or nothing', (name) => {
    const codec = { name: 'x', encode: () => new Uint8Array(0), decode: () => null, [name]: null } as unknown as Codec;
    expect(() => node('a', { codec })).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
  });
});
