/** Programs in processes of their own, which speak with the test. They use the built library. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { within } from './events.js';
import { atEnd } from './nodes.js';

export interface Ended {
  /** The exit code, or the name of the signal. */
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Child {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly #said: unknown[] = [];
  #wake: () => void = () => undefined;

  /** @param program - in test/support/children */
  constructor(program: string, args: readonly string[] = []) {
    if (!existsSync(fileURLToPath(new URL('../../dist/index.js', import.meta.url)))) {
      throw new Error('dist is not there: run "npm run build" first');
    }
    const { DEBUG: _, NODE_OPTIONS: __, ...env } = process.env;
    const child = fork(fileURLToPath(new URL(`children/${program}`, import.meta.url)), [...args], {
      execArgv: ['--expose-gc'],
      silent: true,
      env,
    });
    this.process = child;
    let [stdout, stderr] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('message', (message) => {
      this.#said.push(message);
      this.#wake();
    });
    this.ended = once(child, 'close').then(([code, signal]) => ({ code: code ?? signal, stdout, stderr }));
    void this.ended.then(() => this.#wake());
    atEnd(() => this.kill());
  }

  /** What it says next. */
  async says<T>(deadline?: number): Promise<T> {
    const heard = async (): Promise<T> => {
      while (this.#said.length === 0) {
        if (this.process.exitCode !== null) throw new Error(`it ended: ${(await this.ended).stderr}`);
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      return this.#said.shift() as T;
    };
    return within(heard(), 'word from the child process', deadline);
  }

  tell(message: object | string): void {
    this.process.send(message);
  }

  /** Ends it as no program can prevent, now. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }
}
