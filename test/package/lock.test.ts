/** The lock file installs the same everywhere: on every platform, from every registry. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

interface Entry {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (name: string): string => readFileSync(resolve(import.meta.dirname, '../..', name), 'utf8');
const locked = (folder: string): Readonly<Record<string, Entry>> =>
  (JSON.parse(read(`${folder}/package-lock.json`)) as { packages: Readonly<Record<string, Entry>> }).packages;
const packages = locked('.');

it.each(['.', 'bench', 'mutation', 'test/runtimes'])('names no registry: %s', (folder) => {
  const all = Object.entries(locked(folder));
  expect(all.length).toBeGreaterThan(1);
  expect(all.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
});

it('has the packages of every platform, without which npm ci refuses it', () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) =>
        packages[`${path}/node_modules/${name}`] === undefined && packages[`node_modules/${name}`] === undefined,
    ),
  );
  expect(missing).toEqual([]);
});

it('belongs to a manifest in which every version is exact', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const versions = Object.values({ ...dependencies, ...devDependencies });
  expect(versions.filter((version) => !/^(npm:.+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});
