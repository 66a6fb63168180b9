/** Paths, limits, and user code that runs in the midst of it. What each value becomes is in msgpack.test.ts. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Encoder } from '../../src/codec/encoder.js';
import { resolveLimits } from '../../src/codec/limits.js';
import { msgpack } from '../../src/codec/msgpack.js';
import { anyPacket } from './any-packet.js';
import { thrownBy } from './packets.js';

/** An array in an array in an array, `depth` of them. */
function nested(depth: number): unknown {
  let value: unknown = [];
  for (let i = 1; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

describe('the path to the value', () => {
  test.each<[unknown, string]>([
    [new Map(), 'packet: a Map'],
    [{ users: [1, 2, { seen: new Map() }] }, 'packet.users[2].seen: a Map'],
    [{ 'a key': [[() => 1]] }, 'packet["a key"][0][0]: a function'],
    [{ a: { toJSON: () => ({ b: Symbol('x') }) } }, 'packet.a.b: a symbol'],
    [['\ud800'], 'packet[0]: a string with a lone surrogate'],
    [{ a: { 'x\ud800': 1 } }, 'packet.a["x\\ud800"]: a string with a lone surrogate'],
    [{ a: [`${'x'.repeat(1000)}\ud800`] }, 'packet.a[0]: a string with a lone surrogate'],
    [{ a: 2n ** 70n }, 'packet.a: a bigint'],
    [{ a: JSON.parse('{"__proto__": 1}') as unknown }, 'packet.a.__proto__: a property of this name'],
    [{ a: [new Float32Array(1)] }, 'packet.a[0]: a Float32Array'],
  ])('%#', (packet, start) => {
    const error = thrownBy(() => msgpack().encode(packet));
    expect(error.code).toBe('ERR_PACKET');
    expect(error.message.slice(0, start.length)).toBe(start);
  });
});

describe('limits', () => {
  test.each([1, 2, 32, 512])('depth %d', (depth) => {
    const codec = msgpack({ depth });
    expect(codec.decode(codec.encode(nested(depth)))).toEqual(nested(depth));
    const error = thrownBy(() => codec.encode(nested(depth + 1)));
    expect(error.code).toBe('ERR_PACKET');
    expect(error.message).toContain(`deeper than ${depth} levels, or holds itself`);
  });

  test('a cycle is found before the stack overflows, at any depth allowed', () => {
    const map: Record<string, unknown> = { other: {} };
    map.self = { list: [1, map] };
    const list: unknown[] = [];
    list.push(list, list, list);
    for (const depth of [1, 32, 512]) {
      expect(thrownBy(() => msgpack({ depth }).encode(map)).code).toBe('ERR_PACKET');
      expect(thrownBy(() => msgpack({ depth }).encode(list)).code).toBe('ERR_PACKET');
    }
  });

  test('an object that appears many times is counted each time', () => {
    let packet: unknown = [1];
    for (let i = 0; i < 30; i++) packet = [packet, packet];
    expect(thrownBy(() => msgpack().encode(packet)).code).toBe('ERR_PACKET_TOO_LARGE');
  });

  test.each<[number, unknown]>([
    [1, 'one'],
    [1, []],
    [4, [1, 2, 3]],
    [4, [1, undefined, 3]],
    [5, { a: 1, b: 2 }],
    [5, { a: 1, b: 2, c: undefined }],
    [6, [{ a: 1, b: 2 }]],
    [7, [[1], { a: 1 }, 2].slice(0, 2).concat([[]])],
  ])('%d items: what one side sends, the other takes', (items, packet) => {
    const codec = msgpack({ items });
    const bytes = codec.encode(packet).slice();
    expect(() => codec.decode(bytes)).not.toThrow();
    if (items === 1) return;
    const fewer = msgpack({ items: items - 1 });
    expect(thrownBy(() => fewer.encode(packet)).code).toBe('ERR_PACKET_TOO_LARGE');
    expect(thrownBy(() => fewer.decode(bytes)).code).toBe('ERR_BAD_PACKET');
  });
});

test('a key that can not be sent need not be when its value is undefined, whatever was sent before', () => {
  const codec = msgpack();
  const packet = { a: 1, '\ud800': undefined };
  for (let i = 0; i < 300; i++) expect(codec.decode(codec.encode(packet))).toEqual({ a: 1 });
  expect(codec.decode(codec.encode({ '\ud800': undefined }))).toEqual({});
  expect(thrownBy(() => codec.encode({ a: 1, '\ud800': 1 })).code).toBe('ERR_PACKET');
});

describe('user code', () => {
  test('what a getter throws passes through, and the codec is as it was', () => {
    const codec = msgpack();
    const mine = new Error('mine');
    const packet = {
      before: 'x'.repeat(10_000),
      get broken(): never {
        throw mine;
      },
    };
    for (let i = 0; i < 3; i++) {
      expect(() => codec.encode(packet)).toThrow(mine);
      expect(codec.decode(codec.encode({ a: i }))).toEqual({ a: i });
    }
  });

  test('a getter or toJSON may encode with the same codec', () => {
    const codec = msgpack();
    const inner = { list: [1, 2, 3], text: 'x'.repeat(5000) };
    const packet = {
      a: 1,
      get bytes(): Uint8Array {
        return codec.encode({
          get deeper(): Uint8Array {
            return codec.encode(inner);
          },
        });
      },
      b: { toJSON: (): Uint8Array => codec.encode(inner) },
      get c(): string {
        return thrownBy(() => codec.encode(new Map())).code;
      },
      d: 2,
    };
    const arrived = codec.decode(codec.encode(packet)) as Record<string, unknown>;
    expect(Object.keys(arrived)).toEqual(['a', 'bytes', 'b', 'c', 'd']);
    expect(codec.decode(arrived.b as Uint8Array)).toEqual(inner);
    const middle = codec.decode(arrived.bytes as Uint8Array) as Record<string, unknown>;
    expect(codec.decode(middle.deeper as Uint8Array)).toEqual(inner);
    expect(arrived.c).toBe('ERR_PACKET');
    expect(arrived.d).toBe(2);
  });

  test('a packet may change while it is encoded: what is sent is whole', () => {
    const codec = msgpack();
    const list: unknown[] = [];
    const map: Record<string, unknown> = {};
    list.push(1, { toJSON: () => list.splice(0).length }, 3, 4);
    Object.assign(map, { first: { toJSON: () => delete map.last && (map.more = 1) }, second: 2, last: 3 });
    expect(codec.decode(codec.encode(list))).toEqual([1, 4, null, null]);
    expect(codec.decode(codec.encode(map))).toEqual({ first: 1, second: 2 });
  });

  test('whatever a Proxy answers, what is sent is whole', () => {
    const codec = msgpack();
    for (const length of [-1, 1.5, Number.NaN, 2 ** 40, '2', null, {}]) {
      const proxy = new Proxy([7, 8], {
        get: (target, key): unknown => (key === 'length' ? length : Reflect.get(target, key)),
      });
      try {
        expect(codec.decode(codec.encode(proxy))).toBeInstanceOf(Array);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_PACKET_TOO_LARGE' });
      }
    }
    const proxy = new Proxy({ a: 1 }, { ownKeys: () => ['a', 'ghost'] });
    expect(codec.decode(codec.encode(proxy))).toEqual({ a: 1 });
  });

  test('arrays are only read: the engine keeps numbers as it did before', async () => {
    const program = `
      import { msgpack } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
      const codec = msgpack();
      let rewritten = 0;
      for (let i = 0; i < 60_000; i++) {
        const fractions = [i + 0.5, i / 7], integers = [i, 2];
        codec.encode(i % 2 === 0 ? { fractions, integers } : [fractions, integers, [{ i }, 'text']]);
        if (!%HasDoubleElements(fractions) || !%HasSmiElements(integers)) rewritten++;
      }
      console.log(rewritten);`;
    const flags = ['--allow-natives-syntax', '--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, flags);
    expect(stdout).toBe('0\n');
  });

  test('toJSON has its object, and may be anywhere', () => {
    class Money {
      private readonly cents = 150;
      toJSON(): string {
        return `${this.cents / 100} EUR`;
      }
    }
    const codec = msgpack();
    expect(codec.decode(codec.encode({ price: new Money(), list: [new Money()] }))).toEqual({
      price: '1.5 EUR',
      list: ['1.5 EUR'],
    });
    expect(codec.decode(codec.encode(Object.assign([1, 2], { toJSON: () => 'list' })))).toBe('list');
    expect(codec.decode(codec.encode({ toJSON: () => new Date(5) }))).toEqual(new Date(5));
    expect(thrownBy(() => codec.encode({ a: { toJSON: () => new Map() } })).message).toMatch(/^packet\.a: a Map/);
    expect(codec.decode(codec.encode({ toJSON: () => null }))).toBeNull();
  });

  test('toJSON is asked once: what it returns is sent as it is', () => {
    const codec = msgpack();
    const value = Object.defineProperty({ a: 1 }, 'toJSON', { value: () => 'asked again' });
    expect(codec.decode(codec.encode({ toJSON: () => value }))).toEqual({ a: 1 });
    expect(
      codec.decode(codec.encode({ toJSON: () => Object.defineProperty([1], 'toJSON', { value: () => 2 }) })),
    ).toEqual([1]);
  });
});

test('a property that is undefined has no size, whatever its name', () => {
  const packet = { a: 1, ['x'.repeat(5000)]: undefined, ['ü'.repeat(40)]: undefined };
  const codec = msgpack({ size: 16 });
  for (let i = 0; i < 200; i++) expect(codec.encode(packet)).toEqual(msgpack().encode({ a: 1 }));
});

describe('into memory that is given', () => {
  const encoder = new Encoder(resolveLimits({}));
  const codec = msgpack();

  function targetOf(size: number): { bytes: Uint8Array; view: DataView } {
    const bytes = new Uint8Array(size).fill(0xee);
    return { bytes, view: new DataView(bytes.buffer) };
  }

  test('are the same bytes as elsewhere, and nothing is written before them', () => {
    fc.assert(
      fc.property(anyPacket, fc.nat(40), fc.nat(1500), (packet, at, room) => {
        const expected = codec.encode(packet).slice();
        const target = targetOf(at + room);
        const made = encoder.encodeInto(packet, target, at);
        const bytes = typeof made === 'number' ? target.bytes.subarray(at, at + made) : (made as Uint8Array);
        expect(Buffer.compare(bytes, expected)).toBe(0);
        expect(target.bytes.subarray(0, at).every((byte) => byte === 0xee)).toBe(true);
        // Room is asked for in advance, for so much at most.
        if (room > expected.length + 1200) expect(made).toBe(expected.length);
        if (room < expected.length) expect(made).toBeInstanceOf(Uint8Array);
      }),
      { numRuns: 300 },
    );
  });

  test('of a shape that comes often too, where code that was made for it writes', () => {
    const target = targetOf(2000);
    for (let i = 0; i < 500; i++) {
      const packet = { id: i, name: `name ${i}`, price: i / 4, tags: ['a', i], more: i % 7 === 0 ? undefined : null };
      const at = i * 4;
      const made = encoder.encodeInto(packet, target, at);
      const bytes = typeof made === 'number' ? target.bytes.subarray(at, at + made) : (made as Uint8Array);
      expect(Buffer.compare(bytes, codec.encode(packet))).toBe(0);
      expect(typeof made).toBe(at < 1500 ? 'number' : typeof made);
    }
  });

  test('size is a limit to the byte, wherever the packet begins', () => {
    const small = new Encoder(resolveLimits({ size: 100 }));
    for (const at of [0, 1, 500]) {
      expect(small.encodeInto(new Uint8Array(98), targetOf(2000), at)).toBe(100);
      const error = thrownBy(() => small.encodeInto(new Uint8Array(99), targetOf(2000), at));
      expect(error.code).toBe('ERR_PACKET_TOO_LARGE');
      expect(thrownBy(() => small.encodeInto('x'.repeat(5000), targetOf(2000), at)).code).toBe('ERR_PACKET_TOO_LARGE');
    }
  });

  test('where ever other keys come, few objects are looked up: most are walked through once', () => {
    const strange = new Encoder(resolveLimits({}));
    const walks = (times: number): number => {
      let count = 0;
      const ownKeys = (of: object): (string | symbol)[] => {
        count++;
        return Reflect.ownKeys(of);
      };
      for (let i = 0; i < times; i++) strange.encode(new Proxy({ a: i }, { ownKeys }));
      return count;
    };
    expect(walks(16)).toBe(32);
    for (let i = 0; i < 1000; i++) strange.encode({ [`user${i}`]: i });
    expect(walks(160)).toBe(170);
    // One in sixteen is enough to learn from; then most are known again.
    for (let i = 0; i < 200_000; i++) strange.encode({ a: i, b: i });
    expect(walks(16)).toBe(32);
  });

  test('code for a shape is still known after many objects in a row that come once', () => {
    const steady = new Encoder(resolveLimits({}));
    for (let i = 0; i < 200; i++) steady.encode({ type: 'event', i });
    for (let i = 0; i < 100; i++) steady.encode({ [`user${i}`]: i });
    let walks = 0;
    const ownKeys = (of: object): (string | symbol)[] => {
      walks++;
      return Reflect.ownKeys(of);
    };
    steady.encode(new Proxy({ type: 'event', i: 1 }, { ownKeys }));
    expect(walks).toBe(1);
  });

  test('shapes that come no more do not lock out those that come now', () => {
    const changing = new Encoder(resolveLimits({}));
    for (let i = 0; i < 2000; i++) changing.encode({ type: 'before', [`old${i % 8}`]: i });
    for (let i = 0; i < 150_000; i++) changing.encode({ type: 'now', young: i });
    let walks = 0;
    const ownKeys = (of: object): (string | symbol)[] => {
      walks++;
      return Reflect.ownKeys(of);
    };
    // Where few are looked up, one of so many is.
    for (let i = 0; i < 16; i++) changing.encode(new Proxy({ type: 'now', young: 1 }, { ownKeys }));
    expect(walks).toBe(16);
  });

  test('no code is made for objects of classes, which would not use it', () => {
    const made = vi.spyOn(globalThis, 'Function');
    onTestFinished(() => made.mockRestore());
    class Point {
      x = 1;
      y = 2;
    }
    const other = new Encoder(resolveLimits({}));
    for (let i = 0; i < 300; i++) other.encode([new Point(), Object.assign(Object.create(null), { a: i, b: i })]);
    expect(made).not.toHaveBeenCalled();
    for (let i = 0; i < 300; i++) other.encode({ x: i, y: i });
    expect(made).toHaveBeenCalledTimes(1);
  });

  test('a getter is asked once for each packet, also when code is made for its shape', () => {
    let asked = 0;
    for (let i = 1; i <= 300; i++) {
      encoder.encode({
        get counted() {
          return ++asked;
        },
        i,
      });
      expect(asked).toBe(i);
    }
  });

  test('a packet that does not fit is whole elsewhere, and the next one is in the target again', () => {
    for (const size of [70, 5000, 3_000_000]) {
      const packet = ['x'.repeat(50), new Uint8Array(size).fill(7)];
      const made = encoder.encodeInto(packet, targetOf(100), 20);
      const bytes = made instanceof Uint8Array ? made : Buffer.concat(made as readonly Uint8Array[]);
      expect(Buffer.compare(bytes, codec.encode(packet))).toBe(0);
      expect(encoder.encodeInto(7, targetOf(100), 20)).toBe(1);
      expect(encoder.encode([1])).toEqual(new Uint8Array([0x91, 1]));
    }
  });

  test('long text goes to the memory that is given, also where others share it', () => {
    const shared = new ArrayBuffer(4000);
    const targets = [0, 500, 1900].map((offset) => ({
      bytes: new Uint8Array(shared, offset, 400),
      view: new DataView(shared, offset, 400),
    }));
    for (let i = 0; i < 20; i++) {
      const packet = [i, 'ü'.repeat(60 + i)];
      const target = targets[i % 3] as { bytes: Uint8Array; view: DataView };
      const made = encoder.encodeInto(packet, target, i);
      expect(made).toBe(codec.encode(packet).length);
      expect(Buffer.compare(target.bytes.subarray(i, i + Number(made)), codec.encode(packet))).toBe(0);
    }
  });

  test('what a getter encodes meanwhile, and what is refused, leaves both as they were', () => {
    const target = targetOf(1000);
    const inner = targetOf(1000);
    const packet = {
      before: 'x',
      get other(): unknown {
        expect(encoder.encodeInto({ its: 'own' }, inner, 3)).toEqual(codec.encode({ its: 'own' }));
        return 5;
      },
      after: 'y',
    };
    const expected = codec.encode({ before: 'x', other: 5, after: 'y' }).slice();
    expect(encoder.encodeInto(packet, target, 10)).toBe(expected.length);
    expect(Buffer.compare(target.bytes.subarray(10, 10 + expected.length), expected)).toBe(0);
    expect(inner.bytes.every((byte) => byte === 0xee)).toBe(true);
    expect(thrownBy(() => encoder.encodeInto({ a: Symbol('x') }, target, 10)).code).toBe('ERR_PACKET');
    expect(encoder.encode('x')).toEqual(new Uint8Array([0xa1, 0x78]));
  });

  test.each([-20, 1.5, 0, 40])('bytes that say they are %d are as many as they are', (lie) => {
    class Liar extends Uint8Array {
      override get length(): number {
        return lie;
      }
    }
    const liar = new Liar(4);
    for (const index of [0, 1, 2, 3]) liar[index] = index + 1;
    const packet = [liar, 7, 'xyz'];
    const honest = [new Uint8Array([1, 2, 3, 4]), 7, 'xyz'];
    const target = targetOf(2000);
    const expected = codec.encode(honest).slice();
    expect(Buffer.compare(codec.encode(packet), expected)).toBe(0);
    expect(encoder.encodeInto(packet, target, 50)).toBe(expected.length);
    expect(Buffer.compare(target.bytes.subarray(50, 50 + expected.length), expected)).toBe(0);
    expect(target.bytes.subarray(0, 50).every((byte) => byte === 0xee)).toBe(true);
  });

  test('a target that is none leaves the codec as it was', () => {
    expect(() => encoder.encodeInto(1, undefined as never, 0)).toThrow(TypeError);
    expect(encoder.encodeInto(7, targetOf(100), 20)).toBe(1);
  });
});
