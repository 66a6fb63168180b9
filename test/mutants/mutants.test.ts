import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Catching } from './catching.js';
import { rules } from './rules.js';
import { patched } from './tree.js';

let folder: string;
let catching: Catching;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'masterless-mutants-'));
  catching = new Catching(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('rules of the protocol', () => {
  it.each(rules.map((rule) => [rule.name, rule] as const))('can be removed: %s', (_, rule) => {
    expect(patched(rule)).toContain(rule.replace);
  });

  it('have names of their own', () => {
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
  });

  it('are 20 at least: the proof removes each, these tests one for each catcher', () => {
    expect(rules.length).toBeGreaterThanOrEqual(20);
  });
});

describe('who notices that a rule is gone', { timeout: 120_000 }, () => {
  const named = (name: string) => rules.find((rule) => rule.name === name) ?? expect.fail(`there is no rule ${name}`);

  it('the explorer', async () => {
    const rule = named('one node of a pair is its arbiter');
    expect(await catching.control(rule.catcher)).toMatchObject({ violation: null, broke: null });
    const { violation } = await catching.hunt(rule);
    expect(violation).toBe('somebody keeps the link, and the two do not hold the same one');
  });

  it('the storms', async () => {
    const rule = named('urgent packets have a lane of their own');
    expect(await catching.control({ by: 'storms', most: 2 })).toMatchObject({ violation: null, broke: null, runs: 2 });
    const { violation } = await catching.hunt(rule);
    expect(violation).toMatch(/^packet \d+ changed lanes$/);
  });
});
