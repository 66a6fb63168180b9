/**
 * Connections under observation: a bench opens and accepts them, hears all they tell, and notes each breach of the rules
 * that transport.ts sets. What is sent comes from tapes, so that every byte received can be told from every other.
 */
import { expect } from 'vitest';
import { Random } from '../../src/testing/random.js';
import type { Connection, ConnectionEvents, Listener, Transport } from '../../src/transports/transport.js';

/** Bytes without end, the same for the same seed. Its period is prime, so that no power of two hides a mistake. */
class Tape {
  readonly #bytes = Buffer.alloc(1_048_573);

  constructor(seed: number) {
    const random = new Random(seed);
    for (let i = 0; i < this.#bytes.length; i++) this.#bytes[i] = random.below(256);
  }

  copy(position: number, length: number): Buffer {
    const copied = Buffer.alloc(length);
    for (const [at, piece] of this.#pieces(position, length)) copied.set(piece, at);
    return copied;
  }

  holds(position: number, chunk: Uint8Array): boolean {
    return [...this.#pieces(position, chunk.length)].every(([at, piece]) => {
      return piece.equals(chunk.subarray(at, at + piece.length));
    });
  }

  *#pieces(position: number, length: number): Generator<[at: number, piece: Buffer]> {
    for (let at = 0; at < length; ) {
      const start = (position + at) % this.#bytes.length;
      const piece = this.#bytes.subarray(start, start + length - at);
      yield [at, piece];
      at += piece.length;
    }
  }
}

const tapes = { dialled: new Tape(1), accepted: new Tape(2) } as const;

/** One end of a connection and all that was heard of it. */
export class Witness implements ConnectionEvents {
  readonly #bench: Bench;
  readonly #role: 'dialled' | 'accepted';
  readonly random: Random;
  /** Where on its tape this end writes. */
  #offset = 0;
  #reads: Tape;
  /** Where on the other tape reading began. */
  #start = 0;
  #told: string[] = [];
  #drained: () => void = nothing;
  #wanted: { readonly bytes: number; readonly enough: () => void } | null = null;
  #open: () => void = nothing;
  #close: (error: Error | null) => void = nothing;

  /** The connection itself; set before the first callback. */
  connection!: Connection;
  /** Writes back what it receives, whatever it is. */
  echo = false;
  sent = 0;
  received = 0;
  /** The most that `buffered` was after a write. */
  highest = 0;
  readonly opened: Promise<void> = new Promise((resolve) => {
    this.#open = resolve;
  });
  readonly closed: Promise<Error | null> = new Promise((resolve) => {
    this.#close = resolve;
  });
  onOpen: () => void = nothing;
  onData: () => void = nothing;

  constructor(bench: Bench, role: 'dialled' | 'accepted', seed: number) {
    this.#bench = bench;
    this.#role = role;
    this.#reads = tapes[role === 'dialled' ? 'accepted' : 'dialled'];
    this.random = new Random(seed);
  }

  /** Expects its own bytes back, which come from a place on the tape of its own. */
  expectEcho(start: number): void {
    this.#reads = tapes[this.#role];
    this.#offset = start;
    this.#start = start;
  }

  /** Names of the callbacks so far, repetitions of `data` and `drain` aside. */
  get told(): readonly string[] {
    return this.#told;
  }

  /** The next bytes of the tape. */
  cut(length: number): Buffer {
    const chunk = tapes[this.#role].copy(this.#offset, length);
    this.#offset += length;
    return chunk;
  }

  /** Writes the next bytes of the tape in chunks of these lengths. */
  write(...lengths: number[]): boolean {
    return this.writeThese(lengths.map((length) => this.cut(length)));
  }

  writeThese(chunks: readonly Uint8Array[]): boolean {
    const more = this.#bench.calling(() => this.connection.write(chunks));
    this.sent += chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    this.highest = Math.max(this.highest, this.connection.buffered);
    return more;
  }

  /** Writes so many bytes in chunks of random sizes, and waits when told to. */
  async send(bytes: number, largest: number): Promise<void> {
    for (let left = bytes; left > 0; ) {
      const lengths: number[] = [];
      for (let count = 1 + this.random.below(4); count > 0 && left > 0; count--) {
        const length = Math.min(left, this.random.chance(0.1) ? 0 : 1 + this.random.below(largest));
        lengths.push(length);
        left -= length;
      }
      if (!this.write(...lengths)) await this.drained();
    }
  }

  /** The next `drain`; a close counts too. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  /** When so many bytes were received in all. */
  has(bytes: number): Promise<void> {
    return new Promise((enough) => {
      if (this.received >= bytes) enough();
      else this.#wanted = { bytes, enough };
    });
  }

  end(): void {
    this.#bench.calling(() => this.connection.end());
  }

  destroy(): void {
    this.#bench.calling(() => this.connection.destroy());
  }

  open(): void {
    this.#hear('open');
    this.#open();
    this.onOpen();
  }

  data(chunk: Uint8Array): void {
    this.#hear('data');
    if (this.echo) this.writeThese([Uint8Array.from(chunk)]);
    else if (!this.#reads.holds(this.#start + this.received, chunk)) {
      this.#bench.breaches.push(`wrong bytes at ${this.received}`);
    }
    if (chunk.length === 0) this.#bench.breaches.push('empty data');
    this.received += chunk.length;
    if (this.#wanted !== null && this.received >= this.#wanted.bytes) this.#wanted.enough();
    this.onData();
  }

  drain(): void {
    this.#hear('drain');
    this.#drained();
  }

  close(error: Error | null): void {
    this.#hear('close');
    this.#drained();
    this.#close(error);
  }

  #hear(what: string): void {
    this.#bench.hear(what);
    if (this.#told.includes('close')) this.#bench.breaches.push(`${what} after close`);
    const opens = what === 'open';
    const first = this.#role === 'dialled' && this.#told.length === 0;
    if (opens && !first) this.#bench.breaches.push('open that is not the first callback of a dialled connection');
    if (what === 'data' && first) this.#bench.breaches.push('data before open');
    if (this.#told.at(-1) !== what) this.#told.push(what);
  }
}

/** A listener that accepts everything. */
export interface Place {
  readonly uri: string;
  readonly accepted: readonly Witness[];
  /** The next connection that comes in. */
  next(): Promise<Witness>;
  close(): Promise<void>;
}

/** Opens everything, and at last closes everything and tells whether the rules were kept. */
export class Bench {
  readonly transport: Transport;
  /** What went against the rules. */
  readonly breaches: string[] = [];
  /** Called with each connection that comes in, while `accept` runs. */
  onAccept: (witness: Witness) => void = nothing;
  readonly #witnesses: Witness[] = [];
  readonly #places: Place[] = [];
  readonly #before: readonly string[] = handles();
  #calls = 0;
  #seed = 1;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /** Runs a call into the transport, during which it may call nobody. */
  calling<T>(call: () => T): T {
    this.#calls++;
    try {
      return call();
    } finally {
      this.#calls--;
    }
  }

  hear(what: string): void {
    if (this.#calls > 0) this.breaches.push(`${what} within a call`);
  }

  dial(uri: string): Witness {
    const witness = this.#witness('dialled');
    witness.connection = this.calling(() => this.transport.dial(uri, witness));
    return witness;
  }

  /** Listens; rejects with the listener's error. */
  listen(uri: string): Promise<Place> {
    const accepted: Witness[] = [];
    const queue: Witness[] = [];
    const waiting: ((witness: Witness) => void)[] = [];
    return new Promise((resolve, reject) => {
      let settled = false;
      const settle = (what: string): void => {
        this.hear(what);
        if (settled) this.breaches.push(`${what} after it was settled`);
        settled = true;
      };
      const listener: Listener = this.calling(() =>
        this.transport.listen(uri, {
          listening: (at) => {
            settle('listening');
            const place = { uri: at, accepted, close: () => this.#close(listener), next };
            this.#places.push(place);
            resolve(place);
          },
          error: (error) => {
            settle('error');
            reject(error);
          },
          accept: (connection) => {
            this.hear('accept');
            const witness = this.#witness('accepted');
            witness.connection = connection;
            accepted.push(witness);
            const taker = waiting.shift();
            if (taker === undefined) queue.push(witness);
            else taker(witness);
            this.onAccept(witness);
            return witness;
          },
        }),
      );
      const next = (): Promise<Witness> => {
        const witness = queue.shift();
        return witness === undefined ? new Promise((taker) => waiting.push(taker)) : Promise.resolve(witness);
      };
    });
  }

  /** Both ends of a new connection. */
  async pair(place: Place): Promise<{ near: Witness; far: Witness }> {
    const near = this.dial(place.uri);
    const far = await place.next();
    await near.opened;
    return { near, far };
  }

  /** Closes all that is open. @returns the breaches, and what of the system's handles is left */
  async clear(): Promise<{ breaches: readonly string[]; left: readonly string[] }> {
    for (const place of this.#places) await place.close();
    for (const witness of this.#witnesses) witness.destroy();
    await Promise.all(this.#witnesses.map(({ closed }) => closed));
    // A second call, or one that comes late, would come in these turns.
    for (let turn = 0; turn < 5; turn++) await nextTurn();
    return { breaches: this.breaches, left: less(handles(), this.#before) };
  }

  #witness(role: 'dialled' | 'accepted'): Witness {
    const witness = new Witness(this, role, this.#seed++);
    this.#witnesses.push(witness);
    return witness;
  }

  #close(listener: Listener): Promise<void> {
    return new Promise((resolve) => {
      this.calling(() =>
        listener.close(() => {
          this.hear('the callback of close');
          resolve();
        }),
      );
    });
  }
}

/** Runs a test on a bench of its own, and holds the transport to the rules. */
export async function onBench(transport: Transport, test: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = new Bench(transport);
  try {
    await test(bench);
  } finally {
    expect(await bench.clear()).toEqual({ breaches: [], left: [] });
  }
}

/**
 * A loopback address of which one test file has all the ports, so that a port it let go of stays free. Elsewhere than on
 * Linux only the one address is there.
 */
export function loopback(file: number): string {
  return process.platform === 'linux' ? `127.0.77.${file}` : '127.0.0.1';
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Kinds of the sockets, servers and requests that keep this process alive, once for each. */
function handles(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => /TCP|Pipe|GetAddrInfo/.test(kind));
}

function less(list: readonly string[], without: readonly string[]): string[] {
  const left = [...list];
  for (const item of without) {
    const index = left.indexOf(item);
    if (index >= 0) left.splice(index, 1);
  }
  return left;
}

function nothing(): void {}
