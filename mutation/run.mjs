// Tests the tests: changes the sources of two rooms in one place at a time, and counts the changes that no test finds.
// Installs what is in package.json beside it when that is not installed, runs Stryker, tells the score of each file and
// room, and fails where a room's is too low. Arguments go to Stryker.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { install } from '../scripts/install.mjs';

/** Percent of the changes that tests must find, in each room. */
const LEAST = 85;
const REPORT = '.cache/mutation/mutation.json';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
if (!install('mutation', 'for Stryker')) process.exit(1);
rmSync(REPORT, { force: true });
const stryker = 'mutation/node_modules/@stryker-mutator/core/bin/stryker.js';
const args = ['run', 'mutation/stryker.config.mjs', ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, [stryker, ...args], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
process.exit(tell(JSON.parse(readFileSync(REPORT, 'utf8'))) ? 0 : 1);

/** Prints a table; returns whether every room's score is high enough. */
function tell({ files }) {
  const rooms = new Map();
  const rows = [];
  for (const [file, { mutants }] of Object.entries(files)) {
    const room = file.slice(0, file.lastIndexOf('/'));
    const counts = countsOf(mutants);
    if (counts.all === 0) continue;
    rows.push([file, counts]);
    const sum = rooms.get(room) ?? { all: 0, found: 0 };
    rooms.set(room, { all: sum.all + counts.all, found: sum.found + counts.found });
  }
  rows.push(...rooms);
  console.log('\n| file | mutants | found | score |\n|---|---|---|---|');
  for (const [name, { all, found }] of rows) console.log(`| ${name} | ${all} | ${found} | ${percent(all, found)} % |`);
  const low = [...rooms].filter(([, { all, found }]) => found < (LEAST / 100) * all);
  for (const [room] of low) console.error(`mutation: the tests of ${room} find less than ${LEAST} %`);
  return low.length === 0 && rooms.size > 0;
}

/** Mutants that count: one that ends in an error of the tools says nothing of the tests. */
function countsOf(mutants) {
  const found = mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout').length;
  const missed = mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage').length;
  return { all: found + missed, found };
}

/** Rounded down, so that no survivor is rounded away. */
function percent(all, found) {
  return (Math.floor((found / all) * 1000) / 10).toFixed(1);
}
