/**
 * This side's wish to keep a peer's link, as far as the other side knows it: HELLO tells it first, KEEP every change. Who
 * does not know of it lets the link go, and does not wait for one that is lost; who believes in one that is not there any
 * more keeps a link that nobody wants.
 */
import type { Connection } from './connection.js';
import { encodeKeep } from './control.js';
import { Frame } from './frame.js';
import type { Peer } from './peer.js';
import type { MeshState } from './state.js';

/** Tells the wish over the link, if the other side does not know it. */
export function tellKeep(state: MeshState, peer: Peer): void {
  const { link } = peer;
  if (link === null || !peer.confirmed || link.toldKeep === peer.keep) return;
  say(state, link, peer.keep);
}

/** The other side proposes to let the link go: it hears again that this one keeps it. */
export function insist(state: MeshState, peer: Peer): void {
  const { link } = peer;
  if (link === null) return;
  say(state, link, true);
}

/** What was not written yet is outdated: who changes its mind again and again says it once. */
function say(state: MeshState, link: Connection, keep: boolean): void {
  link.toldKeep = keep;
  if (link.outbox?.at(-1)?.[0] === Frame.Keep) link.outbox.pop();
  state.send(link, encodeKeep(keep));
}
