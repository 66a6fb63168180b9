/**
 * The command line as a child process: the built one, which `npm test` makes before the tests run.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const PROGRAM = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

export interface Ended {
  /** The exit code, or the name of the signal. */
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const running = new Set<Command>();

export class Command {
  readonly child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<Ended>;
  #stdout: Buffer[] = [];
  #stderr = '';

  /**
   * @param keep - whether stdout is read and kept; otherwise the test does
   * @param more - of the environment, besides that of the tests
   */
  constructor(args: readonly string[], { keep = true, more = {} }: { keep?: boolean; more?: NodeJS.ProcessEnv } = {}) {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not there: run "npm run build" first`);
    const { DEBUG: _, NODE_OPTIONS: __, ...env } = process.env;
    this.child = spawn(process.execPath, [PROGRAM, ...args], { stdio: 'pipe', env: { ...env, ...more } });
    running.add(this);
    // A command that ends early does not read what is still written to it.
    this.child.stdin.on('error', () => undefined);
    if (keep) this.child.stdout.on('data', (chunk: Buffer) => this.#stdout.push(chunk));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#ended = once(this.child, keep ? 'close' : 'exit').then(([code, signal]) => {
      running.delete(this);
      return { code: code ?? signal, stdout: Buffer.concat(this.#stdout).toString(), stderr: this.#stderr };
    });
  }

  get stdout(): string {
    return Buffer.concat(this.#stdout).toString();
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Writes all of stdin. */
  input(text: string): this {
    this.child.stdin.end(text);
    return this;
  }

  ended(): Promise<Ended> {
    return this.#ended;
  }

  /** Resolves to the first match in stderr or stdout, now or later. */
  async says(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this[stream]);
      if (match !== null) return match;
      const over = await Promise.race([
        once(this.child[stream], 'data').then(() => false),
        this.#ended.then(() => true),
      ]);
      if (over && pattern.exec(this[stream]) === null) {
        throw new Error(`${stream} never said ${pattern}, but: ${this.stderr}`);
      }
    }
  }

  /** The address at which a `listen` listens. */
  async address(): Promise<string> {
    return (await this.says('stderr', /listening at (\S+)/))[1] ?? '';
  }
}

/** Runs a command to its end. */
export function run(args: readonly string[], input = ''): Promise<Ended> {
  return new Command(args).input(input).ended();
}

/** For `afterEach`: no test leaves a process behind. */
export async function endAll(): Promise<void> {
  const left = [...running];
  for (const command of left) command.child.kill('SIGKILL');
  await Promise.all(left.map((command) => command.ended()));
}
