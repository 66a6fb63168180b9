/** Installs what the chosen peers and workloads need and the project itself does not. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BENCH } from './root.js';

/** Milliseconds. */
const DEADLINE = 600_000;

/** Makes `bench/node_modules` what its lock file says. @throws Error when that fails */
export function installPackages(tell: (line: string) => void): void {
  const stamp = join(BENCH, 'node_modules/.masterless-bench');
  const wanted = createHash('sha256')
    .update(readFileSync(join(BENCH, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  tell('bench: npm ci, for the peers');
  const { status, error } = spawnSync('npm ci --loglevel=error', {
    cwd: BENCH,
    shell: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: DEADLINE,
  });
  if (status !== 0) throw new Error(`npm ci in bench failed${error === undefined ? '' : `: ${error.message}`}`);
  writeFileSync(stamp, wanted);
}
