/**
 * Links that go as soon as they come. The next dial waits after them as it does after attempts that failed: else a node
 * that turns away whom another keeps, or a peer that ends what it has just adopted, would keep both busy without end.
 */
import type { Connection } from './connection.js';
import type { Peer } from './peer.js';
import type { MeshState } from './state.js';

/** Both sides know the link. */
export function stands(peer: Peer, link: Connection): void {
  link.since = link.heardAt;
  link.progress = progressOf(peer);
}

/**
 * The peer's link is over. It counts if nothing came by it, or nothing that counts, or if it did not stand for `minDelay`
 * and nor did the one before.
 * @param broke - nobody ended it: then, if it brought the session on, it counts once only, however many there were
 */
export function countFlap({ config }: MeshState, peer: Peer, link: Connection, broke: boolean, now: number): void {
  const stood = now - link.since >= config.reconnect.minDelay;
  const counts = link.frames === 0 || (!stood && peer.brief);
  if (!counts) peer.flaps = 0;
  else if (broke && link.frames > 0 && progressOf(peer) > link.progress) peer.flaps = 1;
  else peer.flaps++;
  peer.brief = !stood;
}

/** Rises with every frame of a packet that comes, or is acknowledged, in either direction. */
function progressOf({ session: { normal, urgent } }: Peer): number {
  return normal.received + urgent.received + normal.outgoing.acked + urgent.outgoing.acked;
}
