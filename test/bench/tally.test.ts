/** Nothing that differs from what was sent becomes a figure. */
import { expect, it } from 'vitest';
import { FIRST_ID, maker, type Packet } from '../../bench/packets.js';
import type { Spec } from '../../bench/traffic/spec.js';
import { Tally } from '../../bench/traffic/tally.js';

const SPEC: Spec = {
  kind: 'order',
  size: 0,
  mode: 'stream',
  links: 2,
  count: 6,
  first: FIRST_ID,
  inFlight: 1,
  rate: 1,
};
const make = maker('order', 0);
const at = (number: number): Packet => make(FIRST_ID + number);

/** Packets of links 0 and 1, as numbers from the first. */
function heard(links: readonly (readonly number[])[], toEach = false): Tally {
  const tally = new Tally(SPEC, toEach);
  for (const [link, numbers] of links.entries()) for (const number of numbers) tally.hear(link, at(number));
  return tally;
}

it('is complete with the last, and adds up', async () => {
  const tally = heard([
    [0, 2, 4],
    [1, 3, 5],
  ]);
  await expect(tally.complete).resolves.toBeGreaterThan(0);
  expect(tally.sum).toEqual({ packets: 6, weight: 6 * FIRST_ID + 15 });
});

it('every link must get every packet of a broadcast', async () => {
  const all = [0, 1, 2, 3, 4, 5];
  await expect(heard([all, all], true).complete).resolves.toBeGreaterThan(0);
  await expect(heard([all, [0, 1, 3]], true).complete).rejects.toThrow(
    'link 1: number 100003 came where 100002 had to',
  );
});

it.each([
  [
    'missing',
    [
      [0, 4],
      [1, 3, 5],
    ],
  ],
  [
    'doubled',
    [
      [0, 2, 2],
      [1, 3, 5],
    ],
  ],
  [
    'out of order',
    [
      [2, 0, 4],
      [1, 3, 5],
    ],
  ],
  [
    'on the wrong link',
    [
      [1, 3, 5],
      [0, 2, 4],
    ],
  ],
])('a packet that is %s is an error', async (_, links) => {
  await expect(heard(links).complete).rejects.toThrow(/came where/);
});

it('a packet that changed on the way is an error', async () => {
  const tally = new Tally({ ...SPEC, kind: 'binary', size: 10, links: 1, count: 1 }, false);
  tally.hear(0, { id: FIRST_ID, data: new Uint8Array(10) });
  await expect(tally.complete).rejects.toThrow('came other than it was sent');
});

it('one too many is an error', async () => {
  const tally = new Tally({ ...SPEC, links: 1, count: 1 }, false);
  tally.hear(0, at(0));
  tally.hear(0, at(1));
  await tally.complete;
  expect(tally.sum.packets).toBe(2);
});
