/** A process that answers questions. None outlives the command, however it ends: see also `worker.ts`. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.js';
import type { Answers, Question, Questions } from './worker-questions.js';

/** Milliseconds to answer in, unless a question has a deadline of its own. */
const DEADLINE = 60_000;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) kill(child);
});

interface Reply {
  readonly result?: unknown;
  readonly failure?: string;
}

export class Worker {
  readonly #child: ChildProcess;
  readonly #role: string;
  #answered: (reply: Reply) => void = () => undefined;
  #failure: string | null = null;
  #stderr = '';

  /** @param role - for people who read errors */
  constructor(role: string) {
    this.#role = role;
    const program = join(ROOT, '.cache/bench/bench/worker.js');
    if (!existsSync(program)) throw new Error(`${program} is not there: the benchmark is started by "npm run bench"`);
    const { NODE_OPTIONS: _, DEBUG: __, ...env } = process.env;
    this.#child = fork(program, [], {
      execArgv: ['--expose-gc'],
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env,
    });
    running.add(this.#child);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4000);
    });
    this.#child.on('message', (reply: Reply) => {
      this.#failure ??= reply.failure ?? null;
      this.#answered(reply);
    });
    this.#child.on('exit', (code, signal) => {
      running.delete(this.#child);
      this.#failure ??= `ended with ${code ?? signal}: ${this.#stderr}`;
      this.#answered({});
    });
  }

  /** Asks one question; one at a time. */
  async ask<Q extends Question>(question: Q, given: Questions[Q], deadline: number = DEADLINE): Promise<Answers[Q]> {
    let timer: NodeJS.Timeout | undefined;
    try {
      const reply = await new Promise<Reply>((resolve, reject) => {
        timer = setTimeout(
          () => reject(new Error(`${this.#role}: no answer to '${question}' within ${deadline} ms`)),
          deadline,
        );
        this.#answered = resolve;
        if (this.#failure !== null) resolve({});
        else this.#child.send({ question, given });
      });
      if (this.#failure !== null) throw new Error(`${this.#role}, '${question}': ${this.#failure}`);
      return reply.result as Answers[Q];
    } finally {
      clearTimeout(timer);
      this.#answered = () => undefined;
    }
  }

  end(): void {
    kill(this.#child);
  }
}

/** The whole group: the process and what it started. */
function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}
