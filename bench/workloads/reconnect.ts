/** A connection is cut while packets flow: how long until they flow again, and what became of them. */
import { setTimeout as wait } from 'node:timers/promises';
import { moment } from '../traffic/spec.js';
import type { Workload } from '../workload.js';
import { relayed } from './relayed.js';

/** Milliseconds of sending between two looks at what came. */
const SLICE = 250;
/** Milliseconds in which it has to come back. */
const DEADLINE = 15_000;
/** Milliseconds after a cut in which packets may still come that had passed it. */
const PASSED = 20;

export const reconnect: Workload = {
  name: 'reconnect',
  title: 'a cut connection',
  about:
    'One packet a millisecond through a relay, which resets the connection: the longest silence at the receiver; how many of ' +
    'the packets that the library took never came, and how many came twice. With default settings for reconnecting.',
  figures: [
    { key: 'silence', title: 'silence', unit: 'ms', better: 'less' },
    { key: 'lost', title: 'lost', unit: 'packets', better: 'less' },
    { key: 'doubled', title: 'doubled', unit: 'packets', better: 'less' },
  ],
  refuses: (peer) => (peer.reconnects ? null : 'does not reconnect by itself'),
  measure: (peer, transport) =>
    relayed(peer, transport, async (pair, relay) => {
      await pair.watch();
      let taken = await pair.trickle(SLICE);
      let cutAt = 0;
      const cut = async (): Promise<void> => {
        await wait(SLICE / 2);
        relay.cut();
        cutAt = moment();
      };
      const during = await Promise.all([pair.trickle(SLICE), cut()]);
      taken += during[0];
      const begun = performance.now();
      while ((await pair.watched()).last < cutAt + PASSED * 1e6) {
        if (performance.now() - begun > DEADLINE) throw new Error(`did not come back within ${DEADLINE} ms`);
        taken += await pair.trickle(SLICE);
      }
      await wait(SLICE);
      const { packets, doubled, reordered, silence } = await pair.watched();
      const lost = taken - packets;
      if (lost < 0) throw new Error(`${packets} packets came, and only ${taken} were sent`);
      if (peer.exactlyOnce && (lost > 0 || doubled > 0 || reordered > 0)) {
        throw new Error(`of ${taken} packets ${lost} were lost, ${doubled} doubled, ${reordered} out of order`);
      }
      return { silence: silence / 1e6, lost, doubled };
    }),
};
