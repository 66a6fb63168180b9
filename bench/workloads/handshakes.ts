/** What it costs to begin. */
import { Pair } from '../pair.js';
import type { Workload } from '../workload.js';

export const handshakes: Workload = {
  name: 'handshakes',
  title: 'handshakes',
  about:
    'Connections opened, 32 at a time, each until the one who dials can use it and the other side knows whose it is: over TLS ' +
    'with its handshake, for masterless with the session of both ends. Afterwards each carries a packet there and back, or ' +
    'the measurement fails. For masterless they are between 25 nodes and those that dial them, so that few nodes are made.',
  figures: [
    { key: 'connections', title: 'connections', unit: '/s', better: 'more' },
    { key: 'cpu', title: 'CPU of both processes', unit: 'µs/connection', better: 'less' },
  ],
  measure: (peer, transport, { quick }) =>
    Pair.with(peer.name, transport, async (pair) => {
      const [links, hubs] = quick ? [40, 5] : [1500, 25];
      const warm = links / 5;
      await pair.open({ pattern: 'duplex', links: hubs, hubs });
      await pair.link(warm);
      await pair.run({ mode: 'echo', count: hubs + warm, inFlight: 32 });
      const before = await pair.cpu();
      const begun = performance.now();
      await pair.link(links);
      const seconds = (performance.now() - begun) / 1000;
      const cpu = (await pair.cpu()) - before;
      await pair.run({ mode: 'echo', count: hubs + warm + links, inFlight: 32 });
      return { connections: links / seconds, cpu: cpu / links };
    }),
};
