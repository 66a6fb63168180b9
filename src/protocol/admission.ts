/**
 * Who is let in: connections before they have said a word, by number, and nodes when they have said their id, by what the
 * node's own rules say of it. Until that is known nothing is made of what was said: no peer, no answer.
 */
import { MasterlessError } from '../errors.js';
import { giveUp } from './dialing.js';
import type { Exchange } from './exchange.js';
import { protocolError } from './frame.js';
import type { MeshState } from './state.js';

/** What the rules say of who claims an id: let in (null), turned away, or not known yet. */
export type Admission = MasterlessError | null | 'later';

/**
 * Most bytes that are kept of what follows a HELLO whose verdict is awaited. An honest node says no more than one STATE,
 * perhaps a REJECT, before it is answered.
 */
const MOST_AHEAD = 4096;

/** Whether one more connection may begin its handshake. */
export function hasRoom(state: MeshState, remote: string, limited: boolean): boolean {
  let pending = 0;
  let alike = 0;
  for (const connection of state.handshakes) {
    if (connection.uri !== null) continue;
    pending++;
    if (connection.remote === remote) alike++;
  }
  const { maxHandshakes, maxHandshakesPerAddress } = state.config;
  if (pending < maxHandshakes && !(limited && alike >= maxHandshakesPerAddress)) return true;
  state.emit({ kind: 'fault', remote, error: crowded(remote, pending >= maxHandshakes) });
  return false;
}

/** Whether one more peer may be known: for it, one is forgotten that was to become a link once and was not heard of again. */
export function hasPlace(state: MeshState): boolean {
  const { peers, config } = state;
  if (peers.size < config.maxPeers) return true;
  for (const peer of peers.values()) {
    const { connected, keep, link, handshakes, wishes } = peer;
    if (connected || keep || link !== null || handshakes.length > 0 || wishes.size > 0) continue;
    giveUp(state, peer);
    if (peers.size < config.maxPeers) return true;
  }
  return false;
}

function crowded(remote: string, inAll: boolean): MasterlessError {
  const limit = inAll ? 'limits.handshakes' : 'limits.handshakesPerAddress';
  return new MasterlessError(
    'ERR_LIMIT',
    `a connection from ${remote} was closed: too many are in their handshake (${limit})`,
  );
}

/** The verdict on who is at the other end is awaited: what follows is kept until then. */
export function keepAhead(exchange: Exchange, chunk: Uint8Array): void {
  const { ahead } = exchange;
  if (ahead.length + chunk.length > MOST_AHEAD) throw protocolError('it goes on speaking before it was answered');
  const grown = new Uint8Array(ahead.length + chunk.length);
  grown.set(ahead);
  grown.set(chunk, ahead.length);
  exchange.ahead = grown;
}

/** The verdict is there: what was kept. */
export function takeAhead(exchange: Exchange): Uint8Array {
  const { ahead } = exchange;
  exchange.ahead = NOTHING;
  return ahead;
}

const NOTHING = new Uint8Array(0);
