/**
 * Something that lets nothing through while it is shut: a partition, a congested way, a process that is stopped. What
 * comes meanwhile waits, and goes on in the order in which it came.
 */
import type { Agenda } from './agenda.js';

export class Gate {
  private readonly agenda: Agenda;
  private until = Number.NEGATIVE_INFINITY;
  private waiting: (() => void)[] = [];

  constructor(agenda: Agenda) {
    this.agenda = agenda;
  }

  get isShut(): boolean {
    return this.until > this.agenda.now;
  }

  /** Shut before `time`, in place of what was said before; Infinity is until `open`. */
  shut(time: number): void {
    this.until = time;
    if (time !== Number.POSITIVE_INFINITY) this.agenda.at(time, () => this.release());
  }

  open(): void {
    if (this.isShut) this.shut(this.agenda.now);
  }

  /** Whether `run` has to wait; then it is called when the gate opens. */
  holds(run: () => void): boolean {
    // What waits from before goes first, though the time has come.
    if (!this.isShut && this.waiting.length === 0) return false;
    this.waiting.push(run);
    return true;
  }

  private release(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const [index, run] of waiting.entries()) {
      if (this.isShut) {
        this.waiting.push(...waiting.slice(index));
        return;
      }
      run();
    }
  }
}
