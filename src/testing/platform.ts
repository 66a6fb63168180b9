/** The platform of a simulated process: virtual time, and dice thrown from a seed. While it is stopped no timer rings. */
import type { Platform } from '../platform.js';
import type { Agenda } from './agenda.js';
import type { Process } from './process.js';
import type { Random } from './random.js';

interface Timer {
  cancelled: boolean;
}

export class VirtualPlatform implements Platform {
  private readonly agenda: Agenda;
  private readonly dice: Random;
  private readonly process: Process;
  /** How far this clock is ahead of the simulation's. */
  private ahead = 0;

  constructor(agenda: Agenda, dice: Random, process: Process) {
    this.agenda = agenda;
    this.dice = dice;
    this.process = process;
  }

  now(): number {
    return this.agenda.now + this.ahead;
  }

  /** The clock jumps ahead, as after a machine was suspended; timers do not. */
  jump(ms: number): void {
    this.ahead += ms;
  }

  setTimeout(run: () => void, ms: number): Timer {
    return this.later(run, ms);
  }

  clearTimeout(timer: unknown): void {
    (timer as Timer).cancelled = true;
  }

  setImmediate(run: () => void): Timer {
    return this.later(run, 0);
  }

  clearImmediate(timer: unknown): void {
    (timer as Timer).cancelled = true;
  }

  random(): number {
    return this.dice.next();
  }

  randomBytes(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => this.dice.below(256));
  }

  private later(run: () => void, ms: number): Timer {
    const timer = { cancelled: false };
    const ring = (): void => {
      if (!timer.cancelled && !this.process.pause.holds(ring)) run();
    };
    this.agenda.at(this.agenda.now + ms, ring);
    return timer;
  }
}
