// Every check of the project, two at a time where they do not disturb one another. Prints a line for each, the output of
// those that fail, and at the end `N passed, N failed`, where each step and each test counts one.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const scratch = mkdtempSync(join(tmpdir(), 'masterless-check-'));
const report = join(scratch, 'tests.json');
const npx = (command) => `node_modules/.bin/${command}`;
let passed = 0;
let failed = 0;

/** Runs a shell command; resolves to whether it succeeded. */
function step(name, command, { show = false } = {}) {
  const begun = Date.now();
  return new Promise((resolve) => {
    const child = spawn(command, { shell: true, stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'] });
    let output = '';
    child.stdout?.on('data', (data) => (output += data));
    child.stderr?.on('data', (data) => (output += data));
    child.on('close', (code) => {
      const seconds = ((Date.now() - begun) / 1000).toFixed(1);
      console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
      if (code !== 0 && output !== '') console.log(output.replace(/^/gm, '     '));
      if (code === 0) passed++;
      else failed++;
      resolve(code === 0);
    });
  });
}

const built = await step('build', 'node scripts/build.mjs');
if (built) {
  await Promise.all([
    step('types', `${npx('tsc')} -p tsconfig.json`),
    step('lint and format', `${npx('biome')} ci --error-on-warnings .`),
  ]);
  await Promise.all([
    step('lint of promises', `${npx('oxlint')} --type-aware --deny-warnings src test scripts`),
    step('structure: rooms', 'node scripts/structure.mjs'),
  ]);
  await Promise.all([
    step('structure: imports', `${npx('depcruise')} src --config .dependency-cruiser.mjs`),
    step('structure: unused code', npx('knip')),
  ]);
  await Promise.all([
    step('package: publint', `${npx('publint')} --strict`),
    step('package: types', `${npx('attw')} --pack .`),
  ]);
  await step('tests', `${npx('vitest')} run --reporter=dot --reporter=json --outputFile.json=${report}`, { show: true });
  try {
    const results = JSON.parse(readFileSync(report, 'utf8'));
    passed += results.numPassedTests;
    failed += results.numFailedTests;
    if (results.numTotalTests === 0) failed++;
  } catch {
    console.log('the tests left no report');
    failed++;
  }
}
rmSync(scratch, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
