/**
 * `npm run micro`: what the small steps of the hot path cost by themselves, each beside the other way of doing it. The least of
 * several rounds, in CPU time, so that other work on the machine matters little.
 */
import { Binaries } from '../src/codec/bytes.js';
import { makerOf } from '../src/codec/shapes.js';
import { plain } from './report/table.js';

const ROUNDS = 8;

type Step = (turn: number) => unknown;

interface Ways {
  readonly what: string;
  readonly times: number;
  readonly ways: Readonly<Record<string, Step>>;
}

const KEYS = ['type', 'id', 'price', 'qty', 'sym', 'ts'];
const values: unknown[] = ['order', 7, 12.5, 3, 'ACME', 1_712_345_678_901];
const make = makerOf(KEYS);
const chunk = Buffer.allocUnsafeSlow(65_536);
const binaries = new Binaries();
const target = new Uint8Array(65_536);
const packet = chunk.subarray(0, 57);
const peers = new Map(Array.from({ length: 1000 }, (_, index) => [`node-${index}`, { index }]));
const ids = [...peers.keys()];

/** What is written here is not optimised away. */
const kept: { last: unknown } = { last: null };

const steps: readonly Ways[] = [
  {
    what: 'an object with six keys',
    times: 1e6,
    ways: {
      'key by key': (turn) => {
        values[1] = turn;
        const object: Record<string, unknown> = {};
        for (let i = 0; i < KEYS.length; i++) object[KEYS[i] as string] = values[i];
        return object;
      },
      'by a literal made for them': (turn) => {
        values[1] = turn;
        return make?.(values, 0);
      },
    },
  },
  ...[40, 128, 1024, 60_000].map((length): Ways => {
    return {
      what: `${length} bytes out of a chunk`,
      times: length > 10_000 ? 20_000 : 200_000,
      ways: {
        'new Uint8Array(view)': (turn) =>
          new Uint8Array(new Uint8Array(chunk.buffer, chunk.byteOffset + (turn & 1023), length)),
        'view.slice()': (turn) => new Uint8Array(chunk.buffer, chunk.byteOffset + (turn & 1023), length).slice(),
        'copied, as the codec does': (turn) => binaries.copy(chunk, turn & 1023, length),
        'a view only, which shares memory': (turn) => chunk.subarray(turn & 1023, (turn & 1023) + length),
        'into memory that is there': (turn) => {
          target.set(new Uint8Array(chunk.buffer, chunk.byteOffset + (turn & 1023), length));
          return target;
        },
      },
    };
  }),
  {
    what: 'a packet of 57 bytes into the batch',
    times: 1e6,
    ways: { 'set, of a view that is there': (turn) => target.set(packet, turn & 1023) },
  },
  { what: 'the time', times: 1e6, ways: { 'performance.now()': () => performance.now() } },
  { what: 'a peer by its id', times: 1e6, ways: { 'Map.get': (turn) => peers.get(ids[turn % 1000] as string) } },
];

const rows = steps.flatMap(({ what, times, ways }) =>
  Object.entries(ways).map(([way, step], index) => [index === 0 ? what : '', way, cost(step, times).toFixed(0)]),
);
console.log(plain({ head: ['step', 'way', 'ns'], rows }));

function cost(step: Step, times: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let turn = 0; turn < times; turn++) kept.last = step(turn);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, ((user + system) * 1000) / times);
  }
  return least;
}
