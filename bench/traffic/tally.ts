/**
 * Counts what comes, and holds it against what must come: on each link every number once and in order, each packet the one
 * that was made. What differs is an error, and an error is never a figure.
 */
import { isSame, type Maker, maker, type Packet, weight } from '../packets.js';
import { moment, type Spec, type Sum } from './spec.js';

export class Tally {
  /** Resolves when all have come, with the moment at which the last did. Rejects with the first that is wrong. */
  readonly complete: Promise<number>;
  #packets = 0;
  #weight = 0;
  readonly #wanted: number;
  readonly #step: number;
  readonly #next: number[];
  readonly #make: Maker;
  #resolve: (at: number) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  /** @param toEach - whether every link gets every packet, or each link gets its share of them in turn */
  constructor({ kind, size, links, count, first }: Spec, toEach: boolean) {
    this.#wanted = toEach ? count * links : count;
    this.#step = toEach ? 1 : links;
    this.#next = Array.from({ length: links }, (_, link) => (toEach ? first : first + link));
    this.#make = maker(kind, size);
    this.complete = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever asks later is told then.
    this.complete.catch(() => undefined);
  }

  hear(link: number, packet: Packet): void {
    if (packet.id !== this.#next[link]) {
      this.#reject(new Error(`link ${link}: number ${packet.id} came where ${this.#next[link]} had to`));
      return;
    }
    this.#next[link] = packet.id + this.#step;
    if (!isSame(packet, this.#make))
      this.#reject(new Error(`link ${link}: packet ${packet.id} came other than it was sent`));
    this.#weight += weight(packet);
    if (++this.#packets === this.#wanted) this.#resolve(moment());
    else if (this.#packets > this.#wanted) this.#reject(new Error(`more than ${this.#wanted} packets came`));
  }

  get sum(): Sum {
    return { packets: this.#packets, weight: this.#weight };
  }
}
