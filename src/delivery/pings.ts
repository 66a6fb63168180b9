/**
 * How long peers take to answer: a promise for each question that is under way.
 */
import { MasterlessError } from '../errors.js';
import { harmless, Pending } from './pending.js';

/** Of one peer so many may be under way: whoever is asked takes some four times as many for an attack. */
export const MOST_PINGS = 1024;

/** What this file needs of the core and the runtime. */
export interface Asker {
  /** Asks a peer. Returns the token of its answer; 0 when it can't be asked. */
  ask(id: string): number;
  /** Whether the peer is connected, be its link there or being won back. */
  connected(id: string): boolean;
  /** Milliseconds. */
  now(): number;
}

export class Pings {
  readonly #asker: Asker;
  readonly #pending = new Pending<number>();
  /** Tokens that each peer was asked with and has not answered, also those that nobody waits for any more. */
  readonly #asked = new Map<string, Set<number>>();

  constructor(asker: Asker) {
    this.#asker = asker;
  }

  /** Milliseconds until the peer has answered. */
  ping(id: string, signal: AbortSignal | undefined): Promise<number> {
    const asked = this.#asked.get(id) ?? new Set();
    if (asked.size >= MOST_PINGS) {
      const message = `${MOST_PINGS} pings of ${id} are under way already: await some`;
      return harmless(Promise.reject(new MasterlessError('ERR_LIMIT', message)));
    }
    const token = this.#asker.ask(id);
    if (token === 0) return harmless(Promise.reject(this.#unlinked(id)));
    this.#asked.set(id, asked.add(token));
    const begun = this.#asker.now();
    const answer = this.#pending.add(token, `pinging ${id}`, signal, () => undefined);
    return harmless(answer.then((answered) => answered - begun));
  }

  /** An answer came. It counts only from the peer that was asked. */
  answered(id: string, token: number): void {
    if (this.#asked.get(id)?.delete(token)) this.#pending.resolve(token, this.#asker.now());
  }

  #unlinked(id: string): MasterlessError {
    return this.#asker.connected(id)
      ? new MasterlessError('ERR_CONNECTION_LOST', `${id} has no link to ping: it is being won back`)
      : new MasterlessError('ERR_UNKNOWN_PEER', `${id} has no link to ping: is it connected?`);
  }

  /** The peer's link was lost, and with it what was asked. */
  lost(id: string): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (asked === undefined || asked.size === 0) return;
    const message = `the link to ${id} was lost before the ping was answered`;
    const error = new MasterlessError('ERR_CONNECTION_LOST', message);
    for (const token of asked) this.#pending.reject(token, error);
  }
}
