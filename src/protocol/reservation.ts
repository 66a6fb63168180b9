/**
 * The place behind a lane's last frame, where the next packet is encoded instead of being copied there. Code of the application
 * can run meanwhile (a getter, a `toJSON`), and may send, disconnect or close: what it sends goes elsewhere, and whether the
 * packet can stay where it was encoded is asked when it is whole.
 *
 * One object serves all: there is one reservation at a time, and whoever comes in between does without.
 */
import { MasterlessError } from '../errors.js';
import type { Peer } from './peer.js';
import { Segment } from './segment.js';
import type { SendBuffer } from './send-buffer.js';
import type { LaneIndex } from './session.js';

export class Reservation {
  /** Whose batch it is; null while there is none. */
  peer: Peer | null = null;
  outgoing: SendBuffer | null = null;

  /** Whether there is room worth reserving. */
  reserve(peer: Peer, lane: LaneIndex): boolean {
    if (this.peer !== null) return false;
    const { outgoing } = peer.session.lane(lane);
    if (outgoing.reserve() === null) return false;
    this.peer = peer;
    this.outgoing = outgoing;
    return true;
  }

  /** The memory in which the place is. */
  get target(): Segment {
    return this.outgoing?.reserved ?? NOTHING;
  }

  /** Where in it the packet begins. */
  get at(): number {
    return this.outgoing?.reservedAt ?? 0;
  }

  /** Bytes of the largest packet that the peer takes. */
  get maxPacket(): number {
    return this.peer?.maxPacket ?? 0;
  }

  /**
   * Checks what a codec says that it wrote there, which may be one of the application.
   * @throws MasterlessError `ERR_PACKET`
   */
  checked(length: number): number {
    const room = this.target.bytes.length - this.at;
    if (Number.isInteger(length) && length >= 0 && length <= room) return length;
    const message = `the codec's encodeInto says that it wrote ${length} bytes, where there was room for ${room}: it must return how many it wrote, or the packet`;
    throw new MasterlessError('ERR_PACKET', message);
  }

  /** The first `length` bytes at the place, which are valid until something else is sent. */
  packet(length: number): Uint8Array {
    return this.target.bytes.subarray(this.at, this.at + length);
  }

  /** Ends it, and keeps nothing alive. */
  release(): void {
    this.outgoing?.release();
    this.peer = null;
    this.outgoing = null;
  }
}

const NOTHING: Segment = new Segment(new Uint8Array(0), 0, false);
