/**
 * `npm run bench`: measures masterless and others side by side, and tells, in a table for each workload, how they compare.
 * Exit code 1 when anything went wrong, be it a single packet.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Asked, HELP, parseArguments } from './arguments.js';
import { standings } from './goals.js';
import { installPackages } from './install.js';
import { machine, versions } from './machine.js';
import { measure } from './measure.js';
import { fetchNatsServer } from './nats-server.js';
import type { PeerInfo } from './peer.js';
import { peerNamed } from './peers.js';
import { noiseOfRates } from './report/noise.js';
import { percent, readable } from './report/numbers.js';
import { writePage } from './report/page.js';
import { plain, tableOf } from './report/table.js';
import type { Report, WorkloadResult } from './result.js';

/** Milliseconds of one piece of traffic. */
const FULL = 1000;
const QUICK = 40;
/** A machine that was busier than this before gives no figures worth keeping. */
const QUIET = 0.5;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // The processes end on exit.
  process.on(signal, () => process.exit(130));
}
try {
  const asked = parseArguments(process.argv.slice(2));
  if (asked === null) console.log(HELP);
  else process.exitCode = await bench(asked);
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function bench(asked: Asked): Promise<number> {
  const begun = Date.now();
  const where = machine();
  if (where.loadBefore > QUIET)
    say(`the machine is busy (load ${where.loadBefore.toFixed(2)}): figures of this run say little`);
  const peers = await ready(asked);
  const found = versions(peers);
  const scale = { quick: asked.quick, milliseconds: asked.quick ? QUICK : FULL };
  const results: WorkloadResult[] = [];
  for (const transport of asked.transports) {
    for (const workload of asked.workloads) {
      const result = await measure(workload, transport, peers, scale, asked.rounds, say);
      // One in which nobody takes part over this transport has nothing to show.
      if (result.results.some(({ reason }) => reason === null)) results.push(result);
    }
  }
  const report: Report = {
    format: 1,
    started: new Date(begun).toISOString(),
    seconds: (Date.now() - begun) / 1000,
    command: ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
    quick: asked.quick,
    rounds: asked.rounds,
    machine: where,
    versions: found,
    peers: peers.map(({ name, title, remark }) => ({ name, title, remark })),
    workloads: results,
  };
  print(report);
  save(report, asked);
  const errors = results.flatMap((workload) =>
    workload.results.flatMap(({ peer, error }) =>
      error === null ? [] : [`${workload.name} ${workload.transport} ${peer}: ${error}`],
    ),
  );
  for (const error of errors) console.error(`ERROR ${error}`);
  return errors.length > 0 ? 1 : 0;
}

/** The chosen peers, with what they need. One that can't be had is left out, and said so. */
async function ready({ peers: names, workloads }: Asked): Promise<PeerInfo[]> {
  const peers = await Promise.all(names.map((name) => peerNamed(name)));
  const bundles = workloads.some(({ name }) => name === 'start-up');
  if (bundles || peers.some(({ packages }) => packages.length > 0)) installPackages();
  if (!names.includes('nats')) return peers;
  const missing = fetchNatsServer(say);
  if (missing === null) return peers;
  say(`nats is left out: ${missing}`);
  return peers.filter(({ name }) => name !== 'nats');
}

function print(report: Report): void {
  const { cpu, cores, memoryGiB, system, node, loadBefore } = report.machine;
  console.log(
    `\n${cores} cores of ${cpu}, ${memoryGiB} GiB, ${system}, Node ${node}, load before ${loadBefore.toFixed(2)}`,
  );
  console.log(
    Object.entries(report.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  );
  for (const workload of report.workloads) {
    console.log(`\n${workload.title}, ${workload.transport}\n${plain(tableOf(report, workload))}`);
  }
  const goals = standings(report);
  if (goals.length > 0) console.log('\ngoals');
  for (const { goal, value, reached, missedBy } of goals) {
    const wanted = goal.atLeast === undefined ? `≤ ${goal.atMost}` : `≥ ${goal.atLeast}`;
    const end = reached ? 'reached' : `missed by ${percent(missedBy)}`;
    console.log(
      `${goal.workload.padEnd(14)} ${`${goal.text} ${wanted}`.padEnd(56)} ${readable(value).padStart(8)}  ${end}`,
    );
  }
  const noise = noiseOfRates(report);
  if (noise !== null)
    console.log(`\nnoise: two copies of one program differ by up to ${percent(noise)} in their rates`);
  if (report.quick) console.log('\na quick run: it shows that everything works, and its figures mean nothing');
}

function save(report: Report, { json, write }: Asked): void {
  if (json !== null) {
    mkdirSync(dirname(resolve(json)), { recursive: true });
    writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  }
  if (write !== null) for (const file of writePage(report, write)) say(`wrote ${file}`);
}

function say(line: string): void {
  console.error(line);
}
