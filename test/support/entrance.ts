/** Dialling nodes that may not let in who dials, and hearing what they say of it. */
import { inspect } from 'node:util';
import type { MasterlessError, Server, ServerOptions } from '../../src/index.js';
import { within } from './events.js';
import { listening } from './nodes.js';

/** What a dial ends with. */
export async function outcome(from: Server, uri: string): Promise<MasterlessError | string> {
  return within(
    from.connect(uri).catch((error: unknown) => error as MasterlessError),
    `dialling ${uri}`,
  );
}

/** A node that keeps what it says to people who look for a fault. */
export async function watched(
  id: string,
  options: ServerOptions,
): Promise<{ node: Server; uri: string; port: number; said: (text: string) => Promise<void> }> {
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  const debug = (...values: unknown[]): void => {
    lines.push(values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' '));
    for (const look of [...waiting]) look();
  };
  const { node: made, uri } = await listening(id, { debug, ...options });
  const said = (text: string): Promise<void> =>
    within(
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (lines.some((line) => line.includes(text))) resolve();
        };
        waiting.push(look);
        look();
      }),
      `${id} saying "${text}"`,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}; it said ${lines.join('\n')}`);
    });
  return { node: made, uri, port: Number(new URL(uri).port), said };
}
