/**
 * A network with TCP's semantics in virtual time: ordered bytes that arrive in other portions than they were written, an
 * orderly end after the last byte, and faults that cut both sides, one side, or neither.
 */
import type { Agenda } from './agenda.js';
import type { Random } from './random.js';

/** What one end of a connection hears. */
export interface EndEvents {
  data(bytes: Uint8Array): void;
  /** `reset` when it broke, otherwise an orderly end. */
  end(reset: boolean): void;
}

/** A socket gives no more at once. */
const MAX_READ = 64 * 1024;

/** One direction of a connection. */
class Flow {
  private queue: Uint8Array[] = [];
  private scheduled = false;
  private lastAt = 0;
  ended = false;
  /** Bytes vanish in this direction, and nobody is told. */
  silent = false;
  private corrupting = false;
  readonly to: End;
  private readonly agenda: Agenda;
  private readonly random: Random;
  private readonly delay: () => number;

  constructor(to: End, agenda: Agenda, random: Random, delay: () => number) {
    this.to = to;
    this.agenda = agenda;
    this.random = random;
    this.delay = delay;
  }

  write(bytes: Uint8Array): void {
    if (this.silent || this.ended) return;
    // The core writes each control frame as a view of its own.
    const first = bytes[0] ?? 0;
    if (this.corrupting && first >= 0xf2 && first < 0xff) {
      this.corrupting = false;
      bytes[0] = first === 0xf2 ? 0xf3 : 0xf2 + this.random.below(Math.min(7, first - 0xf2));
    }
    this.queue.push(bytes);
    this.schedule();
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.schedule();
  }

  clear(): void {
    this.queue = [];
  }

  /** The next control frame that is written arrives as another kind, one that may not come there. */
  corruptSoon(corrupt = true): void {
    this.corrupting = corrupt;
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.lastAt = Math.max(this.lastAt, this.agenda.now + this.delay());
    this.agenda.at(this.lastAt, () => this.arrive());
  }

  private arrive(): void {
    this.scheduled = false;
    if (!this.to.open) return;
    if (this.to.paused()) {
      this.lastAt = this.agenda.now + 10;
      this.schedule();
      return;
    }
    const whole = concat(this.queue);
    this.queue = [];
    if (this.silent) return;
    if (whole.length > 0) {
      // Any split is possible, the last part may stay behind for the next arrival.
      const most = Math.min(whole.length, MAX_READ);
      const cut = this.random.chance(0.3) ? 1 + this.random.below(most) : most;
      if (cut < whole.length) this.queue.push(whole.subarray(cut));
      this.to.events?.data(whole.subarray(0, cut));
    }
    if (this.queue.length > 0) this.schedule();
    else if (this.ended && this.to.open) this.to.finish(false);
  }
}

/** One end of a connection. */
export class End {
  events: EndEvents | null = null;
  open = true;
  other!: End;
  flow!: Flow;
  readonly owner: string;
  readonly paused: () => boolean;

  constructor(owner: string, paused: () => boolean) {
    this.owner = owner;
    this.paused = paused;
  }

  write(bytes: Uint8Array): void {
    if (this.open) this.flow.write(bytes);
  }

  /** Orderly: the other side hears of it after the last byte. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    this.flow.end();
  }

  /** At once; the other side is reset, and what was on its way is lost. */
  destroy(): void {
    if (!this.open) return;
    this.open = false;
    this.flow.clear();
    if (!this.flow.silent) this.other.breakSoon();
  }

  finish(reset: boolean): void {
    if (!this.open) return;
    this.open = false;
    this.events?.end(reset);
  }

  private breakSoon(): void {
    this.flowIn().clear();
    this.soon(() => this.finish(true));
  }

  soon: (run: () => void) => void = (run) => run();

  private flowIn(): Flow {
    return this.other.flow;
  }
}

/** A connection between two nodes, as a whole: what faults act on. */
export interface Wire {
  readonly ends: readonly [End, End];
}

export function connectEnds(left: End, right: End, agenda: Agenda, random: Random, delay: () => number): Wire {
  left.other = right;
  right.other = left;
  left.flow = new Flow(right, agenda, random, delay);
  right.flow = new Flow(left, agenda, random, delay);
  for (const end of [left, right]) end.soon = (run) => agenda.at(agenda.now + delay(), run);
  return { ends: [left, right] };
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
