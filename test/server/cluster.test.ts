/** Workers of `node:cluster` share what they listen at, unless asked not to: no two nodes may have one address. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { within } from '../support/events.js';

const folder = mkdtempSync(join(tmpdir(), 'masterless-cluster-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function addresses(listen: string): Promise<string[]> {
  const { stdout } = await within(new Child('clustered.mjs', [listen]).ended, 'the cluster to end');
  return stdout.trim().split('\n').sort();
}

it('workers at any port have ports of their own', async () => {
  const [first, second] = await addresses('tcp://127.0.0.1:0');
  expect([first, second]).toEqual([expect.stringMatching(/^tcp:/), expect.stringMatching(/^tcp:/)]);
  expect(first).not.toBe(second);
});

it('at one path only one of them listens', async () => {
  const uri = `unix://${join(folder, 'shared.sock')}`;
  expect(await addresses(uri)).toEqual(['ERR_LISTEN', uri]);
});
