// Installs what package-lock.json names when that is not what is installed; with --build also builds. Needs nothing but
// Node and npm, so that it runs in a fresh clone.
import { fileURLToPath } from 'node:url';
import { install } from './install.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`setup: masterless needs Node 20.19 or newer, and this is ${process.versions.node}`);
  process.exit(1);
}

if (!install('.', 'since node_modules is not what package-lock.json names')) process.exit(1);
if (process.argv.includes('--build')) {
  console.log('setup: building');
  await import('./build.mjs');
}
