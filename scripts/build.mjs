// Compiles src into dist. It is made aside and then put in place, so that dist is never half made and holds nothing stale.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';

const aside = `.dist-${process.pid}`;
try {
  execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', aside], { stdio: 'inherit' });
  rmSync('dist', { recursive: true, force: true });
  renameSync(aside, 'dist');
} catch {
  rmSync(aside, { recursive: true, force: true });
  console.error('build: failed; dist is as it was');
  process.exit(1);
}
for (const program of Object.values(JSON.parse(readFileSync('package.json', 'utf8')).bin)) {
  if (!existsSync(program)) {
    console.error(`build: ${program}, a program that package.json names, is not there`);
    process.exit(1);
  }
  chmodSync(program, 0o755);
}
