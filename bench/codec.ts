/**
 * msgpackr, as the fastest msgpack for JavaScript that people know, for peers that carry bytes. Plain msgpack: records would
 * be another format, and lose their advantage when several packets are under way.
 */
import type { Packr } from 'msgpackr';
import type { Packet } from './packets.js';
import { ROOT, requireFrom } from './root.js';

export interface Codec {
  encode(packet: Packet): Buffer;
  decode(bytes: Uint8Array): Packet;
}

export function loadCodec(): Codec {
  const { Packr: Constructor } = requireFrom(ROOT)('msgpackr') as { Packr: typeof Packr };
  const packr = new Constructor({ useRecords: false });
  return { encode: (packet) => packr.pack(packet) as Buffer, decode: (bytes) => packr.unpack(bytes) as Packet };
}
