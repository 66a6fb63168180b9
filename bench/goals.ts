/** What the project wants to reach, and how far it is from there. */
import type { TransportName } from './peer.js';
import type { PeerReadings, Report } from './result.js';

export interface Goal {
  readonly workload: string;
  readonly text: string;
  /** What was measured; `null` when it was not. */
  readonly value: (report: Report) => number | null;
  readonly atLeast?: number;
  readonly atMost?: number;
}

const MSGPACK_BYTES = 57;

/** How many times as good as the floor, over the same transport. */
function toFloor(workload: string, atLeast: number, transport: TransportName = 'tcp'): Goal {
  return {
    workload,
    text: `of the floor${over(transport)}`,
    atLeast,
    value: (report) => resultOf(report, workload, 'ours', transport)?.toFloor.rate ?? null,
  };
}

/** How many times as good as a peer. */
function ahead(workload: string, peer: string, atLeast: number): Goal {
  return {
    workload,
    text: `ahead of ${peer}`,
    atLeast,
    value: (report) => resultOf(report, workload, peer)?.oursTo.rate ?? null,
  };
}

function figure(
  workload: string,
  key: string,
  text: string,
  atMost: number,
  { less = 0, transport = 'tcp' }: { readonly less?: number; readonly transport?: TransportName } = {},
): Goal {
  return {
    workload,
    text: text + over(transport),
    atMost,
    value(report) {
      const value = resultOf(report, workload, 'ours', transport)?.medians[key];
      return value === undefined ? null : value - less;
    },
  };
}

/** TCP needs no mention. */
function over(transport: TransportName): string {
  return transport === 'tcp' ? '' : ` over ${transport}`;
}

const OTHERS = ['masterless-0.4.1', 'ws', 'zeromq', 'socket.io', 'nats', 'secret-stream'];

export const goals: readonly Goal[] = [
  toFloor('small', 1.3),
  ahead('small', 'ws', 4),
  ahead('small', 'zeromq', 5),
  ahead('small', 'nats', 3),
  ahead('small', 'masterless-0.4.1', 3),
  toFloor('mixed', 1.3),
  ahead('mixed', 'ws', 4),
  ahead('mixed', 'zeromq', 5),
  ahead('mixed', 'nats', 3),
  ahead('mixed', 'masterless-0.4.1', 3),
  toFloor('fan-out', 1.3),
  ...OTHERS.map((peer) => ahead('fan-out', peer, 5)),
  toFloor('in-flight', 1),
  ...OTHERS.map((peer) => ahead('in-flight', peer, 2.5)),
  toFloor('ping-pong', 0.95),
  ahead('ping-pong', 'ws', 1),
  ahead('ping-pong', 'masterless-0.4.1', 1),
  toFloor('binary-1k', 1),
  ahead('binary-1k', 'zeromq', 1),
  toFloor('binary-64k', 0.9),
  ahead('binary-64k', 'zeromq', 1),
  figure('idle-links', 'memory', 'KiB per idle link', 14),
  figure('wire-bytes', 'flood', 'bytes over its msgpack per small packet', 1.5, { less: MSGPACK_BYTES }),
  {
    workload: 'growth-links',
    text: 'CPU per packet with 2,000 links against one',
    atMost: 1.5,
    value(report) {
      const { 'cpu@1': one, 'cpu@2000': many } = resultOf(report, 'growth-links', 'ours')?.medians ?? {};
      return one === undefined || many === undefined ? null : many / one;
    },
  },
  figure('start-up', 'import', 'ms of import', 30),
  figure('start-up', 'size', 'kB minified', 60),
  toFloor('small', 0.9, 'secret'),
  toFloor('small', 0.9, 'tls'),
  figure('idle-links', 'memory', 'KiB per idle link', 70, { transport: 'secret' }),
  figure('idle-links', 'memory', 'KiB per idle link', 70, { transport: 'tls' }),
];

export interface Standing {
  readonly goal: Goal;
  readonly value: number;
  readonly reached: boolean;
  /** By which part of the goal it is missed; 0 when it is reached. */
  readonly missedBy: number;
}

/** Of the goals that were measured. */
export function standings(report: Report, of: readonly Goal[] = goals): Standing[] {
  return of.flatMap((goal) => {
    const value = goal.value(report);
    if (value === null) return [];
    const { atLeast, atMost } = goal;
    const missedBy = atLeast === undefined ? value / (atMost as number) - 1 : 1 - value / atLeast;
    return [{ goal, value, reached: missedBy <= 0, missedBy: Math.max(0, missedBy) }];
  });
}

function resultOf(
  report: Report,
  workload: string,
  peer: string,
  transport: TransportName = 'tcp',
): PeerReadings | undefined {
  const result = report.workloads.find((each) => each.name === workload && each.transport === transport);
  return result?.results.find((each) => each.peer === peer);
}
