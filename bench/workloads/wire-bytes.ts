/** How many bytes cross the wire for a small packet, with all that comes back for it. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Traffic } from '../pair.js';
import type { Workload } from '../workload.js';
import { relayed } from './relayed.js';

/** Milliseconds in which acknowledgements that are held back for a moment come, too. */
const AFTERWARDS = 200;

export const wireBytes: Workload = {
  name: 'wire-bytes',
  title: 'bytes on the wire',
  about:
    'Bytes of both directions, counted by a relay, per small packet of 57 bytes of msgpack, acknowledgements included: as fast ' +
    'as it goes, and one by one, 500 a second. Headers of IP and TCP are not counted.',
  figures: [
    { key: 'flood', title: 'as fast as it goes', unit: 'bytes/packet', better: 'less' },
    { key: 'single', title: 'one by one', unit: 'bytes/packet', better: 'less' },
  ],
  measure: (peer, transport, { quick }) =>
    relayed(peer, transport, async (pair, relay) => {
      const bytes = async (traffic: Traffic, count: number): Promise<number> => {
        const before = relay.bytes;
        await pair.run({ ...traffic, count });
        await wait(AFTERWARDS);
        return (relay.bytes - before) / count;
      };
      await pair.run({ mode: 'stream', count: 100 });
      const flood = await bytes({ mode: 'stream' }, quick ? 2000 : 100_000);
      const single = await bytes({ mode: 'paced', rate: 500 }, quick ? 100 : 1500);
      return { flood, single };
    }),
};
