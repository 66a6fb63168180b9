/**
 * `npm run micro`: what the small steps of the hot path cost by themselves, each beside the other way of doing it. The least of
 * several rounds, in CPU time, so that other work on the machine matters little. With
 * `NODE_OPTIONS=--disallow-code-generation-from-strings` it tells what the codec takes where no code may be made at run time.
 */
import { Binaries } from '../src/codec/bytes.js';
import type { Codec } from '../src/codec/codec.js';
import { msgpack } from '../src/codec/msgpack.js';
import { Frame } from '../src/protocol/frame.js';
import { SendBuffer } from '../src/protocol/send-buffer.js';
import { loadCodec } from './codec.js';
import { maker, type Packet } from './packets.js';
import { plain } from './report/table.js';

const ROUNDS = 8;

type Step = (turn: number) => unknown;

interface Ways {
  readonly what: string;
  readonly times: number;
  readonly ways: Readonly<Record<string, Step>>;
}

const codec = msgpack() as Required<Codec>;
const msgpackr = loadCodec();
const chunk = Buffer.allocUnsafeSlow(65_536);
const binaries = new Binaries();
const target = new Uint8Array(65_536);
const peers = new Map(Array.from({ length: 1000 }, (_, index) => [`node-${index}`, { index }]));
const ids = [...peers.keys()];

const small = new Uint8Array(57);

const PART = '-'.repeat(34);

/** What is written here is not optimised away. */
const kept: { last: unknown } = { last: null };

/** A busy lane: most of the time between a thousand and two thousand packets are on their way. */
class Batch {
  private readonly outgoing = new SendBuffer(Frame.Data);

  encode(made: Packet): void {
    const { outgoing } = this;
    const place = outgoing.reserve();
    const size = place === null ? 0 : codec.encodeInto(made, place, outgoing.reservedAt);
    if (typeof size !== 'number' || size === 0 || outgoing.commit(size) === 0) this.copy(made);
    outgoing.release();
    this.acknowledge();
  }

  copy(made: Packet): void {
    this.outgoing.push(codec.encode(made));
    this.acknowledge();
  }

  private acknowledge(): void {
    const { outgoing } = this;
    if (outgoing.total - outgoing.acked < 2000) return;
    outgoing.gather([], Number.POSITIVE_INFINITY);
    outgoing.acknowledge(outgoing.total - 1000);
  }
}

const steps: readonly Ways[] = [
  ...(['order', 'mixed'] as const).flatMap((kind): Ways[] => {
    const make = maker(kind, 0);
    const packets = Array.from({ length: 64 }, (_, index) => make(index + 100_000));
    const encoded = packets.map((made) => codec.encode(made).slice());
    const times = 2e5;
    return [
      {
        what: `making a packet and writing it, ${kind}`,
        times,
        ways: {
          'by the codec': (turn) => codec.encode(make(turn)),
          'by msgpackr': (turn) => msgpackr.encode(make(turn)),
        },
      },
      {
        what: `writing a packet, ${kind}`,
        times,
        ways: {
          'by the codec': (turn) => codec.encode(packets[turn & 63]),
          'by msgpackr': (turn) => msgpackr.encode(packets[turn & 63] as Packet),
        },
      },
      {
        what: `reading a packet, ${kind}`,
        times,
        ways: {
          'by the codec': (turn) => codec.decode(encoded[turn & 63] as Uint8Array),
          'by msgpackr': (turn) => msgpackr.decode(encoded[turn & 63] as Uint8Array),
        },
      },
    ];
  }),
  {
    // As an engine keeps it: a text of two parts, which is written once.
    what: 'putting a text of 40 bytes together and writing it',
    times: 2e5,
    ways: {
      'by the codec': (turn) => codec.encode(`${PART}${100_000 + turn}` as unknown as Packet),
      'by msgpackr': (turn) => msgpackr.encode(`${PART}${100_000 + turn}` as unknown as Packet),
    },
  },
  ...Object.entries(arrays()).flatMap(([what, array]): Ways[] => {
    // With room for as many as they have, as what was read has, and grown to that: two kinds of each for an engine.
    const kinds = [
      array,
      array.map((each) => each),
      Object.assign(new Array(array.length), array),
    ] as unknown as Packet[];
    const encoded = codec.encode(array).slice();
    const times = 2e6 / array.length;
    return [
      {
        what: `writing 1,000 ${what}`,
        times,
        ways: {
          'by the codec': (turn) => codec.encode(kinds[turn % 3]),
          'by msgpackr': (turn) => msgpackr.encode(kinds[turn % 3] as Packet),
        },
      },
      {
        what: `reading 1,000 ${what}`,
        times,
        ways: { 'by the codec': () => codec.decode(encoded), 'by msgpackr': () => msgpackr.decode(encoded) },
      },
    ];
  }),
  ...Object.entries(dictionaries()).flatMap(([what, maps]): Ways[] => {
    // One that has learnt nothing else, as these are learnt in vain.
    const strange = msgpack();
    const encoded = maps.map((map) => strange.encode(map).slice());
    const times = 2e5;
    return [
      {
        what: `writing a map of ${what}`,
        times,
        ways: {
          'by the codec': (turn) => strange.encode(maps[turn % 1000]),
          'by msgpackr': (turn) => msgpackr.encode(maps[turn % 1000] as Packet),
        },
      },
      {
        what: `reading a map of ${what}`,
        times,
        ways: {
          'by the codec': (turn) => strange.decode(encoded[turn % 1000] as Uint8Array),
          'by msgpackr': (turn) => msgpackr.decode(encoded[turn % 1000] as Uint8Array),
        },
      },
    ];
  }),
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
  ...(['order', 'mixed'] as const).map((kind): Ways => {
    const packets = Array.from({ length: 64 }, (_, index) => maker(kind, 0)(index + 100_000));
    const there = new Batch();
    const copied = new Batch();
    return {
      what: `a packet into the batch, ${kind}`,
      times: 2e5,
      ways: {
        'encoded there, as a node does': (turn) => there.encode(packets[turn & 63] as Packet),
        'encoded elsewhere and copied': (turn) => copied.copy(packets[turn & 63] as Packet),
      },
    };
  }),
  {
    what: 'something to be read by a view',
    times: 1e6,
    ways: {
      'a view of the chunk': () => new DataView(chunk.buffer, chunk.byteOffset, chunk.length),
      'copied to where there is one': () => target.set(small),
    },
  },
  { what: 'the time', times: 1e6, ways: { 'performance.now()': () => performance.now() } },
  { what: 'a peer by its id', times: 1e6, ways: { 'Map.get': (turn) => peers.get(ids[turn % 1000] as string) } },
];

const rows = steps.flatMap(({ what, times, ways }) =>
  Object.entries(ways).map(([way, step], index) => [index === 0 ? what : '', way, cost(step, times).toFixed(0)]),
);
console.log(plain({ head: ['step', 'way', 'ns'], rows }));

function arrays(): Readonly<Record<string, readonly unknown[]>> {
  const of = (make: (index: number) => unknown): unknown[] => Array.from({ length: 1000 }, (_, index) => make(index));
  return {
    fractions: of((index) => index / 7),
    'whole numbers': of((index) => index * 1000),
    points: of((index) => [index / 7, index / 3]),
    'short texts': of((index) => `text ${index}`),
    'texts of 20 bytes': of((index) => `text ${index}`.padEnd(20, '-')),
    'texts of 40 bytes': of((index) => `text ${index}`.padEnd(40, '-')),
    'texts with accents': of((index) => `Nováková ${index}`),
  };
}

/** Maps whose keys are as good as values, and some that have few of many keys: a thousand of each. */
function dictionaries(): Readonly<Record<string, readonly unknown[]>> {
  // A step that has nothing in common with the numbers of keys.
  const of = (entries: (n: number) => (readonly [string, number])[]): unknown[] =>
    Array.from({ length: 1000 }, (_, index) => Object.fromEntries(entries(index * 2_654_435_761)));
  const some = Array.from({ length: 10 }, (_, index) => index);
  const many = Array.from({ length: 30 }, (_, index) => index);
  return {
    'one key of 20': of((n) => [[`user${n % 20}`, n % 1000]]),
    'one key of 1,000': of((n) => [[`user${n % 1000}`, n % 1000]]),
    'a type and one key of 50': of((n) => [
      ['type', 1],
      [`field${n % 50}`, n % 1000],
    ]),
    'some of ten keys': of((n) => some.filter((bit) => (n >> (bit + 5)) % 3 === 0).map((bit) => [`f${bit}`, bit])),
    'half of thirty keys': of((n) =>
      many.filter((bit) => (Math.imul(n, 2 * bit + 1) >>> 16) & 1).map((bit) => [`f${bit}`, bit]),
    ),
  };
}

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
