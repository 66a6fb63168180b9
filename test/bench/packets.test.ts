/** Packets are what they are said to be, and one that differs is noticed. */
import { encode } from '@msgpack/msgpack';
import { expect, it } from 'vitest';
import { FIRST_ID, isSame, type Kind, maker, weight } from '../../bench/packets.js';

/** One that is compared in full: a multiple of 512. */
const IN_FULL = 196 * 512;
const KINDS: readonly Kind[] = ['order', 'mixed', 'binary'];

it('the small packet has 57 bytes of msgpack, the first as the ten-millionth', () => {
  for (const id of [FIRST_ID, 10_000_000]) expect(encode(maker('order', 0)(id))).toHaveLength(57);
});

it('mixed packets have eight shapes', () => {
  const make = maker('mixed', 0);
  const shapes = Array.from({ length: 64 }, (_, at) => Object.keys(make(FIRST_ID + at)).join());
  expect(new Set(shapes).size).toBe(8);
});

it.each(KINDS)('%s: the same number makes the same packet', (kind) => {
  for (let id = IN_FULL; id < IN_FULL + 16; id++) expect(isSame(maker(kind, 100)(id), maker(kind, 100))).toBe(true);
});

it.each(KINDS)('%s: survives being spelled out, as others send it', (kind) => {
  const packet = maker(kind, 3)(IN_FULL);
  const copy = { ...packet, ...(packet.data === undefined ? {} : { data: Buffer.from(packet.data) }) };
  expect(isSame(copy, maker(kind, 3))).toBe(true);
});

it('a changed field is noticed where a packet is compared in full', () => {
  expect(isSame({ ...maker('order', 0)(IN_FULL), qty: 4 } as never, maker('order', 0))).toBe(false);
});

it('bytes that are missing, too many, or changed are noticed', () => {
  const make = maker('binary', 1000);
  const { id, data = new Uint8Array() } = make(IN_FULL);
  expect(isSame({ id }, make)).toBe(false);
  for (const number of [id, id + 1]) {
    expect(isSame({ id: number, data: data.subarray(1) }, make)).toBe(false);
    expect(isSame({ id: number, data: new Uint8Array(1001) }, make)).toBe(false);
  }
  const changed = Uint8Array.from(data);
  changed[417] = (changed[417] as number) ^ 1;
  expect(isSame({ id, data: changed }, make)).toBe(false);
});

it('number and size weigh', () => {
  expect(weight({ id: 7 })).toBe(7);
  expect(weight({ id: 7, data: new Uint8Array(5) })).toBe(12);
});
