/** Waiting for what must happen, never for longer than a deadline. */
import type { EventEmitter } from 'node:events';
import type { Server, ServerEvents } from '../../src/index.js';

const DEADLINE = 10_000;

type Events = keyof ServerEvents;

/** The promise's value, or a failure that says what did not come. */
export async function within<T>(promise: Promise<T>, what: string, deadline: number = DEADLINE): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // Made here, so that its stack shows who waited.
    const error = new Error(`${what}: did not happen within ${deadline} ms`);
    timer = setTimeout(() => reject(error), deadline);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The arguments of the next event, or of the next for which `matches` holds. */
export function heard<P, E extends Events>(
  node: Server<P>,
  event: E,
  matches: (...args: ServerEvents<P>[E]) => boolean = () => true,
  deadline: number = DEADLINE,
): Promise<ServerEvents<P>[E]> {
  const emitter = node as unknown as EventEmitter;
  let listener: (...args: unknown[]) => void = () => undefined;
  const promise = new Promise<ServerEvents<P>[E]>((resolve) => {
    listener = (...args) => {
      if (matches(...(args as ServerEvents<P>[E]))) resolve(args as ServerEvents<P>[E]);
    };
    emitter.on(event, listener);
  });
  return within(promise, `event ${event} of ${node.id}`, deadline).finally(() => emitter.off(event, listener));
}

/** Resolves as soon as the condition holds; for what no event tells. */
export async function eventually(condition: () => boolean, what: string, deadline: number = DEADLINE): Promise<void> {
  const end = performance.now() + deadline;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what}: did not happen within ${deadline} ms`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** For so long, so that what must not happen had its chance. */
export function pass(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const WATCHED = [
  'connect',
  'disconnect',
  'reconnecting',
  'reconnect',
  'undelivered',
  'drain',
  'conflict',
  'unreachable',
  'close',
] as const satisfies readonly Events[];

/** What a node told from now on, `message` aside, in order. */
export class Log<P = unknown> {
  readonly #entries: { readonly event: Events; readonly args: unknown[] }[] = [];

  constructor(node: Server<P>) {
    const emitter = node as unknown as EventEmitter;
    for (const event of WATCHED) {
      emitter.on(event, (...args: unknown[]) => {
        this.#entries.push({ event, args });
      });
    }
  }

  /** Names of the events in order. */
  get names(): string[] {
    return this.#entries.map(({ event }) => event);
  }

  /** Arguments of each such event. */
  of<E extends Events>(event: E): ServerEvents<P>[E][] {
    return this.#entries.filter((entry) => entry.event === event).map(({ args }) => args as ServerEvents<P>[E]);
  }

  count(event: Events): number {
    return this.of(event).length;
  }
}

/** The packets that a node hears from now on. */
export function packets<P>(node: Server<P>): P[] {
  const all: P[] = [];
  node.on('message', (_sender, packet) => all.push(packet));
  return all;
}
