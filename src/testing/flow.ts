/**
 * One direction of a connection. Bytes come in the order in which they were written, in other portions; what the systems
 * of both sides hold of them is bounded, and a writer that is ahead of that is asked to wait.
 */
import type { End } from './end.js';
import type { Network } from './network.js';
import type { Route } from './route.js';

/** A socket gives no more at once. */
const MAX_READ = 64 * 1024;
/** Bytes that the systems of both sides hold of one direction; what is written beyond stays with the writer. */
const SYSTEM = 64 * 1024;
/** With a limited rate bytes come in portions of so many milliseconds, but no smaller than a packet of the network. */
const PORTION = 50;
const SMALLEST_PORTION = 1460;

export class Flow {
  readonly route: Route;
  private readonly network: Network;
  private readonly from: End;
  private readonly to: End;
  private queue: Uint8Array[] = [];
  /** Bytes written that have not arrived. */
  private bytes = 0;
  private scheduled = false;
  /** When the last portion arrived, or will: none overtakes it. */
  private lastAt = 0;
  /** The writer was asked to wait. */
  private blocked = false;
  /** Nothing follows what was written. */
  private ended = false;
  private endPassed = false;
  /** Bytes vanish in this direction, for ever, and nobody is told. Why, as it is counted. */
  private silentFor: string | null = null;
  /** Why nothing arrives was already counted. */
  private counted = false;
  private corrupting = false;
  private readonly again = (): void => this.arrive();

  constructor(network: Network, route: Route, from: End, to: End) {
    this.network = network;
    this.route = route;
    this.from = from;
    this.to = to;
  }

  /** Bytes that the writer still holds. */
  get buffered(): number {
    return Math.max(0, this.bytes - SYSTEM);
  }

  get silent(): boolean {
    return this.silentFor !== null;
  }

  /** Copies. False when the writer had better wait. */
  write(chunks: readonly Uint8Array[]): boolean {
    for (const chunk of chunks) if (chunk.length > 0) this.push(chunk);
    this.schedule();
    if (this.bytes <= SYSTEM) return true;
    this.blocked = true;
    this.network.fired('full send buffer');
    return false;
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.schedule();
  }

  /** What is under way is lost. */
  clear(): void {
    this.queue = [];
    this.bytes = 0;
  }

  /** @param why - counted once something vanished; nothing is, where it is empty */
  silence(why = ''): void {
    this.silentFor ??= why;
    this.schedule();
  }

  /** The next control frame that is written arrives as another kind, one that may not come there. */
  corruptSoon(corrupt = true): void {
    this.corrupting = corrupt;
  }

  /** The other end takes bytes now. */
  schedule(): void {
    if (this.scheduled || (this.bytes === 0 && (!this.ended || this.endPassed))) return;
    this.scheduled = true;
    const { agenda } = this.network;
    this.lastAt = Math.max(this.lastAt, agenda.now + this.network.latency(this.route));
    agenda.at(this.lastAt, this.again);
  }

  private push(chunk: Uint8Array): void {
    // Not chunk.slice(), which makes no copy of a Buffer.
    const bytes: Uint8Array = Uint8Array.prototype.slice.call(chunk);
    // The core writes each control frame as a view of its own.
    const first = bytes[0] ?? 0;
    if (this.corrupting && first >= 0xf2 && first < 0xff) {
      this.corrupting = false;
      bytes[0] = first === 0xf2 ? 0xf3 : 0xf2 + this.network.random.below(Math.min(7, first - 0xf2));
      this.network.fired('corrupt');
    }
    this.queue.push(bytes);
    this.bytes += bytes.length;
  }

  private arrive(): void {
    const { to } = this;
    const fault = this.hindered();
    if (fault !== null) {
      if (!this.counted && fault !== '') this.network.fired(fault);
      this.counted = true;
      return;
    }
    this.scheduled = false;
    this.counted = false;
    if (to.over) {
      // Its system knows of no such connection.
      this.clear();
      to.refuse();
    } else if (to.events !== null) {
      this.deliver();
    }
  }

  /** The fault that keeps bytes from arriving now; it has seen to it that they arrive when it is over, if ever. */
  private hindered(): string | null {
    const { route } = this;
    if (this.silentFor !== null) {
      this.queue = [];
      return this.silentFor;
    }
    if (route.partition.holds(this.again)) {
      return this.from.back.route.partition.isShut ? 'partition' : 'one-way partition';
    }
    if (route.clog.holds(this.again)) return 'clog';
    if (this.to.process?.pause.holds(this.again)) return 'pause';
    return route.bandwidth.holds(this.again) ? 'bandwidth' : null;
  }

  private deliver(): void {
    const { to } = this;
    if (this.bytes > 0) to.events?.data(this.portion());
    if (this.bytes > 0) {
      this.schedule();
    } else if (this.ended && !to.over) {
      this.endPassed = true;
      to.heardEnd();
    }
    if (this.bytes <= SYSTEM) this.taken();
  }

  /** Any split is possible; what stays behind comes with the next arrival. */
  private portion(): Uint8Array {
    const { network, queue } = this;
    const { bandwidth, rate } = this.route;
    const { random } = network;
    const most = Math.min(this.bytes, MAX_READ, this.passing());
    const size = random.chance(0.3) ? 1 + random.below(most) : most;
    this.bytes -= size;
    if (rate < Number.POSITIVE_INFINITY) bandwidth.shut(network.agenda.now + (size * 1000) / rate);
    let [first] = queue as [Uint8Array];
    if (first.length < size) {
      network.fired('coalesce');
      first = this.joined(size);
    } else {
      queue.shift();
    }
    if (first.length > size) {
      network.fired('split');
      queue.unshift(first.subarray(size));
    }
    return first.length === size ? first : first.subarray(0, size);
  }

  /** At least so many bytes of the queue as one, taken from it. */
  private joined(size: number): Uint8Array {
    let length = 0;
    let count = 0;
    while (length < size) length += (this.queue[count++] as Uint8Array).length;
    const whole = new Uint8Array(length);
    let at = 0;
    for (const part of this.queue.splice(0, count)) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  private passing(): number {
    const { rate } = this.route;
    return rate === Number.POSITIVE_INFINITY ? rate : Math.max(SMALLEST_PORTION, Math.floor((rate * PORTION) / 1000));
  }

  /** The writer's system has taken everything. */
  private taken(): void {
    const { blocked, from } = this;
    this.blocked = false;
    if (from.over) return;
    if (blocked && !this.ended) from.drained();
    else if (this.ended) from.settle();
  }
}
