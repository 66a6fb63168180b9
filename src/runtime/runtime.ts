/**
 * Joins the pure core to the world: sockets in and out, one timer for everything, and writing gathered so that what one
 * turn of the event loop has to say to a peer goes out in one write, or few if it answers many packets. It decides nothing.
 */
import { MasterlessError, textOf } from '../errors.js';
import { type Platform, system } from '../platform.js';
import type { Connection } from '../protocol/connection.js';
import type { Mesh } from '../protocol/mesh.js';
import { Deliver, type Output } from '../protocol/output.js';
import type { MeshConfig } from '../protocol/state.js';
import type { ConnectionEvents, Connection as TransportConnection } from '../transports/transport.js';
import { Alarm, grainOf } from './alarm.js';
import { Listeners, type Transports } from './listeners.js';
import { type Covers, type OtherEnd, unreachable, Wire, type WireOwner } from './wire.js';

/** Bytes handed to a socket before it has taken those before: enough to keep it busy, little enough to let acknowledgements pass. */
const WRITE_BUDGET = 256 * 1024;
/** Writes to one socket in a row, while the system takes them at once: then others have their turn. */
const MOST_WRITES = 4;
/**
 * Once so many packets of a chunk were handled, what they were answered with is written, then after twice as many more, and so
 * on. Two nodes that have a few dozen packets under way would take turns otherwise, each idle while the other works
 * (`npm run bench -- --only=in-flight`: 155,000 packets a second, or 340,000); a long chunk costs a few writes more.
 */
const FIRST_SHARE = 16;
/** A connection that was closed with words has so long to get them out. */
const LINGER = 1000;
/** Of connections that never were a link so many have that time. They count as handshakes no more, and strangers stay. */
const MOST_TURNED_AWAY = 64;

/** What is for the application; must not throw. */
export interface Application {
  /** A packet, valid until this returns. */
  deliver(packet: Deliver): void;
  /** Everything else. */
  hear(output: Exclude<Output, Deliver>): void;
}

export class Runtime implements WireOwner {
  readonly mesh: Mesh;
  readonly #transports: Transports;
  readonly #application: Application;
  readonly #platform: Platform;
  readonly #wires = new Map<Connection, Wire>();
  /** The longest there first. */
  readonly #lingering = new Set<Wire>();
  /** Whoever comes to go again, each time as another, is no peer any more. */
  readonly #mostLingering: number;
  /** Those of them that never were a link. */
  readonly #turnedAway = new Set<Wire>();
  readonly #alarm: Alarm;
  readonly #listeners: Listeners;
  #pumping = false;
  #flush: unknown = null;

  /**
   * @param config - as the core has it
   */
  constructor(
    mesh: Mesh,
    transports: Transports,
    application: Application,
    config: Pick<MeshConfig, 'heartbeat' | 'maxPeers'>,
    platform: Platform = system,
  ) {
    this.mesh = mesh;
    this.#transports = transports;
    this.#application = application;
    this.#platform = platform;
    this.#mostLingering = config.maxPeers + MOST_TURNED_AWAY;
    this.#listeners = new Listeners(transports, (...arrival) => this.#accept(...arrival), platform);
    const ring = () => {
      mesh.tick(this.now());
      this.pump();
    };
    this.#alarm = new Alarm(ring, grainOf(config.heartbeat), platform);
  }

  /** The latest time that was read: asking the clock costs as much as reading a packet, or more. */
  instant = 0;

  /** Milliseconds on a clock that only goes forward. */
  now(): number {
    this.instant = this.#platform.now();
    return this.instant;
  }

  /** Listens at all of the URIs, as {@link Listeners.listen} says. */
  listen(uris: readonly string[]): Promise<string[]> {
    return this.#listeners.listen(uris);
  }

  /** Addresses are known: dialling starts. */
  ready(addresses: readonly string[]): void {
    this.mesh.listening(addresses, this.now());
    this.pump();
  }

  /** Who is at the other end of a connection; null when it is over. */
  otherEnd(connection: Connection): OtherEnd | null {
    return this.#wires.get(connection)?.otherEnd ?? null;
  }

  /** The rules have spoken on a connection. */
  admitted(connection: Connection, refusal: MasterlessError | null): void {
    this.mesh.admitted(connection, refusal, this.now());
    this.pump();
  }

  /**
   * Credentials were exchanged: what was proved by those before may not count any more.
   * @param covers - whether a certificate still does for an id: asked of handshakes that are under way
   */
  reprove(covers: Covers): void {
    const error = new MasterlessError('ERR_UNAUTHORIZED', 'the credentials of this connection count no more');
    this.mesh.exchanged();
    for (const wire of [...this.#wires.values()]) {
      if (!wire.holds(covers)) this.mesh.outdate(wire.inner, error, this.now());
    }
    this.pump();
  }

  /**
   * Does all that the core asks for, then arranges for writing and waking. Not re-entrant: the outer call goes on.
   * @param asking - bytes came from there: what they are answered with at once is written at once, as somebody may wait for it
   */
  pump(asking: Wire | null = null): void {
    if (this.#pumping) return;
    this.#pumping = true;
    let delivered = 0;
    let share = FIRST_SHARE;
    try {
      for (;;) {
        // Whoever pumps has told the core something, and read the clock for it.
        const output = this.mesh.poll(this.instant);
        if (output === null) break;
        // Asked of its class: a property of so many kinds of objects takes longer to find than most else here.
        if (!(output instanceof Deliver)) {
          this.#do(output);
          continue;
        }
        this.#application.deliver(output);
        if (++delivered === share) {
          share += delivered + FIRST_SHARE;
          if (asking !== null) this.#answer(asking);
        }
      }
    } finally {
      this.#pumping = false;
    }
    if (asking !== null) this.#answer(asking);
    if (this.mesh.dirty || this.mesh.talks) this.scheduleFlush();
    this.#alarm.set(this.mesh.wakeAt, this.mesh.prompt);
  }

  /** What was sent in this turn of the loop goes out at its end, but for what it was answered with before. */
  scheduleFlush(): void {
    this.#flush ??= this.#platform.setImmediate(() => {
      this.#flush = null;
      this.#writeAll();
      // Packets may have been too old to be written.
      this.pump();
    });
  }

  /** Lets go of everything: sockets that still linger get their deadline, all else ends now. */
  async close(): Promise<void> {
    this.#alarm.stop();
    const closed = this.#listeners.close();
    this.#writeAll();
    for (const wire of [...this.#wires.values()]) this.cut(wire);
    await closed;
    await Promise.all([...this.#lingering].map((wire) => wire.gone()));
    if (this.#flush !== null) this.#platform.clearImmediate(this.#flush);
    this.#flush = null;
    this.#alarm.stop();
  }

  #accept(outer: TransportConnection, scheme: string, local: boolean): ConnectionEvents {
    const inner = this.mesh.accepted(outer.remote, !local, this.now());
    if (inner === null) {
      outer.destroy();
      this.pump();
      return IGNORE;
    }
    const wire = new Wire(this, inner, outer, scheme, local);
    this.#wires.set(inner, wire);
    // One that was silent may have made room for it.
    this.pump();
    return wire;
  }

  #dial(wire: Wire, uri: string, elsewhere: boolean): void {
    if (wire.inner.phase !== 'opening') return;
    try {
      const transport = this.#transports.transport(uri);
      wire.scheme = transport.scheme;
      wire.local = transport.isLocal(uri);
      // It was told while the peer was here, and the peer is elsewhere now.
      if (elsewhere && wire.local)
        throw unreachable(uri, 'only this machine has that address, and the peer is on another');
      wire.outer = transport.dial(uri, wire, elsewhere);
    } catch (error) {
      // An address that a peer told may be anything.
      this.#wires.delete(wire.inner);
      this.mesh.ended(wire.inner, error instanceof MasterlessError ? error : unreachable(uri, error), this.now());
    }
  }

  #do(output: Exclude<Output, Deliver>): void {
    switch (output.kind) {
      case 'dial': {
        const { connection, uri, elsewhere } = output;
        const wire = new Wire(this, connection, null, '', false);
        this.#wires.set(connection, wire);
        this.#dial(wire, uri, elsewhere);
        break;
      }
      case 'close': {
        const wire = this.#wires.get(output.connection);
        if (wire === undefined) break;
        if (output.flush) this.#end(wire);
        else this.cut(wire);
        break;
      }
      default:
        this.#application.hear(output);
    }
  }

  /** Only to the sender of what is being read: what it makes known to many is gathered for each. */
  #answer(wire: Wire): void {
    const { inner } = wire;
    if (!wire.blocked && this.mesh.takeIfDirty(inner) && this.#wires.has(inner)) this.#write(wire, this.instant);
  }

  #writeAll(): void {
    const now = this.now();
    for (let dirty = this.mesh.takeDirty(); dirty.length > 0; dirty = this.mesh.takeDirty()) {
      for (const connection of dirty) {
        const wire = this.#wires.get(connection);
        if (wire !== undefined && !wire.blocked) this.#write(wire, now);
      }
    }
  }

  #write(wire: Wire, now: number): void {
    if (wire.outer === null) return;
    for (let writes = 0; writes < MOST_WRITES; writes++) {
      const views = this.mesh.gather(wire.inner, WRITE_BUDGET, now);
      if (views.length === 0 || !wire.write(views)) return;
    }
  }

  /** Writes the last words, then ends the stream. */
  #end(wire: Wire): void {
    if (wire.outer === null) {
      this.cut(wire);
      return;
    }
    const words = this.mesh.gather(wire.inner, 0, this.now());
    if (words.length > 0) wire.write(words);
    wire.end();
    this.#wires.delete(wire.inner);
    this.#lingering.add(wire);
    wire.linger = this.#platform.setTimeout(() => this.cut(wire), LINGER);
    // No packet may come before the connection is a link.
    if (wire.inner.decoder.maxData === 0) this.#turnedAway.add(wire);
    this.#cutLongest(this.#turnedAway, MOST_TURNED_AWAY);
    this.#cutLongest(this.#lingering, this.#mostLingering);
  }

  #cutLongest(wires: ReadonlySet<Wire>, most: number): void {
    const [longest] = wires;
    if (longest !== undefined && wires.size > most) this.cut(longest);
  }

  cut(wire: Wire): void {
    this.forget(wire);
    wire.destroy();
  }

  forget(wire: Wire): void {
    this.#wires.delete(wire.inner);
    this.#lingering.delete(wire);
    this.#turnedAway.delete(wire);
    if (wire.linger !== null) this.#platform.clearTimeout(wire.linger);
    wire.linger = null;
    wire.over();
  }

  fail(wire: Wire, error: unknown): void {
    // Later: this may be the middle of a chunk of that very stream.
    this.#platform.setImmediate(() => {
      if (this.#wires.get(wire.inner) !== wire) return;
      wire.close(error instanceof Error ? error : new Error(textOf(error)));
      wire.destroy();
    });
  }
}

const IGNORE: ConnectionEvents = { open: nothing, data: nothing, drain: nothing, close: nothing };

function nothing(): void {}
