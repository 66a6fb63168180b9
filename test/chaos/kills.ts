/** Nodes killed under load and started again, again and again. */
import { pass } from '../support/events.js';
import type { Network } from '../support/proxy.js';
import { type Figures, PERSISTENT, withFleet } from './fleet.js';
import type { Pace } from './member.js';

const PACE: Pace = { every: 5, burst: 10, large: 0.005, most: 200_000 };

/**
 * Three nodes that all pour to one another, any of which is killed, sometimes two at a time; sometimes while they send
 * again what a lost link had carried, sometimes when nobody sends any more.
 */
export function kills({ seed, kills: wanted }: { readonly seed: number; readonly kills: number }): Promise<Figures> {
  return withFleet(seed, async (fleet) => {
    const { random, members } = fleet;
    const networks: Network[] = [];
    for (const id of ['a', 'b', 'c']) {
      networks.push((await fleet.addBehindNetwork(id, { ...PERSISTENT, window: 512 * 1024 })).network);
    }
    fleet.mesh();
    await fleet.pour(PACE);
    await fleet.start();
    let killed = 0;
    while (killed < wanted) {
      await pass(random.below(400));
      if (random.chance(0.5)) {
        for (const network of networks) {
          network.rate = 500_000;
          network.break('reset');
        }
        await pass(random.below(80));
      }
      if (random.chance(0.3)) await Promise.all(members.map((member) => member.order('hold')));
      const victims = members.filter(() => random.chance(0.4)).slice(0, Math.min(2, wanted - killed));
      await Promise.all(victims.map((victim) => victim.kill()));
      killed += victims.length;
      await pass(random.below(150));
      for (const network of networks) network.rate = Number.POSITIVE_INFINITY;
      await Promise.all(victims.map((victim) => victim.start()));
      await fleet.pour(PACE);
    }
    return { ...(await fleet.finish({ allowed: ['restarted'] })), kills: killed };
  });
}
