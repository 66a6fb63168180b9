// Makes dist of src: declarations file by file, code in one file for each entrance and what they share in others, since
// finding and reading a file for every source took most of the time of an import. It is made aside and then put in place,
// so that dist is never half made and holds nothing stale.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';

/** What is imported or started by name. */
const ENTRANCES = ['index', 'testing/index', 'cli/main', 'cli/demo-worker'];
/** What is required: files beside these that point at them, so that there is one copy of each class. */
const FACES = ['index', 'testing/index'];
const aside = resolve(`.dist-${process.pid}`);
const files = join(aside, 'files');
const whole = join(aside, 'whole');
/** All of it once more, for a `require` that can't load ES modules: Jest's, or that of Node where it was switched off. */
const commonjs = join(whole, 'commonjs');
try {
  execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', files], { stdio: 'inherit' });
  await bundle('esm', ENTRANCES, whole);
  await bundle('cjs', FACES, commonjs);
  // Declarations, and the require() faces, which only point at the others.
  cpSync(files, whole, { recursive: true, filter: (path) => !path.endsWith('.js') });
  for (const face of FACES) cpSync(join(files, `${face}.cjs`), join(commonjs, `${face}.cjs`));
  writeFileSync(join(commonjs, 'package.json'), '{ "type": "commonjs" }\n');
  rmSync('dist', { recursive: true, force: true });
  renameSync(whole, 'dist');
} catch (error) {
  console.error(`build: failed; dist is as it was${error.status === undefined ? `: ${error.stack}` : ''}`);
  process.exitCode = 1;
} finally {
  rmSync(aside, { recursive: true, force: true });
}
if (process.exitCode !== 1) makeExecutable();

async function bundle(format, entrances, dir) {
  const input = Object.fromEntries(entrances.map((name) => [name, join(files, `${name}.js`)]));
  // The bundler notes what came from which file, by its path from here: the same in every build.
  const external = [/^node:/, 'debug'];
  const build = await rolldown({
    input,
    cwd: files,
    platform: 'node',
    external,
    plugins: [{ name: 'ascii', generateBundle: ascii }],
    onLog: fail,
  });
  const names = { entryFileNames: '[name].js', chunkFileNames: 'shared/[name].js' };
  // The library in one file: left to the bundler, it is in two, of which one is empty.
  const codeSplitting = { groups: [{ name: 'server', test: /files.(?!cli|testing)/ }] };
  // What comments say is in the declarations; here they only take time to skip.
  await build.write({ dir, format, exports: 'named', comments: false, codeSplitting, ...names });
  await build.close();
}

/**
 * One character beyond Latin-1 makes the whole text of a file two bytes a character, which takes longer to read and lasts as
 * long as the process. Comments are gone by then: what is left of them is in strings, where an escape says the same.
 */
function ascii(_, files) {
  for (const file of Object.values(files)) {
    file.code = file.code.replace(
      /[\u0080-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  }
}

/** Whatever a bundler warns of would be found by users. */
function fail(level, log) {
  if (level === 'warn') throw new Error(log.message);
}

function makeExecutable() {
  for (const program of Object.values(JSON.parse(readFileSync('package.json', 'utf8')).bin)) {
    if (!existsSync(program)) {
      console.error(`build: ${program}, a program that package.json names, is not there`);
      process.exit(1);
    }
    chmodSync(program, 0o755);
  }
}
