/**
 * What is sent: packets made from their number alone, so that whoever receives one can tell whether it is the right one.
 * Numbers start at a hundred thousand, where they have the same length in all encodings for a long time.
 */
import { isDeepStrictEqual } from 'node:util';

export type Kind = 'order' | 'mixed' | 'binary';

/** Every packet has its number; what else it has follows from its kind. */
export interface Packet {
  readonly id: number;
  readonly data?: Uint8Array;
}

export type Maker = (id: number) => Packet;

export const FIRST_ID = 100_000;

/** Every so-manieth packet is compared in full; of the others, number, order and size. Full comparison costs more than all else. */
const COMPARED = 512;

/** How packets of a kind are made. `size`, in bytes, is for binary ones. */
export function maker(kind: Kind, size: number): Maker {
  if (kind === 'order') return order;
  if (kind === 'mixed') return mixed;
  const data = noise(size);
  return (id) => ({ id, data });
}

/** 57 bytes of msgpack. */
function order(id: number): Packet {
  const packet = { type: 'order', id, price: 12.5, qty: 3, sym: 'ACME', ts: 1_790_000_000 };
  return packet;
}

/** Eight shapes that real applications send, in turn: what a codec that is good at one shape only does not like. */
function mixed(id: number): Packet {
  return (SHAPES[id % SHAPES.length] as Maker)(id);
}

const SHAPES: readonly Maker[] = [
  order,
  (id) =>
    ({
      type: 'set',
      id,
      key: `user:${id % 1000}`,
      value: { name: 'Jana Nováková', age: 31 + (id % 40), active: true },
    }) as Packet,
  (id) =>
    ({
      type: 'book',
      id,
      bids: [
        [12.5, 100],
        [12.25, 300],
      ],
      asks: [[12.75, 50]],
    }) as Packet,
  (id) => ({ id, ok: id % 3 !== 0 }) as Packet,
  (id) =>
    ({
      type: 'log',
      id,
      level: 'warn',
      text: 'upstream answered after 1042 ms, which is more than is allowed',
    }) as Packet,
  (id) => ({ type: 'load', id, cpu: [0.5, 0.25, 0.125, 0.75], memory: 1_073_741_824 + id, swap: null }) as Packet,
  (id) =>
    ({
      id,
      type: 'presence',
      users: [
        { name: 'ada', on: true },
        { name: 'bob', on: false },
      ],
      of: 17,
    }) as Packet,
  (id) =>
    ({
      type: 'result',
      id,
      error: null,
      rows: [
        { k: 'a', v: -1 },
        { k: 'b', v: id % 128 },
      ],
      more: false,
    }) as Packet,
];

/** The same bytes each time, and no pattern that a mistake in offsets could reproduce (mulberry32). */
function noise(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = 0x2545f491;
  for (let at = 0; at < size; at++) {
    state = (state + 0x6d2b79f5) | 0;
    let mixedUp = Math.imul(state ^ (state >>> 15), state | 1);
    mixedUp ^= mixedUp + Math.imul(mixedUp ^ (mixedUp >>> 7), mixedUp | 61);
    bytes[at] = mixedUp >>> 24;
  }
  return bytes;
}

/** What is added up of a packet on both sides: its number and its size. */
export function weight(packet: Packet): number {
  return packet.id + (packet.data === undefined ? 0 : packet.data.length);
}

/** Whether a packet that came is the one that was made; in full for some, its size and a few of its bytes for the others. */
export function isSame(came: Packet, made: Maker): boolean {
  const { id, data } = came;
  if (id % COMPARED === 0) return isWholeSame(came, made(id));
  if (data === undefined) return true;
  const wanted = made(id).data;
  if (wanted === undefined || data.length !== wanted.length) return false;
  const last = wanted.length - 1;
  const middle = (id * 7919) % wanted.length;
  return data[0] === wanted[0] && data[middle] === wanted[middle] && data[last] === wanted[last];
}

function isWholeSame(came: Packet, wanted: Packet): boolean {
  if (wanted.data === undefined) return isDeepStrictEqual(came, wanted);
  return came.data !== undefined && Buffer.compare(came.data, wanted.data) === 0;
}
