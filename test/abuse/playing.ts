/** The tests of one mode: each case against the same node, with the same honest peer beside it. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { casesIn } from './cases.js';
import type { Mode } from './mode.js';
import { Stage } from './play.js';

export function playing(mode: Mode): void {
  let stage: Stage | null = null;

  beforeAll(async () => {
    stage = await Stage.open(mode);
  });

  afterAll(async () => {
    await stage?.close();
  });

  describe(mode, () => {
    it.each(casesIn(mode).map((abuse) => [abuse.name, abuse] as const))(
      '%s',
      async (_name, abuse) => {
        await stage?.play(abuse);
      },
      120_000,
    );
  });
}
