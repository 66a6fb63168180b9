/**
 * This side's wish to keep a peer's link, as far as the other side knows it: HELLO tells it first, KEEP every change. Who
 * does not know of it lets the link go, and does not wait for one that is lost; who believes in one that is not there any
 * more keeps a link that nobody wants.
 */
import { ByeReason, encodeKeep } from './control.js';
import type { Dial } from './dial.js';
import { Frame } from './frame.js';
import type { Peer } from './peer.js';
import { tellRoom } from './room.js';
import { leaves } from './sessions.js';
import type { MeshState } from './state.js';

/** Tells the wish over the link, if the other side does not know it. */
export function tellKeep(state: MeshState, peer: Peer): void {
  const { link } = peer;
  if (link === null || !peer.confirmed || link.toldKeep === peer.keep) return;
  const { outbox } = link;
  // Who changes its mind again and again says the first and the last of it: the first may be an answer that is waited for.
  if (isKeep(outbox?.at(-1)) && isKeep(outbox?.at(-2))) outbox?.pop();
  link.toldKeep = peer.keep;
  state.send(link, encodeKeep(peer.keep));
}

/** The other side proposes to let the link go: it hears again that this one keeps it. */
export function insist(state: MeshState, peer: Peer): void {
  const { link } = peer;
  if (link === null) return;
  link.toldKeep = true;
  state.send(link, encodeKeep(true));
}

/** This side wants the link. Until it has said goodbye, a proposal to let it go comes to nothing, whichever side made it. */
export function stay(state: MeshState, peer: Peer): void {
  const { parting } = peer;
  if (parting?.reason !== ByeReason.Unwanted || parting.said || parting.heard !== parting.replies) return;
  takeBack(state, peer);
}

/** The wish is not for this peer, or did not come true: it leaves nothing behind but what others wish for too. */
export function abandon(state: MeshState, dial: Dial, peer: Peer): void {
  peer.unwish(dial);
  if (dial.keeps && !inherited(peer)) {
    peer.keep = false;
    if (!leaves(peer)) tellKeep(state, peer);
  }
  dial.keeps = false;
  state.release(peer);
}

/** Whether another wish is from now on why the peer is kept. */
export function inherited({ wishes }: Peer): boolean {
  const [other] = wishes;
  if (other !== undefined) other.keeps = true;
  return other !== undefined;
}

/** Whether the peer is kept for a wish alone, which has attempts of its own. */
export function isWished({ wishes }: Peer): boolean {
  for (const { keeps } of wishes) if (keeps) return true;
  return false;
}

/** The proposal to let the link go is taken back, or answered. */
export function takeBack(state: MeshState, peer: Peer): void {
  peer.parting = null;
  tellKeep(state, peer);
  tellRoom(state);
}

function isKeep(frame: Uint8Array | undefined): boolean {
  return frame?.[0] === Frame.Keep;
}
