/**
 * The two sides of one byte stream: a connection of the core, and the stream below it. What the stream tells, the core hears.
 * There is one for each link, so it is small: a class with methods, where functions of its own would take half a kilobyte.
 */
import { MasterlessError, textOf } from '../errors.js';
import type { Connection } from '../protocol/connection.js';
import type { Mesh } from '../protocol/mesh.js';
import type { ConnectionEvents, Proof, Connection as TransportConnection } from '../transports/transport.js';

/** The other end of a stream, as far as the transport knows it. */
export interface OtherEnd {
  /** Scheme of the transport: what it says of the other end need not begin with that. */
  readonly scheme: string;
  readonly remote: string;
  /** What it has proved. */
  readonly proof: Proof | null;
  /** It is on this machine. */
  readonly local: boolean;
}

/** What a wire needs of the runtime. */
export interface WireOwner {
  readonly mesh: Mesh;
  now(): number;
  /** @param asking - bytes came from there */
  pump(asking?: Wire): void;
  scheduleFlush(): void;
  /** The stream is over. */
  forget(wire: Wire): void;
  /** The stream is to end at once. */
  cut(wire: Wire): void;
  /** The stream has thrown what it should have told: it is to be cut once what is under way is done. */
  fail(wire: Wire, error: unknown): void;
}

/** Whether a certificate does for an id. */
export type Covers = (certificate: Proof['certificate'], id: string) => boolean;

/**
 * Bytes that are read of a wire that lingers: more than two systems have under way. Who pours on is not read for as long
 * as it likes, and what it sent not left to be collected.
 */
export const MOST_SKIPPED: number = 16 * 1024 * 1024;

export class Wire implements ConnectionEvents {
  readonly inner: Connection;
  /** Null until it is dialled. */
  outer: TransportConnection | null;
  /** Scheme of the transport; '' until it is dialled. */
  scheme: string;
  /** It came in at a listener, or was dialled at an address, that only this machine has. */
  local: boolean;
  /** It takes no more until `drain`. */
  blocked = false;
  /** It was ended; when the other side does not end it too, it is cut. */
  linger: unknown = null;
  /** Bytes that were read since. */
  #skipped = 0;
  readonly #owner: WireOwner;
  #gone: (() => void) | null = null;

  constructor(owner: WireOwner, inner: Connection, outer: TransportConnection | null, scheme: string, local: boolean) {
    this.#owner = owner;
    this.inner = inner;
    this.outer = outer;
    this.scheme = scheme;
    this.local = local;
  }

  /** Null until it is dialled, and of a stream that throws for the question: it may be anybody's, and is cut. */
  get otherEnd(): OtherEnd | null {
    const { outer, scheme } = this;
    if (outer === null) return null;
    try {
      return { scheme, remote: outer.remote, proof: outer.proof ?? null, local: outer.local ?? this.local };
    } catch (error) {
      this.#owner.fail(this, error);
      return null;
    }
  }

  /** Whether what the other end has proved, if it had to, still counts: also for the id that it claims, where it is no link yet. */
  holds(covers: Covers): boolean {
    const { claim } = this.inner;
    try {
      const proof = this.outer?.proof ?? null;
      return proof === null || (proof.holds() && (claim === null || covers(proof.certificate, claim)));
    } catch {
      return false;
    }
  }

  /** Whether more may follow at once. */
  write(chunks: readonly Uint8Array[]): boolean {
    const { outer } = this;
    if (outer === null) return false;
    try {
      if (outer.write(chunks)) return true;
      this.blocked = true;
      // Where nothing waits the system has taken all of it, and `drain` would only say so a little later.
      return outer.buffered === 0;
    } catch (error) {
      this.blocked = true;
      this.#owner.fail(this, error);
      return false;
    }
  }

  /** Ends the stream behind what was written. One of an application's transport may throw instead: then it is cut in time. */
  end(): void {
    try {
      this.outer?.end();
    } catch {
      this.destroy();
    }
  }

  /** Ends the stream at once. */
  destroy(): void {
    try {
      this.outer?.destroy();
    } catch {
      // Nothing is heard of it any more.
    }
  }

  /** Resolves when the stream is forgotten. */
  gone(): Promise<void> {
    return new Promise((resolve) => {
      this.#gone = resolve;
    });
  }

  /** It is forgotten. */
  over(): void {
    this.#gone?.();
  }

  open(): void {
    this.#owner.mesh.opened(this.inner);
    this.#owner.pump();
  }

  refused(error: MasterlessError): void {
    this.#owner.mesh.refuse(this.inner, error, this.#owner.now());
    this.#owner.pump();
  }

  data(chunk: Uint8Array): void {
    if (this.inner.phase === 'closed') {
      // A wire that lingers is read to its end, so that its last words are not lost to a reset.
      this.#skipped += chunk.length;
      if (this.#skipped > MOST_SKIPPED) this.#owner.cut(this);
      return;
    }
    this.#owner.mesh.received(this.inner, chunk, this.#owner.now());
    this.#owner.pump(this);
  }

  drain(): void {
    this.blocked = false;
    this.#owner.mesh.drained(this.inner);
    this.#owner.scheduleFlush();
  }

  close(error: Error | null): void {
    const { inner } = this;
    this.#owner.forget(this);
    const cause =
      error === null || error instanceof MasterlessError ? error : unreachable(inner.uri ?? inner.remote, error);
    this.#owner.mesh.ended(inner, cause, this.#owner.now());
    this.#owner.pump();
  }
}

/** What a transport said of an address, if it did not say it in our own words. */
export function unreachable(uri: string, cause: unknown): MasterlessError {
  const why = cause instanceof Error ? cause.message : textOf(cause);
  return new MasterlessError('ERR_UNREACHABLE', `${uri} can't be reached: ${why}`, { cause });
}
