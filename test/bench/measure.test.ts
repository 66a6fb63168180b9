/** Rounds, ratios and errors, with workloads that measure nothing. */
import { expect, it } from 'vitest';
import { measure, rotated } from '../../bench/measure.js';
import type { PeerInfo } from '../../bench/peer.js';
import type { Readings, Workload } from '../../bench/workload.js';

const SCALE = { quick: true, milliseconds: 1 };

function peer(name: string, transports: PeerInfo['transports'] = ['tcp']): PeerInfo {
  const load = (): never => {
    throw new Error('no library is loaded here');
  };
  return {
    name,
    title: name,
    remark: '',
    transports,
    packages: [],
    native: false,
    reconnects: false,
    exactlyOnce: false,
    load,
  };
}

/** Each peer's readings, round by round. */
function workload(readings: Readonly<Record<string, readonly Readings[]>>, order: string[] = []): Workload {
  const next = new Map<string, number>();
  return {
    name: 'none',
    title: 'none',
    about: '',
    figures: [
      { key: 'rate', title: 'rate', unit: '/s', better: 'more' },
      { key: 'cpu', title: 'CPU', unit: 'µs', better: 'less' },
    ],
    refuses: ({ name }) => (name === 'unfit' ? 'does not do that' : null),
    async measure({ name }) {
      order.push(name);
      const round = next.get(name) ?? 0;
      next.set(name, round + 1);
      const found = readings[name]?.[round];
      if (found === undefined) throw new Error('99 packets came, 100 had to');
      return found;
    },
  };
}

const silent = (): void => undefined;

it('each round begins with another peer', async () => {
  const order: string[] = [];
  const none = { rate: 1, cpu: 1 };
  const readings = { ours: [none, none, none], floor: [none, none, none], ws: [none, none, none] };
  await measure(workload(readings, order), 'tcp', [peer('ours'), peer('floor'), peer('ws')], SCALE, 3, silent);
  expect(order.join(' ')).toBe('ours floor ws floor ws ours ws ours floor');
});

it('takes medians, and ratios within a round', async () => {
  const readings = {
    ours: [
      { rate: 200, cpu: 1 },
      { rate: 20, cpu: 1 },
      { rate: 300, cpu: 2 },
    ],
    floor: [
      { rate: 100, cpu: 2 },
      { rate: 10, cpu: 4 },
      { rate: 100, cpu: 2 },
    ],
  };
  const { results } = await measure(workload(readings), 'tcp', [peer('ours'), peer('floor')], SCALE, 3, silent);
  const [ours, floor] = results;
  expect(ours).toMatchObject({ medians: { rate: 200, cpu: 1 }, toFloor: { rate: 2, cpu: 2 }, error: null });
  expect(ours?.rounds).toEqual(readings.ours);
  expect(ours?.spreads.rate).toBeCloseTo(1.4);
  expect(floor).toMatchObject({ toFloor: { rate: 1, cpu: 1 }, oursTo: { rate: 2, cpu: 2 } });
});

it('an error in any round leaves no figure, and the others theirs', async () => {
  const readings = {
    ours: [{ rate: 1, cpu: 1 }],
    floor: [
      { rate: 1, cpu: 1 },
      { rate: 3, cpu: 1 },
    ],
  };
  const told: string[] = [];
  const { results } = await measure(workload(readings), 'tcp', [peer('ours'), peer('floor')], SCALE, 2, (line) =>
    told.push(line),
  );
  expect(results[0]).toMatchObject({ rounds: [], medians: {}, toFloor: {}, error: '99 packets came, 100 had to' });
  expect(results[1]).toMatchObject({ medians: { rate: 2, cpu: 1 }, oursTo: {}, error: null });
  expect(told.join('\n')).toContain('ERROR 99 packets came');
});

it('who does not do it is not tried, and says why', async () => {
  const order: string[] = [];
  const { results } = await measure(
    workload({}, order),
    'unix',
    [peer('nats'), peer('unfit', ['unix'])],
    SCALE,
    1,
    silent,
  );
  expect(results.map(({ reason, error }) => [reason, error])).toEqual([
    ['not over unix', null],
    ['does not do that', null],
  ]);
  expect(order).toEqual([]);
});

it('a figure that is 0 has no ratio', async () => {
  const readings = { ours: [{ rate: 0, cpu: 1 }], floor: [{ rate: 5, cpu: 2 }] };
  const { results } = await measure(workload(readings), 'tcp', [peer('ours'), peer('floor')], SCALE, 1, silent);
  expect(results[0]?.toFloor).toEqual({ cpu: 2 });
});

it('what takes long has fewer rounds', async () => {
  const order: string[] = [];
  const long = {
    ...workload(
      {
        ours: [
          { rate: 1, cpu: 1 },
          { rate: 3, cpu: 1 },
        ],
      },
      order,
    ),
    mostRounds: 2,
  };
  const { results } = await measure(long, 'tcp', [peer('ours')], SCALE, 5, silent);
  expect(order).toHaveLength(2);
  expect(results[0]?.medians.rate).toBe(2);
});

it('what depends most on chance has more rounds, except where figures mean nothing', async () => {
  const order: string[] = [];
  const readings = { ours: Array.from({ length: 6 + 2 }, (_, round) => ({ rate: round, cpu: 1 })) };
  const chancy = { ...workload(readings, order), timesRounds: 3 };
  const { results } = await measure(chancy, 'tcp', [peer('ours')], { ...SCALE, quick: false }, 2, silent);
  expect(order).toHaveLength(6);
  expect(results[0]?.medians.rate).toBe(2.5);
  order.length = 0;
  await measure(chancy, 'tcp', [peer('ours')], SCALE, 2, silent);
  expect(order).toHaveLength(2);
});

it('rotates', () => {
  expect(rotated([1, 2, 3], 4)).toEqual([2, 3, 1]);
  expect(rotated([], 4)).toEqual([]);
});
