/** Where the time of this process goes, function by function: V8's own sampling, with each function's own time only. */
import { type Profiler as Inspected, Session } from 'node:inspector';

/** Microseconds between samples. */
const INTERVAL = 250;

export interface Cost {
  /** The function, and the file it is in. */
  readonly name: string;
  readonly microseconds: number;
}

export class Profiler {
  readonly #session = new Session();

  async start(): Promise<void> {
    this.#session.connect();
    await this.#post('Profiler.enable');
    await this.#post('Profiler.setSamplingInterval', { interval: INTERVAL });
    await this.#post('Profiler.start');
  }

  /** The time since `start`, the dearest first; waiting does not count. */
  async stop(): Promise<readonly Cost[]> {
    const { profile } = (await this.#post('Profiler.stop')) as Inspected.StopReturnType;
    this.#session.disconnect();
    return costsOf(profile);
  }

  #post(method: string, params: object = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#session.post(method, params, (error: Error | null, result?: object) =>
        error === null ? resolve(result) : reject(error),
      );
    });
  }
}

function costsOf({ nodes, samples = [], timeDeltas = [] }: Inspected.Profile): readonly Cost[] {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url } }) => [
      id,
      `${functionName || '(anonymous)'} ${url.replace(/^.*\//, '')}`.trim(),
    ]),
  );
  const costs = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? '?';
    costs.set(name, (costs.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  costs.delete('(idle)');
  return [...costs]
    .map(([name, microseconds]) => ({ name, microseconds }))
    .sort((left, right) => right.microseconds - left.microseconds);
}
