/**
 * A node of the demo as its coordinator sees it: a child process that can be killed and started again under the same id,
 * and the proxy through which others reach it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ResettingProxy } from './demo-proxy.js';
import type { News, Order, Report, WorkerConfig } from './demo-worker.js';

const PROGRAM = fileURLToPath(new URL('./demo-worker.js', import.meta.url));
/** A port that was free can be taken when the child binds it. */
const MAX_ATTEMPTS = 5;

export interface DemoEvents {
  /** The node tells its counts; also for the last time before it ends. */
  readonly report: (node: DemoProcess, report: Report) => void;
  /** It ended, and nobody had asked it to. */
  readonly died: (node: DemoProcess, how: string) => void;
}

export class DemoProcess {
  readonly id: string;
  readonly proxy: ResettingProxy = new ResettingProxy();
  /** Where others dial. */
  uri = '';
  /** The latest of this process. */
  report: Report | null = null;
  /** Reconnects of the processes before this one. */
  reconnectsBefore = 0;
  readonly #events: DemoEvents;
  readonly #program: string;
  #child: ChildProcess | null = null;
  #expected = false;
  #run = 0;
  #hear: ((news: News) => void) | null = null;

  /** @param program - what each process runs */
  constructor(id: string, events: DemoEvents, program: string = PROGRAM) {
    this.id = id;
    this.#events = events;
    this.#program = program;
  }

  get alive(): boolean {
    return this.#child !== null;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get reconnects(): number {
    return this.reconnectsBefore + (this.report?.reconnects ?? 0);
  }

  /** Starts a process; resolves when it listens. */
  async start(): Promise<void> {
    if (this.uri === '') this.uri = await this.proxy.listen();
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      const failure = await this.#launch({ id: this.id, run: ++this.#run, port, advertise: this.uri });
      if (failure === null) {
        this.proxy.target = port;
        return;
      }
      await this.kill();
      if (attempt === MAX_ATTEMPTS) throw new Error(`${this.id} does not start: ${failure}`);
    }
  }

  tell(order: Order): void {
    // It can be gone before this process knows.
    if (this.#child?.connected) this.#child.send(order, () => undefined);
  }

  /** Resolves with the next news of this kind, or null when the process ends first. */
  next(kind: News['kind']): Promise<News | null> {
    const child = this.#child;
    if (child === null) return Promise.resolve(null);
    return new Promise((resolve) => {
      const heard = (message: unknown): void => {
        if ((message as News).kind === kind) done(message as News);
      };
      const gone = (): void => done(null);
      const done = (news: News | null): void => {
        child.off('message', heard);
        child.off('exit', gone);
        resolve(news);
      };
      child.on('message', heard);
      child.on('exit', gone);
    });
  }

  /** kill -9; resolves when the process is gone and its last words are heard. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#expected = true;
    const gone = Promise.all([once(child, 'exit'), child.connected ? once(child, 'disconnect') : null]);
    child.kill('SIGKILL');
    await gone;
    this.reconnectsBefore = this.reconnects;
    this.report = null;
    this.proxy.target = null;
  }

  /** Asks the process to end in order; resolves to whether it did. */
  async close(patience: number): Promise<boolean> {
    const child = this.#child;
    if (child === null) return true;
    this.#expected = true;
    const timer = setTimeout(() => child.kill('SIGKILL'), patience);
    const exited = once(child, 'exit');
    this.tell({ kind: 'close' });
    const [code] = await exited;
    clearTimeout(timer);
    return code === 0;
  }

  /** Nothing of it is left, at once. */
  destroy(): void {
    this.#expected = true;
    this.#child?.kill('SIGKILL');
    this.proxy.close();
  }

  /** Resolves to null when it listens, otherwise to what went wrong. */
  #launch(config: WorkerConfig): Promise<string | null> {
    const child = fork(this.#program, [JSON.stringify(config)], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    this.#expected = false;
    return new Promise((resolve) => {
      let listened = false;
      this.#hear = (news) => {
        listened ||= news.kind === 'listening';
        if (listened) resolve(null);
        if (news.kind === 'failed') resolve(news.message);
      };
      child.on('message', (message) => this.#news(message as News));
      child.on('error', (error) => resolve(error.message));
      child.on('exit', (code, signal) => {
        const how = signal ?? `exit code ${code}`;
        if (this.#child === child) this.#child = null;
        resolve(how);
        // Before that it is started again, or does not start.
        if (listened && !this.#expected) this.#events.died(this, how);
      });
    });
  }

  #news(news: News): void {
    if (news.kind === 'report') {
      this.report = news;
      this.#events.report(this, news);
    }
    this.#hear?.(news);
  }
}

/** A port that nobody has at the moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
