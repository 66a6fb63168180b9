/** A pair with a relay between its ends. */
import { join } from 'node:path';
import { Pair } from '../pair.js';
import type { PeerInfo, TransportName } from '../peer.js';
import { Relay } from '../relay.js';
import { removeScratch, scratch } from '../scratch.js';

export async function relayed<T>(
  peer: PeerInfo,
  transport: TransportName,
  run: (pair: Pair, relay: Relay) => Promise<T>,
): Promise<T> {
  const folder = scratch();
  let relay: Relay | null = null;
  try {
    return await Pair.with(peer.name, transport, async (pair) => {
      await pair.open({
        async through(target) {
          const made = await Relay.to(target, 'path' in target ? join(folder, 'socket') : null);
          relay = made.relay;
          return made.address;
        },
      });
      if (relay === null) throw new Error('nothing passes through the relay');
      return run(pair, relay);
    });
  } finally {
    (relay as Relay | null)?.close();
    removeScratch(folder);
  }
}
