/**
 * Lines to a stream, gathered into large writes. Who writes is told to wait when the stream is slow, and learns when it
 * was closed at the other end, as `| head -1` does.
 */
import type { Writable } from 'node:stream';

/** Gathered characters that are written without waiting for the end of the turn. */
const GATHER = 64 * 1024;

export class LineOutput {
  readonly #stream: Writable;
  readonly #gone = new AbortController();
  readonly #waiting = new Set<() => void>();
  #gathered = '';
  #count = 0;
  #scheduled = false;
  #full = false;
  #unwritten = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('drain', () => {
      this.#full = false;
      this.#wake();
    });
    const closed = (): void => {
      this.#gone.abort();
      this.#wake();
    };
    stream.on('error', closed);
    stream.on('close', closed);
  }

  /** The other end is gone: nothing more can be written. */
  get closed(): boolean {
    return this.#gone.signal.aborted;
  }

  /** Aborted when the other end is gone. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Lines that were taken and that the stream has not confirmed. */
  get unwritten(): number {
    return this.#unwritten;
  }

  /** Whether to wait for `room` before the next line. */
  get full(): boolean {
    return this.#full && !this.closed;
  }

  line(text: string): void {
    this.#gathered += `${text}\n`;
    this.#count++;
    this.#unwritten++;
    if (this.#gathered.length >= GATHER) this.#write();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#write();
      });
    }
  }

  /** Resolves when there is room, the stream is closed, or the signal is aborted. */
  async room(signal?: AbortSignal): Promise<void> {
    while (this.full && !signal?.aborted) await this.#change(signal);
  }

  /** Resolves when all is written, the stream is closed, or the signal is aborted. */
  async flushed(signal?: AbortSignal): Promise<void> {
    this.#write();
    while (this.#unwritten > 0 && !this.closed && !signal?.aborted) await this.#change(signal);
  }

  #change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  #write(): void {
    const count = this.#count;
    if (count === 0 || this.closed) return;
    const text = this.#gathered;
    this.#gathered = '';
    this.#count = 0;
    const more = this.#stream.write(text, (error) => {
      if (error === null || error === undefined) this.#unwritten -= count;
      this.#wake();
    });
    if (!more) this.#full = true;
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
