/** Nodes that part in good order under load, over networks that fail meanwhile: they disconnect, or close and start again. */
import { pass } from '../support/events.js';
import type { Network } from '../support/proxy.js';
import { type Figures, PERSISTENT, withFleet } from './fleet.js';
import type { Member, Pace } from './member.js';

const PACE: Pace = { every: 5, burst: 5, large: 0.005, most: 200_000 };

export function farewells({ seed, partings }: { readonly seed: number; readonly partings: number }): Promise<Figures> {
  return withFleet(seed, async (fleet) => {
    const { random, members, ledger } = fleet;
    ledger.goodbyes = true;
    const networks: Network[] = [];
    for (const id of ['a', 'b', 'c']) {
      const options = { ...PERSISTENT, window: 256 * 1024, closeTimeout: 300 };
      networks.push((await fleet.addBehindNetwork(id, options)).network);
    }
    fleet.mesh();
    await fleet.pour(PACE);
    await fleet.start();
    for (let done = 0; done < partings; done++) {
      await pass(random.below(300));
      const member = random.pick(members);
      const fault = pass(random.below(100)).then(() => {
        if (random.chance(0.5)) random.pick(networks).break(random.chance(0.5) ? 'reset' : 'freeze');
      });
      if (random.chance(0.5)) {
        await restart(member);
      } else {
        const peer = random.pick(member.peers);
        await member.order('disconnect', { peer: peer.id });
        await pass(random.below(50));
        // Where neither keeps the other now, nobody else would dial.
        member.connect(peer.place.uri ?? '');
      }
      await fault;
    }
    return {
      ...(await fleet.finish({ allowed: ['local', 'closed', 'disconnected', 'unwanted', 'expired', 'restarted'] })),
      partings,
    };
  });
}

/** Closes the node, waits for the end of its process, and starts the next. */
async function restart(member: Member): Promise<void> {
  await member.order('hold');
  await member.order('end');
  await member.close();
  await member.start();
}
