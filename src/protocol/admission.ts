/**
 * Who is let in: connections before they have said a word, by number, and nodes when they have said their id, by what the
 * node's own rules say of it. Until that is known nothing is made of what was said: no peer, no answer.
 */
import { MasterlessError } from '../errors.js';
import type { Connection } from './connection.js';
import { giveUp } from './dialing.js';
import type { Exchange } from './exchange.js';
import { protocolError } from './frame.js';
import type { MeshState } from './state.js';

/**
 * What the rules say of who claims an id: let in (null), turned away, or not known yet. Whoever is turned away with
 * `ERR_CONNECTION_LOST` is to shake hands anew.
 */
export type Admission = MasterlessError | null | 'later';

/**
 * Most bytes that are kept of what follows a HELLO whose verdict is awaited. An honest node says no more than one STATE,
 * perhaps a REJECT, before it is answered.
 */
const MOST_AHEAD = 4096;
/** Milliseconds in which whoever comes to be linked has said something, and agreed on TLS before, where there is any. */
const SILENCE = 1000;

/**
 * Whether one more connection may begin its handshake: for it, one is closed that has said nothing for too long. Who only holds
 * connections open must not keep out those who come to be linked, and these speak at once.
 */
export function hasRoom(state: MeshState, remote: string, limited: boolean, now: number): boolean {
  const strangers = [...state.handshakes].filter(({ uri }) => uri === null);
  const alike = strangers.filter((connection) => connection.remote === remote);
  const { maxHandshakes, maxHandshakesPerAddress } = state.config;
  const full = strangers.length >= maxHandshakes;
  const fullThere = limited && alike.length >= maxHandshakesPerAddress;
  if (!full && !fullThere) return true;
  // The first in the table is the oldest.
  const silent = (fullThere ? alike : strangers).find((connection) => isSilent(state, connection, now));
  const last = silent?.remote ?? remote;
  if (silent !== undefined) state.close(silent, false);
  state.emit({ kind: 'fault', remote: last, error: crowded(last, full, silent !== undefined) });
  return silent !== undefined;
}

function isSilent({ config }: MeshState, { mute, heardAt }: Connection, now: number): boolean {
  return mute && now - heardAt >= Math.min(SILENCE, config.handshakeTimeout / 2);
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

function crowded(remote: string, inAll: boolean, silent: boolean): MasterlessError {
  const limit = inAll ? 'limits.handshakes' : 'limits.handshakesPerAddress';
  return new MasterlessError(
    'ERR_LIMIT',
    `a connection from ${remote} was closed: too many are in their handshake (${limit})${silent ? ', and it had said nothing' : ''}`,
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
