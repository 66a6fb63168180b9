/**
 * Packets between their arrival and the application. Those that are taken at once pass through; those for which nobody
 * listens, or whose readers are slow, wait here. A packet is told as handled only when everybody has had it, and what is
 * not handled stays in its sender's window: so a slow reader holds its senders back, and the memory here is bounded by
 * the windows of the peers.
 *
 * What waits from a session that has ended was already reported to its sender as uncertain. It is still handed out, up to
 * a bound; beyond it the oldest of these go.
 */

import type { Deliver } from '../protocol/output.js';
import { OVERHEAD } from '../protocol/send-buffer.js';
import type { Session } from '../protocol/session.js';
import { onAbort } from './aborts.js';
import { Fifo } from './fifo.js';

/** What the core needs to hear that a packet was handled. */
export type Receipt = Pick<Deliver, 'id' | 'session' | 'lane' | 'sequence' | 'receivedBytes'>;

/** A packet as its reader gets it. */
export interface Message<Packet = unknown> {
  /** Id of the peer that sent it. */
  readonly sender: string;
  readonly packet: Packet;
}

/** Packets as they come, until the node is closed: an AsyncIterableIterator, but for `any` in what it ends with. */
export interface Messages<Packet = unknown> {
  next(): Promise<IteratorResult<Message<Packet>, undefined>>;
  return(): Promise<IteratorResult<Message<Packet>, undefined>>;
  [Symbol.asyncIterator](): Messages<Packet>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A packet that waits as it came. */
interface Packed {
  readonly sender: string;
  readonly bytes: Uint8Array;
}

/** What the inbox asks and tells. */
export interface InboxEvents<Packet> {
  /** Hands a packet to the listeners; false when there are none. */
  emit(message: Message<Packet>): boolean;
  /** Everybody who was to have the packet has had it. */
  handled(receipt: Receipt): void;
  /** A reader reads no further. */
  left(): void;
  /** The packet of these bytes; throws where they are none. */
  decode(bytes: Uint8Array): Packet;
  /** They were none, and nothing that came behind them in that session waits any more. */
  spoilt(receipt: Receipt, error: unknown): void;
}

interface Entry<Packet> {
  /** Null when it was dropped. */
  content: Message<Packet> | Packed | null;
  /** Null when its session has ended, of which nothing is kept then. */
  receipt: Receipt | null;
  readonly size: number;
  /** It was not dropped when others were, since its session went on. */
  passed: boolean;
}

interface Reader {
  /** Number of the next entry to read. */
  at: number;
  wake: (() => void) | null;
  /** Its signal is not heard any more. */
  forget: () => void;
}

/**
 * Bytes of packets that wait decoded: with more, what comes waits as it came. More than a chunk brings, which a reader takes before
 * the next: packets that are read as they come are decoded where they lie.
 */
export const MOST_DECODED: number = 128 * 1024;

export class Inbox<Packet> {
  readonly #events: InboxEvents<Packet>;
  readonly #maxOrphans: number;
  readonly #readers = new Set<Reader>();
  #entries = new Fifo<Entry<Packet>>();
  /** Those of each session: a peer that comes and goes must not have all looked through each time. */
  readonly #living = new Map<Session, Fifo<Entry<Packet>>>();
  /** Number of the first entry that nobody has had, no listener and no reader: newcomers begin there, and no reader is beyond. */
  #fresh = 0;
  /** An entry is being handed to the listeners: until that is done it stays where it is. */
  #telling = false;
  #orphanBytes = 0;
  /** Bytes of those that wait decoded. */
  #decodedBytes = 0;
  /** Before that number no orphan is left: they were dropped. */
  #searched = 0;
  #dropped = 0;
  #ended = false;

  /** @param maxOrphans - bytes kept of sessions that have ended */
  constructor(events: InboxEvents<Packet>, maxOrphans: number) {
    this.#events = events;
    this.#maxOrphans = maxOrphans;
  }

  /** Whether nothing waits and nobody reads: a packet may go straight to the listeners. */
  get idle(): boolean {
    return this.#entries.size === 0 && this.#readers.size === 0;
  }

  /** Whether somebody reads. */
  get attended(): boolean {
    return this.#readers.size > 0;
  }

  /** Whether so much waits decoded that what comes is to wait as it came. */
  get full(): boolean {
    return this.#decodedBytes >= MOST_DECODED;
  }

  /** @param asked - it was handed to the listeners already, and there are none */
  add(content: Message<Packet> | Packed, receipt: Receipt, size: number, asked: boolean): void {
    const entry: Entry<Packet> = { content, receipt, size, passed: false };
    this.#entries.push(entry);
    if (isDecoded(content)) this.#decodedBytes += bytesOf(entry);
    const living = this.#living.get(receipt.session) ?? new Fifo();
    if (living.end === 0) this.#living.set(receipt.session, living);
    living.push(entry);
    // Listeners never wait for readers, but never get ahead of what waits for them either.
    const message = !asked && this.#next() === entry ? this.#open(entry) : null;
    if (message !== null) this.#tell(message);
    for (const reader of this.#readers) reader.wake?.();
    this.#release();
  }

  /** Hands what waits to a listener that has just come. */
  flow(): void {
    for (let entry = this.#next(); entry !== undefined; entry = this.#next()) {
      const message = this.#open(entry);
      if (message !== null && !this.#tell(message)) break;
    }
    this.#release();
  }

  /** The packet, decoded anew for each who takes it; null where there is none, or none any more. */
  #open(entry: Entry<Packet>): Message<Packet> | null {
    const { content, receipt } = entry;
    if (content === null || isDecoded(content)) return content;
    try {
      return { sender: content.sender, packet: this.#events.decode(content.bytes) };
    } catch (error) {
      if (receipt === null) this.#drop(entry);
      else this.#spoil(entry, receipt, error);
      return null;
    }
  }

  /** Its session is worth nothing from there on. */
  #spoil(entry: Entry<Packet>, receipt: Receipt, error: unknown): void {
    // What was had before is to be told as handled while there is somebody to tell.
    this.#release();
    let behind = false;
    for (const each of this.#living.get(receipt.session) ?? []) {
      behind ||= each === entry;
      if (behind) this.#drop(each);
    }
    this.#events.spoilt(receipt, error);
  }

  #drop(entry: Entry<Packet>): void {
    if (entry.content === null) return;
    if (entry.receipt === null) this.#orphanBytes -= entry.size;
    if (isDecoded(entry.content)) this.#decodedBytes -= bytesOf(entry);
    entry.content = null;
    entry.receipt = null;
    this.#dropped++;
  }

  /** The first entry that nobody has had. What was dropped is nothing to wait for. */
  #next(): Entry<Packet> | undefined {
    const entries = this.#entries;
    this.#fresh = Math.max(this.#fresh, entries.first);
    while (entries.at(this.#fresh)?.content === null) this.#fresh++;
    return entries.at(this.#fresh);
  }

  /** Hands that entry to the listeners; whether there are any. Who begins to read meanwhile begins behind it. */
  #tell(message: Message<Packet>): boolean {
    const place = this.#fresh++;
    const outer = this.#telling;
    this.#telling = true;
    const heard = this.#events.emit(message);
    this.#telling = outer;
    if (heard) return true;
    this.#fresh = place;
    for (const reader of this.#readers) reader.at = Math.min(reader.at, place);
    return false;
  }

  /** The session has ended: nobody waits for its receipts any more. */
  orphan(session: Session): void {
    for (const entry of this.#living.get(session) ?? []) {
      if (entry.content === null) continue;
      entry.receipt = null;
      this.#orphanBytes += entry.size;
      if (entry.passed) this.#searched = 0;
    }
    this.#living.delete(session);
    this.#bound();
    this.#release();
  }

  /** Drops the oldest orphans, as long as there are too many. */
  #bound(): void {
    const entries = this.#entries;
    let at = Math.max(this.#searched, entries.first);
    for (; this.#orphanBytes > this.#maxOrphans; at++) {
      const entry = entries.at(at);
      if (entry === undefined) break;
      entry.passed = entry.receipt !== null;
      if (!entry.passed) this.#drop(entry);
    }
    this.#searched = at;
    if (this.#dropped * 2 > entries.size && !this.#telling) this.#compact();
  }

  /** Dropped ones between others would be kept for as long as those before them wait. */
  #compact(): void {
    const kept = new Fifo<Entry<Packet>>();
    const places: number[] = [];
    for (const entry of this.#entries) {
      places.push(kept.end);
      if (entry.content !== null) kept.push(entry);
    }
    const { first } = this.#entries;
    const placeOf = (at: number): number => places[Math.max(0, at - first)] ?? kept.end;
    for (const reader of this.#readers) reader.at = placeOf(reader.at);
    this.#fresh = placeOf(this.#fresh);
    this.#searched = placeOf(this.#searched);
    this.#entries = kept;
    this.#dropped = 0;
  }

  /** No packet will come any more: readers end after what waits. */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers) {
      reader.forget();
      reader.wake?.();
    }
  }

  /** Reads every packet that nobody has had, and all that come. */
  read(signal: AbortSignal | undefined): Messages<Packet> {
    const reader: Reader = { at: this.#fresh, wake: null, forget: () => undefined };
    const leave = (): void => {
      // Whoever reads no further must not hold anybody back.
      this.#readers.delete(reader);
      reader.wake?.();
      this.#release();
      this.#events.left();
    };
    let open = true;
    const finish = (): void => {
      if (!open) return;
      open = false;
      reader.forget();
      leave();
    };
    this.#readers.add(reader);
    if (signal?.aborted) leave();
    else reader.forget = onAbort(signal, leave);
    const done = { done: true, value: undefined } as const;
    let queue: Promise<unknown> = Promise.resolve();
    const next = async (): Promise<IteratorResult<Message<Packet>, undefined>> => {
      while (open) {
        if (signal?.aborted) {
          finish();
          throw signal.reason;
        }
        const message = this.#take(reader);
        if (message !== null) return { done: false, value: message };
        if (this.#ended) break;
        await new Promise<void>((resolve) => {
          reader.wake = resolve;
        });
        reader.wake = null;
      }
      finish();
      return done;
    };
    return {
      next: () => {
        const result = queue.then(next);
        queue = result.catch(() => undefined);
        return result;
      },
      return: async () => {
        finish();
        return done;
      },
      [Symbol.asyncIterator]() {
        return this;
      },
      async [Symbol.asyncDispose]() {
        finish();
      },
    };
  }

  #take(reader: Reader): Message<Packet> | null {
    while (reader.at < this.#entries.end) {
      const entry = this.#entries.at(reader.at++);
      const message = entry === undefined ? null : this.#open(entry);
      if (message === null) continue;
      this.#fresh = Math.max(this.#fresh, reader.at);
      this.#release();
      return message;
    }
    return null;
  }

  /** Lets go of the front: what somebody has had, and every reader. */
  #release(): void {
    if (this.#telling) return;
    let had = this.#fresh;
    for (const reader of this.#readers) had = Math.min(had, reader.at);
    for (let entry = this.#entries.at(this.#entries.first); entry !== undefined; ) {
      const { content, receipt, size } = entry;
      if (this.#entries.first >= had && content !== null) return;
      this.#entries.shift();
      if (content === null) this.#dropped--;
      else if (receipt === null) this.#orphanBytes -= size;
      if (content !== null && isDecoded(content)) this.#decodedBytes -= bytesOf(entry);
      if (receipt !== null) {
        this.#living.get(receipt.session)?.shift();
        this.#events.handled(receipt);
      }
      entry = this.#entries.at(this.#entries.first);
    }
  }
}

function isDecoded<Packet>(content: Message<Packet> | Packed): content is Message<Packet> {
  return 'packet' in content;
}

/** The packet's own, without what each counts over them. */
function bytesOf({ size }: { readonly size: number }): number {
  return size - OVERHEAD;
}
