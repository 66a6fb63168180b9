// Installs what the package-lock.json of a folder names, when that is not what is installed there: for tools that only some
// commands need, and that have a package.json of their own. Also a program: node scripts/install.mjs FOLDER WHAT-FOR
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Milliseconds. */
const DEADLINE = 600_000;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , folder = '.', purpose = ''] = process.argv;
  process.exitCode = install(folder, purpose) ? 0 : 1;
}

/** Whether it is installed now. What went wrong is told on stderr. */
export function install(folder, purpose) {
  const stamp = join(folder, 'node_modules/.masterless');
  const wanted = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return true;
  console.error(`npm ci in ${folder}, ${purpose}`);
  // What is printed on stdout is what the command was run for.
  const command = { cwd: folder, shell: true, stdio: ['ignore', 2, 2], timeout: DEADLINE };
  const { status, error } = spawnSync('npm ci --loglevel=error', command);
  if (status === 0) writeFileSync(stamp, wanted);
  else console.error(`npm ci in ${folder} failed${error === undefined ? '' : `: ${error.message}`}`);
  return status === 0;
}
