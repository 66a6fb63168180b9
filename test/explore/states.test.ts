import { expect, it } from 'vitest';
import { Random } from '../../src/testing/random.js';
import { Rows } from './rows.js';
import { States } from './states.js';

it('knows each state again, however many there are, and how it was reached first', () => {
  const states = new States();
  const row = new Int32Array(8);
  const numbers = (index: number): number => {
    row.fill(index);
    row[0] = index % 7;
    return 2 + (index % 7);
  };
  states.add(row, 0, 0, '');
  for (let index = 1; index < 30_000; index++)
    expect(states.add(row, numbers(index), Math.floor(index / 2), `to ${index % 2}`)).toBe(index);
  for (let index = 1; index < 30_000; index++) expect(states.add(row, numbers(index), 0, 'again')).toBe(index);
  expect(states.count).toBe(30_000);
  expect(states.path(11)).toEqual(['to 1', 'to 0', 'to 1', 'to 1']);
});

it('rows come out as they went in, over the borders of blocks too', () => {
  const rows = new Rows();
  const random = new Random(1);
  const waiting: number[][] = [];
  const row = new Int32Array(4096);
  for (let turn = 0; turn < 3000; turn++) {
    const numbers = Array.from({ length: random.below(1000) }, () => random.below(1000));
    row.set(numbers);
    rows.push(row, numbers.length);
    waiting.push(numbers);
    if (random.chance(0.45)) expect([...(rows.shift() ?? [])]).toEqual(waiting.shift());
  }
  for (const numbers of waiting) expect([...(rows.shift() ?? [])]).toEqual(numbers);
  expect(rows.shift()).toBeNull();
});
