/** The node that is attacked, in a process of its own. */
import type { CredentialOptions } from '../../src/credentials/credentials.js';
import type { ErrorCode } from '../../src/errors.js';
import type { ServerOptions } from '../../src/index.js';
import { Program } from '../support/program.js';
import { Asked } from './asking.js';
import { credentials, HONEST, type Mode, VICTIM } from './mode.js';

/** What an attack did to it. */
export interface Harm {
  /** Milliseconds of processor time of the longest turn of its loop. */
  readonly stall: number;
  /** The same of what was work by the machine's clock too, and no moment in which the machine itself stood still. */
  readonly borneOut: number;
  /** Most bytes of memory. */
  readonly rss: number;
  /** Faults that it told, by code, and the first of them. */
  readonly counts: Readonly<Record<string, number>>;
  readonly faults: readonly { readonly code: string; readonly message: string }[];
  /** Events of its node. */
  readonly heard: readonly (readonly unknown[])[];
  /** Errors that nobody caught. */
  readonly uncaught: readonly string[];
  readonly got: {
    readonly honest: number;
    readonly disorder: number;
    readonly unanswered: number;
    readonly others: number;
  };
  /** Every object has something that it did not have before. */
  readonly polluted: boolean;
}

/** What a dial came to. */
export interface Dialled {
  readonly id?: string;
  readonly code?: ErrorCode;
  readonly message?: string;
}

export class Victim extends Asked {
  readonly uri: string;

  private constructor(program: Program, uri: string) {
    super(program);
    this.uri = uri;
  }

  static async start(mode: Mode, options: ServerOptions = {}): Promise<Victim> {
    const about = { id: VICTIM, honest: HONEST, options: { ...credentials(mode), ...options } };
    const program = new Program('abused.mjs', [JSON.stringify(about)], [], ['--single-threaded-gc']);
    const { uri } = await program.says<{ uri: string }>();
    return new Victim(program, uri);
  }

  /** Forgets what was. Returns the bytes of memory that it has now. */
  async begin(): Promise<number> {
    return (await this.ask<{ rss: number }>('begin')).rss;
  }

  end(): Promise<Harm> {
    return this.ask('end');
  }

  /** How many such faults it told, as soon as there are enough, or at last. */
  faults(code: ErrorCode, words: RegExp, count: number, wait: number): Promise<number> {
    return this.ask('faults', { code, words: words.source, count, within: wait });
  }

  event([event, ...args]: readonly [name: string, ...args: unknown[]], wait: number): Promise<boolean> {
    return this.ask('event', { event, args, within: wait });
  }

  make(options: ServerOptions, deaf: boolean): Promise<{ uri?: string; code?: ErrorCode; message?: string }> {
    return this.ask('make', { options, deaf });
  }

  async drop(): Promise<void> {
    await this.ask('drop');
  }

  dial(to: string, expected?: string): Promise<Dialled> {
    return this.ask('dial', expected === undefined ? { to } : { to, expected });
  }

  send(to: string, size: number, count: number): Promise<number> {
    return this.ask('send', { to, size, count });
  }

  /** Sends views of memory that is no plain bytes; what became of each. */
  sendViews(to: string): Promise<string[]> {
    return this.ask('sendViews', { to });
  }

  async rotate(given: CredentialOptions): Promise<void> {
    await this.ask('rotate', { credentials: given });
  }

  /** Is at work for so many milliseconds of processor time in one turn; `still` as if the machine's clock stood meanwhile. */
  async toil(time: number, still: boolean): Promise<void> {
    await this.ask('toil', { time, still });
  }

  sockets(): Promise<number> {
    return this.ask('sockets');
  }

  peers(): Promise<string[]> {
    return this.ask('peers');
  }
}
