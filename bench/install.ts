/** Installs what the chosen peers and workloads need and the project itself does not. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { BENCH, ROOT } from './root.js';

/** Makes `bench/node_modules` what its lock file says. @throws Error when that fails */
export function installPackages(): void {
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/install.mjs'), BENCH, 'for the peers'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new Error('what it measures against could not be installed');
}
