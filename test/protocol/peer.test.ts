import { describe, expect, it } from 'vitest';
import { follow, type Line, propose, Scripted } from './scripted.js';

describe('what people see of a peer', () => {
  it.each<[string, boolean, boolean, (scripted: Scripted, line: Line) => void]>([
    ['is only linked', false, false, () => undefined],
    ['has to prove that it lives', true, false, (scripted) => claim(scripted)],
    ['may come back', false, true, (_, line) => line.end()],
    ['goes', false, true, (scripted) => scripted.act((mesh, now) => void mesh.disconnect('a', now))],
  ])('that %s', (_what, probing, waiting, happens) => {
    const scripted = new Scripted();
    const { line } = follow(scripted);
    happens(scripted, line);
    expect(scripted.mesh.view('a')).toMatchObject({ epoch: 1, session: 1, probing, waiting });
  });

  /** Another node claims the peer's id. */
  function claim(scripted: Scripted): void {
    scripted.dial().greet({ incarnation: '00000000000000cc' });
  }
});

describe('a peer is remembered', () => {
  it('for a session that was proposed to it: it may have been accepted, and is proposed again', () => {
    const scripted = new Scripted();
    const { line, adopt } = propose(scripted);
    line.end();
    expect(propose(scripted).adopt).toMatchObject({ session: adopt.session, epoch: adopt.epoch + 1 });
  });

  it('while the application wishes for it, whatever becomes of its connections', () => {
    const scripted = new Scripted({ reconnect: { attempts: 3, minDelay: 100, maxDelay: 100 } });
    scripted.act((mesh, now) => mesh.connect(1, 'test://there', null, now));
    scripted.wait(0);
    const line = scripted.taken();
    line.greet();
    line.end();
    expect(scripted.mesh.isKept('a')).toBe(true);
    scripted.act((mesh, now) => mesh.cancelConnect(1, now));
    follow(scripted, { keep: true });
    expect(scripted.mesh.isConnected('a')).toBe(true);
  });
});
