/**
 * The node as applications see it: documented methods that check their arguments. What they do is in `node.ts`.
 */
import {
  checkedEncoded,
  checkedFlag,
  checkedId,
  checkedOptions,
  checkedSignal,
  checkedSize,
  checkedTtl,
  checkPacketSize,
} from './arguments.js';
import type { Codec } from './codec/codec.js';
import type { ConnectOptions, DeliverOptions, SendOptions, ServerEvents, WaitOptions } from './contract.js';
import type { CredentialOptions } from './credentials/credentials.js';
import type { Messages } from './delivery/inbox.js';
import { harmless } from './delivery/pending.js';
import { MasterlessError } from './errors.js';
import { TypedEmitter, type Voice } from './events.js';
import { Node } from './node.js';
import { resolveOptions, type ServerOptions } from './options.js';
import type { Encoded } from './protocol/parts.js';
import { PIECE } from './protocol/send-buffer.js';
import { timers } from './timers.js';

const CONNECT_OPTIONS = ['id', 'signal'] as const;
const SEND_OPTIONS = ['urgent', 'ttl'] as const;
const DELIVER_OPTIONS = [...SEND_OPTIONS, 'signal'] as const;
const WAIT_OPTIONS = ['signal'] as const;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * A node of a mesh, neither client nor server.
 *
 * @typeParam Packet - what this node's packets are; nothing checks what peers really send
 */
export class Server<Packet = unknown> extends TypedEmitter<ServerEvents<Packet>> {
  /** The id by which peers know this node. */
  readonly id: string;
  readonly #maxPacket: number;
  readonly #node: Node<Packet>;

  /**
   * Makes a node and starts to listen; `listening` follows.
   *
   * @param id - 1 to 255 bytes of UTF-8, unique in the mesh
   * @throws MasterlessError `ERR_ID`, `ERR_OPTION`, `ERR_URI`; `ERR_INSECURE` for a listener that other machines reach,
   * without credentials or `insecure: true`; `ERR_UNSUPPORTED` for credentials where this runtime can't do TLS as needed
   */
  constructor(id: string, options: ServerOptions = {}) {
    super('message', (event) => {
      if (event === 'message') void Promise.resolve().then(() => this.#node.listen());
    });
    this.id = checkedId(id);
    const resolved = resolveOptions(options);
    this.#maxPacket = resolved.maxPacket;
    this.#node = new Node<Packet>(this.id, resolved, this as Voice<ServerEvents<Packet>>);
  }

  /**
   * Connects to the node at an address and keeps it: a lost link is dialled again, as `reconnect` says.
   *
   * @param uri - for example what another node's `info()` gives: `tcp://192.168.1.64:2435`, `unix:///run/a.sock`
   * @returns the peer's id, at once when there is a link to that address. May be ignored: it rejects without harm, with
   * `ERR_REFUSED`, `ERR_TIMEOUT`, `ERR_UNREACHABLE`, `ERR_SELF`, `ERR_WRONG_ID`, `ERR_ID_IN_USE`, `ERR_VERSION` and
   * others of the remote kind
   * @throws MasterlessError `ERR_URI`; `ERR_INSECURE` for a transport that is not secure, of a node with credentials;
   * `ERR_ID`, `ERR_ARGUMENT` for an option; `ERR_CLOSED`
   */
  connect(uri: string | URL, options: ConnectOptions = {}): Promise<string> {
    checkedOptions(options, 'connect(uri, options)', CONNECT_OPTIONS);
    const canonical = this.#node.addresses.canonical(uri);
    const expected = options.id === undefined ? null : checkedId(options.id);
    const signal = checkedSignal(options.signal);
    if (this.#node.closed) throw new MasterlessError('ERR_CLOSED', 'connect: this node is closed; make a new one');
    return this.#node.connect(canonical, expected, signal);
  }

  /**
   * Parts from a peer: what was accepted is flushed, for at most `closeTimeout`, then the link is closed. Withdraws this
   * node's wish to keep it; a peer that keeps the link comes back.
   *
   * @returns resolves when the peer is disconnected; at once when it is not connected
   */
  disconnect(id: string): Promise<void> {
    return this.#node.disconnect(checkedId(id));
  }

  /**
   * Wants a peer's link kept (dialled again when it is lost), or no longer. A link that neither side keeps is closed. A node
   * that was closed keeps none.
   */
  keep(id: string, keep: boolean = true): void {
    checkedId(id);
    const wanted = checkedFlag(keep, 'keep(id, keep): keep');
    if (this.#node.closed) return;
    this.#node.mesh.keep(id, wanted, this.#node.now());
    this.#node.pump();
  }

  /** Whether this node wants the peer's link kept. */
  isKept(id: string): boolean {
    return this.#node.mesh.isKept(checkedId(id));
  }

  /** Ids of the peers that are connected. */
  connections(): string[] {
    return this.#node.mesh.connected();
  }

  /** The address at which this node can be dialled, or null while it does not listen. */
  info(): string | null {
    return this.#node.info;
  }

  /**
   * Sends a packet to a peer: once and in order, over lost and replaced links, for as long as the session lasts; what a
   * session did not deliver is reported by `undelivered`, what was not sent within its `ttl` by `expired`.
   *
   * @returns whether the packet was accepted: not when the peer is unknown, or its window is full (`drain` tells when to
   * go on), or it takes no packet of that size (`fault` tells, `ERR_LIMIT`, and no `drain` follows). For a list, how many
   * peers took it; of the others the same is told as if it were for each of them alone. The packet is encoded once.
   * @throws MasterlessError `ERR_PACKET` for a value that can't be carried; `ERR_PACKET_TOO_LARGE`; `ERR_ID`; `ERR_ARGUMENT`
   */
  send(id: string, packet: Packet, options?: SendOptions): boolean;
  send(ids: readonly string[], packet: Packet, options?: SendOptions): number;
  send(target: string | readonly string[], packet: Packet, options?: SendOptions): boolean | number;
  send(target: string | readonly string[], packet: Packet, options?: SendOptions): boolean | number {
    let urgent = false;
    let until = NEVER;
    if (options !== undefined) {
      checkedOptions(options, 'send(id, packet, options)', SEND_OPTIONS);
      urgent = isUrgent(options);
      until = this.#until(options);
    }
    if (typeof target === 'string') return this.#send(target, packet, urgent, until);
    if (!Array.isArray(target))
      throw new MasterlessError('ERR_ID', 'send(target, packet): the target must be an id or a list of ids');
    const peers = this.#node.mesh.group(target, checkedId);
    const bytes = this.#encoded(packet, urgent);
    const { length } = bytes;
    const taken = this.#node.sendAll(peers, bytes, urgent, until);
    // Last, since whoever hears of it may encode the next one in the memory of this.
    if (taken < peers.length) for (const { id } of peers) this.#takes(id, length);
    return taken;
  }

  /**
   * Whether `send` would accept a packet now.
   * @param size - bytes of the encoded packet. @default 1024, or `maxPacket` of either side, if that is less
   */
  writable(id: string, size?: number): boolean {
    const { mesh, deliveries } = this.#node;
    const most = Math.min(this.#maxPacket, mesh.maxPacket(checkedId(id)));
    const wanted = size === undefined ? Math.min(1024, most) : checkedSize(size);
    // Of a packet that is too large there is nothing to wait for.
    if (wanted > most) return false;
    const fits = mesh.writable(id, wanted);
    // The peer is asked what it has had.
    if (!fits) this.#node.flushSoon();
    return fits && !deliveries.waiting(id, false);
  }

  /**
   * Sends a packet, waiting for room.
   *
   * @returns resolves when the peer's application has had the packet. Rejects with what is known otherwise:
   * `ERR_UNDELIVERED`, `ERR_UNKNOWN_PEER`, `ERR_ABORTED`, `ERR_EXPIRED`, `ERR_LIMIT`. May be ignored.
   * @throws MasterlessError as {@link Server.send}
   */
  deliver(id: string, packet: Packet, options: DeliverOptions = {}): Promise<void> {
    checkedOptions(options, 'deliver(id, packet, options)', DELIVER_OPTIONS);
    const urgent = isUrgent(options);
    const until = this.#until(options);
    const signal = checkedSignal(options.signal);
    checkedId(id);
    const bytes = this.#encoded(packet, urgent);
    const most = this.#node.mesh.maxPacket(id);
    if (bytes.length > most) return harmless(Promise.reject(tooLarge(id, bytes.length, most)));
    const promise = this.#node.deliveries.deliver(id, bytes, { urgent, until, signal });
    this.#node.flushSoon();
    return harmless(promise);
  }

  /**
   * Resolves when everything accepted so far for the peer, or for all, was had by the application there. Rejects with
   * `ERR_UNDELIVERED`, `ERR_UNKNOWN_PEER`, `ERR_ABORTED` or, while 10,000 others wait for the peer, `ERR_LIMIT`. May be ignored.
   */
  flush(id?: string, options: WaitOptions = {}): Promise<void> {
    const signal = signalOf(options, 'flush(id, options)');
    const ids = id === undefined ? this.#node.mesh.connected() : [checkedId(id)];
    const promise = this.#node.deliveries.flush(ids, signal);
    this.#node.flushSoon();
    return harmless(promise);
  }

  /**
   * Packets as an async iterator, whose pace holds the senders back: a packet is acknowledged when it is taken. Ends when
   * the node is closed; throws the signal's reason when aborted. Several iterators each get every packet, beginning with what
   * nobody has had.
   */
  messages(options: WaitOptions = {}): Messages<Packet> {
    return this.#node.read(signalOf(options, 'messages(options)'));
  }

  /**
   * Milliseconds that a peer takes to answer. Rejects with `ERR_UNKNOWN_PEER`, `ERR_CONNECTION_LOST` or `ERR_ABORTED`, and
   * with `ERR_LIMIT` while 1,024 others of the peer are under way.
   */
  ping(id: string, options: WaitOptions = {}): Promise<number> {
    const signal = signalOf(options, 'ping(id, options)');
    return this.#node.ping(checkedId(id), signal);
  }

  /**
   * Exchanges the credentials for others of their kind, without losing a packet: from now on this node dials with the
   * first `secret`, or with the certificate, and takes only what is given here. Links made under a secret that is not
   * among them are replaced, and their sessions go on; links made with certificates stay (see `maxLinkAge`).
   *
   * A secret is rotated in three steps, each on all nodes before the next: `[old, new]`, `[new, old]`, `[new]`.
   *
   * @throws MasterlessError `ERR_OPTION`, and then nothing has changed; `ERR_CLOSED`
   */
  rotate(credentials: CredentialOptions): void {
    if (this.#node.closed) throw new MasterlessError('ERR_CLOSED', 'rotate: this node is closed; make a new one');
    this.#node.rotate(credentials, this.id);
  }

  /**
   * Closes the node: flushes what was accepted, says goodbye to every peer, for at most `closeTimeout`, and lets go of
   * every socket, timer and listener; a socket that the other side does not end gets a second more. What could not be delivered is reported by `undelivered` first.
   *
   * @param callback - called when it is closed; the same as the promise returned
   */
  close(callback?: () => void): Promise<void> {
    if (callback !== undefined && typeof callback !== 'function') {
      throw new MasterlessError('ERR_ARGUMENT', 'close(callback): the callback is not a function');
    }
    const closed = this.#node.close();
    // In a later turn, so that what the callback throws is the process's to handle, not a rejection.
    if (callback !== undefined) void closed.then(() => timers.nextTick(callback));
    return closed;
  }

  /** `await using node = new Server(…)` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Encodes the packet where it goes out, if there is such a place, and sends it. */
  #send(id: string, packet: Packet, urgent: boolean, until: number): boolean {
    const { codec, mesh } = this.#node;
    const place = codec.encodeInto === undefined ? null : mesh.reserve(id, urgent);
    if (place === null) {
      const encoded = this.#encoded(packet, urgent);
      const taken = this.#takes(id, encoded.length) && this.#node.send(id, encoded, urgent, until);
      // A peer's id is one, which need not be looked at each time.
      if (!taken) checkedId(id);
      return taken;
    }
    const { maxPacket } = place;
    try {
      const given = (codec as Required<Codec>).encodeInto(packet, place.target, place.at);
      const made = typeof given === 'number' ? place.checked(given) : checkedEncoded(given, codec);
      const size = typeof made === 'number' ? made : made.length;
      // Elsewhere: the place is free for it.
      if (typeof made !== 'number') place.release();
      this.#checkSize(size, urgent);
      if (size > maxPacket && !this.#takes(id, size)) return false;
      return this.#node.send(id, made, urgent, until);
    } finally {
      place.release();
    }
  }

  /** When a packet that is sent now is of no use any more. */
  #until({ ttl }: SendOptions): number {
    return ttl === undefined ? NEVER : this.#node.now() + checkedTtl(ttl);
  }

  #encoded(packet: Packet, urgent: boolean): Encoded {
    const { codec } = this.#node;
    const made = codec.encodeParts === undefined ? codec.encode(packet) : codec.encodeParts(packet);
    const encoded = checkedEncoded(made, codec);
    this.#checkSize(encoded.length, urgent);
    return encoded;
  }

  #checkSize(size: number, urgent: boolean): void {
    checkPacketSize(size, this.#maxPacket, 'maxPacket');
    if (urgent) checkPacketSize(size, PIECE, 'the most for an urgent one');
  }

  /** A peer may take less than this node does: that is its doing, and not to be thrown at whoever answers it. */
  #takes(id: string, size: number): boolean {
    const most = this.#node.mesh.maxPacket(id);
    if (size <= most) return true;
    this.#node.fault(id, tooLarge(id, size, most));
    return false;
  }
}

function tooLarge(id: string, size: number, most: number): MasterlessError {
  const message = `the packet has ${size} bytes encoded, and ${id} takes ${most}: send it in parts, or raise maxPacket there`;
  return new MasterlessError('ERR_LIMIT', message, { uncertain: false });
}

function isUrgent({ urgent }: SendOptions): boolean {
  return urgent !== undefined && checkedFlag(urgent, 'urgent');
}

function signalOf(options: WaitOptions, call: string): AbortSignal | undefined {
  return checkedSignal(checkedOptions(options, call, WAIT_OPTIONS).signal);
}
