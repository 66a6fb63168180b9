/** Maps read by code that knows their keys: they are what they would be, key by key. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyTree } from '../../src/codec/keys.js';
import { learnByHeart, type MapNode, type MapReader, type Source } from '../../src/codec/map-reader.js';
import { msgpack } from '../../src/codec/msgpack.js';
import { Random } from '../../src/testing/random.js';
import { anyPacket } from './any-packet.js';
import { hex, newSeed, thrownBy } from './packets.js';

/** Also for shapes of which code is made when there is some already. */
const OFTEN = 1000;

/** A codec that has read these packets often. */
function knowing(...packets: readonly unknown[]): ReturnType<typeof msgpack> {
  const codec = msgpack();
  const all = packets.map((packet) => codec.encode(packet).slice());
  for (let i = 0; i < OFTEN; i++) for (const bytes of all) codec.decode(bytes);
  return codec;
}

function again(codec: ReturnType<typeof msgpack>, packet: unknown): unknown {
  return codec.decode(msgpack().encode(packet).slice());
}

describe('a map that came often', () => {
  it('has the keys as they were called, whatever that is', () => {
    const keys = [
      '"',
      "'",
      '\\',
      '`',
      '$' + '{alert()}',
      '\n',
      '\u2028',
      '\u2029',
      '*/',
      '//',
      ']:0,x:[',
      ' ',
      '\0',
      'é',
    ];
    const packet = Object.fromEntries(keys.map((key, index) => [key, index]));
    const made = again(knowing(packet), packet);
    expect(made).toStrictEqual(packet);
    expect(Object.keys(made as object)).toEqual(keys);
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
  });

  it('is read right when its values are maps of the same and of other shapes', () => {
    const inner = { a: 1, b: { a: 2, b: null, c: [{ a: 1, b: 2 }, { x: {} }] } };
    const packet = { a: inner, b: { y: inner, z: [inner, inner] } };
    expect(again(knowing(packet), packet)).toStrictEqual(packet);
  });

  it('is left where it goes on in another way, and the values before that are kept', () => {
    const codec = knowing({ a: 1, b: { c: 0 }, d: 3 });
    for (const packet of [
      { a: 1, b: { c: 2 }, e: 3 },
      { a: { a: 1, b: 2, d: 3 }, x: 1, d: 4 },
      { a: 1, b: 2, 7: 3 },
      { x: 1, b: 2, d: 3 },
    ]) {
      expect(again(codec, packet)).toStrictEqual(packet);
    }
    // A key twice, the second where the code knows no more.
    expect(thrownBy(() => codec.decode(hex('83 a1 61 01 a1 62 02 a1 61 03'))).message).toContain('twice');
  });

  it('is told from others that begin alike, or have as many keys', () => {
    const shapes = [
      { type: 'set', id: 1, key: 'k', value: null },
      { type: 'book', id: 1, bids: [], asks: [] },
      { type: 'log', id: 1, level: 'warn', text: 'long'.repeat(20) },
      { id: 1, type: 'presence', users: [{ name: 'ada', on: true }], of: 17 },
      { id: 1, type: 'presence', users: 3, off: -1 },
    ];
    const codec = knowing(...shapes);
    for (const shape of shapes) expect(again(codec, shape)).toStrictEqual(shape);
  });

  it('is told from one whose key differs in any one byte, however long it is', () => {
    for (let length = 0; length < 45; length++) {
      const key = 'k'.repeat(length);
      const codec = knowing({ [key]: 1, next: 2 });
      expect(again(codec, { [key]: 3, next: 4 })).toStrictEqual({ [key]: 3, next: 4 });
      for (let at = 0; at < length; at++) {
        const other = { [`${key.slice(0, at)}K${key.slice(at + 1)}`]: 3, next: 4 };
        expect(again(codec, other)).toStrictEqual(other);
      }
    }
  });

  it('has values of any kind, whatever they were before', () => {
    const values = [1, 200, 70_000, -5, -70_000, 0.5, 2 ** 40, 7n, '', 'abc', 'é', 'x'.repeat(40), null, true, [1], {}];
    for (const before of values) {
      const codec = knowing({ a: before, b: before });
      for (const value of values) {
        for (let round = 0; round < 3; round++) {
          expect(again(codec, { a: value, b: 1 })).toStrictEqual({ a: value, b: 1 });
          expect(again(codec, { a: 1, b: value })).toStrictEqual({ a: 1, b: value });
        }
      }
    }
  });

  it('has texts of their own bytes, also where the one before has as many characters as they have bytes', () => {
    const codec = knowing({ a: 'abcd' });
    for (const text of ['é', 'ab', 'éé', 'abcd', 'Ã©', 'abcé', 'ab', '\u007f', 'é']) {
      expect(again(codec, { a: text })).toStrictEqual({ a: text });
    }
    // A byte that is a character of Latin-1, and no UTF-8.
    expect(again(codec, { a: 'é' })).toStrictEqual({ a: 'é' });
    expect(thrownBy(() => codec.decode(hex('81 a1 61 a1 e9'))).message).toMatch(/not valid UTF-8, at byte 4$/);
  });

  it('is refused when it is cut anywhere, as one that is not known', () => {
    const packet = { t: 'order', n: 70_000, p: 12.5, m: { t: 'x', k: [1, 2] }, o: 'é', z: true };
    const codec = knowing(packet);
    const bytes = msgpack().encode(packet).slice();
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      const { code, message } = thrownBy(() => codec.decode(cut));
      expect(code).toBe('ERR_BAD_PACKET');
      expect(message, `cut at ${length}`).toBe(thrownBy(() => msgpack().decode(cut)).message);
      // Bytes behind the end are another packet's.
      expect(thrownBy(() => codec.decodeRange?.(bytes, 0, length)).message).toBe(message);
      expect(codec.decode(bytes)).toStrictEqual(packet);
    }
  });

  it('is for any packet what it was before', () => {
    fc.assert(
      fc.property(anyPacket, (packet) => {
        assert.deepStrictEqual(again(knowing(packet), packet), packet);
      }),
      { numRuns: 50 },
    );
  });

  it('is for any two packets what they are to a codec that knows neither', () => {
    fc.assert(
      fc.property(anyPacket, anyPacket, (known, packet) => {
        assert.deepStrictEqual(again(knowing(known), packet), packet);
      }),
      { numRuns: 50 },
    );
  });

  it('is read right where maps with many keys are deeply nested', () => {
    const codec = msgpack({ depth: 512 });
    for (const count of [30, 31, 32, 63, 64]) {
      const wide = Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, index]));
      let packet: Record<string, unknown> = {};
      for (let i = 0; i < 200; i++) packet = { inner: packet, ...wide };
      for (let round = 0; round < 3; round++) {
        expect(codec.decode(codec.encode(packet).slice())).toStrictEqual(packet);
      }
    }
  });

  it('is read right while the shapes that come change all the time', () => {
    const seed = newSeed();
    const random = new Random(seed);
    const codec = msgpack();
    let keys: string[] = [];
    for (let i = 0; i < 40_000; i++) {
      if (i % 400 === 0) keys = Array.from({ length: 40 }, () => `k${random.below(2000)}`);
      const from = random.below(30);
      const packet = Object.fromEntries(
        [...new Set(keys.slice(from, from + 1 + random.below(8)))].map((key) => [key, i]),
      );
      // Of tens of thousands the matcher would take most of the time.
      assert.deepStrictEqual(again(codec, packet), packet, `seed ${seed}`);
    }
  });
});

describe('the code', () => {
  const source: Source = {
    at: 0,
    read: () => 'read',
    stray: (_, values, count) => ({ strayed: values.filter((value) => value !== undefined).length, count }),
  };

  function learnt(tree: KeyTree<MapReader>, count: number, keys: readonly string[]): MapNode {
    let node = tree.root(count) as MapNode;
    for (const key of keys) {
      const bytes = Buffer.from([0xa0 | key.length, ...Buffer.from(key)]);
      node = tree.follow(node, bytes, 0, bytes.length) ?? (tree.learn(node, key, bytes, 0, bytes.length) as MapNode);
    }
    return node;
  }

  it('has all shapes of as many keys that were noted, and hands others back', () => {
    const tree = new KeyTree<MapReader>();
    const root = tree.root(2) as MapNode;
    const run = (digits: string): unknown => {
      const bytes = hex(digits);
      return root.code?.(source, new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length, bytes.length, 1);
    };
    expect(learnByHeart(root, learnt(tree, 2, ['a', 'b']), { a: 1, b: 2 }, 100)).toBe(3);
    expect(run('a1 61 05 a1 62 06')).toEqual({ a: 5, b: 6 });
    expect(run('a1 61 05 a1 63 06')).toEqual({ strayed: 1, count: 2 });
    expect(learnByHeart(root, learnt(tree, 2, ['a', 'c']), { a: 1, c: 2 }, 100)).toBe(4);
    expect(run('a1 61 05 a1 62 06')).toEqual({ a: 5, b: 6 });
    expect(run('a1 61 05 a1 63 06')).toEqual({ a: 5, c: 6 });
    expect(run('a1 62 05 a1 63 06')).toEqual({ strayed: 0, count: 2 });
  });

  it('has others that came half so often, too', () => {
    const tree = new KeyTree<MapReader>();
    const root = tree.root(2) as MapNode;
    const ended = (keys: readonly string[], times: number): MapNode => {
      const node = learnt(tree, 2, keys);
      for (let i = 0; i < times; i++) tree.ended(node);
      return node;
    };
    ended(['a', 'c'], 50);
    ended(['a', 'd'], 49);
    expect(learnByHeart(root, ended(['a', 'b'], 100), { a: 1, b: 2 }, 100)).toBe(4);
  });

  it('is given up where it knows fewer maps than it hands back, and may be made again', () => {
    const tree = new KeyTree<MapReader>();
    const root = tree.root(1) as MapNode;
    const a = learnt(tree, 1, ['a']);
    const run = (digits: string): unknown => {
      const bytes = hex(digits);
      return root.code?.(source, new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length, bytes.length, 1);
    };
    learnByHeart(root, a, { a: 1 }, 100);
    for (let i = 0; i < 5000; i++) {
      expect(run('a1 61 05')).toEqual({ a: 5 });
      expect(run('a1 62 05')).toEqual({ strayed: 0, count: 1 });
    }
    for (let i = 0; root.code !== null && i < 3000; i++) run('a1 62 05');
    expect(root.code).toBe(null);
    expect(a.frequent).toBe(false);
    learnByHeart(root, a, { a: 1 }, 100);
    expect(run('a1 61 05')).toEqual({ a: 5 });
  });

  it('begins anew with the last shape where it would be too large', () => {
    const tree = new KeyTree<MapReader>();
    const root = tree.root(32) as MapNode;
    const sizes = Array.from({ length: 8 }, (_, shape) => {
      const keys = Array.from({ length: 32 }, (_unused, index) => `${shape}.${index}`);
      return learnByHeart(root, learnt(tree, 32, keys), {}, 100);
    });
    expect(sizes).toEqual([33, 65, 97, 33, 65, 97, 33, 65]);
  });
});
