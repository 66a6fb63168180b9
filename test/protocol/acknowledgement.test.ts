/** When an acknowledgement is due; that it comes then is in traffic.test.ts and crowd.test.ts. */
import { describe, expect, it } from 'vitest';
import {
  ACK_DELAY,
  ackBytesOf,
  ackDelayOf,
  CROWD_DELAY,
  LITTLE,
  LITTLE_DELAY,
} from '../../src/protocol/acknowledgement.js';
import { Session } from '../../src/protocol/session.js';

function handled(bytes: number, patient = false): Session {
  return Object.assign(new Session(), { ackedBytes: 1000, handledBytes: 1000 + bytes, patient });
}

describe('what is acknowledged without delay', () => {
  it.each([
    [1024, 512],
    [100_000, 50_000],
    [256 * 1024, 64 * 1024],
    [1024 * 1024, 128 * 1024],
    [2 ** 32, 512 * 1024],
  ])('of a window of %i bytes is %i: no more than half of it', (window, bytes) => {
    expect(ackBytesOf(window)).toBe(bytes);
  });
});

describe('an acknowledgement', () => {
  it('of a little may wait, and longest for who is crowded', () => {
    expect(ackDelayOf(handled(LITTLE))).toBe(LITTLE_DELAY);
    expect(ackDelayOf(handled(LITTLE, true))).toBe(CROWD_DELAY);
  });

  it('of a little waits no longer than of more while a question waits for its answer', () => {
    for (const patient of [false, true]) {
      const session = handled(LITTLE, patient);
      session.normal.received = 1;
      session.question();
      expect(ackDelayOf(session)).toBe(ACK_DELAY);
      session.normal.handled = 1;
      session.tell();
      expect(ackDelayOf(session)).toBe(patient ? CROWD_DELAY : LITTLE_DELAY);
    }
  });

  it('of more waits as long whoever it is for', () => {
    expect(ackDelayOf(handled(LITTLE + 1))).toBe(ACK_DELAY);
    expect(ackDelayOf(handled(LITTLE + 1, true))).toBe(ACK_DELAY);
  });
});
