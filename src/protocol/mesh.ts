/**
 * The protocol of one node as a pure state machine: bytes, wishes and the time go in, outputs come out. It opens no
 * socket, sets no timer and throws no dice of its own, so every run can be repeated from a seed.
 *
 * How to drive it: call an input, then `poll` until it returns null and do what each output says, then write what
 * `gather` gives for every connection in `takeDirty`, `poll` again if it `talks`, and call `tick` no later than at `wakeAt`.
 */
import { MasterlessError } from '../errors.js';
import { hasRoom, keepAhead } from './admission.js';
import type { Connection } from './connection.js';
import { ByeReason, encodePing } from './control.js';
import { recount } from './crowd.js';
import { tickDials } from './dialing.js';
import { broken, disprove, end, endAll, endError, endHandshakes, refuse, tickHandshakes } from './ending.js';
import { greet, onAdmission } from './handshake.js';
import { onFrame } from './inbound.js';
import { heard, tickLink } from './links.js';
import type { Deliver, Output } from './output.js';
import { part, partForBadPacket, tickPeer } from './parting.js';
import type { Encoded } from './parts.js';
import type { Peer, PeerView } from './peer.js';
import { tickRenewal } from './renewal.js';
import type { Reservation } from './reservation.js';
import { tellRoom } from './room.js';
import type { Session } from './session.js';
import { type MeshConfig, MeshState } from './state.js';
import { Traffic } from './traffic.js';
import { cancelWish, endWishes, setKept, startWish } from './wishes.js';

export class Mesh {
  private readonly state: MeshState;
  private readonly traffic: Traffic;
  /** The connection whose chunk is being taken apart, a frame per `poll`. */
  private reading: Connection | null = null;
  private closedTold = false;

  constructor(config: MeshConfig) {
    this.state = new MeshState(config);
    this.traffic = new Traffic(this.state);
  }

  /** Wants whoever is at `uri`; a `wish` output with this number follows. */
  connect(wish: number, uri: string, expected: string | null, now: number): void {
    startWish(this.state, wish, uri, expected, now);
  }

  /** No longer wants it; no output follows. */
  cancelConnect(wish: number, now: number): void {
    cancelWish(this.state, wish, now);
  }

  /** Wants the peer kept, or no longer. */
  keep(id: string, keep: boolean, now: number): void {
    const peer = keep ? this.state.peer(id) : this.state.peers.get(id);
    if (peer === undefined) return;
    setKept(this.state, peer, keep, now);
    this.state.release(peer);
  }

  isKept(id: string): boolean {
    return this.state.peers.get(id)?.keep ?? false;
  }

  /** Parts from the peer: flushes, then says goodbye. Also withdraws the wish to keep it. A `parted` follows if true. */
  disconnect(id: string, now: number): boolean {
    const peer = this.state.peers.get(id);
    if (peer === undefined) return false;
    peer.keep = false;
    // The peer may know of a link before this side does.
    const parts = peer.connected || peer.link !== null;
    if (parts) part(this.state, peer, ByeReason.Disconnected, now);
    this.state.release(peer);
    return parts;
  }

  /** Parts from all; a `closed` output follows, at the latest after `closeTimeout`. */
  close(now: number): void {
    const { state } = this;
    state.closing = true;
    endWishes(state, new MasterlessError('ERR_CLOSED', 'this node was closed before it was connected'));
    for (const peer of [...state.peers.values()]) {
      peer.keep = false;
      if (peer.connected || peer.link !== null) part(state, peer, ByeReason.Closed, now);
    }
    endHandshakes(state, now);
    state.wakePromptly(now);
  }

  /** Ids of all peers connected, sorted by when they came to be known. */
  connected(): string[] {
    return [...this.state.peers.values()].filter((peer) => peer.connected).map((peer) => peer.id);
  }

  isConnected(id: string): boolean {
    return this.state.peers.get(id)?.connected ?? false;
  }

  /**
   * Accepts an encoded packet for a peer, copying it, or the size of the one that was encoded at the reserved place. Returns
   * the packet's number in its lane, or 0 when the peer is unknown or there is no room; in the latter case a `drain` follows.
   * @param until - not sent any more from then on, if nothing of it was written: an `expired` follows
   */
  send(id: string, packet: Encoded | number, urgent: boolean, until: number = Number.POSITIVE_INFINITY): number {
    if (typeof packet === 'number') return this.traffic.commit(packet, urgent, until);
    return this.traffic.send(id, packet, urgent, until);
  }

  /** The place for a packet to be encoded, so that its size can be sent; `release` it in any case. Null for none. */
  reserve(id: string, urgent: boolean): Reservation | null {
    return this.traffic.reserve(id, urgent);
  }

  /** The connected peers of these ids, each once; `stranger` is called for every other id. */
  group(ids: readonly string[], stranger: (id: string) => void): Peer[] {
    return this.traffic.group(ids, stranger);
  }

  /** The same as `send` for several peers, but for those to whom it is too large. Returns how many accepted it. */
  sendAll(peers: readonly Peer[], bytes: Encoded, urgent: boolean, until: number = Number.POSITIVE_INFINITY): number {
    return this.traffic.sendAll(peers, bytes, urgent, until);
  }

  /** Whether a packet of `size` bytes would be accepted now. */
  writable(id: string, size: number): boolean {
    return this.traffic.writable(id, size);
  }

  /** Bytes of the largest packet that the peer takes; Infinity for one that is not connected. */
  maxPacket(id: string): number {
    const peer = this.state.peers.get(id);
    return peer?.connected ? peer.maxPacket : Number.POSITIVE_INFINITY;
  }

  /** Whether the application takes packets, or they wait for it. */
  attend(attentive: boolean): void {
    this.state.deaf = !attentive;
  }

  /** The peer is to acknowledge what it has without delay. */
  ask(id: string): void {
    this.traffic.ask(id);
  }

  /** The application has had the packet that `deliver` brought, and all before it in its lane. */
  handled(deliver: Pick<Deliver, 'id' | 'session' | 'lane' | 'sequence' | 'receivedBytes'>, now: number): void {
    this.traffic.handled(deliver, now);
  }

  /** A delivered packet could not be decoded, and why. */
  undecodable(id: string, error: MasterlessError, now: number): void {
    const peer = this.state.peers.get(id);
    if (peer !== undefined) partForBadPacket(this.state, peer, error, now);
  }

  /** Measures the way to a connected peer: a `pong` output with the token follows, if it lives. */
  ping(id: string): number {
    const peer = this.state.peers.get(id);
    const link = peer?.connected && peer.confirmed ? peer.link : null;
    if (link === null) return 0;
    const token = this.state.nonce();
    this.state.send(link, encodePing({ token, contested: false }));
    return token;
  }

  /** The session with a connected peer: for counting, not for changing. */
  session(id: string): Session | null {
    const peer = this.state.peers.get(id);
    return peer?.connected ? peer.session : null;
  }

  /** What is known of a peer, for people and tests: no part of the protocol. */
  view(id: string): PeerView | null {
    return this.state.peers.get(id)?.view ?? null;
  }

  /** This node can be dialled at these URIs, which its HELLO tells. Until then it dials nobody. */
  listening(addresses: readonly string[], now: number): void {
    this.state.listens(addresses, now);
  }

  /**
   * A connection came in.
   * @param limited - count it against the limit per remote address
   * @returns null when there are too many in their handshake: close it
   */
  accepted(remote: string, limited: boolean, now: number): Connection | null {
    if (this.closedTold || !hasRoom(this.state, remote, limited, now)) return null;
    return this.state.addConnection(null, remote, now);
  }

  /** A dialled connection is open. */
  opened(connection: Connection): void {
    const { phase, exchange } = connection;
    if (phase !== 'opening' || exchange === null) return;
    connection.phase = 'greeting';
    connection.opened = true;
    greet(this.state, connection, exchange);
  }

  /** Bytes came; `poll` until null before the memory is used again. */
  received(connection: Connection, chunk: Uint8Array, now: number): void {
    if (connection.phase === 'closed') return;
    heard(this.state, connection, now);
    connection.decoder.push(chunk);
    this.reading = connection;
  }

  /** The connection ended or could not be opened. */
  ended(connection: Connection, error: MasterlessError | null, now: number): void {
    end(this.state, connection, endError(this.state, connection, error), false, now);
  }

  /** The rules have spoken on a HELLO for which they said `'later'`: `refusal` turns it away. */
  admitted(connection: Connection, refusal: MasterlessError | null, now: number): void {
    const ahead = onAdmission(this.state, connection, refusal, now);
    if (ahead === null) return;
    connection.decoder.push(ahead);
    this.reading = connection;
  }

  /** The other end did not prove what it must: it is told so, and nothing else. */
  refuse(connection: Connection, error: MasterlessError, now: number): void {
    refuse(this.state, connection, error, now);
  }

  /** This node has other credentials from now on: dials under way were made with those of before. */
  exchanged(): void {
    for (const dial of this.state.dials) dial.outdated = dial.connection;
  }

  /** What the other end has proved counts no more: a link is replaced, any other connection ends, to be dialled anew. */
  outdate(connection: Connection, error: MasterlessError, now: number): void {
    disprove(this.state, connection, error, now);
  }

  /** What to do next, or null when there is nothing. */
  poll(now: number): Output | null {
    const { outputs } = this.state;
    for (;;) {
      if (outputs.length > 0) return outputs.shift() ?? null;
      if (this.reading === null) return this.rest(now);
      const deliver = this.read(this.reading, now);
      if (deliver !== null) return deliver;
    }
  }

  /** Whether there is something to say. */
  get talks(): boolean {
    return this.state.outputs.length > 0;
  }

  /** Whether there is a connection with something to write. */
  get dirty(): boolean {
    return this.state.dirty.length > 0;
  }

  /** Whether that connection has something to write; it is forgotten as well, if it was the last to get it. */
  takeIfDirty(connection: Connection): boolean {
    if (!connection.dirty) return false;
    const { dirty } = this.state;
    if (dirty.at(-1) === connection) {
      dirty.pop();
      connection.dirty = false;
    }
    return true;
  }

  /** The connections with something to write, and forgets them. */
  takeDirty(): readonly Connection[] {
    const { dirty } = this.state;
    if (dirty.length === 0) return NONE;
    this.state.dirty = [];
    for (const connection of dirty) connection.dirty = false;
    return dirty;
  }

  /** The connection takes bytes again after a pause: whatever waits for it comes up in `takeDirty`. */
  drained(connection: Connection): void {
    if (connection.phase !== 'closed') this.state.touch(connection);
  }

  /** What to write on a connection: at least all control frames, then packets up to about `budget` bytes. */
  gather(connection: Connection, budget: number, now: number): Uint8Array[] {
    return this.traffic.gather(connection, budget, now);
  }

  /** When `tick` must be called next; Infinity when nothing waits. */
  get wakeAt(): number {
    return this.state.wakeAt;
  }

  /** Whether `tick` must not be late; else so many milliseconds as nobody minds make peers share it. */
  get prompt(): boolean {
    return this.state.prompt;
  }

  /** Does what is due. Only after everything that has arrived was given to `received`, since silence is judged here. */
  tick(now: number): void {
    const { state } = this;
    // A node that did not run heard nothing, whatever was said.
    const grace = now - state.wakeAt > state.config.heartbeat ? 2 * state.config.heartbeat : 0;
    state.wakeAt = Number.POSITIVE_INFINITY;
    state.prompt = false;
    tickHandshakes(state, now, grace);
    for (const peer of state.peers.values()) {
      tickLink(state, peer, now, grace);
      tickRenewal(state, peer, now);
      tickPeer(state, peer, now, grace);
      this.traffic.tick(peer, now);
    }
    if (state.addresses !== null) tickDials(state, now);
    recount(state);
    tellRoom(state);
  }

  /** All that has come is read: what follows from there being nothing else to do. */
  private rest(now: number): Output | null {
    const { state } = this;
    if (state.idle) state.wakeAt = Number.POSITIVE_INFINITY;
    if (!state.closing || this.closedTold) return null;
    for (const peer of state.peers.values()) if (peer.connected || peer.parting !== null) return null;
    this.closedTold = true;
    endAll(state, now);
    return state.outputs.shift() ?? null;
  }

  private read(connection: Connection, now: number): Deliver | null {
    try {
      while (connection.phase !== 'closed' && !connection.exchange?.awaited && connection.decoder.next()) {
        const deliver = onFrame(this.state, this.traffic, connection, now);
        if (deliver !== null) return deliver;
        if (this.state.outputs.length > 0) return null;
      }
      if (connection.exchange?.awaited) keepAhead(connection.exchange, connection.decoder.takeRest());
    } catch (error) {
      if (!(error instanceof MasterlessError)) throw error;
      broken(this.state, connection, error, now);
    }
    this.reading = null;
    this.traffic.readAll(connection);
    return null;
  }
}

const NONE: readonly Connection[] = [];
