/** What the command is asked for. */
import { parseArgs } from 'node:util';
import type { TransportName } from './peer.js';
import { peerNames } from './peers.js';
import type { Workload } from './workload.js';
import { workloads } from './workloads.js';

export interface Asked {
  readonly quick: boolean;
  readonly workloads: readonly Workload[];
  /** By name. */
  readonly peers: readonly string[];
  readonly transports: readonly TransportName[];
  readonly rounds: number;
  /** Where to write all figures; `null` for nowhere. */
  readonly json: string | null;
  /** Whether to write the page and its pictures, and into which folder. */
  readonly write: string | null;
}

export const HELP = `npm run bench -- [options]

  --quick               a moment for each, to see that it works; the figures mean nothing
  --only=NAME[,NAME…]   these workloads: ${workloads.map(({ name }) => name).join(', ')}
  --peers=NAME[,NAME…]  against these: ${peerNames.join(', ')}
  --transports=NAME,…   over these: tcp, unix, secret (TLS with a shared key),
                        tls (TLS with certificates) (default: tcp)
  --rounds=N            how often each is measured, in turn (default: 5; quick: 1);
                        growth at most twice (with links, three times), ping-pong three times as often unless quick
  --json=FILE           writes all figures
  --write[=FOLDER]      writes benchmarks.md and its pictures (default: docs)
`;

const TRANSPORTS: readonly string[] = ['tcp', 'unix', 'secret', 'tls'] satisfies TransportName[];
const MOST_ROUNDS = 99;

/** @throws Error that says what is wrong; `null` when only help is asked for */
export function parseArguments(given: readonly string[]): Asked | null {
  // `--write` alone is `--write=docs`.
  const args = given.map((arg) => (arg === '--write' ? '--write=docs' : arg));
  const string = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      only: string,
      peers: string,
      transports: string,
      rounds: string,
      json: string,
      write: string,
    },
  });
  if (values.help) return null;
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > MOST_ROUNDS) {
    throw new Error(`--rounds=${values.rounds}: a whole number from 1 to ${MOST_ROUNDS}`);
  }
  const names = chosen(
    'only',
    values.only,
    workloads.map(({ name }) => name),
  );
  return {
    quick: values.quick,
    workloads: workloads.filter(({ name }) => names.includes(name)),
    peers: chosen('peers', values.peers, peerNames),
    transports: chosen('transports', values.transports ?? 'tcp', TRANSPORTS) as TransportName[],
    rounds,
    json: values.json ?? null,
    write: values.write ?? null,
  };
}

function chosen(option: string, text: string | undefined, all: readonly string[]): readonly string[] {
  if (text === undefined) return all;
  const names = text.split(',');
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`--${option}: '${unknown}' is none of ${all.join(', ')}`);
  return [...new Set(names)];
}
