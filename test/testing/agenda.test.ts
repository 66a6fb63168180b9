import { expect, it } from 'vitest';
import { Agenda } from '../../src/testing/agenda.js';
import { Random } from '../../src/testing/random.js';

it('runs what is due in order of time, and of making where times are the same', () => {
  const agenda = new Agenda();
  const random = new Random(3);
  const made = Array.from({ length: 500 }, (_, order) => ({ at: random.below(50), order }));
  const ran: { at: number; order: number }[] = [];
  for (const item of made) agenda.at(item.at, () => ran.push(item));
  while (agenda.step()) expect(agenda.now).toBe(ran.at(-1)?.at);
  expect(ran).toEqual([...made].sort((a, b) => a.at - b.at || a.order - b.order));
});

it('never goes back in time, and says what comes next', () => {
  const agenda = new Agenda();
  agenda.at(10, () => agenda.at(5, () => undefined));
  expect(agenda.next).toBe(10);
  agenda.step();
  expect(agenda.next).toBe(10);
  agenda.step();
  expect(agenda.now).toBe(10);
  expect(agenda.next).toBe(Number.POSITIVE_INFINITY);
  expect(agenda.step()).toBe(false);
});
