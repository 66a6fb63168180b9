/** A node that comes back as another incarnation, while connections of the one before are on their way. */
import { describe, expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import {
  encodeAccept,
  encodeHeartbeat,
  encodePong,
  type Ping,
  type Reject,
  RejectReason,
} from '../../src/protocol/control.js';
import { adopts, CONFIG, follow, knows, type Line, lead, propose, Scripted } from './scripted.js';

const NEXT = '00000000000000cc';
const resumed = { incarnation: CONFIG.incarnation, session: 1, epoch: 1 };

/** The hand dials as the next incarnation, and has heard HELLO. */
function newcomer(scripted: Scripted, id: string): { line: Line; nonce: number } {
  const line = scripted.dial();
  const { nonce } = line.greet({ id, incarnation: NEXT, keep: true });
  return { line, nonce };
}

describe('what the next incarnation said before the last one was there again', () => {
  it('is asked anew by the arbiter', () => {
    const scripted = new Scripted();
    follow(scripted).line.end();
    const { line, nonce } = newcomer(scripted, 'a');
    follow(scripted, {}, resumed).line.end();
    scripted.heard();
    line.say(knows(nonce));
    expect(line.kinds()).toEqual(['Query']);
    expect(scripted.heard()).toEqual([]);
    expect(scripted.mesh.isConnected('a')).toBe(true);
  });

  it('is turned away by the follower, to be said anew', () => {
    const scripted = new Scripted();
    lead(scripted).line.end();
    const { line, nonce } = newcomer(scripted, 'z');
    const second = scripted.dial();
    second.say(adopts(second.greet({ id: 'z', keep: true }).nonce, { epoch: 2 }));
    second.end();
    scripted.heard();
    line.said();
    line.say(adopts(nonce));
    expect(line.one<Reject>('Reject').reason).toBe(RejectReason.Overtaken);
    expect(scripted.heard()).toEqual(['fault ERR_CONNECTION_LOST']);
    expect(scripted.mesh.isConnected('z')).toBe(true);
  });

  it('is turned away by the follower while the last one is there', () => {
    const scripted = new Scripted();
    lead(scripted).line.end();
    const { line, nonce } = newcomer(scripted, 'z');
    const second = scripted.dial();
    second.say(adopts(second.greet({ id: 'z', keep: true }).nonce, { epoch: 2 }));
    line.said();
    line.say(adopts(nonce, { epoch: 3, session: 2 }));
    expect(line.one<Reject>('Reject').reason).toBe(RejectReason.Overtaken);
    expect(second.closed).toBe(null);
  });
});

it('who waits for the link of its namesake to prove dead is turned away when that takes another link', () => {
  const scripted = new Scripted();
  const { line: link } = follow(scripted);
  const { line, nonce } = newcomer(scripted, 'a');
  line.say(knows(nonce));
  const again = scripted.dial();
  again.say(knows(again.greet({ keep: true }).nonce, { ...resumed, live: false }));
  expect(link.closed).toBe('cut');
  expect(again.kinds()).toEqual(['Adopt']);
  expect(line.one<Reject>('Reject').reason).toBe(RejectReason.IdInUse);
});

describe('who waits for the link of its namesake to prove dead is turned away when that comes to replace it', () => {
  const outdated = new MasterlessError('ERR_UNAUTHORIZED', 'that secret counts no more');

  it('at the arbiter', () => {
    const scripted = new Scripted();
    const { line: link } = follow(scripted);
    scripted.act((mesh, now) => mesh.outdate(link.connection, outdated, now));
    const { line, nonce } = newcomer(scripted, 'a');
    line.say(knows(nonce));
    const again = scripted.dial();
    again.say(knows(again.greet({ keep: true }).nonce, { ...resumed, live: true }));
    expect(line.one<Reject>('Reject').reason).toBe(RejectReason.IdInUse);
    expect(again.kinds()).toEqual(['Query']);
  });

  it('at the follower', () => {
    const scripted = new Scripted();
    const { line: link } = lead(scripted);
    scripted.act((mesh, now) => mesh.outdate(link.connection, outdated, now));
    const { line } = newcomer(scripted, 'z');
    const again = scripted.dial();
    again.greet({ id: 'z', keep: true });
    expect(line.one<Reject>('Reject').reason).toBe(RejectReason.IdInUse);
    expect(again.kinds()).toEqual(['State']);
  });
});

it('a restarted peer that fails to take the link is dialled on, and no end of it is told twice', () => {
  const scripted = new Scripted({ reconnect: { attempts: 3, minDelay: 100, maxDelay: 100 }, random: () => 0.5 });
  scripted.act((mesh, now) => mesh.keep('a', true, now));
  const { line } = follow(scripted, { addresses: ['test://a'] });
  line.say(encodeHeartbeat()).end();
  scripted.wait(100);
  const met = scripted.taken();
  met.say(knows(met.greet({ incarnation: NEXT, addresses: ['test://a'] }).nonce));
  expect(met.kinds()).toEqual(['Adopt']);
  expect(scripted.heard().filter((kind) => kind.startsWith('disconnect'))).toEqual(['disconnect a restarted']);
  met.end();
  scripted.wait(100);
  const last = scripted.taken();
  expect(last).not.toBe(met);
  last.say(knows(last.greet({ incarnation: NEXT, addresses: ['test://a'] }).nonce));
  last.say(encodeAccept({ epoch: 2, received: [0, 0] }));
  expect(scripted.heard()).toContain('connect a');
});

it('a restarted peer that is being linked stays kept when the last attempt to win it back fails meanwhile', () => {
  const scripted = new Scripted();
  scripted.act((mesh, now) => mesh.keep('a', true, now));
  const { line } = follow(scripted, { addresses: ['test://a'] });
  line.say(encodeHeartbeat()).end();
  scripted.wait(0);
  const redial = scripted.lastDialled();
  const { line: next, adopt } = propose(scripted, { keep: false, incarnation: NEXT });
  expect(scripted.heard()).toContain('disconnect a restarted');
  const error = new MasterlessError('ERR_REFUSED', 'nobody listens');
  scripted.act((mesh, now) => mesh.ended(redial, error, now));
  next.say(encodeAccept({ epoch: adopt.epoch, received: [0, 0] }));
  expect(scripted.heard()).toContain('connect a');
  expect(scripted.mesh.isKept('a')).toBe(true);
  expect(next.kinds()).not.toContain('Bye');
});

it('a restarted peer that nobody dialled is served like any other', () => {
  const scripted = new Scripted();
  follow(scripted).line.end();
  scripted.heard();
  const { line } = follow(scripted, { incarnation: NEXT });
  expect(scripted.heard()).toEqual(['disconnect a restarted', 'connect a']);
  for (let second = 0; second < 10; second++) {
    line.say(encodeHeartbeat());
    scripted.wait(1000);
  }
  expect(line.closed).toBe(null);
  expect(scripted.heard()).toEqual([]);
});

it('PONG of an incumbent ends the wait of all who claim its id, and of none that is the incumbent itself', () => {
  const scripted = new Scripted();
  const { line: link } = follow(scripted, { addresses: ['test://a'] });
  link.said();
  const claims = [newcomer(scripted, 'a'), newcomer(scripted, 'a')];
  scripted.wait(400);
  link.say(encodePong(link.one<Ping>('Ping').token));
  for (const { line } of claims) expect(line.one<Reject>('Reject').reason).toBe(RejectReason.IdInUse);
  const own = scripted.dial();
  own.say(knows(own.greet({ keep: true }).nonce, { ...resumed, live: true }));
  expect(own.kinds()).toEqual(['Duplicate']);
});
