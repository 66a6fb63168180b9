/**
 * A node at which too many shake hands closes further connections without a word. After a moment in which all of its peers
 * lost their links, or are to make new ones, these come at once: no session must end for that. So an attempt to win back a
 * link, or to replace one, dials an address at which the peer was met before a few times more. A wish of the application is told
 * at once.
 *
 * Nor must a session end for credentials that were exchanged while a handshake was under way.
 */
import type { MasterlessError } from '../errors.js';
import type { Connection } from './connection.js';
import type { Dial } from './dial.js';
import type { MeshState } from './state.js';

/** Connections of one attempt that may be closed so. */
export const MAX_REFUSED = 6;
/** Milliseconds of the longest first pause; each further one may be twice as long as the one before. */
const PAUSE = 50;

/** Milliseconds after which the same address is dialled once more, and nobody hears of it; null for not at all. */
export function pauseBefore(
  state: MeshState,
  connection: Connection,
  dial: Dial,
  error: MasterlessError,
): number | null {
  // Turned away for what this node had when it dialled, and has others in place of: once for each exchange.
  if (dial.outdated === connection && error.code === 'ERR_UNAUTHORIZED') return 0;
  return mayBeCrowded(state, connection, dial, error) ? nextPause(state, dial) : null;
}

/** Whether the other side may just have had no room for a handshake, and is to be dialled once more. */
function mayBeCrowded(state: MeshState, connection: Connection, dial: Dial, error: MasterlessError): boolean {
  if (dial.purpose !== 'redial' && dial.purpose !== 'renewal') return false;
  // An address that a peer only told may lead to whatever it likes.
  if (dial.peer?.dialled !== connection.uri) return false;
  // Whoever has said who it is had room.
  if (connection.peer !== null || error.code !== 'ERR_CONNECTION_LOST') return false;
  return dial.refused < (state.config.maxRefused ?? MAX_REFUSED);
}

/** Milliseconds until then: by chance, so that those who came together do not come together again. */
function nextPause({ config }: MeshState, dial: Dial): number {
  return config.random() * PAUSE * 2 ** dial.refused++;
}
