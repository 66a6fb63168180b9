import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { compile } from '../../src/codec/compile.js';

test('what the text returns knows the values by their names, and nothing else of this place', () => {
  const add = compile<(left: number) => number>({ right: 2 }, 'return(left)=>left+right');
  expect(add?.(1)).toBe(3);
  expect(compile<() => string>({}, 'return()=>typeof compile')?.()).toBe('undefined');
});

test('a text that is no program is a mistake of this library, and not taken for a runtime that forbids it', () => {
  expect(() => compile({}, 'return(')).toThrow(SyntaxError);
  expect(compile({}, 'return 1')).toBe(1);
});

test('where it is forbidden the codec does the same without', async () => {
  const program = `
    import assert from 'node:assert/strict';
    import { msgpack } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
    assert.throws(() => new Function('return 1'), EvalError);
    const codec = msgpack();
    const packet = { type: 'order', id: 7, list: [{ a: 1, b: 2 }, { a: 3, b: 4 }], constructor: 1, 5: null };
    for (let i = 0; i < 300; i++) {
      packet.id = i;
      assert.deepStrictEqual(codec.decode(codec.encode(packet).slice()), packet);
    }
    console.log('the same');`;
  const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  expect(stdout).toBe('the same\n');
});
