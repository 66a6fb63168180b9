/** The reader of the documentation itself: a block that it missed would be one that nobody runs. */
import { expect, it } from 'vitest';
import { parse } from './markdown.js';
import { type Program, programs } from './programs.js';

function read(...lines: string[]): Program[] {
  return programs(parse('page.md', lines.join('\n')));
}

it('takes each block as a program, ESM or CommonJS by what it says', () => {
  const made = read(
    '```js',
    "import a from 'a';",
    '```',
    'text',
    '```js',
    "const a = require('a');",
    '```',
    '```ts',
    'let a: 1;',
    '```',
  );
  expect(made.map(({ at, language, module }) => [at, language, module])).toEqual([
    ['page.md:1', 'js', 'esm'],
    ['page.md:5', 'js', 'cjs'],
    ['page.md:8', 'ts', 'esm'],
  ]);
});

it('joins a block that continues to the one before, with what both print', () => {
  const made = read(
    '<!-- prints: one -->',
    '```js',
    'a',
    '```',
    '',
    '<!-- continues -->',
    '<!-- prints: two -->',
    '```js',
    'b',
    '```',
  );
  expect(made.map(({ parts }) => parts)).toEqual([[{ code: 'a\nb\n', prints: ['one', 'two'] }]]);
});

it('takes the commands of the program and of examples, and gives each terminal its own', () => {
  const one = [
    '```sh',
    '$ npm install masterless # once',
    'npx masterless demo',
    'A=1 masterless listen \\',
    '  left',
    '```',
  ];
  const made = read(...one, '<!-- continues -->', '```sh', 'node examples/a.mjs', '```');
  expect(made.map(({ parts }) => parts.map(({ code }) => code))).toEqual([
    ['npx masterless demo\nA=1 masterless listen    left', 'node examples/a.mjs'],
  ]);
});

it('keeps blocks in lists apart from their indentation', () => {
  expect(read('- item', '', '  ```js', '  a {', '    b', '  ```')[0]?.parts[0]?.code).toBe('a {\n  b\n');
});

it('leaves out text, and what only installs', () => {
  expect(read('```text', 'x', '```', '```sh', 'npm start', '```')).toEqual([]);
});

it.each([
  ['a language that it does not know', ['```javascript', '```']],
  ['a block without a language', ['```', '```']],
  ['a command that it does not know', ['```sh', 'curl example.com', '```']],
  ['a comment that says nothing', ['<!-- print: x -->', '```js', '```']],
  ['a block that continues nothing', ['<!-- continues -->', '```js', '```']],
  ['a block that never ends', ['```js', 'a']],
])('refuses %s', (_what, lines) => {
  expect(() => read(...lines)).toThrow(/^page\.md:\d/);
});

it('names headings as the forges do', () => {
  const { anchors, links } = parse('page.md', '# A `b()`, c\n## Twice\n## Twice\n[x](#a-b-c) ![y](z.png) `[no](link)`');
  expect(anchors).toEqual(['a-b-c', 'twice', 'twice-1']);
  expect(links).toEqual(['#a-b-c', 'z.png']);
});
