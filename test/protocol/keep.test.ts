import { describe, expect, it } from 'vitest';
import { ByeReason, encodeBye, encodeDuplicate, encodeHeartbeat } from '../../src/protocol/control.js';
import { follow, lead, Scripted } from './scripted.js';

describe('the wish to keep a link', () => {
  it('is told by who connects to a peer that is there', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted, { addresses: ['test://a'] });
    line.said();
    scripted.act((mesh, now) => mesh.connect(1, 'test://a', 'a', now));
    expect(line.one('Keep')).toEqual({ keep: true });
  });

  it('is told when the connection that was made for it duplicates the link', () => {
    const scripted = new Scripted();
    const { line } = lead(scripted);
    line.said();
    scripted.act((mesh, now) => mesh.connect(1, 'test://there', null, now));
    scripted.wait(0);
    const second = scripted.taken();
    second.greet({ id: 'z' });
    expect(line.kinds()).toEqual([]);
    second.say(encodeDuplicate());
    expect(line.one('Keep')).toEqual({ keep: true });
  });

  it('is taken back where it was told as an answer to a proposal to let the link go', () => {
    const scripted = new Scripted();
    const { line } = lead(scripted, { keep: false });
    scripted.act((mesh, now) => mesh.connect(1, 'test://there', null, now));
    scripted.wait(0);
    scripted.taken().greet({ id: 'z' });
    line.said();
    // The link is not known to be wanted: the connection made for it has no verdict yet.
    line.say(encodeBye(ByeReason.Unwanted));
    expect(line.one('Keep')).toEqual({ keep: true });
    scripted.act((mesh, now) => mesh.keep('z', false, now));
    expect(line.one('Keep')).toEqual({ keep: false });
  });

  it('is told once for each change', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted);
    line.said();
    for (const keep of [true, true, false, false, true]) scripted.act((mesh, now) => mesh.keep('a', keep, now));
    expect(line.said().map(({ fields }) => fields)).toEqual([{ keep: true }, { keep: false }, { keep: true }]);
  });

  it('is answered where that is waited for, though this side changed its mind before it could be written', () => {
    const scripted = new Scripted();
    const { line } = lead(scripted, { keep: false });
    scripted.act((mesh, now) => mesh.keep('z', true, now));
    line.said();
    scripted.mesh.received(line.connection, encodeBye(ByeReason.Unwanted), scripted.now);
    while (scripted.mesh.poll(scripted.now) !== null);
    scripted.act((mesh, now) => mesh.keep('z', false, now));
    expect(line.said().map(({ fields }) => fields)).toEqual([{ keep: true }, { keep: false }]);
  });

  it('is said twice at most, the first and the last, by who changes its mind again and again before anything is written', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted);
    line.said();
    scripted.act((mesh, now) => {
      for (let i = 0; i < 20_001; i++) mesh.keep('a', i % 2 === 0, now);
    });
    expect(line.said()).toEqual(Array(2).fill({ kind: 'Keep', fields: { keep: true } }));
    line.say(encodeHeartbeat());
    expect([line.closed, scripted.mesh.isConnected('a')]).toEqual([null, true]);
  });
});
