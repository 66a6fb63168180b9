import { expect, it } from 'vitest';
import { Partings } from '../../src/delivery/partings.js';

it('all who wait for the end of a parting hear of it, once, and of no other', async () => {
  const partings = new Partings();
  const heard: string[] = [];
  for (const [name, id] of [
    ['first', 'a'],
    ['second', 'a'],
    ['other', 'b'],
  ] as const)
    void partings.end(id).then(() => heard.push(name));
  partings.over('nobody');
  partings.over('a');
  void partings.end('a').then(() => heard.push('later'));
  await Promise.resolve();
  expect(heard).toEqual(['first', 'second']);
  partings.over('a');
  partings.over('b');
  await Promise.resolve();
  expect(heard).toEqual(['first', 'second', 'later', 'other']);
});
