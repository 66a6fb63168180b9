/** Processes that stand still and live: stopped, blocked by their own program, or behind a packet that takes long. */
import { pass } from '../support/events.js';
import { type Figures, withFleet } from './fleet.js';

/** What a busy machine may add, in milliseconds. */
const SLACK = 120_000;

/** Some of six nodes stopped at a time, for 2 to 12 seconds or as long as is said: all within what defaults forgive. */
export function pauses({
  seed,
  rounds,
  seconds,
}: {
  readonly seed: number;
  readonly rounds: number;
  readonly seconds?: number;
}): Promise<Figures> {
  return withFleet(seed, async (fleet) => {
    const { random } = fleet;
    for (let i = 0; i < 6; i++) fleet.addDirect(`n${i}`, {});
    fleet.mesh();
    await fleet.start();
    await fleet.settle();
    await fleet.pour({ every: 50, burst: 2, large: 0.01, most: 100_000 });
    let stops = 0;
    for (let round = 0; round < rounds; round++) {
      // Neither none of them nor all: nobody would stand still, or nothing be carried meanwhile.
      let stopped: typeof fleet.members = [];
      while (stopped.length === 0 || stopped.length === fleet.members.length) {
        stopped = fleet.members.filter(() => random.chance(0.5));
      }
      stops += stopped.length;
      const pause = async (time: number, member: (typeof stopped)[number]): Promise<void> => {
        member.signal('SIGSTOP');
        await pass(time);
        member.signal('SIGCONT');
      };
      await Promise.all(stopped.map((member) => pause((seconds ?? 2 + random.next() * 10) * 1000, member)));
      await pass(500);
    }
    return { ...(await fleet.finish({ steady: true })), stops };
  });
}

/** One node's program computes for so long without a break, while its peer goes on sending. */
export function blocked({ seed, seconds }: { readonly seed: number; readonly seconds: number }): Promise<Figures> {
  return withFleet(seed, async (fleet) => {
    const busy = fleet.addDirect('busy', {});
    fleet.addDirect('other', {});
    fleet.mesh();
    await fleet.start();
    await fleet.settle();
    await fleet.pour({ every: 50, burst: 2, large: 0.01, most: 100_000 });
    await busy.order('block', { time: seconds * 1000 }, seconds * 1000 + SLACK);
    return { ...(await fleet.finish({ steady: true })), blocks: 1 };
  });
}

/** A packet that takes many times the timeout to arrive, with small ones both ways meanwhile. */
export function large({
  seed,
  bytes,
  rate,
}: {
  readonly seed: number;
  readonly bytes: number;
  readonly rate: number;
}): Promise<Figures> {
  return withFleet(seed, async (fleet) => {
    const options = { maxPacket: bytes + 1000, window: 2 * bytes };
    const { member: a, network: toA } = await fleet.addBehindNetwork('a', options);
    const { member: b, network: toB } = await fleet.addBehindNetwork('b', options);
    fleet.mesh();
    await fleet.start();
    await fleet.settle();
    for (const network of [toA, toB]) network.rate = rate;
    await b.pour({ every: 50, burst: 5, large: 0, most: 0 });
    await a.order('send', { peer: 'b', lane: 0, size: bytes }, (bytes / rate) * 5000 + SLACK);
    return { ...(await fleet.finish({ steady: true })), large: 1 };
  });
}
