/** That nothing is missing from the abuse suite: what is known to be tried is tried, in every mode where it can be. */
import { expect, it } from 'vitest';
import { CASES, casesIn, THEMES } from './cases.js';
import { CHECKLIST, type Item } from './checklist.js';
import { MODES } from './mode.js';

/** Where credentials, or the want of them, leave nothing to try. */
const ONLY: Readonly<Partial<Record<Item, readonly string[]>>> = {
  'an id that the credential does not cover': MODES,
  'wrong secret': ['secret'],
  'old secret': ['secret'],
  'short secret': ['secret'],
  'revoked secret with an old ticket': ['secret', 'tls'],
  'expired certificate': ['tls'],
  'foreign certificate': ['tls'],
  'swapped certificate': ['tls'],
  'plain bytes to a TLS port': ['secret', 'tls'],
  'TLS to a plain port': ['plain'],
  'CVE-2026-21637': ['secret', 'tls'],
};

it.each(Object.keys(CHECKLIST) as Item[])('%s is tried wherever it can be', (item) => {
  const missing = MODES.filter((mode) => !casesIn(mode).some(({ items }) => items.includes(item)));
  expect(missing.filter((mode) => (ONLY[item] ?? MODES).includes(mode))).toEqual([]);
});

it('there are enough cases, and each has a name of its own', () => {
  expect(CASES.length).toBeGreaterThanOrEqual(60);
  expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
  const pairs = MODES.map((mode) => `${casesIn(mode).length} in ${mode}`);
  const themes = Object.entries(THEMES).map(([theme, cases]) => `${theme} ${cases.length}`);
  console.log(`${CASES.length} cases of abuse (${themes.join(', ')}): ${pairs.join(', ')}`);
});
