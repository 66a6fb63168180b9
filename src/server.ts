/**
 * The node: what applications use. Thin: it checks arguments, encodes and decodes packets, and turns what the core says
 * into events and promises.
 */
import { checkedId, checkedPacketSize, checkedSignal } from './arguments.js';
import type { Codec } from './codec/codec.js';
import { msgpack } from './codec/msgpack.js';
import { Deliveries } from './delivery/deliveries.js';
import { Inbox, type Message } from './delivery/inbox.js';
import { MasterlessError } from './errors.js';
import { TypedEmitter } from './events.js';
import { type ResolvedOptions, resolveOptions, type ServerOptions } from './options.js';
import { Mesh } from './protocol/mesh.js';
import type { ConnectInfo, Deliver, DisconnectReason, Output } from './protocol/output.js';
import { PIECE } from './protocol/send-buffer.js';
import type { Leftover } from './protocol/session.js';
import { type Debug, debugFor } from './runtime/debug.js';
import { newIncarnation } from './runtime/incarnation.js';
import { Runtime } from './runtime/runtime.js';
import { memory } from './transports/memory.js';
import { tcp } from './transports/tcp.js';
import type { Transport } from './transports/transport.js';
import { unix } from './transports/unix.js';

/** Packets that were accepted and not acknowledged when their session ended, oldest first. */
export interface Undelivered<Packet = unknown> {
  /** They were on a wire: each may have arrived, or not. */
  readonly uncertain: readonly Packet[];
  /** They never left this node: none has arrived. */
  readonly unsent: readonly Packet[];
}

/** The events of a {@link Server} and their arguments. */
export interface ServerEvents<Packet = unknown> {
  /** The node can be dialled; `info` is its address. Once. */
  listening: [info: string];
  /** A peer's session began. Alternates with `disconnect` for each peer. */
  connect: [id: string, info: ConnectInfo];
  /** A packet arrived. */
  message: [sender: string, packet: Packet];
  /** A peer's session ended. */
  disconnect: [id: string, reason: DisconnectReason];
  /** The link of a kept peer was lost; attempt number `attempt`, from 1, begins. */
  reconnecting: [id: string, attempt: number];
  /** The session goes on over a new link. */
  reconnect: [id: string];
  /** A session ended with packets that were not acknowledged; comes before its `disconnect`. */
  undelivered: [id: string, packets: Undelivered<Packet>];
  /** After `send` was refused for want of room: there is room. */
  drain: [id: string];
  /** Two live nodes claim this id; it may be this node's own. */
  conflict: [id: string];
  /** An address could not be reached, or was not who it should be. */
  unreachable: [uri: string, error: MasterlessError];
  /** The node is useless, for example since its address is taken; `close` follows. */
  error: [error: MasterlessError];
  /** The node is closed: no socket, timer or listener is left. */
  close: [];
}

/** Options of {@link Server.connect}. */
export interface ConnectOptions {
  /** The id that must answer; any other is `ERR_WRONG_ID`. */
  readonly id?: string;
  /** Gives up; a connection that is already open is kept. */
  readonly signal?: AbortSignal;
}

/** Options of {@link Server.send}. */
export interface SendOptions {
  /**
   * Passes ahead of packets that are not urgent and still wait. Urgent packets are delivered once and in order among
   * themselves; at most 128 KiB each. @default false
   */
  readonly urgent?: boolean;
}

/** Options of {@link Server.deliver}. */
export interface DeliverOptions extends SendOptions {
  /** Gives up waiting; a packet that was already sent may still arrive. */
  readonly signal?: AbortSignal;
}

/** Options of calls that can only be given up. */
export interface WaitOptions {
  readonly signal?: AbortSignal;
}

/**
 * A node of a mesh, neither client nor server.
 *
 * @typeParam Packet - what this node's packets are; nothing checks what peers really send
 */
export class Server<Packet = unknown> extends TypedEmitter<ServerEvents<Packet>> {
  /** The id by which peers know this node. */
  readonly id: string;
  readonly #options: ResolvedOptions;
  readonly #codec: Codec;
  readonly #debug: Debug;
  readonly #mesh: Mesh;
  readonly #runtime: Runtime;
  readonly #transports: ReadonlyMap<string, Transport>;
  readonly #inbox: Inbox<Packet>;
  readonly #deliveries: Deliveries;
  readonly #wishes = new Map<number, { resolve(id: string): void; reject(error: unknown): void }>();
  readonly #pings = new Map<number, { at: number; id: string; resolve(ms: number): void; reject(error: unknown): void }>();
  #wishCount = 0;
  #info: string | null = null;
  #closing: Promise<void> | null = null;
  #closed: () => void = () => undefined;

  /**
   * Makes a node and starts to listen; `listening` follows.
   *
   * @param id - 1 to 255 bytes of UTF-8, unique in the mesh
   * @throws MasterlessError `ERR_ID`, `ERR_OPTION`, `ERR_URI`; `ERR_INSECURE` for a listener that other machines reach,
   * without `insecure: true`
   */
  constructor(id: string, options: ServerOptions = {}) {
    super();
    this.id = checkedId(id);
    this.#options = resolveOptions(options);
    const { limits, maxPacket } = this.#options;
    this.#codec = this.#options.codec ?? msgpack({ depth: limits.depth, items: limits.items, size: maxPacket });
    this.#debug = this.#options.debug ?? debugFor(id);
    this.#transports = new Map(
      [tcp(), unix(), memory(), ...this.#options.transports].map((transport) => [transport.scheme, transport]),
    );
    this.#checkListeners();
    this.#mesh = new Mesh({
      ...this.#options,
      id,
      incarnation: newIncarnation(),
      codec: this.#codec.name,
      maxPeers: limits.peers,
      maxHandshakes: limits.handshakes,
      maxHandshakesPerAddress: limits.handshakesPerAddress,
      random: Math.random,
    });
    this.#runtime = new Runtime(this.#mesh, this.#transports, (output) => this.#hear(output));
    this.#inbox = new Inbox<Packet>(
      (message) => this.#announce(message),
      (receipt) => {
        this.#mesh.handled(receipt, this.#runtime.now());
        this.#runtime.scheduleFlush();
      },
      this.#options.totalWindow,
    );
    this.#deliveries = new Deliveries(
      {
        send: (to, bytes, urgent) => this.#mesh.send(to, bytes, urgent),
        session: (of) => this.#mesh.session(of),
        ask: (of) => this.#mesh.ask(of),
      },
      limits.deliveries,
    );
    void this.#listen();
  }

  /**
   * Connects to the node at an address and keeps it: a lost link is dialled again, as `reconnect` says.
   *
   * @param uri - for example what another node's `info()` gives: `tcp://192.168.1.64:2435`, `unix:///run/a.sock`
   * @returns the peer's id, at once when there is a link to that address. May be ignored: it rejects without harm, with
   * `ERR_REFUSED`, `ERR_TIMEOUT`, `ERR_UNREACHABLE`, `ERR_SELF`, `ERR_WRONG_ID`, `ERR_ID_IN_USE`, `ERR_VERSION` and
   * others of the remote kind
   * @throws MasterlessError `ERR_URI`; `ERR_CLOSED`
   */
  connect(uri: string | URL, options: ConnectOptions = {}): Promise<string> {
    const canonical = this.#canonical(uri);
    const expected = options.id === undefined ? null : checkedId(options.id);
    const signal = checkedSignal(options.signal);
    this.#requireOpen('connect');
    const wish = ++this.#wishCount;
    const promise = new Promise<string>((resolve, reject) => {
      const abort = (): void => {
        this.#mesh.cancelConnect(wish);
        this.#wishes.delete(wish);
        const message = `connecting to ${canonical} was given up by its signal`;
        reject(new MasterlessError('ERR_ABORTED', message, { cause: signal?.reason }));
        this.#runtime.pump();
      };
      if (signal?.aborted) {
        abort();
        return;
      }
      signal?.addEventListener('abort', abort, { once: true });
      const settled = (): void => signal?.removeEventListener('abort', abort);
      this.#wishes.set(wish, {
        resolve: (id) => {
          settled();
          resolve(id);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.#mesh.connect(wish, canonical, expected, this.#runtime.now());
      this.#runtime.pump();
    });
    return harmless(promise);
  }

  /**
   * Parts from a peer: what was accepted is flushed, for at most `closeTimeout`, then the link is closed. Withdraws this
   * node's wish to keep it; a peer that keeps the link comes back.
   *
   * @returns resolves when the peer is disconnected; at once when it is not connected
   */
  disconnect(id: string): Promise<void> {
    checkedId(id);
    if (!this.#mesh.isConnected(id)) {
      this.#mesh.keep(id, false, this.#runtime.now());
      return Promise.resolve();
    }
    const gone = new Promise<void>((resolve) => {
      const leave = (other: string): void => {
        if (other !== id) return;
        this.off('disconnect', leave);
        resolve();
      };
      this.on('disconnect', leave);
    });
    this.#mesh.disconnect(id, this.#runtime.now());
    this.#runtime.pump();
    return gone;
  }

  /** Wants a peer's link kept (dialled again when it is lost), or no longer. A link that neither side keeps is closed. */
  keep(id: string, keep: boolean = true): void {
    checkedId(id);
    if (typeof keep !== 'boolean') throw new MasterlessError('ERR_ARGUMENT', `keep(id, keep): keep is ${String(keep)}, not a boolean`);
    this.#mesh.keep(id, keep, this.#runtime.now());
    this.#runtime.pump();
  }

  /** Whether this node wants the peer's link kept. */
  isKept(id: string): boolean {
    return this.#mesh.isKept(checkedId(id));
  }

  /** Ids of the peers that are connected. */
  connections(): string[] {
    return this.#mesh.connected();
  }

  /** The address at which this node can be dialled, or null while it does not listen. */
  info(): string | null {
    return this.#info;
  }

  /**
   * Sends a packet to a peer: once and in order, over lost and replaced links, for as long as the session lasts; what a
   * session did not deliver is reported by `undelivered`.
   *
   * @returns whether the packet was accepted: not when the peer is unknown, or its window is full (`drain` tells when to
   * go on). For a list, how many peers took it; the packet is encoded once.
   * @throws MasterlessError `ERR_PACKET` for a value that can't be carried; `ERR_PACKET_TOO_LARGE`; `ERR_ID`
   */
  send(id: string, packet: Packet, options?: SendOptions): boolean;
  send(ids: readonly string[], packet: Packet, options?: SendOptions): number;
  send(target: string | readonly string[], packet: Packet, options?: SendOptions): boolean | number {
    const urgent = options?.urgent === true;
    const bytes = checkedPacketSize(this.#codec.encode(packet), this.#options.maxPacket, urgent ? PIECE : Number.POSITIVE_INFINITY);
    if (typeof target === 'string') return this.#send(target, bytes, urgent);
    if (!Array.isArray(target)) throw new MasterlessError('ERR_ID', 'send(target, packet): the target must be an id or a list of ids');
    let taken = 0;
    for (const id of new Set<string>(target)) if (this.#send(checkedId(id), bytes, urgent)) taken++;
    return taken;
  }

  /**
   * Whether `send` would accept a packet now.
   * @param size - bytes of the encoded packet. @default 1024
   */
  writable(id: string, size: number = 1024): boolean {
    return this.#mesh.writable(checkedId(id), size) && !this.#deliveries.waiting(id);
  }

  /**
   * Sends a packet, waiting for room.
   *
   * @returns resolves when the peer's application has had the packet. Rejects with what is known otherwise:
   * `ERR_UNDELIVERED`, `ERR_UNKNOWN_PEER`, `ERR_ABORTED`, `ERR_LIMIT`. May be ignored.
   * @throws MasterlessError as {@link Server.send}
   */
  deliver(id: string, packet: Packet, options: DeliverOptions = {}): Promise<void> {
    const urgent = options.urgent === true;
    const signal = checkedSignal(options.signal);
    checkedId(id);
    const bytes = checkedPacketSize(this.#codec.encode(packet), this.#options.maxPacket, urgent ? PIECE : Number.POSITIVE_INFINITY);
    const promise = this.#deliveries.deliver(id, bytes, urgent, signal);
    this.#runtime.scheduleFlush();
    return harmless(promise);
  }

  /**
   * Resolves when everything accepted so far for the peer, or for all, was had by the application there. Rejects with
   * `ERR_UNDELIVERED`, `ERR_UNKNOWN_PEER` or `ERR_ABORTED`. May be ignored.
   */
  flush(id?: string, options: WaitOptions = {}): Promise<void> {
    const signal = checkedSignal(options.signal);
    const ids = id === undefined ? this.connections() : [checkedId(id)];
    const promise = Promise.all(ids.map((each) => this.#deliveries.flush(each, signal))).then(() => undefined);
    this.#runtime.scheduleFlush();
    return harmless(promise);
  }

  /**
   * Packets as an async iterator, whose pace holds the senders back: a packet is acknowledged when it is taken. Ends when
   * the node is closed; throws the signal's reason when aborted. Several iterators each get every packet.
   */
  messages(options: WaitOptions = {}): AsyncIterableIterator<Message<Packet>> {
    return this.#inbox.read(checkedSignal(options.signal));
  }

  /** Milliseconds that a peer takes to answer. Rejects with `ERR_UNKNOWN_PEER`, `ERR_CONNECTION_LOST` or `ERR_ABORTED`. */
  ping(id: string, options: WaitOptions = {}): Promise<number> {
    const signal = checkedSignal(options.signal);
    const token = this.#mesh.ping(checkedId(id));
    const promise = new Promise<number>((resolve, reject) => {
      if (token === 0) {
        reject(new MasterlessError('ERR_UNKNOWN_PEER', `${id} has no link to ping`));
        return;
      }
      const abort = (): void => {
        this.#pings.delete(token);
        reject(new MasterlessError('ERR_ABORTED', `pinging ${id} was given up by its signal`, { cause: signal?.reason }));
      };
      signal?.addEventListener('abort', abort, { once: true });
      const settled = (): void => signal?.removeEventListener('abort', abort);
      this.#pings.set(token, {
        at: this.#runtime.now(),
        id,
        resolve: (ms) => {
          settled();
          resolve(ms);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
    });
    this.#runtime.scheduleFlush();
    return harmless(promise);
  }

  /**
   * Closes the node: flushes what was accepted, says goodbye to every peer, for at most `closeTimeout`, and lets go of
   * every socket, timer and listener. What could not be delivered is reported by `undelivered` first.
   *
   * @param callback - called when it is closed; the same as the promise returned
   */
  close(callback?: () => void): Promise<void> {
    if (callback !== undefined && typeof callback !== 'function') {
      throw new MasterlessError('ERR_ARGUMENT', 'close(callback): the callback is not a function');
    }
    this.#closing ??= this.#shutDown();
    if (callback !== undefined) void this.#closing.then(() => this.#later(callback));
    return this.#closing;
  }

  /** `await using node = new Server(…)` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected override listenerAdded(event: keyof ServerEvents): void {
    if (event === 'message') queueMicrotask(() => this.#inbox.flow());
  }

  async #listen(): Promise<void> {
    try {
      const bound = await this.#runtime.listen(this.#options.listen);
      if (this.#closing !== null) return;
      const addresses = this.#options.advertise ?? bound;
      this.#info = addresses[0] ?? null;
      this.#debug('listening at', addresses);
      this.#runtime.ready(addresses);
      if (this.#info !== null) this.#tell('listening', this.#info);
    } catch (cause) {
      const error = cause instanceof MasterlessError ? cause : new MasterlessError('ERR_LISTEN', String(cause), { cause });
      const done = this.close();
      this.#tell('error', error);
      await done;
    }
  }

  async #shutDown(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    this.#info = null;
    this.#mesh.close(this.#runtime.now());
    this.#runtime.pump();
    await closed;
    await this.#runtime.close();
    this.#inbox.end();
    this.#debug('closed');
    this.#tell('close');
  }

  #send(id: string, bytes: Uint8Array, urgent: boolean): boolean {
    if (this.#deliveries.waiting(id)) return false;
    if (this.#mesh.send(id, bytes, urgent) === 0) return false;
    this.#runtime.scheduleFlush();
    return true;
  }

  #hear(output: Output): void {
    switch (output.kind) {
      case 'deliver':
        this.#receive(output);
        break;
      case 'connect':
        this.#debug('connected to', output.id, output.info);
        this.#tell('connect', output.id, output.info);
        break;
      case 'disconnect':
        this.#debug('disconnected from', output.id, output.reason);
        this.#deliveries.gone(output.id);
        this.#tell('disconnect', output.id, output.reason);
        break;
      case 'reconnecting':
        this.#debug('reconnecting to', output.id, 'attempt', output.attempt);
        this.#tell('reconnecting', output.id, output.attempt);
        break;
      case 'reconnect':
        this.#debug('reconnected to', output.id);
        this.#tell('reconnect', output.id);
        break;
      case 'acknowledged':
        this.#deliveries.acknowledged(output.session);
        break;
      case 'ended':
        this.#inbox.orphan(output.session);
        this.#deliveries.ended(output.id, output.session);
        break;
      case 'drain':
        this.#deliveries.drained(output.id);
        if (!this.#deliveries.waiting(output.id)) this.#tell('drain', output.id);
        break;
      case 'undelivered':
        this.#tell('undelivered', output.id, this.#decoded(output.leftover));
        break;
      case 'conflict':
        this.#debug('conflict: two nodes are', output.id);
        this.#tell('conflict', output.id);
        break;
      case 'unreachable':
        this.#debug('unreachable', output.uri, output.error.message);
        this.#tell('unreachable', output.uri, output.error);
        break;
      case 'wish':
        this.#settle(output.wish, output.id, output.error);
        break;
      case 'pong':
        this.#pings.get(output.token)?.resolve(this.#runtime.now() - (this.#pings.get(output.token)?.at ?? 0));
        this.#pings.delete(output.token);
        break;
      case 'fault':
        this.#debug(output.code, output.remote, output.message);
        break;
      case 'closed':
        this.#closed();
        break;
    }
  }

  #receive(deliver: Deliver): void {
    let packet: Packet;
    try {
      packet = this.#codec.decode(deliver.bytes) as Packet;
    } catch (error) {
      this.#debug('a packet of', deliver.id, 'can not be decoded:', error);
      this.#mesh.undecodable(deliver.id, this.#runtime.now());
      return;
    }
    if (this.#inbox.idle && this.listenerCount('message') > 0) {
      this.#tell('message', deliver.id, packet);
      this.#mesh.handled(deliver, this.#runtime.now());
      return;
    }
    const { id, session, lane, sequence, receivedBytes, bytes } = deliver;
    this.#inbox.add({ sender: id, packet }, { id, session, lane, sequence, receivedBytes }, bytes.length);
  }

  #announce({ sender, packet }: Message<Packet>): boolean {
    if (this.listenerCount('message') === 0) return false;
    this.#tell('message', sender, packet);
    return true;
  }

  #settle(wish: number, id: string | null, error: MasterlessError | null): void {
    const promised = this.#wishes.get(wish);
    this.#wishes.delete(wish);
    if (id !== null) promised?.resolve(id);
    else promised?.reject(error);
  }

  #decoded({ uncertain, unsent }: Leftover): Undelivered<Packet> {
    const decode = (bytes: Uint8Array): Packet => this.#codec.decode(bytes) as Packet;
    return { uncertain: uncertain.map(decode), unsent: unsent.map(decode) };
  }

  /** Emits; what a listener throws is the process's to handle, after the node is done with what it was doing. */
  #tell<E extends keyof ServerEvents<Packet>>(event: E, ...args: ServerEvents<Packet>[E]): void {
    try {
      (this.emit as (event: E, ...args: ServerEvents<Packet>[E]) => boolean).call(this, event, ...args);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }

  #later(callback: () => void): void {
    process.nextTick(callback);
  }

  #canonical(uri: string | URL): string {
    const text = uri instanceof URL ? uri.href : uri;
    if (typeof text !== 'string') {
      const why = text === null ? "null, which info() gives before 'listening'" : String(text);
      throw new MasterlessError('ERR_URI', `the address is ${why}: it must be a URI such as tcp://127.0.0.1:2435`);
    }
    return this.#transportOf(text).canonical(text);
  }

  #transportOf(uri: string): Transport {
    const transport = this.#transports.get(/^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase() ?? '');
    if (transport !== undefined) return transport;
    const known = [...this.#transports.keys()].map((scheme) => `${scheme}://`).join(', ');
    throw new MasterlessError('ERR_URI', `${JSON.stringify(uri)} is no address known here: it must begin with one of ${known}`);
  }

  #checkListeners(): void {
    for (const uri of this.#options.listen) {
      if (this.#transportOf(uri).isLocal(uri) || this.#options.insecure) continue;
      throw new MasterlessError(
        'ERR_INSECURE',
        `${uri} can be reached from other machines, and whoever reaches it can join: listen on loopback, or say insecure: true`,
      );
    }
    for (const uri of this.#options.advertise ?? []) this.#canonical(uri);
  }

  #requireOpen(what: string): void {
    if (this.#closing !== null) throw new MasterlessError('ERR_CLOSED', `${what}: this node is closed; make a new one`);
  }
}

/** The promise itself, whose rejection nobody has to hear. */
function harmless<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
