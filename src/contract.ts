/**
 * The types of the public API: the events of a node with their arguments, and the options of its methods.
 */
import type { MasterlessError } from './errors.js';
import type { ConnectInfo, DisconnectReason } from './protocol/output.js';

/**
 * Packets that were accepted and not acknowledged when their session ended, in the order of `send`, urgent ones last: as they
 * would have arrived, read back from what was encoded. Of a codec that can't read what it wrote, these are the bytes.
 */
export interface Undelivered<Packet = unknown> {
  /** They were on a wire: each may have arrived, or not. */
  readonly uncertain: readonly Packet[];
  /** They never left this node, or not whole: none has arrived. */
  readonly unsent: readonly Packet[];
}

/** The events of a {@link Server} and their arguments. */
export interface ServerEvents<Packet = unknown> {
  /** The node can be dialled; `info` is its address. Once. */
  listening: [info: string];
  /** A peer is connected. Alternates with `disconnect` for each peer. */
  connect: [id: string, info: ConnectInfo];
  /** A packet arrived. */
  message: [sender: string, packet: Packet];
  /** A peer is not connected any more. */
  disconnect: [id: string, reason: DisconnectReason];
  /**
   * The link of a connected peer was lost that is kept, or is being left with something to flush; attempt number `attempt`,
   * from 1, begins.
   */
  reconnecting: [id: string, attempt: number];
  /** There is a new link: the session goes on, or, after a goodbye of a kept peer, a new one begins. */
  reconnect: [id: string];
  /** A session ended with packets that were not acknowledged; before `disconnect`, or `reconnecting` after a goodbye. */
  undelivered: [id: string, packets: Undelivered<Packet>];
  /** The `ttl` of these packets was over before anything of them was written, in the order of `send`: none has arrived. */
  expired: [id: string, packets: readonly Packet[]];
  /**
   * After `send` was refused for want of room, `writable` was false or `deliver` waited: at least half of it is free, or nobody
   * waits in `deliver` any more, and there may be none.
   */
  drain: [id: string];
  /** Two live nodes claim this id; it may be this node's own. */
  conflict: [id: string];
  /** An address could not be reached, or was not who it should be. */
  unreachable: [uri: string, error: MasterlessError];
  /**
   * A connection was turned away, turned this node away, broke the protocol, met a limit, or came in and did not finish its
   * handshake. Nobody has to do anything about it: it is for counting, by `error.code`. `remote` is the address dialled, or
   * that of who dialled, without a port. And a packet was larger than its peer takes (`ERR_LIMIT`): then it is the peer's id.
   */
  fault: [remote: string, error: MasterlessError];
  /** The node is useless, since it can't listen: its address is taken, for example. `close` follows. */
  error: [error: MasterlessError];
  /** The node is closed: no socket, timer or listener is left. */
  close: [];
}

/** Options of {@link Server.connect}. */
export interface ConnectOptions {
  /** The id that must answer; any other is `ERR_WRONG_ID`. */
  readonly id?: string | undefined;
  /**
   * Gives up. A connection that is already open goes on, and the link that it may become is let go, unless the other side
   * keeps it: `connect`, then `disconnect` `unwanted`.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link Server.send}. */
export interface SendOptions {
  /**
   * Passes ahead of packets that are not urgent and still wait here, to be written or for room. Urgent packets are delivered
   * once and in order among themselves; at most 128 KiB each. @default false
   */
  readonly urgent?: boolean | undefined;
  /**
   * Milliseconds for which the packet is of use, above 0. If nothing of it was written to a link by then it is not sent any
   * more, and `expired` tells so. What was written may have arrived, and is sent again whatever its age. @default no limit
   */
  readonly ttl?: number | undefined;
}

/** Options of {@link Server.deliver}. */
export interface DeliverOptions extends SendOptions {
  /** Gives up waiting; a packet that was already sent may still arrive. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of calls that can only be given up. */
export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
}
