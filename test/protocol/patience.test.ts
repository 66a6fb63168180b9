import { describe, expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import { encodeAccept, encodeReject, RejectReason } from '../../src/protocol/control.js';
import { MAX_REFUSED } from '../../src/protocol/patience.js';
import { dials, knows, Scripted } from './scripted.js';

/** A core whose link to `a` is lost, and that dials it. */
function dialling(config = {}, told = 1): Scripted {
  const scripted = new Scripted({ random: () => 0.5, ...config });
  scripted.act((mesh, now) => mesh.connect(1, 'test://a', null, now));
  scripted.wait(0);
  const line = scripted.taken();
  const { nonce } = line.greet({ addresses: ['test://a', 'test://told'].slice(0, told), resumeWindow: 0 });
  line.say(knows(nonce), encodeAccept({ epoch: 1, received: [0, 0] }));
  line.end();
  // A link that did not stand for long is not dialled at once.
  scripted.wait(1000);
  scripted.heard();
  return scripted;
}

/** The other side takes the connection and closes it without a word. */
function close(scripted: Scripted): void {
  const line = scripted.dialling();
  scripted.mesh.opened(line.connection);
  scripted.act((mesh, now) => mesh.ended(line.connection, null, now));
}

describe('an attempt to win back a link, closed without a word', () => {
  it('goes on after pauses, each about twice as long, and nobody hears of it', () => {
    const scripted = dialling();
    const pauses: number[] = [];
    for (let i = 0; i < MAX_REFUSED; i++) {
      const before = scripted.now;
      close(scripted);
      expect(dials(scripted)).toBe(0);
      while (dials(scripted) === 0) scripted.wait(1);
      pauses.push(scripted.now - before);
      expect(scripted.heard()).toEqual([]);
    }
    expect(pauses).toEqual([25, 50, 100, 200, 400, 800]);
    close(scripted);
    expect(scripted.heard()).toEqual(['unreachable ERR_CONNECTION_LOST', 'disconnect a unreachable']);
  });

  it('finds the session where it was once there is room', () => {
    const scripted = dialling();
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    close(scripted);
    scripted.wait(1000);
    expect(scripted.taken().greet({ keep: true }).id).toBe('m');
    expect([scripted.mesh.isConnected('a'), scripted.mesh.view('a')?.session]).toEqual([true, 1]);
  });

  it('at an address that the peer only told, where it was never met, has none', () => {
    const scripted = dialling({ maxRefused: 1 }, 2);
    close(scripted);
    scripted.wait(100);
    scripted.heard();
    close(scripted);
    expect(scripted.lastDialled().uri).toBe('test://told');
    expect(scripted.heard()).toEqual(['unreachable ERR_CONNECTION_LOST']);
    close(scripted);
    expect(scripted.heard()).toEqual(['unreachable ERR_CONNECTION_LOST', 'disconnect a unreachable']);
  });

  it('is over when nobody wants the peer any more', () => {
    const scripted = dialling();
    close(scripted);
    scripted.act((mesh, now) => mesh.keep('a', false, now));
    scripted.outputs.length = 0;
    scripted.wait(5000);
    expect(dials(scripted)).toBe(0);
    expect(scripted.mesh.isConnected('a')).toBe(false);
  });

  it('has as many in the next attempt', () => {
    const scripted = dialling({ reconnect: { attempts: 2, minDelay: 10, maxDelay: 10 }, maxRefused: 1 });
    for (const heard of [[], ['unreachable ERR_CONNECTION_LOST', 'reconnecting a'], []]) {
      close(scripted);
      scripted.wait(100);
      expect(scripted.heard()).toEqual(heard);
    }
    close(scripted);
    expect(scripted.heard()).toEqual(['unreachable ERR_CONNECTION_LOST', 'disconnect a unreachable']);
  });
});

describe('an attempt that is turned away', () => {
  /** The other side does not accept what this one showed. */
  function unauthorized(scripted: Scripted): void {
    const line = scripted.dialling();
    scripted.act((mesh, now) => mesh.ended(line.connection, new MasterlessError('ERR_UNAUTHORIZED', 'no'), now));
  }

  it('for credentials that were exchanged since is made again at once, without a pause, and nobody hears of it', () => {
    const scripted = dialling();
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    for (let i = 0; i < 5; i++) {
      scripted.mesh.exchanged();
      unauthorized(scripted);
      scripted.wait(0);
      expect(dials(scripted)).toBe(1);
      expect(scripted.heard()).toEqual([]);
    }
    const line = scripted.taken();
    scripted.mesh.exchanged();
    line.say(encodeReject({ reason: RejectReason.Unauthorized, detail: '' }));
    scripted.wait(0);
    expect(scripted.heard()).toEqual(['fault ERR_UNAUTHORIZED']);
    expect(scripted.taken().greet({ keep: true }).id).toBe('m');
    expect([scripted.mesh.isConnected('a'), scripted.mesh.view('a')?.session]).toEqual([true, 1]);
  });

  it.each<[string, (scripted: Scripted) => void]>([
    ['with those that it has', () => undefined],
    [
      'with those that it has now, having dialled again',
      (scripted) => {
        scripted.mesh.exchanged();
        unauthorized(scripted);
        scripted.wait(0);
      },
    ],
  ])('%s has failed', (_when, before) => {
    const scripted = dialling();
    before(scripted);
    unauthorized(scripted);
    expect(scripted.heard()).toEqual(['unreachable ERR_UNAUTHORIZED', 'disconnect a unreachable']);
  });

  it('for something else has failed', () => {
    const scripted = dialling({ maxRefused: 0 });
    scripted.mesh.exchanged();
    close(scripted);
    expect(scripted.heard()).toEqual(['unreachable ERR_CONNECTION_LOST', 'disconnect a unreachable']);
  });
});

describe('a wish, closed without a word', () => {
  it('fails at once', () => {
    const scripted = new Scripted();
    scripted.act((mesh, now) => mesh.connect(1, 'test://there', null, now));
    scripted.wait(0);
    close(scripted);
    expect(scripted.heard()).toEqual(['unreachable ERR_CONNECTION_LOST', 'wish ERR_CONNECTION_LOST']);
  });
});
