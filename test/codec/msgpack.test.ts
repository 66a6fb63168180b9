/** The codec as a whole. `docs/values.md` is the specification: each of its rows is evaluated, sent and compared. */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { runInThisContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { msgpack, sharedMsgpack } from '../../src/codec/msgpack.js';
import { hex, thrownBy } from './packets.js';

const page = readFileSync(new URL('../../docs/values.md', import.meta.url), 'utf8');

interface Row {
  readonly name: string;
  readonly example: string;
  readonly outcome: string;
}

/** The rows of all tables under a heading whose second column is code. */
function rowsOf(heading: string): Row[] {
  const section = page.split('\n## ').find((part) => part.startsWith(heading)) ?? '';
  return [...section.matchAll(/^\| (.+?) \| `(.*?)` \| (.*?) \|$/gm)].map(([, name, example, outcome]) => ({
    name: name as string,
    example: (example as string).trim(),
    outcome: outcome as string,
  }));
}

function evaluate(code: string): unknown {
  return runInThisContext(`(${code})`);
}

const sent = ['Plain values', 'Objects and arrays', 'Instances of classes'].flatMap(rowsOf);
const taken = rowsOf('What is taken');

test('every row of the tables is read', () => {
  const lines = page.split('\n').filter((line) => line.startsWith('| ')).length;
  expect(sent.length + taken.length).toBe(lines - 4);
});

describe('what is sent', () => {
  test.each(sent)('$name', ({ example, outcome }) => {
    const codec = msgpack();
    const [, code] = /^`(ERR_\w+)`/.exec(outcome) ?? [];
    if (code !== undefined) {
      const error = thrownBy(() => codec.encode(evaluate(example)));
      expect(error.code).toBe(code);
      // What the table says to send instead, the error says too.
      const [, advice] = /send `(.+?)`/.exec(outcome) ?? [];
      if (advice !== undefined) expect(error.message).toContain(advice);
      return;
    }
    const expected = evaluate(outcome.startsWith('the same') ? example : outcome.slice(1, outcome.lastIndexOf('`')));
    assert.deepStrictEqual(codec.decode(codec.encode(evaluate(example))), expected);
  });
});

describe('what is taken', () => {
  test.each(taken)('$name', ({ example, outcome }) => {
    const decode = (): unknown => msgpack().decode(hex(example));
    if (outcome === 'refused') expect(thrownBy(decode).code).toBe('ERR_BAD_PACKET');
    else assert.deepStrictEqual(decode(), evaluate(outcome.slice(1, -1)));
  });
});

test('the result shares no memory with the packet', () => {
  const codec = msgpack();
  const bytes = codec.encode({ bytes: new Uint8Array([1, 2, 3]), text: 'text' }).slice();
  const packet = codec.decode(bytes);
  bytes.fill(0);
  expect(packet).toEqual({ bytes: new Uint8Array([1, 2, 3]), text: 'text' });
});

test('a packet may lie anywhere in its buffer', () => {
  const codec = msgpack();
  const packet = { list: [1.5, 5n, new Date(1), new Uint8Array([7])], text: 'a text of more than twelve bytes, ü' };
  const bytes = codec.encode(packet).slice();
  const around = new Uint8Array(bytes.length + 9).fill(0xc1);
  around.set(bytes, 5);
  assert.deepStrictEqual(codec.decode(around.subarray(5, 5 + bytes.length)), packet);
  assert.deepStrictEqual(codec.decode(Buffer.from(around.buffer, 5, bytes.length)), packet);
});

test('is one for nodes with equal limits, and another where a limit differs', () => {
  const one = sharedMsgpack({ size: 1000 });
  expect(sharedMsgpack({ size: 1000, depth: 32 })).toBe(one);
  const other = sharedMsgpack({ size: 1001 });
  expect(other).not.toBe(one);
  expect(thrownBy(() => one.encode('x'.repeat(1000))).code).toBe('ERR_PACKET_TOO_LARGE');
  expect(other.encode('x'.repeat(998))).toHaveLength(1001);
  expect(thrownBy(() => sharedMsgpack({ depth: 0 })).code).toBe('ERR_OPTION');
});

test('one that is shared can be asked again in the middle of a packet', () => {
  const codec = sharedMsgpack({});
  const inner: Uint8Array[] = [];
  const packet = {
    before: 'b',
    get middle(): number {
      inner.push(codec.encode({ of: 'another node' }).slice());
      return 1;
    },
    after: 'a',
  };
  expect(codec.decode(codec.encode(packet).slice())).toEqual({ before: 'b', middle: 1, after: 'a' });
  expect(inner.map((bytes) => codec.decode(bytes))).toEqual([{ of: 'another node' }]);
});

test('has a name that the handshake compares', () => {
  expect(msgpack().name).toBe('msgpack');
});

test('decodes what bytes hold, whatever a subclass says of their length', () => {
  class Liar extends Uint8Array {
    override get length(): number {
      return 26;
    }
  }
  const codec = msgpack();
  codec.decode(codec.encode('secret of another packet!'));
  expect(() => codec.decode(new Liar([0xb9]))).toThrow(expect.objectContaining({ code: 'ERR_BAD_PACKET' }));
});
