/**
 * `memory://name`: byte streams within one process, for tests and for nodes that share a process. Bytes are copied when
 * they are written, arrive in a later turn of the event loop and in pieces, so code can't come to depend on their being
 * faster or tamer than a socket.
 */
import { MasterlessError } from '../errors.js';
import { timers } from '../timers.js';
import type { Connection, ConnectionEvents, Listener, ListenerEvents, Transport } from './transport.js';
import { refuseUri, type UriKind, uriText } from './uri.js';

/** Bytes under way in one direction from which on `write` asks to wait; also the most that one turn of the loop passes on. */
const HIGH_WATER = 64 * 1024;

const KIND: UriKind = { name: 'an address in memory', example: 'memory://name' };

/** Who listens at a name. Only the listener that made an entry removes it. */
const listeners = new Map<string, { readonly events: ListenerEvents }>();

/** The transport within one process. */
export function memory(): Transport {
  return {
    scheme: 'memory',
    canonical: (uri) => `memory://${parse(uri)}`,
    isLocal(uri) {
      parse(uri);
      return true;
    },
    listen,
    dial,
  };
}

function listen(uri: string, events: ListenerEvents): Listener {
  const name = parse(uri);
  const entry = { events };
  const taken = listeners.has(name);
  if (!taken) listeners.set(name, entry);
  let open = true;
  timers.setImmediate(() => {
    if (!open) return;
    if (!taken) events.listening(`memory://${name}`);
    else events.error(new MasterlessError('ERR_LISTEN', `can't listen at ${uri}: the name is in use; choose another`));
  });
  return {
    close(callback) {
      open = false;
      if (listeners.get(name) === entry) listeners.delete(name);
      timers.setImmediate(callback);
    },
  };
}

function dial(uri: string, events: ConnectionEvents): Connection {
  const name = parse(uri);
  const near = new End(uri);
  const far = new End(`memory://${name}`);
  near.other = far;
  far.other = near;
  near.events = events;
  timers.setImmediate(() => {
    if (near.over) return;
    const entry = listeners.get(name);
    if (entry === undefined) {
      near.finish(new MasterlessError('ERR_REFUSED', `${uri}: nobody in this process listens there`));
      return;
    }
    far.events = entry.events.accept(far);
    if (!near.over) events.open();
    // What was written before it was open.
    near.schedule();
  });
  return near;
}

/** One end of a stream. What it writes waits here until the other end is given it. */
class End implements Connection {
  readonly remote: string;
  other: End = this;
  /** `null` until the connection was accepted. */
  events: ConnectionEvents | null = null;
  /** `close` was told, or is about to be. */
  over = false;
  /** `end` was called. */
  #ended = false;
  /** The other end was given everything, and knows that nothing follows. */
  #passed = false;
  #queue: Uint8Array[] = [];
  /** The sum of the lengths in the queue. */
  #buffered = 0;
  /** `write` returned false, and `drain` is owed. */
  #blocked = false;
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
      // Not chunk.slice(), which makes no copy of a Buffer.
      for (let start = 0; start < chunk.length; start += HIGH_WATER) {
        this.#queue.push(Uint8Array.prototype.slice.call(chunk, start, start + HIGH_WATER));
      }
      this.#buffered += chunk.length;
    }
    this.schedule();
    // What was said once holds until `drain`, although by then a part was passed on.
    this.#blocked ||= this.#buffered >= HIGH_WATER;
    return !this.#blocked;
  }

  end(): void {
    if (this.#ended || this.over) return;
    this.#ended = true;
    this.schedule();
  }

  destroy(): void {
    if (this.over) return;
    this.#stop();
    timers.setImmediate(() => {
      this.events?.close(null);
      this.other.finish(new MasterlessError('ERR_CONNECTION_LOST', `${this.remote}: the other end broke it off`));
    });
  }

  /** Passes on what waits, in a later turn. */
  schedule(): void {
    if (this.#scheduled || this.over || this.other.events === null) return;
    this.#scheduled = true;
    timers.setImmediate(() => {
      this.#scheduled = false;
      this.#pass();
    });
  }

  /** Tells that it is over, unless that was told. */
  finish(error: Error | null): void {
    if (this.over) return;
    this.#stop();
    this.events?.close(error);
  }

  #stop(): void {
    this.over = true;
    this.#queue = [];
    this.#buffered = 0;
  }

  #pass(): void {
    this.#deliver();
    if (this.over || this.other.over) return;
    if (this.#buffered > 0) {
      this.schedule();
      return;
    }
    if (this.#blocked && !this.#ended) {
      this.#blocked = false;
      this.events?.drain();
    }
    if (this.#ended && this.#buffered === 0) this.#passEnd();
  }

  /** At most HIGH_WATER bytes and a piece, so that a fast writer does not hold up the loop. */
  #deliver(): void {
    const { other } = this;
    let taken = 0;
    let bytes = 0;
    // The list is replaced when either end is destroyed by what it hears.
    const queue = this.#queue;
    for (const chunk of queue) {
      if (bytes >= HIGH_WATER || this.over || other.over) break;
      taken++;
      bytes += chunk.length;
      this.#buffered -= chunk.length;
      other.events?.data(chunk);
    }
    queue.splice(0, taken);
  }

  #passEnd(): void {
    const { other } = this;
    if (this.over || other.over) return;
    this.#passed = true;
    // Like a socket that is not half-open, the other end ends too, after what it has written.
    other.end();
    if (!other.#passed) return;
    this.finish(null);
    other.finish(null);
  }
}

function parse(given: string): string {
  const uri = uriText(given, KIND);
  const [, name] = /^memory:\/\/([a-z0-9._-]{1,200})$/i.exec(uri) ?? [];
  return name ?? refuseUri(uri, KIND, "its name must be of 1 to 200 letters, digits, '.', '_' and '-'");
}
