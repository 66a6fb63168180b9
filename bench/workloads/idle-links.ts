/** What links cost that carry nothing. */
import { setTimeout as wait } from 'node:timers/promises';
import { Pair } from '../pair.js';
import type { Workload } from '../workload.js';

export const idleLinks: Workload = {
  name: 'idle-links',
  title: '1,000 idle links',
  about:
    'Resident memory of both processes, halved, after collecting garbage, with and without a thousand links more, each used once in ' +
    'both directions: half a second after that, and again five seconds later; the time to establish one, 32 at a time; and the CPU ' +
    'time that a link takes in a second without packets. ' +
    'For masterless they are between 25 nodes and 40 others, so that links are measured and not nodes.',
  figures: [
    { key: 'memory', title: 'memory of one end', unit: 'KiB/link', better: 'less' },
    { key: 'rested', title: 'five seconds later', unit: 'KiB/link', better: 'less' },
    { key: 'establish', title: 'time to establish', unit: 'µs/link', better: 'less' },
    { key: 'cpu', title: 'CPU while idle', unit: 'µs/link/s', better: 'less' },
  ],
  measure: (peer, transport, { quick }) =>
    Pair.with(peer.name, transport, async (pair) => {
      const [links, hubs, seconds] = quick ? [40, 5, 0.3] : [1000, 25, 5];
      await pair.open({ pattern: 'duplex', links: hubs, hubs });
      await pair.run({ mode: 'echo', count: hubs * 4, inFlight: hubs });
      const without = await pair.memory();
      const begun = performance.now();
      await pair.link(links);
      const establish = ((performance.now() - begun) * 1000) / links;
      // Each has carried something before it is called a link.
      await pair.run({ mode: 'echo', count: hubs + links, inFlight: 32 });
      await wait(seconds * 100);
      const memory = (await pair.memory()) - without;
      const before = await pair.cpu();
      await wait(seconds * 1000);
      const cpu = (await pair.cpu()) - before;
      // V8 gives back what it took for a burst if little was asked for since it last collected garbage.
      const rested = (await pair.memory()) - without;
      const kib = (bytes: number): number => bytes / 1024 / links / 2;
      return { memory: kib(memory), rested: kib(rested), establish, cpu: cpu / links / seconds };
    }),
};
