/** A small share of the chaos that `npm run proof` has in full. Repeat a run with TEST_SEED, which failures tell. */
import { describe, expect, it } from 'vitest';
import { churn } from './churn.js';
import { faults } from './faults.js';
import { joining, races } from './joining.js';
import { kills } from './kills.js';
import { blocked, large, pauses } from './stalls.js';

const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 32));
const LONG = { timeout: 120_000 };

describe.concurrent(`TEST_SEED=${seed}`, () => {
  it('kill -9 and restart: no packet that was accepted is forgotten', LONG, async () => {
    const { kills: killed, delivered } = await kills({ seed, kills: 8 });
    expect(killed).toBe(8);
    expect(delivered).toBeGreaterThan(1000);
  });

  it('cut, slow and half-open networks: nothing is lost, doubled or out of order', LONG, async () => {
    const { accepted, delivered } = await faults({ seed, seconds: 8 });
    expect(delivered).toBe(accepted);
    expect(delivered).toBeGreaterThan(1000);
  });

  it('ten seconds in which a peer computes: no link is lost', LONG, async () => {
    const { accepted, delivered } = await blocked({ seed, seconds: 10 });
    expect(delivered).toBe(accepted);
    expect(delivered).toBeGreaterThan(100);
  });

  it('processes stopped for longer than the timeout: no link is lost', LONG, async () => {
    expect((await pauses({ seed, rounds: 1, seconds: 7 })).delivered).toBeGreaterThan(1000);
  });

  it('a packet that takes longer than the timeout: no link is lost, and others pass', LONG, async () => {
    expect((await large({ seed, bytes: 10_000_000, rate: 1_500_000 })).delivered).toBeGreaterThan(100);
  });

  it('connects and disconnects leave heap and descriptors flat', LONG, async () => {
    expect((await churn({ cycles: 1000 })).cycles).toBe(1000);
  });

  it('two processes, dials that cross: one connection for each pair', LONG, async () => {
    expect((await races({ seed, races: 200 })).races).toBe(200);
  });

  it('processes that start together: one connection for each pair', LONG, async () => {
    expect((await joining({ seed, nodes: 6 })).sessions).toBe(6 * 5);
  });
});
