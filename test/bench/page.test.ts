/** The page that a run writes: tables between markers, people's words left alone, pictures that are well-formed. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { standings } from '../../bench/goals.js';
import { noiseOfRates } from '../../bench/report/noise.js';
import { filled, sections, writePage } from '../../bench/report/page.js';
import { plain, tableOf } from '../../bench/report/table.js';
import type { WorkloadResult } from '../../bench/result.js';
import { REPORT } from './report.js';
import { tagsOf } from './xml.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'masterless-page-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const page = (): string => readFileSync(join(folder, 'benchmarks.md'), 'utf8');

it('begins as the template, and every picture that it shows is there and well-formed', () => {
  writePage(REPORT, folder);
  expect(page()).toContain('| ours | 130,000 | 2.00 | 1.30 × |');
  const shown = [...page().matchAll(/!\[[^\]]*\]\(benchmarks\/([^)]+)\)/g)].map(([, file]) => file);
  expect(shown.sort()).toEqual(readdirSync(join(folder, 'benchmarks')).sort());
  expect(shown).toEqual(['growth-links-tcp.svg', 'overview.svg']);
  for (const file of shown) {
    const tags = tagsOf(readFileSync(join(folder, 'benchmarks', file ?? ''), 'utf8'));
    expect(tags[0]).toBe('svg');
    expect(tags).toContain(file === 'overview.svg' ? 'rect' : 'path');
  }
});

it('a second run renews the tables and nothing else', () => {
  writePage(REPORT, folder);
  writeFileSync(join(folder, 'benchmarks.md'), page().replace('## Noise', 'Words of a person.\n\n## Noise'));
  const before = page();
  writePage(REPORT, folder);
  expect(page()).toBe(before);
  writePage({ ...REPORT, started: '2027-01-02T03:04:05.678Z' }, folder);
  expect(page()).toBe(before.replace('2026-01-02', '2027-01-02'));
});

it('a marker that is gone is an error, not a table that grows old', () => {
  expect(() => filled('# no markers', { goals: 'x' })).toThrow("no place for 'goals'");
  expect(() => filled('<!-- end: goals --> <!-- begin: goals -->', { goals: 'x' })).toThrow();
});

it('an error and a reason take the place of figures', () => {
  const text = plain(tableOf(REPORT, REPORT.workloads[0] as WorkloadResult));
  expect(text).toContain('error: 99 packets came');
  expect(text).not.toContain('at somewhere');
  expect(text).toContain('not over tcp');
});

it('says where masterless is behind by more than noise', () => {
  expect(noiseOfRates(REPORT)).toBeCloseTo(0.05);
  const { losses = '' } = sections(REPORT);
  expect(losses).toContain('CPU of both processes | floor | 0.500');
  expect(losses).toContain('at 1 | floor | 0.900');
  expect(losses).not.toContain('ws');
  expect(losses).not.toContain('at 2000');
});

it('holds what was measured against the goals', () => {
  const all = standings(REPORT).map(({ goal, value, reached, missedBy }) => [goal.text, value, reached, missedBy]);
  expect(all.slice(0, 2)).toEqual([
    ['of the floor', 1.3, true, 0],
    ['ahead of ws', 2, false, 0.5],
  ]);
  expect(all[2]?.slice(0, 3)).toEqual(['CPU per packet with 2,000 links against one', 1.8, false]);
  expect(all[2]?.[3]).toBeCloseTo(0.2);
  expect(all).toHaveLength(3);
});

it('a quick run says that it is none', () => {
  expect(sections({ ...REPORT, quick: true }).machine).toContain('figures mean nothing');
  expect(sections(REPORT).machine).not.toContain('figures mean nothing');
});
