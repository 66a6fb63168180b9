/**
 * A node here and one in another runtime: packets of every kind go there and come back, over links that are cut again and
 * again. The one here is first the follower and then the arbiter of the two.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { newSecret, Server, type ServerOptions } from '../../src/index.js';
import { certificate } from '../support/certificates.js';
import { within } from '../support/events.js';
import { ROOT } from '../support/program.js';
import { ResetProxy, resetPoints } from '../support/reset-proxy.js';
import { FOLDER, type Runtime } from './runtimes.js';

export const MODES = ['plain', 'secret', 'tls'] as const;
export type Mode = (typeof MODES)[number];

/** The node there, and those here: the ids before and behind it. */
const THERE = 'b';
const IDS = ['a', 'm'] as const;
/** Packets of each node here. */
const PACKETS = 2000;
/** How often links of each node here are cut, and the bytes within which that is. */
const CUTS = 5;
const BYTES = 1_000_000;
/** Milliseconds for each step. */
const DEADLINE = 60_000;
const SECRET = newSecret();

/** Whoever is cut off is back soon. */
const OPTIONS: ServerOptions = {
  // Not Infinity, of which JSON makes null.
  reconnect: { attempts: 1e9, minDelay: 1, maxDelay: 20 },
  resumeWindow: 60_000,
};

export interface Talk {
  /** What came back as it was. */
  readonly packets: number;
  readonly cuts: number;
  /** With this code it did not want to begin. */
  readonly refused: string | null;
}

/** @throws Error when anything is lost, doubled, altered or out of order, or when no end comes */
export async function talk(runtime: Runtime, mode: Mode): Promise<Talk> {
  const [command = '', ...flags] = runtime.command;
  const options = { ...OPTIONS, ...credentials(mode, THERE) };
  const program = join(ROOT, FOLDER, 'member.mjs');
  const child = spawn(command, [...flags, program, JSON.stringify({ id: THERE, options })], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // Rejects when there is no such program.
  const exit = once(child, 'exit');
  const gone = exit.then(([code]) => Promise.reject(new Error(`it ended with ${code}`)));
  gone.catch(() => undefined);
  // Of one that is gone nothing more is asked: its end tells why.
  child.stdin.on('error', () => undefined);
  try {
    const { uri, refused } = await within(Promise.race([firstWord(child), gone]), `${runtime.name} to begin`, DEADLINE);
    if (uri === undefined) return { packets: 0, cuts: 0, refused: refused ?? 'nothing' };
    let [packets, cuts] = [0, 0];
    for (const id of IDS) {
      const proxy = new ResetProxy(resetPoints(packets + 1, CUTS, BYTES));
      proxy.target = { host: '127.0.0.1', port: Number(new URL(uri).port) };
      try {
        packets += await Promise.race([exchange(id, mode, await proxy.listen()), gone]);
      } finally {
        proxy.close();
      }
      cuts += proxy.resets;
    }
    child.stdin.end();
    const [code] = await within(exit, `${runtime.name} to end`, DEADLINE);
    if (code !== 0) throw new Error(`it ended with ${code}`);
    return { packets, cuts, refused: null };
  } finally {
    child.kill('SIGKILL');
  }
}

/** Sends all packets and waits until they have come back; their number. */
async function exchange(id: string, mode: Mode, uri: string): Promise<number> {
  const node = new Server(id, { ...OPTIONS, ...credentials(mode, id), listen: [] });
  try {
    let back = 0;
    const all = new Promise<void>((resolve, reject) => {
      node.on('message', (_sender, packet) => {
        if (!isDeepStrictEqual(packet, packetOf(back))) reject(new Error(`packet ${back} came back as another`));
        if (++back === PACKETS) resolve();
      });
      node.on('disconnect', (_id, reason) => reject(new Error(`the session ended: ${reason}, ${back} were back`)));
      node.on('undelivered', () => reject(new Error(`packets were not delivered, ${back} were back`)));
    });
    all.catch(() => undefined);
    await within(node.connect(uri), `a link of ${id}`, DEADLINE);
    for (let n = 0; n < PACKETS; ) {
      if (node.send(THERE, packetOf(n))) n++;
      else await Promise.race([within(once(node, 'drain'), 'room', DEADLINE), all]);
      // So that sending and being cut off alternate.
      if (n % 50 === 0) await new Promise(setImmediate);
    }
    await within(all, `what ${id} sent to be back`, DEADLINE);
    node.removeAllListeners('disconnect');
    return back;
  } finally {
    await node.close();
  }
}

/** A packet of each kind in turn, and its number. */
function packetOf(n: number): unknown {
  const values = [
    { order: n, symbol: 'ACME', price: 101.25, tags: ['new', 'limit'], buyer: { id: n * 7, known: true } },
    'plain, ümlaut, €, \u{1f600}',
    [null, true, false, -1, 2 ** 31, -(2 ** 40), 0.1, Number.NaN, Number.NEGATIVE_INFINITY],
    [2n ** 63n, -(2n ** 63n)],
    new Date(1_700_000_000_123 + n),
    Uint8Array.from({ length: n % 1500 }, (_, at) => at + n),
    { '': {}, 10: [], deep: [[[[{ deeper: [[]] }]]]] },
    'x'.repeat((n * 13) % 3000),
  ];
  return { n, value: values[n % values.length] };
}

function credentials(mode: Mode, id: string): ServerOptions {
  if (mode === 'secret') return { secret: SECRET };
  return mode === 'tls' ? { tls: certificate(id) } : {};
}

interface Word {
  readonly uri?: string;
  readonly refused?: string;
}

async function firstWord(child: ChildProcess): Promise<Word> {
  const [line] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line');
  return JSON.parse(line as string) as Word;
}
