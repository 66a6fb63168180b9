// Installs what package-lock.json names, when it is not there or not the same; with --build also builds when sources are
// newer than what was built. Uses nothing but Node, so that it runs on a fresh machine.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`masterless needs Node 20.19 or newer, and this is ${process.versions.node}.`);
  process.exit(1);
}

const stamp = 'node_modules/.masterless-setup';
const wanted = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  console.log('setup: installing packages (npm ci)');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { stdio: 'inherit' });
  writeFileSync(stamp, wanted);
}
if (process.argv.includes('--build')) {
  console.log('setup: building');
  await import('./build.mjs');
}
