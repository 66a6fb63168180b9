/** Waits for a certain moment between two nodes, and does something then. */
import type { MeshState } from '../../src/protocol/state.js';
import { stateOf } from './bounds.js';
import type { SimNode } from './node.js';

/**
 * - `handshake`: both know whom they talk to, and there is no link.
 * - `adoption`: there is a link, and nothing has come over it yet.
 * - `replay`: a further link carries again what the last one may not have carried.
 */
export type Moment = 'handshake' | 'adoption' | 'replay';

/** A moment that has not come after so many virtual milliseconds does not count as brought about. */
const PATIENCE = 3000;

export function ambush(node: SimNode, id: string, moment: Moment, run: () => void): void {
  const state = stateOf(node.mesh);
  const watch = (): void => {
    if (!isNow(state, id, moment)) return;
    node.watches.delete(watch);
    // Not within the step that brought it about.
    node.after(0, run);
  };
  node.watches.add(watch);
  node.after(PATIENCE, () => node.watches.delete(watch));
}

function isNow({ peers }: MeshState, id: string, moment: Moment): boolean {
  const peer = peers.get(id);
  if (peer === undefined) return false;
  const { link, session } = peer;
  if (moment === 'handshake') return link === null && peer.handshakes.some(({ phase }) => phase === 'known');
  if (link === null || link.frames > 0) return false;
  return moment === 'adoption' || (peer.confirmed && peer.epoch > 1 && session.outstanding > 0);
}
