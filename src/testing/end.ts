/**
 * One end of a connection: what a process holds of it. Like a socket that is not half-open, an end that hears that
 * nothing follows ends too, after what it has written.
 */
import { MasterlessError } from '../errors.js';
import type { Connection, ConnectionEvents } from '../transports/transport.js';
import { Flow } from './flow.js';
import type { Network } from './network.js';
import type { Process } from './process.js';
import type { Route } from './route.js';

export class End implements Connection {
  readonly remote: string;
  /** Whose it is; null until somebody at the other side of a dial takes it. */
  process: Process | null;
  /** Who hears of it; null while it is being accepted. */
  events: ConnectionEvents | null = null;
  /** `close` was told, or is about to be. */
  over = false;
  other!: End;
  /** The way out, and the way in. */
  out!: Flow;
  back!: Flow;
  private readonly network: Network;
  private ended = false;
  private endHeard = false;
  /** What happened before it was accepted. */
  private untold: ((events: ConnectionEvents) => void) | null = null;

  constructor(network: Network, process: Process | null, remote: string) {
    this.network = network;
    this.process = process;
    this.remote = remote;
  }

  /** The label of the process. */
  get owner(): string {
    return this.process?.label ?? '';
  }

  get buffered(): number {
    return this.over ? 0 : this.out.buffered;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    return this.over || this.ended || this.out.write(chunks);
  }

  end(): void {
    if (this.over || this.ended) return;
    this.ended = true;
    this.out.end();
  }

  /** At once; the other side is reset, and what was under way is lost. */
  destroy(): void {
    if (this.over) return;
    this.stop();
    this.refuse();
    this.tell((events) => events.close(null));
  }

  /** Sends a reset, which is lost where nothing gets through: no system says it twice unasked. */
  refuse(): void {
    const { out } = this;
    out.clear();
    if (out.silent || out.route.partition.isShut) return;
    const { agenda } = this.network;
    agenda.at(agenda.now + this.network.latency(out.route), () => this.other.break());
  }

  /** The connection is lost to this side. */
  break(): void {
    this.fail(new MasterlessError('ERR_CONNECTION_LOST', `${this.remote}: the connection was reset`));
  }

  fail(error: MasterlessError): void {
    if (this.over) return;
    this.stop();
    this.tell((events) => events.close(error));
  }

  opened(): void {
    this.tell((events) => {
      if (!this.over) events.open();
    });
  }

  /** Somebody takes it, and what was written to it. */
  accepted(events: ConnectionEvents): void {
    this.events = events;
    if (this.untold !== null) this.tell(this.untold);
    this.back.schedule();
  }

  /** The process is gone without a word to the other side. */
  vanish(): void {
    this.break();
    this.out.silence();
    this.back.silence();
  }

  /** Everything that the other side wrote has come. */
  heardEnd(): void {
    this.endHeard = true;
    this.end();
    this.settle();
  }

  /** Over when both have ended, and what this side wrote is the system's. */
  settle(): void {
    if (this.over || !this.ended || !this.endHeard || this.out.buffered > 0) return;
    this.over = true;
    this.process?.ends.delete(this);
    this.tell((events) => events.close(null));
  }

  drained(): void {
    this.tell((events) => {
      if (!this.over) events.drain();
    });
  }

  private stop(): void {
    this.over = true;
    this.out.clear();
    this.process?.ends.delete(this);
  }

  /** Nobody is called within the call that caused it, nor while the process is stopped. */
  private tell(what: (events: ConnectionEvents) => void): void {
    const { agenda } = this.network;
    const run = (): void => {
      const { process, events } = this;
      if (events === null) this.untold = what;
      else if (process === null || !process.pause.holds(run)) what(events);
    };
    agenda.at(agenda.now, run);
  }
}

/** A connection between two processes, as a whole: what faults act on. */
export interface Wire {
  /** The end that dialled, and the other. */
  readonly ends: readonly [End, End];
}

/** A connection that is being opened, from one host to another. */
export function wire(network: Network, near: End, far: End, out: Route, back: Route): Wire {
  near.other = far;
  far.other = near;
  near.out = new Flow(network, out, near, far);
  near.back = new Flow(network, back, far, near);
  far.out = near.back;
  far.back = near.out;
  return { ends: [near, far] };
}
