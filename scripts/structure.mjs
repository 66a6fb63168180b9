// Holds the source to its rooms: the core stays pure, files stay short, tests mirror sources.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LONGEST = 350;
const ROOMS = ['cli', 'codec', 'delivery', 'protocol', 'runtime', 'transports'];
/** Types and re-exports only, or covered as a part of the file named. */
const UNTESTED = new Map([
  ['src/codec/codec.ts', 'an interface'],
  ['src/transports/transport.ts', 'an interface'],
  ['src/index.ts', 'test/package'],
  ['src/events.ts', 'test/types and test/server'],
  ['src/arguments.ts', 'test/server'],
  ['src/protocol/output.ts', 'types'],
  ['src/protocol/connection.ts', 'a record'],
  ['src/protocol/dial.ts', 'a record'],
  ['src/protocol/state.ts', 'a record; test/protocol/mesh'],
  ['src/protocol/peer.ts', 'a record; test/protocol/mesh'],
  ['src/protocol/sessions.ts', 'test/protocol/mesh'],
]);
/** What would make a run of the core depend on more than its inputs. */
const IMPURE =
  /\b(setTimeout|setInterval|setImmediate|queueMicrotask|Date|performance|process|console|Buffer|fetch)\b|Math\.random|from 'node:/;

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.c?ts$/.test(file))
  .map((file) => join('src', file));
const complaints = [];
for (const file of files) {
  const text = readFileSync(file, 'utf8');
  const lines = text.split('\n').length;
  if (lines > LONGEST) complaints.push(`${file} has ${lines} lines, and ${LONGEST} are the most: did a second concept move in?`);
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '').replace(/'[^'\n]*'|`[^`]*`/g, "''");
  const found = file.startsWith('src/protocol/') ? IMPURE.exec(code) : null;
  if (found !== null) complaints.push(`${file} uses ${found[0]}: the core is given time, bytes and chance, it takes none`);
  const room = file.split('/').length > 2 ? file.split('/')[1] : null;
  if (room !== null && !ROOMS.includes(room)) complaints.push(`${file} is in a room that scripts/structure.mjs does not know`);
  const test = file.replace(/^src/, 'test').replace(/\.c?ts$/, '.test.ts');
  if (!existsSync(test) && !UNTESTED.has(file) && !file.endsWith('.cts')) complaints.push(`${file} has no ${test}`);
}
for (const file of UNTESTED.keys()) if (!files.includes(file)) complaints.push(`scripts/structure.mjs excepts ${file}, which is gone`);

for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) process.exit(1);
console.log(`${files.length} files in their rooms`);
