/** Every block of code in the documentation, and every example that it links to, is run against the built package. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, normalize } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pages, root } from './markdown.js';
import { type Program, programs, said } from './programs.js';

/** How long a block may take, in milliseconds. */
const LIMIT = 20_000;

const all = pages();
const found = all.flatMap(programs).map((program, index) => ({ ...program, name: `block${index}` }));
const examples = new Set(
  all
    .flatMap(({ path, links }) => links.map((link) => normalize(join(dirname(path), link.split('#')[0] ?? ''))))
    .filter((path) => /^examples\/.*\.[cm]?js$/.test(path)),
);
const complaints = new Map<string, string>();
const project = mkdtempSync(join(tmpdir(), 'masterless-docs-'));
const env: NodeJS.ProcessEnv = {
  ...process.env,
  DEBUG: '',
  PATH: join(project, 'node_modules/.bin') + delimiter + (process.env.PATH ?? ''),
};

beforeAll(() => {
  if (!existsSync(join(root, 'dist/index.js'))) throw new Error('dist is not built: npm run build');
  mkdirSync(join(project, 'node_modules/.bin'), { recursive: true });
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  symlinkSync(root, join(project, 'node_modules/masterless'));
  symlinkSync(join(root, 'node_modules/@types'), join(project, 'node_modules/@types'));
  symlinkSync(join(root, 'dist/cli/main.js'), join(project, 'node_modules/.bin/masterless'));
  symlinkSync(join(root, 'examples'), join(project, 'examples'));
  for (const { name, language, module, parts } of found) {
    if (language !== 'sh') writeFileSync(join(project, name + extension(language, module)), parts[0]?.code ?? '');
  }
  compile();
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

it('there is a README with code in it', () => {
  expect(all.find(({ path }) => path === 'README.md')?.blocks.map(({ language }) => language)).toEqual(
    expect.arrayContaining(['js', 'sh']),
  );
});

for (const program of found) {
  it(`${program.at}: the ${program.language} does what it says`, () => perform(program), LIMIT + 10_000);
}

for (const path of examples) {
  it(
    `${path} ends well`,
    () => inTurn([{ command: `node ${JSON.stringify(join(root, path))}`, prints: [], says: [] }]),
    LIMIT + 10_000,
  );
}

/** Compiles the blocks of ts next to their sources, and keeps what tsc complains of under the name of the block. */
function compile(): void {
  const files = found
    .filter(({ language }) => language === 'ts')
    .map(({ name, module }) => name + extension('ts', module));
  if (files.length === 0) return;
  const flags = [
    '--strict',
    '--target',
    'es2022',
    '--module',
    'node20',
    '--types',
    'node',
    '--skipLibCheck',
    '--pretty',
    'false',
  ];
  const { stdout } = spawnSync(join(root, 'node_modules/.bin/tsc'), [...flags, ...files], {
    cwd: project,
    encoding: 'utf8',
  });
  for (const line of stdout.split('\n').filter((each) => each.trim() !== '')) {
    const name = /^(block\d+)/.exec(line)?.[1] ?? '';
    complaints.set(name, `${complaints.get(name) ?? ''}${line}\n`);
  }
}

async function perform(program: Program & { name: string }): Promise<void> {
  expect((complaints.get(program.name) ?? '') + (complaints.get('') ?? '')).toBe('');
  const { language, module, name, parts } = program;
  const file = name + extension('js', module);
  await inTurn(
    parts.map(({ code, prints }) => ({
      says: language === 'sh' ? [] : said(code),
      // npx would be slow and say the same: the package test runs it.
      command: language === 'sh' ? code.replace(/^((?:[A-Z_]+=\S+ +)*)npx +/gm, '$1') : `node ${file}`,
      prints,
    })),
  );
}

function extension(language: Program['language'], module: Program['module']): string {
  return `.${module === 'esm' ? 'm' : 'c'}${language}`;
}

interface Command {
  readonly command: string;
  /** It is ended once it has printed these, if there are any. */
  readonly prints: readonly string[];
  /** What it must have printed when it ends by itself. */
  readonly says: readonly string[];
}

/**
 * Runs each command once the one before has printed what it should, or has ended with 0 if it has nothing to print; ends
 * those that still run when all are done.
 */
async function inTurn(commands: readonly Command[]): Promise<void> {
  const running: ChildProcess[] = [];
  try {
    for (const command of commands) await start(command, running);
  } finally {
    for (const child of running) end(child);
  }
}

function start({ command, prints, says }: Command, running: ChildProcess[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-ec', command], {
      cwd: project,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.push(child);
    let output = '';
    const timer = setTimeout(() => fail(`was not done after ${LIMIT} ms`), LIMIT);
    const fail = (what: string): void => {
      clearTimeout(timer);
      reject(new Error(`${command}\n${what}, with the output\n${output}`));
    };
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      if (prints.length === 0 || missing(output, prints) !== undefined) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => fail(error.message));
    child.on('close', (code, signal) => {
      if (code !== 0) return fail(`ended with ${code ?? signal}`);
      const text = missing(output, prints) ?? missing(output, says);
      if (text !== undefined) return fail(`did not print '${text}'`);
      clearTimeout(timer);
      resolve();
    });
  });
}

/** The first of the texts that is not in the output, after those before it. */
function missing(output: string, prints: readonly string[]): string | undefined {
  let from = 0;
  return prints.find((text) => {
    const at = output.indexOf(text, from);
    from = at + text.length;
    return at === -1;
  });
}

/** Ends a command with all it has started: it leads a process group of its own. */
function end(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // All of the group have ended by themselves.
  }
}
