/** Objects made whole: they are what they would be, key by key, also where compiling is forbidden. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyTree } from '../../src/codec/keys.js';
import { msgpack } from '../../src/codec/msgpack.js';
import { makerOf } from '../../src/codec/shapes.js';
import { anyPacket } from './any-packet.js';

const OFTEN = 300;

/** What a codec makes of the same bytes when it has seen such maps often. */
function learnt(packet: unknown): unknown {
  const codec = msgpack();
  const bytes = codec.encode(packet).slice();
  for (let i = 0; i < OFTEN; i++) codec.decode(bytes);
  return codec.decode(bytes);
}

describe('a shape that was compiled', () => {
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
    const made = learnt(packet);
    expect(made).toStrictEqual(packet);
    expect(Object.keys(made as object)).toEqual(keys);
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
  });

  it('is read right when its values are maps of the same and of other shapes', () => {
    const inner = { a: 1, b: { a: 2, b: null, c: [{ a: 1, b: 2 }, { x: {} }] } };
    const packet = { a: inner, b: { y: inner, z: [inner, inner] } };
    expect(learnt(packet)).toStrictEqual(packet);
  });

  it('is left where a map goes on in another way, and the values before it are kept', () => {
    const codec = msgpack();
    const decode = (packet: unknown): unknown => codec.decode(codec.encode(packet).slice());
    for (let i = 0; i < OFTEN; i++) decode({ a: 1, b: { c: i }, d: 3 });
    for (const packet of [
      { a: 1, b: { c: 2 }, e: 3 },
      { a: { a: 1, b: 2, d: 3 }, x: 1, d: 4 },
      { a: 1, b: 2, 7: 3 },
    ]) {
      expect(decode(packet)).toStrictEqual(packet);
    }
  });

  it('is for any packet what it was before', () => {
    fc.assert(
      fc.property(anyPacket, (packet) => {
        assert.deepStrictEqual(learnt(packet), packet);
      }),
      { numRuns: 50 },
    );
  });

  it('is read right where maps with many keys are deeply nested', () => {
    const codec = msgpack({ depth: 512 });
    const wide = Object.fromEntries(Array.from({ length: 63 }, (_, index) => [`key${index}`, index]));
    let packet: Record<string, unknown> = {};
    for (let i = 0; i < 200; i++) packet = { inner: packet, ...wide };
    expect(codec.decode(codec.encode(packet).slice())).toStrictEqual(packet);
  });
});

describe('compiling', () => {
  it('begins when a shape was seen often, and has an end', () => {
    const tree = new KeyTree();
    const root = tree.root(1);
    if (root === null) throw new Error('no root');
    const learn = (key: string) => {
      const bytes = Buffer.from([0xa0 | key.length, ...Buffer.from(key)]);
      return tree.learn(root, key, bytes, 0, bytes.length);
    };
    let compiled = 0;
    for (let i = 0; i < 500; i++) {
      const node = learn(`key${i}`);
      if (node === null) throw new Error('not learnt');
      expect(tree.ended(node)).toBe(null);
      let made = tree.ended(node);
      for (let j = 0; j < 100; j++) made ??= tree.ended(node);
      if (made !== null) compiled++;
    }
    expect(compiled).toBe(256);
  });

  it('begins anew when many shapes were seen often after those', () => {
    const tree = new KeyTree();
    const often = (key: string): boolean => {
      const bytes = Buffer.from([0xa0 | key.length, ...Buffer.from(key)]);
      const root = tree.root(1);
      if (root === null) throw new Error('no root');
      const node = tree.follow(root, bytes, 0, bytes.length) ?? tree.learn(root, key, bytes, 0, bytes.length);
      for (let i = 0; node !== null && i < 100; i++) if (tree.ended(node) !== null) return true;
      return false;
    };
    for (let i = 0; i < 256; i++) expect(often(`junk${i}`)).toBe(true);
    let tries = 0;
    while (!often('good')) tries++;
    expect(tries).toBeGreaterThan(1000);
    expect(tries).toBeLessThan(1100);
  });

  it('makes literals', () => {
    expect(makerOf(['a', 'b'])?.([0, 1, 2, 3], 1)).toStrictEqual({ a: 1, b: 2 });
  });

  it('is done without where it is forbidden', async () => {
    const program = `
      import assert from 'node:assert/strict';
      import { msgpack } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
      assert.throws(() => new Function('return 1'), EvalError);
      const codec = msgpack();
      const packet = { type: 'order', id: 7, list: [{ a: 1, b: 2 }, { a: 3, b: 4 }], constructor: 1, 5: null };
      for (let i = 0; i < ${OFTEN}; i++) {
        packet.id = i;
        assert.deepStrictEqual(codec.decode(codec.encode(packet).slice()), packet);
      }
      console.log('the same');`;
    const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, flags);
    expect(stdout).toBe('the same\n');
  });
});
