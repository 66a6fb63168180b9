/** Paths, limits, and user code that runs in the midst of it. What each value becomes is in msgpack.test.ts. */
import { describe, expect, test } from 'vitest';
import { msgpack } from '../../src/codec/msgpack.js';
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
