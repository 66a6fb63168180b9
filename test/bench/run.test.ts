/** The command itself, with the peers that need nothing installed: what it counts is right, and no process outlives it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Report } from '../../bench/result.js';

const MAIN = resolve('.cache/bench/bench/main.js');
const folder = mkdtempSync(join(tmpdir(), 'masterless-bench-run-'));
const children = new Set<ChildProcess>();

beforeAll(async () => {
  await promisify(execFile)(resolve('node_modules/.bin/tsc'), ['-p', 'tsconfig.bench.json']);
}, 60_000);

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

function start(args: readonly string[]): { child: ChildProcess; output: () => string } {
  let text = '';
  const child = spawn(process.execPath, [MAIN, '--quick', ...args], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (part: string) => (text += part));
  return { child, output: () => text };
}

it('measures, verifies, and tells', async () => {
  const json = join(folder, 'report.json');
  const { child, output } = start([
    '--peers=ours,floor',
    '--only=in-flight,mixed,fan-out,wire-bytes,reconnect',
    `--json=${json}`,
  ]);
  const [code] = await once(child, 'close');
  expect(output()).not.toContain('ERROR');
  expect(code).toBe(0);
  const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
  expect(report).toMatchObject({ format: 1, quick: true, rounds: 1 });
  expect(report.machine.node).toBe(process.versions.node);
  expect(report.workloads.map(({ name }) => name)).toEqual([
    'in-flight',
    'mixed',
    'fan-out',
    'wire-bytes',
    'reconnect',
  ]);
  for (const { name, results } of report.workloads) {
    expect(results.map(({ peer }) => peer)).toEqual(['ours', 'floor']);
    for (const { peer, rounds, error, reason } of results) {
      expect(error).toBeNull();
      if (name === 'reconnect' && peer === 'floor')
        expect([rounds, reason]).toEqual([[], 'does not reconnect by itself']);
      else expect(rounds).toHaveLength(1);
    }
  }
  const figures = (workload: string, peer: string) =>
    report.workloads.find(({ name }) => name === workload)?.results.find((each) => each.peer === peer)?.medians ?? {};
  // msgpackr gives a map three bytes where one would do; four more are the floor's frame. Nothing else crosses the wire.
  expect(figures('wire-bytes', 'floor')).toEqual({ flood: 63, single: 63 });
  // Acknowledgements vary with time. 57 bytes and one are there at least.
  expect(figures('wire-bytes', 'ours').flood).toBeGreaterThanOrEqual(58);
  expect(figures('reconnect', 'ours')).toMatchObject({ lost: 0, doubled: 0 });
  expect(figures('fan-out', 'ours').rate).toBeGreaterThan(0);
}, 60_000);

it.each(['secret', 'tls'])(
  'does so over TLS too (%s), which shows on the wire',
  async (transport) => {
    const json = join(folder, `${transport}.json`);
    const { child, output } = start([
      '--peers=ours,floor',
      `--transports=${transport}`,
      '--only=small,handshakes,idle-links,wire-bytes',
      `--json=${json}`,
    ]);
    const [code] = await once(child, 'close');
    expect(output()).not.toContain('ERROR');
    expect(code).toBe(0);
    const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
    const figures = (workload: string) =>
      report.workloads.find(({ name }) => name === workload)?.results.map(({ medians }) => medians) ?? [];
    const both = [expect.any(Number), expect.any(Number)];
    expect(figures('small').map(({ rate }) => rate)).toEqual(both);
    expect(figures('handshakes').map(({ connections }) => connections)).toEqual(both);
    expect(figures('idle-links').map(({ memory }) => memory)).toEqual(both);
    // A record of TLS 1.3 has 22 bytes more than it carries.
    const [ours, floor] = figures('wire-bytes');
    expect(floor?.single).toBe(63 + 22);
    expect(ours?.single).toBeGreaterThanOrEqual(58 + 22);
  },
  60_000,
);

it.skipIf(!existsSync('/proc/self/task'))(
  'no process and no folder outlives an interruption',
  async () => {
    const { child } = start(['--peers=floor', '--only=idle-links', '--rounds=99']);
    let workers: number[] = [];
    while (workers.length < 2) {
      expect(child.exitCode).toBeNull();
      await new Promise((resolve) => setTimeout(resolve, 5));
      const ids = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
      workers = ids.filter(Boolean).map(Number).filter(atWork);
    }
    child.kill('SIGINT');
    const [code] = await once(child, 'close');
    expect(code).toBe(130);
    await expect.poll(() => workers.filter(runs), { timeout: 5000 }).toEqual([]);
    expect(readdirSync(folder).filter((name) => name.startsWith('masterless-bench-'))).toEqual([]);
  },
  60_000,
);

/** In the middle of it: a process that has only begun ends by itself when nobody speaks to it. */
function atWork(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).length > 40;
  } catch {
    return false;
  }
}

/** A process that ended and that nobody has asked for yet runs no more. */
function runs(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

it('what it does not know it refuses', async () => {
  const { child, output } = start(['--peers=nobody']);
  const [code] = await once(child, 'close');
  expect([code, output()]).toEqual([1, expect.stringContaining("'nobody' is none of ours, floor")]);
});
