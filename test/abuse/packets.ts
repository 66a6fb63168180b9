/**
 * A member's packets: none of these bytes becomes a value unless they are one packet, well-formed and within the limits.
 * Otherwise the session with who sent them ends, and nothing else.
 */
import { ok } from 'node:assert/strict';
import { BORNE, type Case, type Outcome, TOLD } from './case.js';
import type { Item } from './checklist.js';
import { hex, joined, packet, repeated } from './frame.js';
import { FOLLOWER } from './mode.js';
import type { Wire } from './wire.js';

function refused(words: RegExp): Outcome {
  return { fault: ['ERR_BAD_PACKET', words], told: TOLD.badPacket, event: ['disconnect', FOLLOWER, 'bad-packet'] };
}

/** Each of the inputs is a packet, over a link of its own. */
function bad(name: string, items: readonly Item[], words: RegExp, inputs: () => readonly Uint8Array[]): Case {
  return {
    name,
    items,
    outcome: refused(words),
    async attack(scene) {
      const wires: Wire[] = [];
      for (const input of inputs()) {
        const wire = await scene.follower();
        wire.say(packet(input));
        await wire.ended;
        wires.push(wire);
      }
      return wires;
    },
  };
}

/** Packets that are taken, on one link: they cost what they cost, and no more. */
function taken(
  name: string,
  items: readonly Item[],
  inputs: () => readonly Uint8Array[],
  rest: Partial<Case> = {},
): Case {
  return {
    ...{ name, items, outcome: BORNE, ...rest },
    async attack(scene) {
      const wire = await scene.follower();
      for (const input of inputs()) {
        await wire.pour(packet(input));
        // One in a turn: how much of a chunk may be packets is another matter.
        await wire.alive();
      }
      return [];
    },
  };
}

const all =
  (...digits: readonly string[]) =>
  (): Uint8Array[] =>
    digits.map(hex);
const nested = (header: string, times: number, end = 'c0'): Uint8Array =>
  joined([repeated(hex(header), times), hex(end)]);

function list(count: number, item: (index: number) => Uint8Array | string): Uint8Array {
  const head = Buffer.alloc(5, 0xdd);
  head.writeUInt32BE(count, 1);
  const items = Array.from({ length: count }, (_, index) => {
    const each = item(index);
    return typeof each === 'string' ? hex(each) : each;
  });
  return joined([head, ...items]);
}

function map(keys: readonly string[]): Uint8Array {
  const head = Buffer.alloc(5, 0xdf);
  head.writeUInt32BE(keys.length, 1);
  const entries = keys.map((key) => {
    const text = Buffer.from(key);
    return joined([Uint8Array.of(0xa0 | text.length), text, hex('00')]);
  });
  return joined([head, ...entries]);
}

/** An extension of every type there is, but for the one that is taken. */
const TYPES = Array.from({ length: 255 }, (_, type) => type);
/** Values in one packet, where that is little enough for the bounds of this suite whatever they are. */
const FEW = { limits: { items: 20_000 } };

export const packets: readonly Case[] = [
  bad('arrays one level deeper than allowed', ['nested arrays and maps'], /nested deeper than 32/, () => [
    nested('91', 33),
  ]),
  bad('maps one level deeper than allowed', ['nested arrays and maps'], /nested deeper than 32/, () => [
    nested('81a161', 33),
  ]),
  bad('arrays nested 5,000 deep', ['depth 5,000', 'CVE-2025-59466', 'CVE-2023-52079'], /nested deeper/, () => [
    nested('91', 5000),
  ]),
  bad('maps nested 5,000 deep', ['depth 5,000', 'CVE-2023-52079'], /nested deeper/, () => [nested('81a161', 5000)]),
  bad('a million levels', ['depth 5,000', 'CVE-2025-59466'], /nested deeper/, () => [nested('91', 1_000_000)]),
  bad(
    'nested arrays of four thousand million each',
    ['nested arrays and maps', 'counts larger than the bytes'],
    /more than the bytes can hold/,
    () => [nested('ddffffffff', 200)],
  ),
  bad(
    'an array larger than its bytes',
    ['counts larger than the bytes', 'CVE-2026-33151'],
    /more than the bytes can hold/,
    all('ddffffffff', 'dcffff', '9fc0', 'dd7fffffffc0c0'),
  ),
  bad(
    'a map larger than its bytes',
    ['counts larger than the bytes', 'CVE-2026-33151'],
    /more than the bytes can hold/,
    all('dfffffffff', 'deffff', '8fa161c0'),
  ),
  bad(
    'counts that fit one by one and not together',
    ['counts larger than the bytes'],
    /more than the bytes can hold/,
    () => [joined([repeated(hex('dc4000'), 31), new Uint8Array(0x4000)])],
  ),
  bad(
    'lengths larger than the bytes',
    ['huge declared lengths'],
    /ends too early/,
    all('dbffffffff61', 'c6ffffffff61', 'c7ffff', 'd9ff', 'da7fff61', 'c5ffff00'),
  ),
  bad('two million empty maps', ['megabytes of empty maps'], /more than 200000 values/, () => [
    joined([hex('dd00200000'), new Uint8Array(0x200000).fill(0x80)]),
  ]),
  bad('two million empty maps in a map', ['megabytes of empty maps'], /more than 200000 values/, () => [
    joined([hex('df00080000'), new Uint8Array(0x200000).fill(0x80)]),
  ]),
  bad('megabytes of empty maps, one behind the other', ['megabytes of empty maps'], /left over/, () => [
    new Uint8Array(0x400000).fill(0x80),
  ]),
  bad(
    'record definitions, and their use',
    ['record definitions', 'CVE-2023-52079'],
    /extension type|left over|begins no value/,
    all(
      'd4724091a161',
      'd4728140',
      'd5407201 91a161',
      '92d4724091a16140',
      'c7027240c0',
      'd4720091a95f5f70726f746f5f5f',
    ),
  ),
  bad(
    'pointers, cycles, sets and what else others read',
    ['pointers and cycles', 'CVE-2023-52079'],
    /extension type|begins no value|too early/,
    all(
      'd66900000001',
      'd67000000000',
      'c70173',
      'd6780000000092a178a179',
      'c7056500000000',
      'c70274 00 00',
      'd47300',
      'd47400',
    ),
  ),
  bad('extensions of all other types', ['unknown extensions'], /extension type|begins no value/, () =>
    TYPES.filter((type) => type % 32 === 0).flatMap((type) => [
      Uint8Array.of(0xc7, 4, type, 0, 0, 0, 0),
      Uint8Array.of(0xd6, type, 0, 0, 0, 0),
    ]),
  ),
  bad(
    'extensions in forms that are never taken',
    ['unknown extensions'],
    /begins no value|extension|timestamp|too early/,
    all('c90000000400', 'c8000100', 'd4ff00', 'd5ff0000', `d8ff${'00'.repeat(16)}`, 'c701ff00'),
  ),
  bad(
    'times that no date can hold',
    ['unknown extensions'],
    /timestamp/,
    all('c70cff3b9aca000000000000000000', 'c70cff000000000010000000000000', 'd7ffffffffff00000000', 'c705ff0000000000'),
  ),
  bad(
    '__proto__ as a key',
    ['__proto__ keys', 'CVE-2021-21368'],
    /__proto__/,
    all(
      '81a95f5f70726f746f5f5f80',
      '81d9095f5f70726f746f5f5f80',
      '81a16181a95f5f70726f746f5f5f81a8706f6c6c7574656401',
      '82a16101da00095f5f70726f746f5f5f91c0',
    ),
  ),
  taken(
    'constructor, prototype and what every object has, as keys',
    ['constructor keys', 'CVE-2021-21368'],
    all(
      '81ab636f6e7374727563746f7281a970726f746f7479706581a8706f6c6c7574656401',
      '83a8746f537472696e6701a776616c75654f6602b05f5f646566696e654765747465725f5f03',
      '81a47468656e01',
      '81a66c656e677468cbffffffffffffffff',
    ),
  ),
  bad(
    'bad UTF-8 in texts',
    ['bad UTF-8'],
    /not valid UTF-8/,
    all(
      'a1ff',
      'a2c080',
      'a3eda080',
      'a4f4908080',
      'a4f08fbfbf',
      'a3e09fbf',
      'a2e282',
      'd931c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3a9c3',
    ),
  ),
  bad(
    'bad UTF-8 in keys',
    ['bad UTF-8'],
    /not valid UTF-8/,
    all('81a1ff00', '81a2c08000', '81a3eda08000', '81d901fe00'),
  ),
  bad('a megabyte of bad UTF-8', ['bad UTF-8'], /not valid UTF-8/, () => [
    joined([hex('db00100000'), new Uint8Array(0x100000).fill(0xff)]),
  ]),
  bad('0xC1', ['0xC1'], /begins no value/, all('c1', '92c0c1', '81a161c1', `dc0010${'c1'.repeat(16)}`)),
  bad(
    'nothing at all, and more than one',
    ['unknown extensions'],
    /too early|left over|can hold/,
    all('', 'c0c0', '910000', '92c0'),
  ),
  bad(
    'keys twice, and keys that are no text',
    ['constructor keys'],
    /there twice|not a string/,
    all('82a16101a16102', '82a16101d9016102', '82a13701a13702', '810101', '81c0c0', '8191c0c0', '81c4016101'),
  ),
  taken(
    'keys that look like numbers, which collide',
    ['CVE-2026-21717'],
    () => [map(Array.from({ length: 8000 }, (_, i) => String(i * 131_072)).filter((key) => key.length < 11))],
    { options: () => FEW },
  ),
  taken(
    'keys that look like numbers too large for an index',
    ['CVE-2026-21717'],
    () => [map(Array.from({ length: 8000 }, (_, i) => String(2 ** 34 + i * 65_536)))],
    { options: () => FEW },
  ),
  taken(
    'ever other keys, more than can be learnt',
    ['constructor keys', 'CVE-2026-21717'],
    () => Array.from({ length: 20 }, (_, part) => list(2000, (i) => map([`k${part}x${i}`]))),
    { options: () => FEW },
  ),
  taken(
    'the most of what costs the most memory',
    ['megabytes of empty maps', 'CVE-2026-48779'],
    () => [
      list(19_999, () => '80'),
      list(19_999, () => '90'),
      list(19_999, () => 'c400'),
      list(6_666, () => '81a2333200'),
      list(19_999, () => 'd6ff00000001'),
    ],
    { options: () => FEW },
  ),
  taken('keys that are code, often enough to be compiled', ['constructor keys', 'CVE-2023-52079'], () => {
    const keys = [
      '"',
      "'",
      '`',
      '\\',
      '\\"',
      '*/',
      '//',
      '\u2028',
      '\n',
      '"]}',
      '});process.exit(1);({',
      '"+process.exit(1)+"',
    ];
    return keys.map((key) => list(5000, () => map([key, `${key}${key}`.slice(0, 15)])));
  }),
  taken(
    'shapes without number, each often enough to be compiled by itself',
    ['CVE-2023-52079', 'CVE-2026-48779'],
    () => {
      return Array.from({ length: 12 }, (_, part) => list(20 * 110, (i) => map([`s${part}x${Math.floor(i / 110)}`])));
    },
  ),
  {
    name: 'memory that was never written is not sent',
    items: ['CVE-2026-45736'],
    outcome: BORNE,
    async attack(scene) {
      const wire = await scene.follower();
      const codes = await scene.victim.sendViews(FOLLOWER);
      ok(codes.length > 0 && codes.every((code) => code === 'ERR_PACKET'), `they came to ${codes.join()}`);
      await wire.alive();
      return [];
    },
  },
];
