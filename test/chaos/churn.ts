/** Peers that come and go for ever: nothing is left of those that went. */
import { ok } from 'node:assert/strict';
import { Program } from '../support/program.js';
import type { Figures } from './fleet.js';

interface State {
  /** Bytes in use after a collection. */
  readonly heap: number;
  readonly descriptors: number;
  readonly timers: number;
  /** Whatever else keeps the process running. */
  readonly resources: number;
}

/** Each of the two nodes that stay has one timer, which may be set for what is over by now. */
const TIMERS = 2;
/** The heap may grow by so much in all, however many come and go. */
const SLACK = 2_000_000;

export async function churn({ cycles }: { readonly cycles: number }): Promise<Figures> {
  const child = new Program('churning.mjs', [String(cycles)]);
  try {
    // Ten milliseconds for each, which is many times what it takes.
    const deadline = 60_000 + cycles * 10;
    await child.says<State>(deadline);
    const warm = await child.says<State>(deadline);
    const last = await child.says<State>(deadline);
    const shown = `${JSON.stringify(warm)} became ${JSON.stringify(last)} in ${cycles} cycles`;
    ok(last.descriptors <= warm.descriptors && last.resources <= warm.resources, shown);
    ok(last.timers <= TIMERS, shown);
    ok(last.heap - warm.heap < SLACK, shown);
    const { heap, descriptors } = last;
    return {
      cycles,
      heapBefore: warm.heap,
      heapAfter: heap,
      descriptorsBefore: warm.descriptors,
      descriptorsAfter: descriptors,
    };
  } finally {
    await child.kill();
  }
}
