/** That the bound on turns of the loop is one, and that a machine which stood still once is not taken for an attack. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BORNE, type Case } from './case.js';
import { Stage } from './play.js';

const LONG = 80;
const AGAIN = /a turn of \d.* ms, and of \d.* ms when it was played again: 50 are/;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open('plain');
});

afterAll(async () => {
  await stage.close();
});

/** Has a long turn whenever it says so; it is told how often it was played before. */
function toil(still: boolean, isLong: (played: number) => boolean): Case & { readonly played: number } {
  let played = 0;
  return {
    ...{ name: 'a turn that is long', items: [], outcome: BORNE },
    get played() {
      return played;
    },
    async attack({ victim }) {
      if (isLong(played++)) await victim.toil(LONG, still);
      return [];
    },
  };
}

it('finds a turn that is long, once', async () => {
  const once = toil(false, (played) => played === 0);
  await expect(stage.play(once)).rejects.toThrow(/a turn of \d.* ms, and 50 are the most/);
  expect(once.played).toBe(1);
});

it('finds one in which the clock stood still, when it comes again', async () => {
  const always = toil(true, () => true);
  await expect(stage.play(always)).rejects.toThrow(AGAIN);
  expect(always.played).toBe(2);
});

it('finds one in which the clock stood still, when it comes now and then', async () => {
  const sometimes = toil(true, (played) => played === 0 || played === 4);
  await expect(stage.play(sometimes)).rejects.toThrow(AGAIN);
  expect(sometimes.played).toBe(5);
});

it('blames nothing for one in which the clock stood still, and which does not come again', async () => {
  const once = toil(true, (played) => played === 0);
  const { stall, lone } = await stage.play(once);
  expect(stall).toBeLessThanOrEqual(50);
  expect(lone).toBeGreaterThanOrEqual(LONG);
  expect(once.played).toBe(5);
});
