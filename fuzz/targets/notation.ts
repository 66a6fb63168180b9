/**
 * Packets as JSON, as the program reads and shows them: every packet comes back, and a line is refused with words or is a
 * packet.
 *
 * Input: JSON text.
 */

import { fromJson, toJson } from '../../src/cli/notation.js';
import { msgpack } from '../../src/codec/msgpack.js';
import { anyPacket } from '../packets.js';
import { same } from '../same.js';
import { must, type Target } from '../target.js';

const codec = msgpack();
const SEEDS = [
  '{"$bytes":"AQI="}',
  '{"$date":"2026-11-22T10:00:00.123Z"}',
  '{"$bigint":"-5"}',
  '{"$number":"-0"}',
] as const;

export const notation: Target = {
  name: 'notation',
  piece: 150_000,
  longest: 1024,

  make(random) {
    const text = random.chance(0.3) ? random.pick(SEEDS) : toJson(anyPacket(random, 3));
    return new Uint8Array(Buffer.from(text));
  },

  run(input) {
    const text = Buffer.from(input.buffer, input.byteOffset, input.length).toString();
    let packet: unknown;
    try {
      packet = fromJson(text);
    } catch (error) {
      // A mistake in the code is a TypeError or RangeError.
      must(error instanceof SyntaxError || (error instanceof Error && error.name === 'Error'), String(error));
      return `refused|${error.message.replaceAll(/[^a-z ]/gi, '').slice(0, 30)}`;
    }
    must(same(fromJson(toJson(packet)), packet), `it comes back as ${toJson(fromJson(toJson(packet)))}`);
    let bytes: Uint8Array;
    try {
      bytes = codec.encode(packet);
    } catch {
      return 'no packet';
    }
    must(same(codec.decode(bytes.slice()), packet), 'it is sent as another');
    return `taken|${text.slice(0, 3)}`;
  },
};
