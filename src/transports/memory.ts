/**
 * `memory://name`: byte streams within one process, for tests and for nodes that share a process. Bytes are copied when
 * they are written and arrive in a later turn of the event loop, so code can't come to depend on their being faster or
 * tamer than a socket.
 */
import { MasterlessError } from '../errors.js';
import type { Connection, ConnectionEvents, Listener, ListenerEvents, Transport } from './transport.js';

/** Bytes under way in one direction above which `write` asks to wait. */
const HIGH_WATER = 64 * 1024;

const listeners = new Map<string, ListenerEvents>();

/** The transport within one process. */
export function memory(): Transport {
  return {
    scheme: 'memory',
    canonical: (uri) => `memory://${parse(uri)}`,
    isLocal: () => true,
    listen,
    dial,
  };
}

function listen(uri: string, events: ListenerEvents): Listener {
  const name = parse(uri);
  const taken = listeners.has(name);
  if (!taken) listeners.set(name, events);
  let open = true;
  setImmediate(() => {
    if (!open) return;
    if (taken)
      events.error(new MasterlessError('ERR_LISTEN', `can't listen at ${uri}: another node of this process does`));
    else events.listening(`memory://${name}`);
  });
  return {
    close(callback) {
      open = false;
      if (listeners.get(name) === events) listeners.delete(name);
      setImmediate(callback);
    },
  };
}

function dial(uri: string, events: ConnectionEvents): Connection {
  const name = parse(uri);
  const near = new Half(uri);
  const far = new Half(uri);
  near.other = far;
  far.other = near;
  near.events = events;
  setImmediate(() => {
    if (near.over) return;
    const listener = listeners.get(name);
    if (listener === undefined) {
      near.finish(new MasterlessError('ERR_REFUSED', `${uri}: no node of this process listens there`));
      return;
    }
    far.events = listener.accept(far);
    events.open();
    // What was written before it was open.
    near.schedule();
  });
  return near;
}

/** One end of a stream. What it writes waits in `outgoing` until the other end has read it. */
class Half implements Connection {
  readonly remote: string;
  other!: Half;
  events: ConnectionEvents | null = null;
  /** `close` was told, or need not be. */
  over = false;
  #ended = false;
  #outgoing: Uint8Array[] = [];
  #buffered = 0;
  #waiting = false;
  #scheduled = false;

  constructor(remote: string) {
    this.remote = remote;
  }

  get buffered(): number {
    return this.#buffered;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#ended || this.over) return true;
    for (const chunk of chunks) {
      if (chunk.length === 0) continue;
      this.#outgoing.push(chunk.slice());
      this.#buffered += chunk.length;
    }
    this.schedule();
    this.#waiting = this.#buffered >= HIGH_WATER;
    return !this.#waiting;
  }

  end(): void {
    if (this.#ended || this.over) return;
    this.#ended = true;
    this.schedule();
  }

  destroy(): void {
    if (this.over) return;
    this.over = true;
    this.#outgoing = [];
    this.#buffered = 0;
    const { events, other } = this;
    setImmediate(() => {
      events?.close(null);
      if (!other.over)
        other.finish(new MasterlessError('ERR_CONNECTION_LOST', `${this.remote}: the other end was destroyed`));
    });
  }

  /** Hands what waits to the other end, in the next turn. */
  schedule(): void {
    if (this.#scheduled || this.other.events === null || this.over) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pass();
    });
  }

  finish(error: Error | null): void {
    if (this.over) return;
    this.over = true;
    this.events?.close(error);
  }

  #pass(): void {
    const { other } = this;
    while (this.#outgoing.length > 0 && !this.over && !other.over) {
      const chunk = this.#outgoing.shift() as Uint8Array;
      this.#buffered -= chunk.length;
      other.events?.data(chunk);
    }
    if (this.over) return;
    if (this.#waiting && this.#buffered === 0) {
      this.#waiting = false;
      this.events?.drain();
    }
    if (!this.#ended || this.#outgoing.length > 0) return;
    // The other end has read everything; like a socket that is not half-open, it ends too.
    other.end();
    other.#afterReading(() => {
      this.finish(null);
      other.finish(null);
    });
  }

  /** Runs when everything this end has written was read, or never will be. */
  #afterReading(then: () => void): void {
    if (this.#outgoing.length === 0 || this.over) {
      then();
      return;
    }
    setImmediate(() => this.#afterReading(then));
  }
}

function parse(uri: string): string {
  const name = /^memory:\/\/([A-Za-z0-9._-]{1,200})$/.exec(uri)?.[1];
  if (name !== undefined) return name;
  const message = `${JSON.stringify(uri)} is no address in memory: a right one is memory://name, of letters, digits, '.', '_' and '-'`;
  throw new MasterlessError('ERR_URI', message);
}
