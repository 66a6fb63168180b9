/**
 * `masterless ping`: who is at an address, and how long it takes to answer.
 */
import { randomBytes } from 'node:crypto';
import { type ConnectInfo, MasterlessError, Server } from '../index.js';
import { Arguments, Exit, UsageError } from './arguments.js';
import { credentialHelp, credentialKinds, credentialsOf, credentialUsage, idOf } from './credentials.js';
import { Interruption } from './interruption.js';
import { visible } from './visible.js';

export const help: string = `masterless ping: who is at an address, and how long it takes to answer.

  masterless ping URI [--count N] [--timeout SECONDS] [--id ID] [--json]
                  ${credentialUsage}

  --count N          how often to ask, one after the other (default 5)
  --timeout SECONDS  how long to wait for the link, and for each answer (default 5)
  --id ID            the id of this node (default: ping- and random digits)
${credentialHelp}
  --json             one line of JSON

The node pinged sees a peer of that id come and go.

exit code  0  every ping was answered
           1  nobody there, or an answer is missing
           2  a mistake in the command
           130, 143  interrupted by ^C, SIGTERM
`;

export async function run(args: readonly string[]): Promise<number> {
  const options = new Arguments(args, { id: 'text', count: 'text', timeout: 'text', ...credentialKinds, json: 'flag' });
  const [uri, ...others] = options.rest;
  if (uri === undefined) throw new UsageError('ping needs an address, such as tcp://127.0.0.1:2435');
  if (others.length > 0) throw new UsageError('ping takes one address');
  const count = options.whole('count', 5, 1, 1_000_000);
  const timeout = options.whole('timeout', 5, 1, 86_400) * 1000;
  const interruption = new Interruption();
  const credentials = credentialsOf(options, process.env);
  const server = new Server(options.text('id') ?? idOf(credentials) ?? `ping-${randomBytes(4).toString('hex')}`, {
    ...credentials,
    listen: [],
    reconnect: false,
    handshakeTimeout: timeout,
  });
  let info: ConnectInfo | null = null;
  server.on('connect', (_id, connected) => {
    info = connected;
  });
  const limit = (): AbortSignal => interruption.within(timeout);
  const times: number[] = [];
  let id: string | null = null;
  let failure: unknown = null;
  try {
    id = await server.connect(uri, { signal: limit() });
    while (times.length < count) times.push(await server.ping(id, { signal: limit() }));
  } catch (error) {
    // A mistake in the address is thrown by connect itself.
    if (id === null && isLocal(error)) throw error;
    // An interruption is told by its exit code.
    const late = error instanceof MasterlessError && error.code === 'ERR_ABORTED';
    failure = late ? new Error(`no answer within ${timeout / 1000} s`, { cause: error }) : error;
  } finally {
    await server.close();
  }
  if (interruption.code === 0 && failure !== null) process.stderr.write(`${visible(about(uri, failure))}\n`);
  if (options.flag('json')) process.stdout.write(`${visible(JSON.stringify(summary(uri, id, info, count, times)))}\n`);
  else if (id !== null) process.stdout.write(report(id, info, count, times));
  if (interruption.code !== 0) return interruption.code;
  return failure === null ? Exit.done : Exit.failed;
}

function summary(
  uri: string,
  id: string | null,
  info: ConnectInfo | null,
  sent: number,
  times: readonly number[],
): object {
  const who = { uri, id, version: info?.version ?? null, incarnation: info?.incarnation ?? null };
  return { ...who, sent, answered: times.length, ...statistics(times) };
}

function report(id: string, info: ConnectInfo | null, sent: number, times: readonly number[]): string {
  const head = `${visible(id)}: protocol ${info?.version ?? '?'}, incarnation ${info?.incarnation ?? '?'}\n`;
  const { min, avg, max } = statistics(times);
  if (min === null || avg === null || max === null) return head;
  const shown = [min, avg, max].map((time) => time.toFixed(3)).join(' / ');
  return `${head}${times.length} of ${sent} answered, min / avg / max ${shown} ms\n`;
}

/** Milliseconds. */
export function statistics(times: readonly number[]): Record<'min' | 'avg' | 'max', number | null> {
  if (times.length === 0) return { min: null, avg: null, max: null };
  let [min, max, sum] = [Number.POSITIVE_INFINITY, 0, 0];
  for (const time of times) {
    min = Math.min(min, time);
    max = Math.max(max, time);
    sum += time;
  }
  return { min, avg: sum / times.length, max };
}

function isLocal(error: unknown): boolean {
  return error instanceof Error && 'side' in error && error.side === 'local';
}

function about(uri: string, error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.includes(uri) ? text : `${uri}: ${text}`;
}
