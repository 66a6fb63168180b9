/** A report as a run leaves it, with figures that nobody measured. */
import type { PeerReadings, Report, WorkloadResult } from '../../bench/result.js';
import { CPU, RATE, type Readings } from '../../bench/workload.js';

function readings(peer: string, medians: Readings, toFloor: Readings, oursTo: Readings): PeerReadings {
  return { peer, rounds: [medians], medians, spreads: {}, toFloor, oursTo, error: null, reason: null };
}

const SMALL: WorkloadResult = {
  name: 'small',
  title: 'one-way small',
  about: 'Small packets.',
  transport: 'tcp',
  figures: [RATE, CPU],
  axis: null,
  results: [
    readings('ours', { rate: 130_000, cpu: 2 }, { rate: 1.3, cpu: 0.5 }, { rate: 1, cpu: 1 }),
    readings('floor', { rate: 100_000, cpu: 1 }, { rate: 1, cpu: 1 }, { rate: 1.3, cpu: 0.5 }),
    readings('floor-again', { rate: 95_000, cpu: 1 }, { rate: 0.95, cpu: 1 }, { rate: 1.37, cpu: 0.5 }),
    readings('ws', { rate: 65_000, cpu: 4 }, { rate: 0.65, cpu: 0.25 }, { rate: 2, cpu: 2 }),
    { ...readings('nats', {}, {}, {}), rounds: [], error: '99 packets came\n    at somewhere' },
    { ...readings('zeromq', {}, {}, {}), rounds: [], reason: 'not over tcp' },
  ],
};

const GROWING: WorkloadResult = {
  ...SMALL,
  name: 'growth-links',
  title: 'links <of one> "node" & more',
  figures: [CPU],
  axis: { title: 'links', unit: '', points: [1, 2000] },
  results: [
    readings('ours', { 'cpu@1': 10, 'cpu@2000': 18 }, { 'cpu@1': 0.9, 'cpu@2000': 1 }, {}),
    readings('floor', { 'cpu@1': 9, 'cpu@2000': 18 }, { 'cpu@1': 1, 'cpu@2000': 1 }, { 'cpu@1': 0.9, 'cpu@2000': 1 }),
  ],
};

export const REPORT: Report = {
  format: 1,
  started: '2026-01-02T03:04:05.678Z',
  seconds: 600,
  command: 'npm run bench',
  quick: false,
  rounds: 5,
  machine: { cpu: 'A processor', cores: 2, memoryGiB: 24, system: 'Linux 6', node: '20.20.2', loadBefore: 0.1 },
  versions: { masterless: '1.0.0', ws: '8.23.0' },
  peers: ['ours', 'floor', 'floor-again', 'ws', 'nats', 'zeromq'].map((name) => ({
    name,
    title: name,
    remark: 'as it is',
  })),
  workloads: [SMALL, GROWING],
};
