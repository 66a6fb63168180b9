/** What the benchmark installs is exact, and says nothing of where it came from. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly resolved?: string; readonly integrity?: string; readonly dependencies?: object }>
  >;
}

const { dependencies } = JSON.parse(readFileSync('bench/package.json', 'utf8')) as {
  dependencies: Record<string, string>;
};
const { packages } = JSON.parse(readFileSync('bench/package-lock.json', 'utf8')) as Lock;

it('versions are exact', () => {
  expect(Object.values(dependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  expect(packages['']?.dependencies).toEqual(dependencies);
});

it('the lock file names no registry, and holds every package by its content', () => {
  const entries = Object.entries(packages).filter(([path]) => path !== '');
  expect(entries.length).toBeGreaterThan(50);
  expect(entries.filter(([, { resolved, integrity }]) => resolved !== undefined || integrity === undefined)).toEqual(
    [],
  );
});
