/** A process that does what it is told and answers. */
import { within } from '../support/events.js';
import type { Program } from '../support/program.js';

/** For an answer, on a machine that is busy with other things. */
const DEADLINE = 60_000;

interface Answer {
  readonly ask: number;
  readonly answer?: unknown;
  readonly error?: string;
}

export class Asked {
  readonly #program: Program;
  readonly #open = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  #asks = 0;
  #closing = false;

  protected constructor(program: Program) {
    this.#program = program;
    program.listen((message) => {
      const { ask, answer, error } = message as Answer;
      const asked = this.#open.get(ask);
      this.#open.delete(ask);
      if (error === undefined) asked?.resolve(answer);
      else asked?.reject(new Error(error));
    });
    void program.ended.then(({ code, stderr }) => {
      for (const { reject } of this.#open.values()) reject(new Error(`the process ended with ${code}: ${stderr}`));
      this.#open.clear();
    });
  }

  protected async ask<T>(order: string, more: object = {}): Promise<T> {
    const ask = ++this.#asks;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#open.set(ask, { resolve, reject });
    });
    this.#program.tell({ ask, order, ...more });
    const { exitCode, signalCode } = this.#program.process;
    if (exitCode !== null || signalCode !== null) throw new Error(`the process has ended: ${exitCode ?? signalCode}`);
    return (await within(answer, `an answer to ${order}`, DEADLINE)) as T;
  }

  /** Its process. */
  get pid(): number {
    return this.#program.process.pid ?? 0;
  }

  /** It closes its node and ends by itself. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#program.tell({ ask: 0, order: 'close' });
    const { code, stderr } = await within(this.#program.ended, 'the end of the process', DEADLINE);
    if (code !== 0) throw new Error(`the process ended with ${code}: ${stderr}`);
  }

  async kill(): Promise<void> {
    await this.#program.kill();
  }
}
