/**
 * `masterless send`: every line of stdin to every peer, many on their way at a time, each accounted for.
 */
import { randomBytes } from 'node:crypto';
import { type MasterlessError, Server } from '../index.js';
import { Arguments, Exit, UsageError } from './arguments.js';
import { credentialHelp, credentialKinds, credentialsOf, credentialUsage, idOf } from './credentials.js';
import { Interruption } from './interruption.js';
import { lines } from './lines.js';
import { fromJson } from './notation.js';
import { Progress } from './progress.js';
import { Receipts } from './receipts.js';
import { visible } from './visible.js';

export const help: string = `masterless send: sends every line of stdin to every peer.

  masterless send URI... [--id ID] [--text] [--listen URI]... [--insecure]
                  [--wait SECONDS] [--json] ${credentialUsage}

  --id ID         the id of this node (default: send- and random digits)
  --text          a line is a string; otherwise it is JSON, and empty lines are left out
  --listen URI    also listen there, so that the peer can dial back; may be repeated
${credentialHelp}
  --insecure      without credentials: listen where other machines, and so anyone who reaches it, can join
  --wait SECONDS  how long to try to reach the peers, at least 1 (default 5)
  --json          a summary as a line of JSON on stdout

Lines go out as fast as the peers take them; memory stays bounded. Lost links are dialled again, and nothing is lost or
sent twice by it. What JSON can't say can be written as in the output of listen, for example {"$bytes":"<base64>"}.
A line with a whole number that JavaScript would round, such as 9007199254740993 or 9007199254740993.0, is not sent:
{"$bigint":"9007199254740993"} is.

exit code  0  every line was acknowledged by every peer
           1  otherwise: stderr says which lines were not, or that a peer could not be reached
           2  a mistake in the command
           130, 143  interrupted by ^C, SIGTERM: stderr says how many lines were acknowledged
`;

/** To reach a peer in a second, of which there is time for some four. */
const ATTEMPTS = 6;
/** Lines refused that are told one by one. */
const MAX_COMPLAINTS = 10;

export async function run(args: readonly string[]): Promise<number> {
  const options = new Arguments(args, {
    id: 'text',
    text: 'flag',
    listen: 'list',
    ...credentialKinds,
    insecure: 'flag',
    wait: 'text',
    json: 'flag',
  });
  const uris = options.rest;
  if (uris.length === 0)
    throw new UsageError('send needs the address of at least one peer, such as tcp://127.0.0.1:2435');
  const wait = options.whole('wait', 5, 1, 86_400);
  const credentials = credentialsOf(options, process.env);
  const server = new Server(options.text('id') ?? idOf(credentials) ?? `send-${randomBytes(4).toString('hex')}`, {
    ...credentials,
    insecure: options.flag('insecure'),
    listen: options.list('listen'),
    reconnect: { attempts: Math.max(20, ATTEMPTS * wait), minDelay: 50, maxDelay: 500 },
    closeTimeout: 2000,
  });
  const interruption = new Interruption();
  try {
    const peers = await reach(server, uris, interruption.within(wait * 1000), interruption.signal);
    if (peers === null) return interruption.code === 0 ? Exit.failed : interruption.code;
    return await new Sending(server, peers, options, interruption).run();
  } finally {
    process.stdin.destroy();
    await server.close();
  }
}

/** Ids of who is at the addresses, or null when not all can be reached, which is then told. */
async function reach(
  server: Server,
  uris: readonly string[],
  signal: AbortSignal,
  interrupted: AbortSignal,
): Promise<string[] | null> {
  const last = new Map<string, MasterlessError>();
  let failure: MasterlessError | null = null;
  server.on('unreachable', (uri, error) => last.set(uri, error));
  server.on('error', (error) => {
    failure = error;
  });
  const results = await Promise.allSettled(uris.map((uri) => server.connect(uri, { signal })));
  const ids = new Set<string>();
  for (const [index, result] of results.entries()) {
    if (result.status === 'fulfilled') {
      ids.add(result.value);
    } else if (!interrupted.aborted) {
      const uri = uris[index] ?? '';
      const reason: unknown = failure ?? result.reason;
      const text = reason instanceof Error ? reason.message : String(reason);
      // Why the attempts failed says more than that the time for them is over. The node has its own spelling of the address.
      const [address = uri, error] = [...last].find(([known]) => text.startsWith(`connecting to ${known} `)) ?? [];
      const why = error?.message ?? text;
      complain(why.includes(uri) || why.includes(address) ? why : `${uri}: ${why}`);
    }
  }
  return results.every((result) => result.status === 'fulfilled') ? [...ids] : null;
}

class Sending {
  readonly #receipts = new Receipts();
  readonly #server: Server;
  readonly #peers: readonly string[];
  readonly #options: Arguments;
  readonly #interruption: Interruption;
  #read = 0;
  #bad = 0;
  #reconnects = 0;
  #alone = false;

  constructor(server: Server, peers: readonly string[], options: Arguments, interruption: Interruption) {
    this.#server = server;
    this.#peers = peers;
    this.#options = options;
    this.#interruption = interruption;
  }

  async run(): Promise<number> {
    const begun = performance.now();
    const server = this.#server;
    const { signal } = this.#interruption;
    const receipts = this.#receipts;
    const progress = new Progress(process.stderr, () => {
      const reconnects = this.#reconnects === 0 ? '' : `, ${this.#reconnects} reconnects`;
      return `${count(this.#read)} lines read, ${count(receipts.acknowledged)} acknowledged${reconnects}`;
    });
    server.on('reconnect', () => {
      this.#reconnects++;
    });
    server.on('disconnect', (id, reason) => {
      if (reason === 'local') return;
      progress.pause(() => complain(`${id} is gone (${reason})`));
      // Of one that is kept these are told when it is just being linked anew.
      if (reason === 'restarted' || reason === 'expired' || server.connections().length > 0) return;
      this.#alone = true;
      process.stdin.destroy();
    });
    signal.addEventListener('abort', () => {
      process.stdin.destroy();
      void server.close();
    });
    await this.#readAll(progress);
    await receipts.settled();
    progress.end();
    return this.#report(performance.now() - begun);
  }

  async #readAll(progress: Progress): Promise<void> {
    const receipts = this.#receipts;
    const stopped = (): boolean => this.#alone || this.#interruption.signal.aborted;
    try {
      for await (const { number, text, bytes, problem } of lines(process.stdin)) {
        if (stopped()) return;
        if (!this.#options.flag('text') && problem === null && text.trim() === '') continue;
        this.#read++;
        let wrong = problem;
        try {
          if (wrong === null) {
            const packet = this.#options.flag('text') ? text : fromJson(text);
            receipts.track(
              number,
              bytes,
              this.#peers.map((peer) => this.#server.deliver(peer, packet)),
            );
          }
        } catch (error) {
          wrong = `can't be sent: ${error instanceof Error ? error.message : String(error)}`;
        }
        if (wrong !== null) {
          this.#bad++;
          receipts.fail(number);
          if (this.#bad <= MAX_COMPLAINTS) progress.pause(() => complain(`line ${number} ${wrong}`));
        }
        await receipts.room();
      }
    } catch (error) {
      // Reading ends by destroying stdin.
      if (!stopped()) throw error;
    }
  }

  #report(milliseconds: number): number {
    const { acknowledged, failed } = this.#receipts;
    const peers = this.#peers;
    const { code } = this.#interruption;
    if (this.#bad > MAX_COMPLAINTS) complain(`${this.#bad - MAX_COMPLAINTS} further lines can't be sent`);
    if (failed > 0) complain(`${failed} of ${this.#read} lines were not acknowledged: ${this.#receipts.failures()}`);
    if (this.#alone) complain(`reading stopped after ${this.#read} lines, since nobody is left to send to`);
    if (code !== 0) complain(`interrupted: ${acknowledged} of ${this.#read} lines read were acknowledged`);
    const seconds = milliseconds / 1000;
    if (this.#options.flag('json')) {
      const summary = { peers, read: this.#read, acknowledged, failed, reconnects: this.#reconnects, seconds };
      process.stdout.write(`${visible(JSON.stringify(summary))}\n`);
    } else if (process.stderr.isTTY) {
      const pace = `${seconds.toFixed(1)} s, ${count(Math.round(acknowledged / seconds))} a second`;
      complain(`${count(acknowledged)} lines acknowledged by ${peers.join(', ')} (${pace})`);
    }
    if (code !== 0) return code;
    return failed > 0 || this.#alone ? Exit.failed : Exit.done;
  }
}

function complain(text: string): void {
  process.stderr.write(`${visible(text)}\n`);
}

function count(number: number): string {
  return number.toLocaleString('en');
}
