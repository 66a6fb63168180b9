// Every check of the project. Prints a line for each step, the whole output of those that fail, and as its last line
// `N passed, N failed`, where each step and each test counts one.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const scratch = mkdtempSync(join(tmpdir(), 'masterless-check-'));
const report = join(scratch, 'tests.json');
/** Colours are for people who look on; logs are read as plain text. */
const plain = process.stdout.isTTY ? {} : { NO_COLOR: '1', FORCE_COLOR: undefined };
const environment = { ...process.env, ...plain, PATH: resolve('node_modules/.bin') + delimiter + process.env.PATH };

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
const BUILD = { name: 'build', command: scripts.build };
/** These only read, so two run at a time: each command of these scripts of package.json is a step. */
const STATIC = ['types', 'lint', 'structure', 'package'].flatMap((script) =>
  scripts[script].split(' && ').map((command) => ({ name: `${script}: ${tool(command)}`, command })),
);
const TESTS = {
  name: 'tests',
  command: `${scripts['test:unit']} --reporter=dot --reporter=json --outputFile.json="${report}"`,
};

const counts = { passed: 0, failed: 0, skipped: 0 };
const begun = Date.now();
if (await run(BUILD)) {
  const queue = STATIC.values();
  const worker = async () => {
    for (const step of queue) await run(step);
  };
  await Promise.all([worker(), worker()]);
  await run(TESTS, 'inherit');
  countTests();
} else {
  console.log('nothing else was checked, since nothing was built');
}
rmSync(scratch, { recursive: true, force: true });
console.log(`in ${seconds(begun)}`);
console.log(
  `${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`,
);
process.exitCode = counts.failed === 0 ? 0 : 1;

/** Runs a step, tells how it went and counts it; whether it succeeded. */
function run({ name, command }, output = 'pipe') {
  const start = Date.now();
  return new Promise((done) => {
    const child = spawn(command, { shell: true, env: environment, stdio: ['ignore', output, output] });
    const chunks = [];
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    child.on('close', (code) => {
      const good = code === 0;
      counts[good ? 'passed' : 'failed']++;
      console.log(`${good ? 'ok  ' : 'FAIL'} ${name.padEnd(24)} ${seconds(start).padStart(7)}`);
      if (!good && chunks.length > 0) console.log(indented(Buffer.concat(chunks)));
      done(good);
    });
  });
}

/** Counts what vitest says that it ran. A run that left no report, or ran no test, has failed. */
function countTests() {
  try {
    const results = JSON.parse(readFileSync(report, 'utf8'));
    counts.passed += results.numPassedTests;
    counts.failed += results.numFailedTests;
    counts.skipped += results.numPendingTests + results.numTodoTests;
    if (results.numTotalTests > 0) return;
    console.log('no test was run');
  } catch (error) {
    console.log(`the tests left no report: ${error.message}`);
  }
  counts.failed++;
}

/** `node scripts/structure.mjs` is structure.mjs, `biome ci .` is biome. */
function tool(command) {
  return basename(command.replace(/^node /, '').split(' ')[0]);
}

function indented(output) {
  return stripVTControlCharacters(output.toString()).trimEnd().replace(/^/gm, '     ');
}

function seconds(start) {
  return `${((Date.now() - start) / 1000).toFixed(1)} s`;
}
