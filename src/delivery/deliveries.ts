/**
 * Promises about packets on their way out: that a packet was had by the peer's application (`deliver`), that everything
 * accepted so far was (`flush`), and the calls of `deliver` that wait for room, in the order they were made.
 */
import { MasterlessError } from '../errors.js';
import { type Encoded, Parts } from '../protocol/parts.js';
import { type LaneIndex, NORMAL, type Session, URGENT } from '../protocol/session.js';
import { onAbort } from './aborts.js';
import { expiry, type Promised, type Waiter, Waiters } from './waiters.js';

/** How a packet is to be delivered. */
interface Manner {
  readonly urgent: boolean;
  /** Of no use from then on; Infinity for always. */
  readonly until: number;
  readonly signal: AbortSignal | undefined;
}

interface Delivery extends Promised, Manner {
  readonly bytes: Encoded;
}

interface Queued extends Delivery {
  /** That of the peer when it began to wait; null if it was not connected. */
  readonly session: Session | null;
}

/** What this file needs of the core. */
export interface Outgoing {
  writable(id: string, size: number): boolean;
  send(id: string, bytes: Encoded, urgent: boolean, until: number): number;
  session(id: string): Session | null;
  ask(id: string): void;
}

/** What this file needs of the platform. */
interface Clock {
  now(): number;
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timeout: unknown): void;
}

/** What this file tells the node. */
interface Listener {
  /** There is room, and nobody waits for it here. */
  drain(id: string): void;
  /** Something may have been sent. */
  pump(): void;
}

/** Calls of `flush` that may wait for one peer: each takes memory, and a peer may acknowledge nothing for long. */
const MOST_FLUSHES = 10_000;

export class Deliveries {
  /** For what was accepted. */
  readonly waiters: Waiters = new Waiters();
  readonly #outgoing: Outgoing;
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #listener: Listener;
  readonly #queues = new Map<string, Queued[]>();
  /** Peers for which an urgent packet was refused by `send`, who are to hear of room before others that wait take it. */
  readonly #refused = new Set<string>();
  /** Calls of `flush` that wait, by peer. */
  readonly #flushing = new Map<string, number>();

  /** @param limit - calls of `deliver` that may wait for room, per peer */
  constructor(outgoing: Outgoing, limit: number, clock: Clock, listener: Listener) {
    this.#outgoing = outgoing;
    this.#limit = limit;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Whether calls of `deliver` wait for room that a packet may not overtake: an urgent one passes those that are not. */
  waiting(id: string, urgent: boolean): boolean {
    const first = this.#queues.get(id)?.[0];
    return first !== undefined && (first.urgent || !urgent);
  }

  /** Whether nobody waits for room. */
  get idle(): boolean {
    return this.#queues.size === 0;
  }

  /** Sends as soon as there is room; resolves when the peer's application has had it. */
  deliver(id: string, bytes: Encoded, manner: Manner): Promise<void> {
    const { urgent, signal } = manner;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(aborted(id, 'not sent', false, signal));
        return;
      }
      const delivery: Delivery = { ...manner, bytes, resolve, reject };
      const queue = this.#queues.get(id);
      if (!this.waiting(id, urgent)) {
        if (this.#sent(id, delivery)) return;
        if (this.#outgoing.session(id) === null) {
          reject(unknown(id));
          return;
        }
      }
      if ((queue?.length ?? 0) >= this.#limit) {
        const message = `${this.#limit} calls of deliver to ${id} wait for room already (limits.deliveries): await some`;
        reject(new MasterlessError('ERR_LIMIT', message, { uncertain: false }));
        return;
      }
      // Not bytes.slice(), which makes no copy of a Buffer, as a codec may give.
      const own = bytes instanceof Parts ? bytes.whole() : new Uint8Array(bytes);
      this.#wait(id, { ...delivery, bytes: own, session: this.#outgoing.session(id) });
    });
  }

  /** Resolves when everything accepted for the peers until now was had by their applications. */
  flush(ids: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) {
      const message = 'flush was not begun: its signal had aborted before';
      return Promise.reject(new MasterlessError('ERR_ABORTED', message, { cause: signal.reason, uncertain: true }));
    }
    return Promise.all(ids.map((id) => this.#flush(id, signal))).then(() => undefined);
  }

  async #flush(id: string, signal: AbortSignal | undefined): Promise<void> {
    const session = this.#outgoing.session(id);
    if (session === null) throw unknown(id);
    if (session.settled) return;
    const flushing = this.#flushing.get(id) ?? 0;
    if (flushing >= MOST_FLUSHES) {
      const message = `${MOST_FLUSHES} calls of flush for ${id} are under way already: await some`;
      throw new MasterlessError('ERR_LIMIT', message, { uncertain: true });
    }
    this.#flushing.set(id, flushing + 1);
    const lanes = ([NORMAL, URGENT] as const).map((lane) => {
      const { acked, total } = session.lane(lane).outgoing;
      if (acked === total) return Promise.resolve();
      return new Promise<void>((resolve, reject) =>
        this.#watch(id, session, total, lane, { resolve, reject }, signal, false),
      );
    });
    try {
      await Promise.all(lanes);
    } finally {
      const left = (this.#flushing.get(id) ?? 0) - 1;
      if (left > 0) this.#flushing.set(id, left);
      else this.#flushing.delete(id);
    }
  }

  /** `send` refused the peer an urgent packet, which passes those that wait here: its turn is before theirs. */
  refused(id: string): void {
    if (this.#outgoing.session(id) !== null) this.#refused.add(id);
  }

  /** There is room again: for those who wait here, in their order, then for everybody else. */
  drained(id: string): void {
    this.#serve(id, true);
  }

  /** @param room - there is some for sure, or else perhaps for one of those who wait */
  #serve(id: string, room: boolean): void {
    const queue = this.#queues.get(id) ?? [];
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      if (room && !first.urgent && this.#refused.delete(id)) {
        this.#listener.drain(id);
        // Whoever awaits that goes on some microtasks later.
        this.#clock.setTimeout(() => this.#goOn(id), 0);
        return;
      }
      // Of several that one signal gives up at once, one may make room for another before that has heard of it.
      if (first.signal?.aborted) first.reject(aborted(id, 'not sent', false, first.signal));
      else if (!this.#sent(id, first)) return;
      queue.shift();
    }
    this.#queues.delete(id);
    this.#refused.delete(id);
    this.#listener.drain(id);
  }

  /** Those who wait have what room the others left. */
  #goOn(id: string): void {
    if (!this.#queues.has(id)) return;
    this.#serve(id, false);
    this.#listener.pump();
  }

  /** The peer is gone: nobody waits for room any more, but for those who came when it was there again. */
  gone(id: string): void {
    const queue = this.#queues.get(id) ?? [];
    const session = this.#outgoing.session(id);
    let stay = 0;
    for (const entry of queue) {
      if (session !== null && entry.session === session) {
        queue[stay++] = entry;
        continue;
      }
      const message = `${id} disconnected while the packet waited for room: it was not sent`;
      entry.reject(new MasterlessError('ERR_UNDELIVERED', message, { uncertain: false }));
    }
    queue.length = stay;
    if (stay === 0) this.#queues.delete(id);
    this.#refused.delete(id);
  }

  /** The peer is there: those who came before that was told may have waited behind others, who have gone. */
  connected(id: string): void {
    if (this.#queues.has(id)) this.#serve(id, false);
  }

  #sent(id: string, delivery: Delivery): boolean {
    const { bytes, urgent, until, signal } = delivery;
    const number = this.#outgoing.send(id, bytes, urgent, until);
    const session = this.#outgoing.session(id);
    if (number === 0 || session === null) return false;
    this.#watch(id, session, number, urgent ? URGENT : NORMAL, delivery, signal, true);
    return true;
  }

  #wait(id: string, queued: Queued): void {
    const queue = this.#queues.get(id) ?? [];
    this.#queues.set(id, queue);
    const { signal, until } = queued;
    if (signal === undefined && until === Number.POSITIVE_INFINITY) {
      enqueue(queue, queued);
      return;
    }
    const leave = (error: MasterlessError): void => {
      const at = queue.indexOf(entry);
      if (at < 0) return;
      queue.splice(at, 1);
      entry.reject(error);
      if (at === 0 && this.#queues.get(id) === queue) this.#freed(id, queue);
    };
    const forget = onAbort(signal, () => leave(aborted(id, 'not sent', false, signal)));
    const stop = this.#at(until, () => leave(expiry(id)));
    const entry: Queued = {
      ...queued,
      ...settling(queued, () => {
        forget();
        stop();
      }),
    };
    enqueue(queue, entry);
  }

  /** Calls it at that time. Returns what takes that back. */
  #at(time: number, run: () => void): () => void {
    if (time === Number.POSITIVE_INFINITY) return nothing;
    const clock = this.#clock;
    const timeout = clock.setTimeout(run, Math.max(0, Math.ceil(time - clock.now())));
    return () => clock.clearTimeout(timeout);
  }

  /** The first of those who waited has given up: others may want less room than it did. */
  #freed(id: string, queue: readonly Queued[]): void {
    if (queue.length > 0 || this.#outgoing.writable(id, 1)) this.#serve(id, false);
    else this.#queues.delete(id);
    this.#listener.pump();
  }

  #watch(
    id: string,
    session: Session,
    number: number,
    lane: LaneIndex,
    promised: Promised,
    signal: AbortSignal | undefined,
    single: boolean,
  ): void {
    this.#outgoing.ask(id);
    if (signal === undefined) {
      this.waiters.add(session, lane, number, single, promised);
      return;
    }
    let waiter: Waiter;
    const forget = onAbort(signal, () => {
      const written = waiter.number <= session.lane(lane).outgoing.everSent;
      const known = written ? 'sent, and not yet acknowledged' : 'accepted, and not yet sent';
      const error = single ? aborted(id, `${known}: it may still arrive`, true, signal) : abandoned(id, signal);
      this.waiters.leave(session, lane, waiter, error);
    });
    waiter = this.waiters.add(session, lane, number, single, settling(promised, forget));
  }
}

/** The same promise, before which something else is to be ended. */
function settling({ resolve, reject }: Promised, end: () => void): Promised {
  return {
    resolve: () => {
      end();
      resolve();
    },
    reject: (error) => {
      end();
      reject(error);
    },
  };
}

/** Urgent ones come first, in their order. */
function enqueue(queue: Queued[], entry: Queued): void {
  const at = entry.urgent ? queue.findIndex(({ urgent }) => !urgent) : -1;
  if (at < 0) queue.push(entry);
  else queue.splice(at, 0, entry);
}

function unknown(id: string): MasterlessError {
  const message = `${id} is not connected: connect first, or wait for its 'connect'`;
  return new MasterlessError('ERR_UNKNOWN_PEER', message, { uncertain: false });
}

function aborted(id: string, known: string, uncertain: boolean, signal: AbortSignal | undefined): MasterlessError {
  const message = `delivery to ${id} was given up by its signal; the packet was ${known}`;
  return new MasterlessError('ERR_ABORTED', message, { cause: signal?.reason, uncertain });
}

function abandoned(id: string, signal: AbortSignal): MasterlessError {
  const message = `flush for ${id} was given up by its signal: what was accepted may still arrive`;
  return new MasterlessError('ERR_ABORTED', message, { cause: signal.reason, uncertain: true });
}

function nothing(): void {}
