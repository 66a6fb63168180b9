/** Nodes killed under load and started again, again and again. */
import { pass } from '../support/events.js';
import { type Figures, PERSISTENT, withFleet } from './fleet.js';

/** Three nodes that all pour to one another, any of which is killed, sometimes two at a time. */
export function kills({ seed, kills: wanted }: { readonly seed: number; readonly kills: number }): Promise<Figures> {
  return withFleet(seed, async (fleet) => {
    const { random } = fleet;
    for (const id of ['a', 'b', 'c']) await fleet.addBehindNetwork(id, { ...PERSISTENT, window: 512 * 1024 });
    fleet.mesh();
    await fleet.pour({ every: 5, burst: 10, large: 0.005, most: 200_000 });
    await fleet.start();
    let killed = 0;
    while (killed < wanted) {
      await pass(random.below(400));
      const victims = fleet.members.filter(() => random.chance(0.4)).slice(0, Math.min(2, wanted - killed));
      await Promise.all(victims.map((victim) => victim.kill()));
      killed += victims.length;
      await pass(random.below(150));
      await Promise.all(victims.map((victim) => victim.start()));
    }
    return { ...(await fleet.finish({ allowed: ['restarted'] })), kills: killed };
  });
}
