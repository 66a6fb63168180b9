/** The certificates that the documentation's commands make are such that nodes link with them, each under its own id only. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { TlsOptions } from '../../src/index.js';
import { outcome } from '../support/entrance.js';
import { listening, node } from '../support/nodes.js';
import { pages, root } from './markdown.js';
import { programs } from './programs.js';

const above = mkdtempSync(join(tmpdir(), 'masterless-docs-certificates-'));
afterAll(() => rmSync(above, { recursive: true, force: true }));

const blocks = pages()
  .filter(({ path }) => path === 'docs/security.md')
  .flatMap(programs)
  .flatMap(({ at, parts }) => parts.map(({ code }) => ({ at, code })));
const ways: [string, string, RegExp][] = [
  ['keygen', 'certs', /masterless keygen --ca/],
  ['openssl', '.', /^openssl req /m],
];

it.each(ways)('those of %s', async (_way, below, pattern) => {
  const found = blocks.filter(({ code }) => pattern.test(code));
  expect(found).toHaveLength(1);
  const folder = mkdtempSync(join(above, 'run-'));
  const program = `node ${JSON.stringify(join(root, 'dist/cli/main.js'))}`;
  const code = (found[0]?.code ?? '').replace(/npx masterless/g, program);
  execFileSync('sh', ['-ec', code], { cwd: folder, stdio: 'pipe' });
  const tls = (name: string, more: Partial<TlsOptions> = {}): TlsOptions => {
    const read = (file: string): string => readFileSync(join(folder, below, file), 'utf8');
    return { key: read(`${name}-key.pem`), cert: read(`${name}.pem`), ca: read('ca.pem'), ...more };
  };
  const { node: b, uri } = await listening('node-b', { tls: tls('node-b') });
  expect(await outcome(node('node-a', { tls: tls('node-a'), listen: [] }), uri)).toBe('node-b');
  const claims = { identity: 'authorize' } as const;
  const cheat = node('node-c', { tls: tls('node-a', claims), authorize: () => true, listen: [] });
  expect(await outcome(cheat, uri)).toMatchObject({ code: 'ERR_UNAUTHORIZED' });
  expect(b.connections()).toEqual(['node-a']);
});
