import { expect, test } from 'vitest';
import { type KeyNode, KeyTree, pathTo } from '../../src/codec/keys.js';
import { msgpack } from '../../src/codec/msgpack.js';
import { Random } from '../../src/testing/random.js';
import { newSeed, thrownBy } from './packets.js';

const bytesOf = (key: string): Uint8Array => new Uint8Array([0xa0 | key.length, ...Buffer.from(key)]);

function learn(tree: KeyTree<string>, node: KeyNode<string>, key: string): KeyNode<string> | null {
  const bytes = bytesOf(key);
  return tree.learn(node, key, bytes, 0, bytes.length);
}

function root(tree: KeyTree<string>, count: number): KeyNode<string> {
  const node = tree.root(count);
  if (node === null) throw new Error(`no root for ${count}`);
  return node;
}

function nodesOf(node: KeyNode<string>): number {
  return node.children.reduce((sum, child) => sum + nodesOf(child), 1);
}

test('a learnt key is found where it was, and only whole', () => {
  const tree = new KeyTree<string>();
  const start = root(tree, 2);
  const type = learn(tree, start, 'type');
  const bytes = bytesOf('type');
  expect(tree.follow(start, bytes, 0, bytes.length)).toBe(type);
  expect(tree.follow(start, bytes, 0, bytes.length - 1)).toBe(null);
  expect(tree.follow(start, bytesOf('typo'), 0, bytes.length)).toBe(null);
  expect(tree.follow(root(tree, 3), bytes, 0, bytes.length)).toBe(null);
});

test('what is learnt keeps no memory of the packet', () => {
  const tree = new KeyTree<string>();
  const bytes = bytesOf('type');
  tree.learn(root(tree, 1), 'type', bytes, 0, bytes.length);
  bytes.fill(0);
  expect(tree.follow(root(tree, 1), bytesOf('type'), 0, 5)?.key).toBe('type');
});

test('the tree stays small, whatever it is fed, and junk does not lock good keys out for ever', () => {
  const tree = new KeyTree<string>();
  let longest = 0;
  for (let i = 0; i < 200_000; i++) {
    learn(tree, root(tree, 1 + (i % 64)), `junk${i}`);
    if (i % 10_000 === 0) {
      let nodes = 0;
      for (let count = 0; count <= 64; count++) nodes += nodesOf(root(tree, count));
      longest = Math.max(longest, nodes);
    }
  }
  expect(longest).toBeLessThan(2048 + 66);
  let tries = 0;
  while (learn(tree, root(tree, 1), 'good') === null) tries++;
  expect(tries).toBeLessThan(40_000);
  expect(tree.root(65)).toBe(null);
  expect(learn(tree, root(tree, 0), 'x'.repeat(31))?.key.length).toBe(31);
});

test('maps with few keys in every order: each is read right, and a key twice is always found', () => {
  const seed = newSeed();
  const random = new Random(seed);
  const codec = msgpack();
  const alphabet = ['a', 'b', 'ab', 'abc', 'c', '0', '1', '99', 'constructor', 'aa'];
  let twice = 0;
  for (let i = 0; i < 20_000; i++) {
    const keys = Array.from({ length: random.below(6) }, () => random.pick(alphabet));
    // Keys in a longer form are the same keys.
    const parts = keys.map((key, value) => [
      ...(random.chance(0.1) ? [0xd9, key.length] : [0xa0 | key.length]),
      ...Buffer.from(key),
      value,
    ]);
    const bytes = new Uint8Array([0x80 | keys.length, ...parts.flat()]);
    if (new Set(keys).size < keys.length) {
      twice++;
      expect(thrownBy(() => codec.decode(bytes)).message, `seed ${seed}`).toContain('twice');
    } else {
      expect(codec.decode(bytes), `seed ${seed}`).toEqual(Object.fromEntries(keys.map((key, value) => [key, value])));
    }
  }
  expect(twice).toBeGreaterThan(1000);
});

test('a key is found by its name as well, behind the keys before it', () => {
  const tree = new KeyTree<string>();
  const start = root(tree, 0);
  const [a, b] = [learn(tree, start, 'a'), learn(tree, start, 'b')] as KeyNode<string>[];
  const ab = learn(tree, a as KeyNode<string>, 'b') as KeyNode<string>;
  expect([tree.named(start, 'a'), tree.named(start, 'b'), tree.named(start, 'a')]).toEqual([a, b, a]);
  expect(tree.named(start, 'c')).toBe(null);
  expect(tree.named(a as KeyNode<string>, 'b')).toBe(ab);
  expect(tree.named(b as KeyNode<string>, 'b')).toBe(null);
  expect(pathTo(ab)).toEqual([a, ab]);
  expect(pathTo(start)).toEqual([]);
});

test('code is asked for once, when a shape has come a hundred times', () => {
  const tree = new KeyTree<string>();
  const node = learn(tree, root(tree, 1), 'a') as KeyNode<string>;
  const asked = Array.from({ length: 400 }, () => tree.ended(node));
  expect(asked.indexOf(true)).toBe(99);
  expect(asked.lastIndexOf(true)).toBe(99);
});

test('the more keys there are in code, the more often a shape must come', () => {
  const tree = new KeyTree<string>();
  const mapsFor = (key: string): number => {
    const node = learn(tree, root(tree, 1), key) as KeyNode<string>;
    let maps = 1;
    while (!tree.ended(node)) maps++;
    return maps;
  };
  expect(mapsFor('a')).toBe(100);
  tree.spend(15);
  expect(mapsFor('b')).toBe(100);
  tree.spend(1);
  expect(mapsFor('c')).toBe(200);
  tree.spend(32);
  expect(mapsFor('d')).toBe(800);
});

test('with all places taken, a key that comes back stays, whatever comes once', () => {
  const tree = new KeyTree<string>();
  const start = root(tree, 1);
  const good = ['a', 'b', 'c'].map((key) => learn(tree, start, key));
  for (let i = 0; i < 200; i++) {
    expect(good.map((node) => tree.named(start, node?.key ?? ''))).toEqual(good);
    expect(learn(tree, start, `junk${i}`)?.key).toBe(`junk${i}`);
    expect(tree.named(start, `junk${i}`)?.key).toBe(`junk${i}`);
  }
  expect(start.children.length).toBe(8);
  expect(tree.named(start, 'junk0')).toBe(null);
});

test('nor does a key that code knows make room, and with none that can, the place is closed', () => {
  const tree = new KeyTree<string>();
  const start = root(tree, 1);
  const nodes = Array.from({ length: 8 }, (_, index) => learn(tree, start, `good${index}`) as KeyNode<string>);
  for (const node of nodes.slice(1)) node.frequent = true;
  expect([learn(tree, start, 'a')?.key, tree.named(start, 'good0')]).toEqual(['a', null]);
  (start.children[0] as KeyNode<string>).frequent = true;
  expect([learn(tree, start, 'b'), tree.isClosed(start)]).toEqual([null, true]);
  expect(nodes.slice(1).map((node) => tree.named(start, node.key))).toEqual(nodes.slice(1));
});

test('a tree may have more keys that maps begin with than keys that come next', () => {
  const tree = new KeyTree<string>(32);
  const start = root(tree, 0);
  for (let i = 0; i < 40; i++) learn(tree, start, `first${i}`);
  const last = tree.named(start, 'first39') as KeyNode<string>;
  for (let i = 0; i < 40; i++) learn(tree, last, `next${i}`);
  expect([start.children.length, last.children.length]).toEqual([32, 8]);
});

test('a place where ever others come is closed for a while, and no other place with it', () => {
  const tree = new KeyTree<string>();
  const start = root(tree, 1);
  let learnt = 0;
  while (learn(tree, start, `user${learnt}`) !== null) learnt++;
  expect(learnt).toBe(8 + 256);
  expect(tree.isClosed(start)).toBe(true);
  expect(tree.isClosed(root(tree, 2))).toBe(false);
  expect(learn(tree, root(tree, 2), 'good')?.key).toBe('good');
  let tries = 2;
  while (learn(tree, start, 'good') === null) tries++;
  expect(tries).toBe(16 * 256);
  expect(learn(tree, root(tree, 2), 'other')?.key).toBe('other');
});

test('nor does a key make room that leads to code, until nothing else could', () => {
  const tree = new KeyTree<string>();
  const start = root(tree, 1);
  const nodes = Array.from({ length: 8 }, (_, index) => learn(tree, start, `good${index}`) as KeyNode<string>);
  const ends = nodes.map((node) => learn(tree, node, 'last') as KeyNode<string>);
  for (const end of ends.slice(1)) tree.keep(end);
  for (let i = 0; i < 20; i++) expect(learn(tree, start, `junk${i}`)?.key).toBe(`junk${i}`);
  expect(nodes.map((node) => tree.named(start, node.key))).toEqual([null, ...nodes.slice(1)]);
  tree.keep(start.children[0] as KeyNode<string>);
  expect([learn(tree, start, 'new'), tree.isClosed(start)]).toEqual([null, true]);
  for (const node of nodes.slice(2)) tree.named(start, node.key);
  let tries = 1;
  while (learn(tree, start, 'new') === null) tries++;
  expect(tries).toBe(16 * 256);
  expect(start.children.length).toBe(8);
  expect(nodes.slice(2).map((node) => tree.named(start, node.key))).toEqual(nodes.slice(2));
});
