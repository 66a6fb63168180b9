/**
 * Whether there is room for a packet: in the window of its peer, of which the smaller of both sides' counts, and in that of all
 * peers. And who is told of it that was refused.
 */
import type { Peer } from './peer.js';
import { SendBuffer } from './send-buffer.js';
import type { MeshState } from './state.js';

/** Whether this side still accepts packets for the peer: until it has said goodbye. */
export function takes(peer: Peer): boolean {
  return peer.connected && !goes(peer);
}

/** Whether this side has said goodbye to the peer, or does as soon as what it accepted is flushed. */
export function goes({ parting }: Peer): boolean {
  return parting !== null && (!parting.replies || parting.said);
}

/**
 * Whether there is room for a packet. One that is larger than the whole window goes when nothing else is on its way, and
 * does not count against urgent ones, which pass it: the receiver allows its window and one packet.
 */
export function fits(state: MeshState, peer: Peer, size: number, urgent: boolean): boolean {
  const { window } = state.config;
  const cost = SendBuffer.cost(size);
  const most = Math.min(window, peer.window);
  const { outstanding, normal } = peer.session;
  if (outstanding > 0 && outstanding + cost > most) {
    const large = normal.outgoing.cost;
    const beside = outstanding - large;
    if (!urgent || large <= most || beside + cost > most) return false;
    // One that is larger than all there is went when nothing else was on its way: what is each peer's own is free beside it.
    if (large > state.config.totalWindow) return state.budget.fits(beside, cost, state.peers);
  }
  return state.budget.fits(outstanding, cost, state.peers);
}

/**
 * Tells of room to whoever was refused for want of it, or because of a goodbye that came to nothing. Asked when some was made, and
 * from time to time, as what is each peer's own grows when others go.
 */
export function tellRoom(state: MeshState): void {
  const { window, totalWindow } = state.config;
  for (const peer of state.starved) {
    // Told too early, an application encodes a large packet again and again to hear that there is no room for it.
    if (!takes(peer)) continue;
    const most = Math.min(window, peer.window);
    const { cost } = peer.session.normal.outgoing;
    // Beside one that is larger than the window there is room for urgent ones only.
    const urgent = cost > most && peer.refusedUrgent > 0;
    if (!fits(state, peer, urgent ? peer.refusedUrgent : peer.refused, urgent)) continue;
    const beside = urgent ? cost : 0;
    const outstanding = peer.session.outstanding - beside;
    if (outstanding > 0 && (outstanding > most / 2 || state.budget.outstanding - beside > totalWindow / 2)) continue;
    state.starved.delete(peer);
    state.emit({ kind: 'drain', id: peer.id });
  }
}

/**
 * A packet for the peer found no room: what was had of those before is to be told now.
 *
 * @param asked - whether all peers were asked before
 * @returns whether they are now
 */
export function hurry(state: MeshState, peer: Peer, asked: boolean): boolean {
  const all = !asked && isTight(state);
  for (const each of all ? state.peers.values() : [peer]) ask(state, each);
  return asked || all;
}

/** Whether it may be the room for all peers that is wanting, of which each keeps a little until it is acknowledged. */
export function isTight({ crowded, budget, config, wanted }: MeshState): boolean {
  return crowded || budget.outstanding + SendBuffer.cost(wanted) > config.totalWindow / 2;
}

function ask(state: MeshState, { session, link }: Peer): void {
  if (link === null || session.settled) return;
  session.ask = true;
  state.touch(link);
}
