// Installs what package-lock.json names when that is not what is installed; with --build also builds. Needs nothing but
// Node and npm, so that it runs in a fresh clone.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`setup: masterless needs Node 20.19 or newer, and this is ${process.versions.node}`);
  process.exit(1);
}

const stamp = 'node_modules/.masterless-setup';
const wanted = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  console.log('setup: npm ci, since node_modules is not what package-lock.json names');
  const { status, error } = spawnSync('npm ci --loglevel=error', { shell: true, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`setup: npm ci failed${error === undefined ? '' : `: ${error.message}`}`);
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}
if (process.argv.includes('--build')) {
  console.log('setup: building');
  await import('./build.mjs');
}
