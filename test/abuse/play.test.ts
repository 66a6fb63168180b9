/** That the bound on turns of the loop is one: what makes them long each time is found out, and what did so once is not blamed. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BORNE, type Case } from './case.js';
import { Stage } from './play.js';

const LONG = 80;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open('plain');
});

afterAll(async () => {
  await stage.close();
});

/** Turns that are long whenever it says so; it is told how often it was played before. */
function toil(isLong: (played: number) => boolean): Case & { readonly played: number } {
  let played = 0;
  return {
    ...{ name: 'a turn that is long', items: [], outcome: BORNE },
    get played() {
      return played;
    },
    async attack({ victim }) {
      if (isLong(played++)) await victim.toil(LONG);
      return [];
    },
  };
}

it('finds out what makes a turn long each time', async () => {
  const always = toil(() => true);
  await expect(stage.play(always)).rejects.toThrow(
    /a turn of \d.* ms, and of \d.* ms when it was played again: 50 are/,
  );
  expect(always.played).toBe(2);
});

it('finds out what makes a turn long now and then', async () => {
  const sometimes = toil((played) => played === 0 || played === 4);
  await expect(stage.play(sometimes)).rejects.toThrow(
    /a turn of \d.* ms, and of \d.* ms when it was played again: 50 are/,
  );
  expect(sometimes.played).toBe(5);
});

it('blames nothing for one long turn that does not come again', async () => {
  const once = toil((played) => played === 0);
  const { stall, lone } = await stage.play(once);
  expect(stall).toBeLessThanOrEqual(50);
  expect(lone).toBeGreaterThanOrEqual(LONG);
  expect(once.played).toBe(5);
});
