// Holds the source to its rooms: the core stays pure, files stay short, tests mirror sources.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const LONGEST = 350;
const ROOMS = ['cli', 'codec', 'credentials', 'delivery', 'protocol', 'runtime', 'testing', 'transports'];

/** Files without a test file of their own, and why. */
const UNTESTED = new Map([
  ['src/index.ts', 'exports only; test/package holds both faces'],
  ['src/index.cts', 'exports only; test/package holds both faces'],
  ['src/arguments.ts', 'test/server'],
  ['src/builtins.ts', 'names of modules; whoever asks for one is tested'],
  ['src/config.ts', 'test/server, test/options.test.ts'],
  ['src/contract.ts', 'types; test/types'],
  ['src/node.ts', 'what is behind Server: test/server'],
  ['src/ranges.ts', 'a table; test/options.test.ts'],
  ['src/codec/codec.ts', 'an interface'],
  ['src/transports/transport.ts', 'an interface'],
  ['src/transports/security.ts', 'an interface'],
  ['src/credentials/tls-parameters.ts', 'test/credentials/credentials'],
  ['src/transports/loopback.ts', 'test/transports/tcp'],
  ['src/testing/index.ts', 'exports only; test/package holds both faces'],
  ['src/testing/index.cts', 'exports only; test/package holds both faces'],
  ...['process', 'route', 'end', 'flow'].map((file) => [`src/testing/${file}.ts`, 'test/testing/network, test/sim']),
  ['src/testing/checks.ts', 'test/testing/simulation, test/testing/faults'],
  ['src/protocol/output.ts', 'types'],
  ['src/protocol/connection.ts', 'a record'],
  ['src/protocol/dial.ts', 'a record'],
  ['src/protocol/questions.ts', 'test/protocol/links, test/explore'],
]);

/** What would make a run of the core depend on more than it is given. */
const IMPURE = new Set(
  `setTimeout setInterval setImmediate queueMicrotask Promise Date performance crypto process console globalThis global
  Buffer fetch require AbortSignal WeakRef Intl`.split(/\s+/),
);

const complaints = [];
const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((file) => join('src', file).replaceAll('\\', '/'))
  .filter((file) => /\.[cm]?ts$/.test(file));

for (const file of files) {
  const text = readFileSync(file, 'utf8');
  const lines = text.split('\n').length - 1;
  if (lines > LONGEST) complain(file, `has ${lines} lines, and ${LONGEST} are the most: did a second concept move in?`);

  const [, room, ...rest] = file.split('/');
  if (rest.length > 0 && !ROOMS.includes(room)) complain(file, 'is in a room that scripts/structure.mjs does not know');
  if (rest.length > 1) complain(file, 'is in a room within a room');
  if (room === 'protocol') for (const found of impurities(file, text)) complain(file, found);

  const stem = file.replace(/^src/, 'test').replace(/\.[cm]?ts$/, '');
  const tested =
    existsSync(`${stem}.test.ts`) || (existsSync(stem) && readdirSync(stem).some((name) => name.endsWith('.test.ts')));
  if (!tested && !UNTESTED.has(file)) complain(file, `has no ${stem}.test.ts, and no tests in a folder ${stem}`);
  if (tested && UNTESTED.has(file)) complain(file, 'is excepted in scripts/structure.mjs, and has tests');
}
for (const file of UNTESTED.keys()) {
  if (!files.includes(file)) complain(file, 'is excepted in scripts/structure.mjs, and is gone');
}

if (complaints.length > 0) {
  console.error(complaints.join('\n'));
  process.exit(1);
}
console.log(`${files.length} files in their rooms`);

function complain(file, what) {
  complaints.push(`${file} ${what}`);
}

/** Where a file of the core takes time, chance or anything else from the world instead of being given it. */
function impurities(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const found = [];
  const visit = (node) => {
    const at = () => source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    if (ts.isIdentifier(node) && IMPURE.has(node.text) && !isName(node)) found.push(`uses ${node.text} (line ${at()})`);
    if (ts.isPropertyAccessExpression(node) && node.getText() === 'Math.random')
      found.push(`uses Math.random (line ${at()})`);
    if (ts.isAwaitExpression(node)) found.push(`awaits (line ${at()})`);
    if (ts.isStringLiteral(node) && node.text.startsWith('node:')) found.push(`imports ${node.text} (line ${at()})`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Whether an identifier only names a member, as in `frame.process` or `{ process: 1 }`. */
function isName(node) {
  const { parent } = node;
  const named =
    ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent);
  return (named || ts.isMethodDeclaration(parent) || ts.isPropertyDeclaration(parent)) && parent.name === node;
}
