/**
 * Packets of connected peers, down and up: acceptance within the window, what goes to a link next, counting what
 * arrives, and acknowledging what the application has had. This is the hot path: per packet it allocates nothing but
 * what the send buffer retains.
 *
 * Acknowledgement is also credit: what is not acknowledged stays in the sender's window. So an application that is slow
 * holds its senders back, while heartbeats and acknowledgements still pass, since reading never stops.
 */
import { ackDelayOf } from './acknowledgement.js';
import { Assembly, checkSize } from './assembly.js';
import type { Connection } from './connection.js';
import { Extension, encodeAck, encodeAckRequest, encodeExtension } from './control.js';
import { isSignNear } from './crowd.js';
import { expire, limit } from './expiry.js';
import type { Counts } from './fields.js';
import { Frame, protocolError } from './frame.js';
import { gatherLink } from './links.js';
import { Deliver } from './output.js';
import { type Encoded, Parts } from './parts.js';
import type { Peer } from './peer.js';
import { Reservation } from './reservation.js';
import { fits, hurry, isTight, takes, tellRoom } from './room.js';
import { OVERHEAD, SendBuffer } from './send-buffer.js';
import { type Lane, type LaneIndex, NORMAL, Session, URGENT } from './session.js';
import type { MeshState } from './state.js';

export class Traffic {
  private readonly state: MeshState;
  private readonly nobody: Session = new Session();
  private readonly deliver: Deliver = new Deliver(this.nobody);
  private readonly reservation: Reservation = new Reservation();
  /** What an honest peer sends before it has heard of any of it: one packet may be larger than the whole window. */
  private readonly mostOnTheWay: number;
  /** All peers were asked what they have had of what they were sent, and are for whatever is accepted since. */
  private asked = false;
  /** Calls of `group` so far. */
  private calls = 0;

  constructor(state: MeshState) {
    this.state = state;
    this.mostOnTheWay = state.config.window + SendBuffer.cost(state.config.maxPacket);
  }

  send(id: string, bytes: Encoded, urgent: boolean, until: number): number {
    const peer = this.state.peers.get(id);
    return peer === undefined ? 0 : this.sendTo(peer, bytes, urgent, until);
  }

  group(ids: readonly string[], stranger: (id: string) => void): Peer[] {
    const call = ++this.calls;
    const peers: Peer[] = [];
    for (const id of ids) {
      const peer = this.state.peers.get(id);
      if (peer === undefined || !peer.connected) {
        stranger(id);
      } else if (peer.namedIn !== call) {
        peer.namedIn = call;
        peers.push(peer);
      }
    }
    return peers;
  }

  sendAll(peers: readonly Peer[], bytes: Encoded, urgent: boolean, until: number): number {
    let taken = 0;
    for (const peer of peers) {
      // What one of them allows is no mistake of whoever sends to all.
      if (bytes.length <= peer.maxPacket && this.sendTo(peer, bytes, urgent, until) > 0) taken++;
    }
    return taken;
  }

  private sendTo(peer: Peer, bytes: Encoded, urgent: boolean, until: number): number {
    if (!this.accepts(peer, bytes.length, urgent)) return 0;
    const lane = peer.session.use(urgent ? URGENT : NORMAL);
    const { outgoing } = lane;
    const before = outgoing.cost;
    const number = bytes instanceof Parts ? outgoing.pushParts(bytes) : outgoing.push(bytes);
    this.accepted(peer, lane, outgoing.cost - before, until);
    return number;
  }

  reserve(id: string, urgent: boolean): Reservation | null {
    const peer = this.state.peers.get(id);
    if (peer === undefined || !takes(peer)) return null;
    return this.reservation.reserve(peer, urgent ? URGENT : NORMAL) ? this.reservation : null;
  }

  commit(size: number, urgent: boolean, until: number): number {
    const { peer, outgoing } = this.reservation;
    if (peer === null || outgoing === null || !this.accepts(peer, size, urgent)) return 0;
    // Another session may have begun meanwhile, or another packet.
    const lane = peer.session.lane(urgent ? URGENT : NORMAL);
    const stays = outgoing === lane.outgoing;
    const before = outgoing.cost;
    const number = stays ? outgoing.commit(size) : 0;
    if (number === 0) {
      const packet = this.reservation.packet(size);
      outgoing.release();
      return this.sendTo(peer, packet, urgent, until);
    }
    this.accepted(peer, lane, outgoing.cost - before, until);
    return number;
  }

  /** A packet more waits for the peer, the last of the lane. */
  private accepted(peer: Peer, lane: Lane, cost: number, until: number): void {
    if (until < Number.POSITIVE_INFINITY) limit(this.state, lane, lane.outgoing.total, until);
    const { starved } = this.state;
    // Somebody waits for room, and would wait for as long as this peer, or others, are sent a little now and then.
    if (starved.size > 0 && (starved.has(peer) || isTight(this.state))) peer.session.ask = true;
    else this.asked = false;
    const { outstanding } = peer.session;
    this.state.budget.change(outstanding - cost, outstanding);
    if (peer.link !== null) this.state.touch(peer.link);
  }

  writable(id: string, size: number): boolean {
    const peer = this.state.peers.get(id);
    return peer !== undefined && this.accepts(peer, size, false);
  }

  /** Whoever hears no, asking or sending, waits for room: a `drain` follows unless the peer goes. */
  private accepts(peer: Peer, size: number, urgent: boolean): boolean {
    if (takes(peer) && fits(this.state, peer, size, urgent)) return true;
    const { starved } = this.state;
    if (!peer.connected) return false;
    this.state.wanted = starved.size === 0 ? size : Math.max(this.state.wanted, size);
    const waits = starved.has(peer);
    peer.refused = waits ? Math.min(peer.refused, size) : size;
    if (!waits) peer.refusedUrgent = 0;
    if (urgent) peer.refusedUrgent = Math.min(peer.refusedUrgent || size, size);
    starved.add(peer);
    if (!waits) this.asked = hurry(this.state, peer, this.asked);
    return false;
  }

  ask(id: string): void {
    const peer = this.state.peers.get(id);
    if (peer === undefined || peer.session.settled) return;
    peer.session.ask = true;
    if (peer.link !== null) this.state.touch(peer.link);
  }

  /** A frame of a packet came: the packet, when it is complete and new. */
  receive(peer: Peer, link: Connection): Deliver | null {
    const { decoder } = link;
    const { session } = peer;
    const index: LaneIndex = decoder.kind === Frame.Urgent ? URGENT : NORMAL;
    const lane = session.use(index);
    const number = index === URGENT ? link.nextUrgent++ : link.nextNormal++;
    // Sent again over this link though it had come over the last one.
    if (number < lane.received) return null;
    const { buffer, start, end } = decoder;
    const { maxPacket } = this.state.config;
    session.receivedBytes += end - start + OVERHEAD;
    if (session.receivedBytes - session.handledBytes > this.mostOnTheWay) {
      throw protocolError(`more than the window of ${this.state.config.window} bytes is on its way`);
    }
    if (decoder.kind === Frame.Piece) {
      lane.assembly ??= new Assembly();
      lane.assembly.add(buffer.subarray(start, end), maxPacket, link.heardAt);
      this.state.wake(lane.assembly.keptUntil);
      lane.received++;
      return null;
    }
    const { deliver } = this;
    const { assembly } = lane;
    if (assembly === null || assembly.length === 0) {
      checkSize(end - start, maxPacket);
      // Mostly it is that of the packet before, and an engine notes each time that something old points to something new.
      if (deliver.buffer !== buffer) deliver.buffer = buffer;
      deliver.start = start;
      deliver.end = end;
    } else {
      deliver.buffer = assembly.complete(buffer.subarray(start, end), maxPacket, link.heardAt);
      deliver.start = 0;
      deliver.end = deliver.buffer.length;
    }
    lane.received++;
    deliver.id = peer.id;
    deliver.session = session;
    deliver.lane = index;
    deliver.sequence = lane.received;
    // Who has had an urgent packet has had nothing of one that it passed.
    deliver.receivedBytes = session.receivedBytes - (session.normal.assembly?.cost ?? 0);
    return deliver;
  }

  handled(of: Pick<Deliver, 'id' | 'session' | 'lane' | 'sequence' | 'receivedBytes'>, now: number): void {
    const { session } = of;
    const lane = session.lane(of.lane);
    if (of.sequence > lane.handled) lane.handled = of.sequence;
    if (of.receivedBytes > session.handledBytes) session.handledBytes = of.receivedBytes;
    const due =
      session.handledBytes - session.ackedBytes >= session.ackBytes || session.answers || session.ackAt <= now;
    if (due) {
      const peer = this.state.peers.get(of.id);
      session.ackAt = now;
      if (peer?.session === session && peer.link !== null) this.state.touch(peer.link);
      return;
    }
    const delay = ackDelayOf(session);
    if (now + delay < session.ackAt && session.unacked) {
      session.ackAt = now + delay;
      this.state.wake(session.ackAt);
    }
  }

  /**
   * The other side's application has had packets, or (null) wants to know whether ours has.
   * @returns whether it has had more than was known
   */
  acknowledged(peer: Peer, counts: Counts | null): boolean {
    const { session } = peer;
    if (counts === null) {
      const had = session.question();
      if (this.state.deaf && !had && peer.link !== null) {
        this.state.send(peer.link, encodeExtension(Extension.Deaf));
      }
      if (session.unacked && had) {
        session.ackAt = Number.NEGATIVE_INFINITY;
        if (peer.link !== null) this.state.touch(peer.link);
      }
      return false;
    }
    const before = session.outstanding;
    session.acknowledge(counts);
    // As on a new link, where all is told again. Else whoever says it often has all who wait looked through each time.
    if (session.outstanding === before) return false;
    this.state.budget.change(before, session.outstanding);
    this.state.emit({ kind: 'acknowledged', id: peer.id, session });
    tellRoom(this.state);
    return true;
  }

  /** Everything that one chunk brought has been read. */
  readAll(link: Connection): void {
    // Else it would keep the last packet's memory alive, and its session's.
    this.deliver.buffer = NOTHING;
    this.deliver.session = this.nobody;
    const { peer } = link;
    if (peer?.link !== link || !peer.session.unacked) return;
    const { session } = peer;
    if (isSignNear(this.state, peer, link)) session.ackAt = Math.min(session.ackAt, link.heardAt);
    if (session.ackAt <= link.heardAt) this.state.touch(link);
  }

  tick(peer: Peer, now: number): void {
    if (peer.session.limited) expire(this.state, peer, now);
    const { session } = peer;
    const { normal, urgent } = session;
    if (normal.assembly !== null) this.tidy(normal, normal.assembly, now);
    if (urgent.assembly !== null) this.tidy(urgent, urgent.assembly, now);
    if (!session.unacked) return;
    if (session.ackAt <= now) {
      if (peer.link !== null) this.state.touch(peer.link);
    } else {
      this.state.wake(session.ackAt);
    }
  }

  /** Memory for the next large packet is kept for a while, and what was begun as long as it takes. */
  private tidy(lane: Lane, assembly: Assembly, now: number): void {
    if (assembly.keptUntil > now) this.state.wake(assembly.keptUntil);
    else if (assembly.length === 0) lane.assembly = null;
    else assembly.shrink();
  }

  gather(connection: Connection, budget: number, now: number): Uint8Array[] {
    if (connection.peer?.link === connection && connection.peer.session.limited) {
      expire(this.state, connection.peer, now);
    }
    const views = connection.outbox ?? [];
    connection.outbox = null;
    const { peer } = connection;
    if (peer !== null && peer.link === connection) {
      const { session } = peer;
      if (peer.confirmed && session.unacked && session.ackAt <= now) views.push(encodeAck(session.tell()));
      // Until the follower has confirmed the session it may be proposed again from its start: nothing of it flows.
      if (peer.confirmed || session.confirmed) gatherLink(this.state, peer, connection, views, budget);
      if (session.ask && !session.normal.outgoing.pending && !session.urgent.outgoing.pending) {
        session.ask = false;
        if (!session.settled) views.push(encodeAckRequest());
      }
    }
    if (views.length > 0) connection.spokeAt = now;
    return views;
  }
}

const NOTHING = new Uint8Array(0);
