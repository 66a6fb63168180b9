/**
 * What is behind a {@link Server}: the core, its runtime, and everything that waits for an answer. It takes what the
 * public methods have checked, and turns what the core says into events and promises.
 */
import type { Codec } from './codec/codec.js';
import { sharedMsgpack } from './codec/msgpack.js';
import { meshConfig } from './config.js';
import type { ServerEvents } from './contract.js';
import type { CredentialOptions } from './credentials/credentials.js';
import { Deliveries } from './delivery/deliveries.js';
import type { Messages } from './delivery/inbox.js';
import { Partings } from './delivery/partings.js';
import { deferred, Pending } from './delivery/pending.js';
import { Pings } from './delivery/pings.js';
import { readBack } from './delivery/read-back.js';
import { Reception } from './delivery/reception.js';
import { Entrance, warnOfInsecurity } from './entrance.js';
import { MasterlessError, ours, throwLater } from './errors.js';
import type { Voice } from './events.js';
import type { ResolvedOptions } from './options.js';
import { Mesh } from './protocol/mesh.js';
import type { Deliver, Output } from './protocol/output.js';
import type { Encoded } from './protocol/parts.js';
import type { Peer } from './protocol/peer.js';
import { type Debug, debugFor, harmlessDebug } from './runtime/debug.js';
import { newIncarnation } from './runtime/incarnation.js';
import { Runtime } from './runtime/runtime.js';
import { Addresses } from './transports/addresses.js';
import { detached } from './transports/detached.js';
import { memory } from './transports/memory.js';
import { tcp } from './transports/tcp.js';
import { unix } from './transports/unix.js';

export class Node<Packet> {
  readonly addresses: Addresses;
  readonly codec: Codec;
  readonly mesh: Mesh;
  readonly #reception: Reception<Packet>;
  readonly deliveries: Deliveries;
  /** Where others can dial, once it listens. */
  info: string | null = null;
  readonly #options: ResolvedOptions;
  readonly #voice: Voice<ServerEvents<Packet>>;
  readonly #debug: Debug;
  readonly #runtime: Runtime;
  readonly #wishes = new Pending<string>();
  readonly #pings: Pings;
  readonly #partings = new Partings();
  #wishCount = 0;
  #closing: Promise<void> | null = null;
  #closed: () => void = () => undefined;

  constructor(id: string, options: ResolvedOptions, voice: Voice<ServerEvents<Packet>>) {
    const { credentials, authorize, limits, maxPacket, platform } = options;
    credentials?.checkOwn(id);
    this.#options = options;
    this.#voice = voice;
    this.#debug = options.debug === null ? debugFor(id) : harmlessDebug(options.debug);
    const own = [tcp(credentials?.security), unix(), memory()];
    this.addresses = new Addresses([...own, ...options.transports.map(detached)], credentials !== null);
    const open = this.addresses.checkListeners(options);
    if (open !== null) warnOfInsecurity(open);
    this.codec = options.codec ?? sharedMsgpack({ depth: limits.depth, items: limits.items, size: maxPacket });
    const config = meshConfig(options, {
      rules: new Entrance({
        ...{ addresses: this.addresses, credentials, authorize, debug: this.#debug },
        otherEnd: (connection) => this.#runtime.otherEnd(connection),
        settled: (connection, refusal) => this.#runtime.admitted(connection, refusal),
      }),
      id,
      incarnation: newIncarnation(platform),
      codec: this.codec.name,
    });
    this.mesh = new Mesh(config);
    const application = {
      deliver: (packet: Deliver) => this.#reception.receive(packet),
      hear: (output: Exclude<Output, Deliver>) => this.#hear(output),
    };
    this.#runtime = new Runtime(this.mesh, this.addresses, application, config, platform);
    this.#reception = new Reception<Packet>(this.mesh, this.codec, voice, this.#runtime, options.totalWindow);
    this.deliveries = new Deliveries(this.mesh, limits.deliveries, platform, {
      drain: (peer) => this.#tell('drain', peer),
      pump: () => this.pump(),
    });
    this.#pings = new Pings({
      ask: (peer) => this.mesh.ping(peer),
      connected: (peer) => this.mesh.isConnected(peer),
      now: () => this.now(),
    });
    void this.#listen();
  }

  get closed(): boolean {
    return this.#closing !== null;
  }

  now(): number {
    return this.#runtime.now();
  }

  /** Something was asked of the core: does what follows from it. */
  pump(): void {
    this.#runtime.pump();
  }

  /** Something to count, of which nobody has to do anything. */
  fault(remote: string, error: MasterlessError): void {
    this.#debug(error.code, remote, error.message);
    this.#tell('fault', remote, error);
  }

  /** Something waits to be written. */
  flushSoon(): void {
    this.#runtime.scheduleFlush();
  }

  connect(uri: string, expected: string | null, signal: AbortSignal | undefined): Promise<string> {
    const wish = ++this.#wishCount;
    const promise = this.#wishes.add(wish, `connecting to ${uri}`, signal, () => {
      this.mesh.cancelConnect(wish, this.now());
      this.pump();
    });
    if (this.#wishes.has(wish)) this.mesh.connect(wish, uri, expected, this.now());
    this.pump();
    return promise;
  }

  /** A listener has come: it gets what waits. */
  listen(): void {
    this.#reception.listen();
  }

  /** A reader of packets has come. */
  read(signal: AbortSignal | undefined): Messages<Packet> {
    return this.#reception.read(signal);
  }

  /** Whether the peer took the packet, as `Mesh.send` takes it. */
  send(id: string, packet: Encoded | number, urgent: boolean, until: number): boolean {
    // Who waits for room was first.
    const waits = !this.deliveries.idle && this.deliveries.waiting(id, urgent);
    const taken = !waits && this.mesh.send(id, packet, urgent, until) > 0;
    if (!taken && urgent) this.deliveries.refused(id);
    // Where it was refused, too: the peer is asked then what it has had.
    this.flushSoon();
    return taken;
  }

  /** How many of the peers took the encoded packet, each counted once. */
  sendAll(peers: readonly Peer[], bytes: Encoded, urgent: boolean, until: number): number {
    const free = this.deliveries.idle ? peers : peers.filter(({ id }) => !this.deliveries.waiting(id, urgent));
    const taken = this.mesh.sendAll(free, bytes, urgent, until);
    this.flushSoon();
    // Which of them took none is not known here: one too many hears of room.
    if (urgent && taken < peers.length) for (const { id } of peers) this.deliveries.refused(id);
    return taken;
  }

  /** Resolves when the peer is not connected any more. */
  disconnect(id: string): Promise<void> {
    if (!this.mesh.disconnect(id, this.now())) return Promise.resolve();
    const gone = this.#partings.end(id);
    this.pump();
    return gone;
  }

  ping(id: string, signal: AbortSignal | undefined): Promise<number> {
    const answer = this.#pings.ping(id, signal);
    this.flushSoon();
    return answer;
  }

  /** Other credentials in place of those it has. */
  rotate(given: CredentialOptions, id: string): void {
    const { credentials, authorize } = this.#options;
    if (credentials === null) {
      throw new MasterlessError(
        'ERR_OPTION',
        'rotate: this node was made without credentials; make a new one with them',
      );
    }
    credentials.exchange(given, id, authorize !== null);
    this.#runtime.reprove((certificate, claimed) => credentials.covers(certificate, claimed));
  }

  close(): Promise<void> {
    if (this.#closing === null) {
      const { promise, resolve } = deferred<void>();
      // There before anything is told, since listeners may close the node as well.
      this.#closing = promise;
      resolve(this.#shutDown());
    }
    return this.#closing;
  }

  async #listen(): Promise<void> {
    try {
      const bound = await this.#runtime.listen(this.#options.listen);
      if (this.#closing !== null) return;
      const addresses = this.#options.advertise?.map((uri) => this.addresses.canonical(uri)) ?? bound;
      this.info = addresses[0] ?? null;
      this.#debug('listening at', addresses);
      this.#runtime.ready(addresses);
      if (this.info !== null) this.#tell('listening', this.info);
    } catch (cause) {
      const error = ours(cause, 'ERR_LISTEN');
      const done = this.close();
      this.#tell('error', error);
      await done;
    }
  }

  async #shutDown(): Promise<void> {
    const { promise: closed, resolve } = deferred<void>();
    this.#closed = resolve;
    this.info = null;
    this.mesh.close(this.now());
    this.pump();
    await closed;
    await this.#runtime.close();
    this.#reception.end();
    this.#debug('closed');
    this.#tell('close');
  }

  #hear(output: Exclude<Output, Deliver>): void {
    switch (output.kind) {
      case 'connect':
        this.#debug('connected to', output.id, output.info);
        this.#tell('connect', output.id, output.info);
        this.deliveries.connected(output.id);
        break;
      case 'disconnect':
        this.#debug('disconnected from', output.id, output.reason);
        this.deliveries.gone(output.id);
        this.#pings.lost(output.id);
        this.#tell('disconnect', output.id, output.reason);
        break;
      case 'parted':
        this.#partings.over(output.id);
        break;
      case 'reconnecting':
        this.#debug('reconnecting to', output.id, 'attempt', output.attempt);
        this.#pings.lost(output.id);
        this.#tell('reconnecting', output.id, output.attempt);
        break;
      case 'reconnect':
        this.#debug('reconnected to', output.id);
        this.#pings.lost(output.id);
        this.#tell('reconnect', output.id);
        break;
      case 'acknowledged':
        this.deliveries.waiters.acknowledged(output.session);
        break;
      case 'ended':
        this.#reception.orphan(output.session);
        this.deliveries.waiters.ended(output.id, output.session);
        break;
      case 'drain':
        this.deliveries.drained(output.id);
        break;
      case 'undelivered': {
        const { uncertain, unsent } = output.leftover;
        this.#tell('undelivered', output.id, { uncertain: this.#readBack(uncertain), unsent: this.#readBack(unsent) });
        break;
      }
      case 'expired':
        this.deliveries.waiters.expired(output);
        this.#tell('expired', output.id, this.#readBack(output.withdrawn.map(({ payload }) => payload)));
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
        if (output.id !== null) this.#wishes.resolve(output.wish, output.id);
        else this.#wishes.reject(output.wish, output.error);
        break;
      case 'pong':
        this.#pings.answered(output.id, output.token);
        break;
      case 'fault':
        this.fault(output.remote, output.error);
        break;
      case 'closed':
        this.#closed();
        break;
    }
  }

  #readBack(packets: readonly Uint8Array[]): Packet[] {
    return readBack(this.codec, packets, (error) =>
      this.#debug('a packet that did not arrive can not be decoded:', error),
    );
  }

  /** Emits, whatever the listeners throw. */
  #tell<E extends keyof ServerEvents<Packet>>(event: E, ...args: ServerEvents<Packet>[E]): void {
    try {
      this.#voice.emit(event, ...args);
    } catch (error) {
      throwLater(error);
    }
  }
}
