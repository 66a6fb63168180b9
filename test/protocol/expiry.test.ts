/** Packets that are of use for a while only, on a core whose link comes and goes. */
import { describe, expect, it } from 'vitest';
import { type Adopt, encodeAccept, encodeHeartbeat } from '../../src/protocol/control.js';
import { Expiries } from '../../src/protocol/expiry.js';
import type { Expired } from '../../src/protocol/output.js';
import { CONFIG, follow, knows, type Line, Scripted } from './scripted.js';

const KEPT = { resumeWindow: 100_000, addresses: [] };

/** A core without a link to `a`, which is connected and will come back. */
function cut(config = {}): Scripted {
  const scripted = new Scripted({ resumeWindow: 100_000, ...config });
  follow(scripted, KEPT).line.end();
  scripted.heard();
  return scripted;
}

function send(scripted: Scripted, text: string, ttl = Number.POSITIVE_INFINITY, urgent = false): number {
  return scripted.act((mesh, now) => mesh.send('a', Buffer.from(text), urgent, now + ttl));
}

/** The peer comes back, having had so many packets, and takes the link. */
function back(scripted: Scripted, received: readonly [number, number] = [0, 0]): Line {
  const line = scripted.dial();
  const theirs = line.greet({ keep: true, ...KEPT });
  line.say(knows(theirs.nonce, { incarnation: CONFIG.incarnation, session: 1, epoch: 1, received }));
  const adopt = line.take<Adopt>('Adopt');
  line.say(encodeAccept({ epoch: adopt.epoch, received }));
  return line;
}

/** Texts that expired since the last call. */
function expired(scripted: Scripted): string[] {
  const all = scripted.outputs.filter((output): output is Expired => output.kind === 'expired');
  scripted.outputs.length = 0;
  return all.flatMap(({ withdrawn }) => withdrawn.map(({ payload }) => Buffer.from(payload).toString()));
}

/** Texts of the packets that the core said, urgent ones too. */
function texts(line: Line): string[] {
  return line
    .said()
    .flatMap(({ kind, fields }) =>
      kind === 'Data' || kind === 'Urgent'
        ? [Buffer.from((fields as { payload: string }).payload, 'hex').toString()]
        : [],
    );
}

describe('a packet that is of use for a while', () => {
  it('is not sent when that is over, and told at that moment', () => {
    const scripted = cut();
    send(scripted, 'short', 500);
    send(scripted, 'for ever');
    send(scripted, 'long', 5000);
    scripted.wait(499);
    expect(expired(scripted)).toEqual([]);
    scripted.wait(1);
    expect(expired(scripted)).toEqual(['short']);
    scripted.wait(1000);
    const line = back(scripted);
    expect(texts(line)).toEqual(['for ever', 'long']);
    scripted.wait(10_000);
    expect(expired(scripted)).toEqual([]);
  });

  it('is not written though the clock is late', () => {
    const scripted = cut();
    send(scripted, 'old', 500);
    send(scripted, 'young', 5000);
    // Nobody called `tick`, as in a loop that was blocked.
    scripted.now += 1000;
    const line = back(scripted);
    expect(texts(line)).toEqual(['young']);
    expect(expired(scripted)).toEqual(['old']);
  });

  it('is sent again whatever its age when it was on a link', () => {
    const scripted = new Scripted({ resumeWindow: 100_000 });
    const { line } = follow(scripted, KEPT);
    send(scripted, 'written', 500);
    line.end();
    send(scripted, 'unwritten', 500);
    scripted.wait(1000);
    expect(expired(scripted)).toEqual(['unwritten']);
    expect(texts(back(scripted))).toEqual(['written']);
  });

  it('has a lane of its own when it is urgent', () => {
    const scripted = cut();
    send(scripted, 'urgent, short', 100, true);
    send(scripted, 'short', 100);
    send(scripted, 'urgent', 1000, true);
    send(scripted, 'normal', 1000);
    scripted.wait(200);
    expect(expired(scripted)).toEqual(['short', 'urgent, short']);
    expect(texts(back(scripted))).toEqual(['urgent', 'normal']);
  });

  it('makes room, of which those are told who were refused', () => {
    const scripted = cut();
    while (send(scripted, 'x'.repeat(1000), 500) > 0);
    scripted.wait(500);
    expect(scripted.heard()).toEqual(['expired a', 'drain a']);
    expect(scripted.mesh.session('a')?.outstanding).toBe(0);
    expect(send(scripted, 'x'.repeat(1000))).toBe(1);
  });

  it('is counted anew for those behind it, whose acknowledgement means what it says', () => {
    const scripted = cut();
    send(scripted, 'first', 100);
    expect(send(scripted, 'second')).toBe(2);
    scripted.wait(200);
    const line = back(scripted);
    expect(texts(line)).toEqual(['second']);
    const session = scripted.mesh.session('a');
    expect([session?.normal.outgoing.total, session?.settled]).toEqual([1, false]);
    line.end();
    texts(back(scripted, [1, 0]));
    expect(send(scripted, 'third')).toBe(2);
  });

  it('is reported once: as unsent, when the session ends before', () => {
    const scripted = cut();
    send(scripted, 'packet', 1_000_000);
    scripted.wait(2_000_000);
    expect(scripted.heard()).toEqual(['undelivered a', 'disconnect a expired']);
  });

  it('is not waited for by who parts', () => {
    const scripted = cut();
    send(scripted, 'packet', 300);
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    scripted.wait(299);
    expect(scripted.heard()).toEqual([]);
    scripted.wait(1);
    expect(scripted.heard()).toEqual(['expired a', 'disconnect a local']);
  });

  it('goes at once where there is a link, and is forgotten', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted);
    line.said();
    for (let i = 0; i < 100; i++) send(scripted, `${i}`, 2000);
    expect(texts(line)).toHaveLength(100);
    line.say(encodeHeartbeat());
    scripted.act((mesh) => mesh.ping('a'));
    expect(scripted.mesh.session('a')?.limited).toBe(false);
    scripted.wait(3000);
    expect(expired(scripted)).toEqual([]);
  });
});

describe('what is remembered of times', () => {
  it('is the next one, and goes with what was written', () => {
    const expiries = new Expiries();
    expect(expiries.next).toBe(Number.POSITIVE_INFINITY);
    for (const [end, until] of [
      [1, 50],
      [2, 10],
      [3, 40],
      [5, 20],
    ] as const)
      expiries.add(end, until);
    expect(expiries.next).toBe(10);
    expect(expiries.takeDue(1, 20)).toEqual([2, 5]);
    expect(expiries.next).toBe(40);
    const withdrawn = [
      { end: 2, frames: 1, size: 1, payload: new Uint8Array(1) },
      { end: 5, frames: 2, size: 1, payload: new Uint8Array(1) },
    ];
    expiries.moveUp(withdrawn);
    expiries.add(3, 45);
    expect(expiries.takeDue(0, 100)).toEqual([2, 3]);
    expect(expiries.next).toBe(Number.POSITIVE_INFINITY);
  });

  it('is looked through when the next one is over, and says then which comes after it', () => {
    const expiries = new Expiries();
    for (let end = 1; end <= 100; end++) expiries.add(end, 10 * end);
    expect(expiries.takeDue(60, 5)).toEqual([]);
    expect(expiries.next).toBe(10);
    expect(expiries.takeDue(60, 10)).toEqual([]);
    expect(expiries.next).toBe(610);
    expect(expiries.takeDue(70, 800)).toEqual([71, 72, 73, 74, 75, 76, 77, 78, 79, 80]);
    expect(expiries.next).toBe(810);
    expect(expiries.takeDue(100, 801)).toEqual([]);
    expect(expiries.next).toBe(Number.POSITIVE_INFINITY);
  });
});
