/** A link that gave way to a connection that is not a link yet: how long it stays open, and what is done should that fail. */
import { expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import { encodeHeartbeat, type State } from '../../src/protocol/control.js';
import { type Line, lead, Scripted } from './scripted.js';

const DROPPED = new MasterlessError('ERR_UNAUTHORIZED', 'that secret counts no more');
const ADDRESSES = ['test://z'];

/** A follower whose link is outdated, and the connection that is to replace it, on which HELLO has come. */
function gaveWay(keep: boolean): { scripted: Scripted; line: Line; second: Line } {
  const scripted = new Scripted({ random: () => 0 });
  const { line } = lead(scripted, { addresses: ADDRESSES });
  scripted.act((mesh, now) => mesh.keep('z', keep, now));
  line.say(encodeHeartbeat());
  scripted.act((mesh, now) => mesh.outdate(line.connection, DROPPED, now));
  scripted.wait(0);
  const second = scripted.taken();
  second.greet({ id: 'z', keep: true, addresses: ADDRESSES });
  scripted.heard();
  return { scripted, line, second };
}

function dials(scripted: Scripted): number {
  return scripted.outputs.filter(({ kind }) => kind === 'dial').length;
}

it('it stays open, and nobody is dialled, for as long as the new one may shake hands', () => {
  const { scripted, line } = gaveWay(true);
  scripted.wait(4999);
  expect(line.closed).toBe(null);
  expect(dials(scripted)).toBe(0);
  scripted.wait(1);
  expect(line.closed).toBe('cut');
  expect(dials(scripted)).toBe(1);
});

it.each([
  ['is dialled at once where this side keeps it', true, 1],
  ['is waited for where only the other side does', false, 0],
])('should the new one fail, the peer %s', (_what, keep, dialled) => {
  const { scripted, line, second } = gaveWay(keep);
  second.end();
  scripted.wait(0);
  expect(line.closed).toBe('cut');
  expect(dials(scripted)).toBe(dialled);
  scripted.outputs.length = 0;
  scripted.wait(9999);
  expect(scripted.heard()).not.toContain('disconnect z expired');
  scripted.wait(1);
  expect(scripted.heard()).toEqual([keep ? 'disconnect z unreachable' : 'disconnect z expired']);
});

it('gives way to none while the two part over it', () => {
  const scripted = new Scripted();
  const { line } = lead(scripted, { addresses: ADDRESSES });
  scripted.act((mesh, now) => mesh.outdate(line.connection, DROPPED, now));
  scripted.act((mesh) => mesh.send('z', Uint8Array.of(1), false));
  scripted.act((mesh, now) => mesh.disconnect('z', now));
  const second = scripted.dial();
  second.greet({ id: 'z', keep: true, addresses: ADDRESSES });
  expect(second.one<State>('State').live).toBe(true);
  expect(scripted.mesh.view('z')?.link).not.toBe(null);
});
