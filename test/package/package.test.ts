/** What users get: the packed package, installed in a project of its own, through import, require, types and npx. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

const root = resolve(import.meta.dirname, '../..');
const project = mkdtempSync(join(tmpdir(), 'masterless-package-'));
let packed: Packed;

/** Without what `npm run` sets for its own scripts, which would lead an npm below it back to this repository. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(package|lifecycle|config_local_prefix)|INIT_CWD|NODE_OPTIONS|DEBUG)/.test(name),
  ),
);

/** What a program prints; throws all of it unless it ends well. */
function run(file: string, args: readonly string[], cwd = project): string {
  const { status, signal, stdout, stderr } = spawnSync(file, args, {
    cwd,
    env,
    encoding: 'utf8',
    timeout: 60_000,
    input: '',
  });
  if (status === 0) return stdout;
  throw new Error(`${file} ${args.join(' ')} ended with ${status ?? signal}\n${stdout}${stderr}`);
}

beforeAll(() => {
  if (!existsSync(join(root, 'dist/index.js'))) throw new Error('dist is not built: npm run build');
  const [made] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], root),
  ) as Packed[];
  if (made === undefined) throw new Error('npm pack made nothing');
  packed = made;
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
  run('npm', ['install', `./${packed.filename}`, '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']);
  cpSync(join(import.meta.dirname, 'consumer'), project, { recursive: true });
}, 120_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('the tarball', () => {
  it('holds what was built and the texts, nothing else', () => {
    const strangers = packed.files
      .map((file) => file.path)
      .filter((path) => !/^(dist\/.*\.c?[jt]s|(dist\/commonjs\/)?package\.json|README\.md|LICENSE)$/.test(path));
    expect(strangers).toEqual([]);
    expect(packed.files.map((file) => file.path)).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'dist/index.cjs', 'dist/index.js']),
    );
  });

  it('does not say where it was built, so that it is the same wherever that is', () => {
    const places = packed.files.filter(({ path }) => {
      const text = readFileSync(join(root, path), 'utf8');
      return text.includes('.dist-') || text.includes(root);
    });
    expect(places).toEqual([]);
  });

  it('holds what can be imported, required or started, what these share, and nothing that is not reached from them', () => {
    const code = packed.files.map((file) => file.path).filter((path) => /\.c?js$/.test(path));
    const named = [
      'index.js',
      'index.cjs',
      'testing/index.js',
      'testing/index.cjs',
      'commonjs/index.cjs',
      'commonjs/testing/index.cjs',
      'cli/main.js',
      'cli/demo-worker.js',
    ];
    const reached = new Set<string>();
    const reach = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      const text = readFileSync(join(root, path), 'utf8');
      for (const [, target] of text.matchAll(/(?:from|import|require\()\s*["'](\.[^"']+)["']/g)) {
        reach(join(dirname(path), target as string));
      }
    };
    for (const name of named) reach(`dist/${name}`);
    expect(code.sort()).toEqual([...reached].sort());
  });

  it('holds declarations for every source', () => {
    const types = packed.files.map((file) => file.path).filter((path) => /\.d\.c?ts$/.test(path));
    const sources = ts.sys.readDirectory(join(root, 'src'), ['.ts', '.cts']).map((path) => path.slice(root.length + 1));
    const declared = sources.map((path) => path.replace(/^src/, 'dist').replace(/(c?)ts$/, 'd.$1ts'));
    expect(types.sort()).toEqual(declared.sort());
  });

  it('installs without scripts, native code or more than two packages beside it', () => {
    const text = readFileSync(join(project, 'package-lock.json'), 'utf8');
    const { packages } = JSON.parse(text) as { packages: Record<string, object> };
    const names = Object.keys(packages).filter((name) => name !== '');
    expect(names).toEqual(['node_modules/debug', 'node_modules/masterless', 'node_modules/ms']);
    expect(text).not.toContain('hasInstallScript');
  });
});

describe('import and require', () => {
  it('import gives Server by name and as default, the one class that require gives', () => {
    const seen = JSON.parse(run('node', ['import.mjs'])) as object;
    const names: unknown = expect.arrayContaining(['MasterlessError', 'Server', 'default', 'errorCodes', 'msgpack']);
    // As in the sources: a bundler may take what only throws for something that does nothing.
    const refuses = ['ERR_URI', 'ERR_URI', 'ERR_URI'];
    expect(seen).toEqual({ defaultIsServer: true, oneClass: true, names, refuses, serverMakesNodes: true });
  });

  it('require gives the constructor itself, with every other export as its property', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    const { names } = JSON.parse(run('node', ['import.mjs'])) as { names: string[] };
    const seen = JSON.parse(run('node', ['require.cjs'])) as object;
    expect(seen).toEqual({ constructor: true, itself: true, names, version });
  });

  const SCRIPTS_ONLY = '--no-experimental-require-module';

  it('require gives the same where it can load scripts only', () => {
    expect(run('node', [SCRIPTS_ONLY, 'require.cjs'])).toBe(run('node', ['require.cjs']));
  });

  it('two nodes say hello in a realm whose require is its own, as that of Jest', () => {
    expect(JSON.parse(run('node', [SCRIPTS_ONLY, 'realm.cjs']))).toEqual({
      packet: [true, new Date(5).toJSON(), true, ['1', '2.5', '3'], true, [97, 98, 99]],
      refused: [true, true, 'ERR_REFUSED'],
      simulated: [true, 'b'],
    });
  });

  it('two nodes of the installed package say hello', () => {
    expect(run('node', ['hello.mjs'])).toBe('left {"hello":"from right","and":"from left"}\nclosed\n');
  });
});

it('the simulation makes nodes of the class that applications import', () => {
  const names = ['Simulation', 'SimulationError', 'simulate'];
  expect(JSON.parse(run('node', ['testing.mjs']))).toEqual({ names, required: names, oneClass: true, id: 'b' });
});

describe('types', () => {
  const flags = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022', '--types', 'node'];
  const roots = ['--typeRoots', join(root, 'node_modules/@types')];

  // The fast compiler checks the declarations themselves too, the slow one only how they are used.
  it.each([
    ['TypeScript 6', 'node20', 'typescript/bin/tsc6', ['--skipLibCheck']],
    ['TypeScript 6', 'nodenext', 'typescript/bin/tsc6', ['--skipLibCheck']],
    ['TypeScript 7', 'nodenext', '@typescript/native/bin/tsc', []],
  ])('serve both faces with %s and module %s', (_name, module, path, more) => {
    const tsc = join(root, 'node_modules', path);
    const files = ['types.mts', 'types.cts', 'named.cts'];
    expect(run('node', [tsc, ...flags, ...roots, ...more, '--module', module, ...files])).toBe('');
  });

  it('bring those of the platform with them, which compilers no longer load by themselves', () => {
    const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
    const own = flags.filter((flag) => flag !== '--types' && flag !== 'node');
    expect(run('node', [tsc, ...own, ...roots, '--module', 'nodenext', 'types.mts', 'named.cts'])).toBe('');
  });

  it.each([
    ['TypeScript 6', 'typescript/bin/tsc6'],
    ['TypeScript 7', '@typescript/native/bin/tsc'],
  ])('serve what is compiled to require with %s', (_name, path) => {
    const settings = [...flags, ...roots, '--skipLibCheck', '--esModuleInterop', '--module', 'node16'];
    const compiled = [join(root, 'node_modules', path), ...settings, 'named.cts'];
    expect(run('node', compiled)).toBe('');
  });

  it.each([
    ['masterless', 'dist', 20],
    ['masterless/testing', 'dist/testing', 5],
  ])('of %s are all there through require too', (_name, folder, most) => {
    const dist = join(project, 'node_modules/masterless', folder);
    const faces = [join(dist, 'index.d.ts'), join(dist, 'index.d.cts')];
    const program = ts.createProgram(faces, {
      module: ts.ModuleKind.NodeNext,
      typeRoots: [join(root, 'node_modules/@types')],
    });
    const checker = program.getTypeChecker();
    const [imported, required] = faces.map((face) => {
      const source = program.getSourceFile(face);
      const module = source && checker.getSymbolAtLocation(source);
      if (module === undefined) throw new Error(`${face} is no module`);
      const equals = module.exports?.get(ts.InternalSymbolName.ExportEquals);
      const statics = equals === undefined ? [] : checker.getTypeOfSymbol(equals).getProperties();
      const names = [...checker.getExportsOfModule(module), ...statics].map((each) => each.name);
      return new Set(names);
    });
    expect(imported?.size).toBeGreaterThan(most);
    expect([...(imported ?? [])].filter((name) => !required?.has(name))).toEqual([]);
  });
});

describe('the program', () => {
  it('npx masterless --help tells how to use it', () => {
    // It must be the one installed here: without it, npx may not look elsewhere.
    expect(run('npx', ['--yes=false', 'masterless', '--help'])).toMatch(/^ *masterless demo\b/m);
  });
});
