/** Programs in processes of their own, which speak with whoever started them. They use the built library. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { within } from './events.js';

export interface Ended {
  /** The exit code, or the name of the signal. */
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The project's folder, from the sources as from what they are compiled to. */
export const ROOT = rootAbove(dirname(fileURLToPath(import.meta.url)));

/** A stopped process does not notice that its parent is gone. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class Program {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly #said: unknown[] = [];
  #wake: () => void = () => undefined;
  #listener: ((message: unknown) => void) | null = null;

  /**
   * @param program - in test/support/children
   * @param host - a command that runs the command behind it, for example in another network namespace
   * @param flags - for the runtime
   */
  constructor(
    program: string,
    args: readonly string[] = [],
    host: readonly string[] = [],
    flags: readonly string[] = [],
  ) {
    if (!existsSync(join(ROOT, 'dist/index.js'))) throw new Error('dist is not there: run "npm run build" first');
    const { DEBUG: _, NODE_OPTIONS: __, ...env } = process.env;
    const [execPath = '', ...prefix] = [...host, process.execPath];
    const child = fork(join(ROOT, 'test/support/children', program), [...args], {
      execPath,
      execArgv: [...prefix, '--expose-gc', ...flags],
      silent: true,
      env,
    });
    this.process = child;
    running.add(child);
    let [stdout, stderr] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('message', (message) => {
      if (this.#listener !== null) {
        this.#listener(message);
        return;
      }
      this.#said.push(message);
      this.#wake();
    });
    this.ended = once(child, 'close').then(([code, signal]) => ({ code: code ?? signal, stdout, stderr }));
    void this.ended.then(() => {
      running.delete(child);
      this.#wake();
    });
  }

  /** What it says next. */
  async says<T>(deadline?: number): Promise<T> {
    const heard = async (): Promise<T> => {
      while (this.#said.length === 0) {
        if (this.process.exitCode !== null || this.process.signalCode !== null) {
          const { code, stderr } = await this.ended;
          throw new Error(`it ended with ${code}: ${stderr}`);
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      return this.#said.shift() as T;
    };
    return within(heard(), 'word from the child process', deadline);
  }

  /** From now on all that it says goes there, and not to `says`. */
  listen(listener: (message: unknown) => void): void {
    for (const message of this.#said.splice(0)) listener(message);
    this.#listener = listener;
  }

  /** One that has just been killed does not hear it; that shows in `ended`. */
  tell(message: object | string): void {
    this.process.send(message, () => undefined);
  }

  /** Ends it as no program can prevent, now. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }
}

function rootAbove(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : rootAbove(dirname(folder));
}
