/**
 * When packets that the application has had are acknowledged without being asked about. Whoever wants to know sooner asks:
 * `deliver`, `flush`, parting, and who has no room for the next packet.
 */
import type { Session } from './session.js';

/** Milliseconds after which packets are acknowledged, or `ackBytesOf`, whichever comes first. */
export const ACK_DELAY = 20;
/**
 * Bytes as they count against a window: no more of them is *little*, some twelve small packets. An acknowledgement of each few would
 * take both sides about as long as the packets.
 */
export const LITTLE = 4096;
/** Milliseconds after which that is acknowledged. */
export const LITTLE_DELAY = 200;
/** The same where the other side is crowded: with the next sign of life, or so many milliseconds later. */
export const CROWD_DELAY = 2000;

/**
 * So much handled of a window is acknowledged at once: seldom enough to cost next to nothing, and so often that the sender
 * never waits for the delay instead.
 */
export function ackBytesOf(window: number): number {
  return Math.min(512 * 1024, Math.max(64 * 1024, window / 8), window / 2);
}

/** Milliseconds that what was handled may wait. Who waits for all of it, to part say, is to know meanwhile that it goes on. */
export function ackDelayOf({ handledBytes, ackedBytes, patient, asked }: Session): number {
  if (handledBytes - ackedBytes > LITTLE || asked) return ACK_DELAY;
  return patient ? CROWD_DELAY : LITTLE_DELAY;
}
