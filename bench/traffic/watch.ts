/** Traffic over a connection that is cut: when packets came, which are missing, which came twice. Judges nothing. */
import { setTimeout as wait } from 'node:timers/promises';
import { maker, type Packet } from '../packets.js';
import type { Hub } from '../peer.js';
import { moment } from './spec.js';

export interface Watched {
  /** Different packets that came. */
  readonly packets: number;
  readonly doubled: number;
  readonly reordered: number;
  /** Nanoseconds: the longest time between two packets. */
  readonly silence: number;
  /** When the last packet came. */
  readonly last: number;
}

export class Watch {
  readonly #seen = new Set<number>();
  #doubled = 0;
  #reordered = 0;
  #highest = 0;
  #silence = 0;
  #last = 0;

  hear(_link: number, { id }: Packet): void {
    const now = moment();
    if (this.#last !== 0) this.#silence = Math.max(this.#silence, now - this.#last);
    this.#last = now;
    if (this.#seen.has(id)) this.#doubled++;
    else if (id < this.#highest) this.#reordered++;
    this.#highest = Math.max(this.#highest, id);
    this.#seen.add(id);
  }

  get result(): Watched {
    const [doubled, reordered, silence, last] = [this.#doubled, this.#reordered, this.#silence, this.#last];
    return { packets: this.#seen.size, doubled, reordered, silence, last };
  }
}

/** Sends one packet a millisecond for so many milliseconds, numbered from `first`. Returns how many the library took. */
export async function trickle(hub: Hub, first: number, milliseconds: number): Promise<number> {
  const make = maker('order', 0);
  const end = performance.now() + milliseconds;
  let taken = 0;
  while (performance.now() < end) {
    if (hub.send(0, make(first + taken))) taken++;
    await wait(1);
  }
  return taken;
}
