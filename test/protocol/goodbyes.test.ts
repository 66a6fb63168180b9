/** Goodbyes that meet something else: a wish, a proposal, another goodbye. */
import { expect, it } from 'vitest';
import { ByeReason, encodeAck, encodeBye } from '../../src/protocol/control.js';
import { follow, type Line, lead, Scripted } from './scripted.js';

const REDIALS = { reconnect: { attempts: 2, minDelay: 10, maxDelay: 10 } };

function proposed(config = {}): { scripted: Scripted; line: Line } {
  const scripted = new Scripted(config);
  const { line } = follow(scripted, { keep: false, addresses: ['test://a'] });
  expect(line.one('Bye')).toEqual({ reason: ByeReason.Unwanted });
  scripted.heard();
  return { scripted, line };
}

function dials(scripted: Scripted): number {
  return scripted.outputs.filter(({ kind }) => kind === 'dial').length;
}

it('a proposal to part that was heard before this side wants to part as well is not waited for again', () => {
  const scripted = new Scripted();
  const { line } = lead(scripted, { keep: false });
  scripted.act((mesh) => mesh.send('z', Uint8Array.of(1), false));
  line.say(encodeBye(ByeReason.Unwanted));
  scripted.act((mesh, now) => mesh.disconnect('z', now));
  scripted.heard();
  line.say(encodeAck([1, 0]));
  expect(line.kinds()).toContain('Bye');
  expect(line.closed).toBe('flushed');
  expect(scripted.heard()).toEqual(['disconnect z local']);
});

it('a proposal is made once, however often the peer is not wanted', () => {
  const { scripted, line } = proposed();
  scripted.act((mesh, now) => mesh.keep('a', false, now));
  expect(line.kinds()).toEqual([]);
});

it('a wish that comes after the link was proposed to go wins it back, and the application hears of no end', () => {
  const { scripted, line } = proposed(REDIALS);
  scripted.act((mesh, now) => mesh.keep('a', true, now));
  // The answer to the proposal: it was said before KEEP could be heard.
  line.say(encodeBye(ByeReason.Unwanted));
  expect(line.closed).toBe('flushed');
  expect(line.kinds()).toEqual(['Keep']);
  scripted.wait(10);
  expect(dials(scripted)).toBe(1);
  expect(scripted.heard()).toEqual(['reconnecting a']);
  expect(scripted.mesh.isConnected('a')).toBe(true);
});

it('a wish after disconnect is for another session: the application hears the end of this one first', () => {
  const scripted = new Scripted(REDIALS);
  const { line } = follow(scripted, { addresses: ['test://a'] });
  scripted.heard();
  scripted.act((mesh, now) => mesh.disconnect('a', now));
  scripted.act((mesh, now) => mesh.keep('a', true, now));
  line.say(encodeBye(ByeReason.Disconnected));
  scripted.wait(10);
  expect(dials(scripted)).toBe(1);
  // `reconnecting` is for one that is connected: what comes next is `connect`.
  expect(scripted.heard()).toEqual(['disconnect a local']);
});

it('a wish after close comes to nothing', () => {
  const scripted = new Scripted(REDIALS);
  const { line } = follow(scripted, { addresses: ['test://a'] });
  follow(scripted, { id: 'b' });
  scripted.heard();
  scripted.act((mesh, now) => mesh.close(now));
  scripted.act((mesh, now) => mesh.keep('a', true, now));
  line.say(encodeBye(ByeReason.Closed));
  scripted.wait(100);
  expect(dials(scripted)).toBe(0);
  expect(scripted.heard()).toEqual(['disconnect a local']);
});
