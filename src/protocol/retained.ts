/**
 * What lies in a send buffer, read as packets.
 */
import { Frame } from './frame.js';
import { joined } from './parts.js';
import { frameSize, type Segment } from './segment.js';

/** A packet as the application gave it, and whether the whole of it was ever handed to a connection. */
export interface RetainedPacket {
  readonly payload: Uint8Array;
  readonly written: boolean;
}

/**
 * The packets from frame `first` on, which lies at byte `at` of the first segment, oldest first: views, or copies of what was
 * in pieces.
 *
 * @param everSent - frames that were ever written
 */
export function retainedIn(
  segments: readonly Segment[],
  at: number,
  first: number,
  everSent: number,
): RetainedPacket[] {
  const packets: RetainedPacket[] = [];
  let pieces: Uint8Array[] = [];
  let number = first;
  segments.forEach(({ bytes, length }, index) => {
    for (let offset = index === 0 ? at : 0; offset < length; number++) {
      const { header, payload } = frameSize(bytes, offset);
      pieces.push(bytes.subarray(offset + header, offset + header + payload));
      if (bytes[offset] !== Frame.Piece) {
        packets.push({ payload: joined(pieces), written: number < everSent });
        pieces = [];
      }
      offset += header + payload;
    }
  });
  return packets;
}
