import { describe, expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import {
  type Adopt,
  ByeReason,
  encodeAccept,
  encodeAck,
  encodeBye,
  encodeDuplicate,
  encodeHeartbeat,
  encodeReject,
  RejectReason,
} from '../../src/protocol/control.js';
import { Mesh } from '../../src/protocol/mesh.js';
import { stateOf } from '../sim/bounds.js';
import { adopts, CONFIG, follow, knows, type Line, lead, propose, Scripted } from './scripted.js';

const forever = { attempts: Number.POSITIVE_INFINITY, minDelay: 100, maxDelay: 800 };
const resumed = { incarnation: CONFIG.incarnation, session: 1, epoch: 1 };

function wish(scripted: Scripted, uri = 'test://there', expected: string | null = null, number = 1): void {
  scripted.act((mesh, now) => mesh.connect(number, uri, expected, now));
  scripted.wait(0);
}

function refuse(scripted: Scripted): void {
  const error = new MasterlessError('ERR_REFUSED', 'nobody listens');
  scripted.act((mesh, now) => mesh.ended(scripted.lastDialled(), error, now));
}

function dials(scripted: Scripted): string[] {
  const found = scripted.outputs.flatMap((output) => (output.kind === 'dial' ? [output.uri] : []));
  scripted.outputs.length = 0;
  return found;
}

it('waits for nothing when its only dial has failed', () => {
  const scripted = new Scripted();
  wish(scripted);
  // By when the handshake should be done.
  expect(scripted.mesh.wakeAt).toBe(scripted.now + CONFIG.handshakeTimeout);
  refuse(scripted);
  expect(scripted.heard()).toContain('wish ERR_REFUSED');
  expect(scripted.mesh.wakeAt).toBe(Number.POSITIVE_INFINITY);
});

/** The core dials `a`, which lets the link come about. */
function connected(scripted: Scripted, addresses: readonly string[] = ['test://a'], alive = true): Line {
  wish(scripted);
  const line = scripted.taken();
  const { nonce } = line.greet({ addresses });
  line.say(knows(nonce));
  line.say(encodeAccept({ epoch: 1, received: [0, 0] }));
  if (alive) line.say(encodeHeartbeat());
  return line;
}

describe('a wish', () => {
  it('comes true when the link is there', () => {
    const scripted = new Scripted();
    connected(scripted);
    expect(scripted.heard()).toEqual(['connect a', 'wish a']);
    expect(scripted.mesh.isKept('a')).toBe(true);
  });

  it('comes true at once at an address that was dialled, or that the peer wanted tells', () => {
    const scripted = new Scripted();
    connected(scripted);
    dials(scripted);
    wish(scripted, 'test://there');
    wish(scripted, 'test://a', 'a');
    expect(dials(scripted)).toEqual([]);
    wish(scripted, 'test://a', 'b');
    expect(dials(scripted)).toEqual(['test://a']);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['and does not tell that address any more, dials it: another may be there', ['test://new'], ['test://there']],
    ['and still tells that address, comes true at once', ['test://there', 'test://new'], []],
  ])('for where a peer was dialled that has come by itself since, %s', (_, addresses, expected) => {
    const scripted = new Scripted();
    connected(scripted).end();
    const { line, adopt } = propose(scripted, { addresses }, resumed);
    line.say(encodeAccept({ epoch: adopt.epoch, received: [0, 0] }));
    scripted.heard();
    wish(scripted, 'test://there', null, 2);
    expect(dials(scripted)).toEqual(expected);
    if (expected.length === 0) return;
    const other = scripted.taken();
    other.say(knows(other.greet({ id: 'b' }).nonce));
    other.say(encodeAccept({ epoch: 1, received: [0, 0] }));
    expect(scripted.heard()).toEqual(['connect b', 'wish b']);
  });

  it('for a peer that is there keeps it', () => {
    const scripted = new Scripted();
    follow(scripted, { addresses: ['test://a'] });
    expect(scripted.mesh.isKept('a')).toBe(false);
    wish(scripted, 'test://a', 'a', 5);
    expect(scripted.mesh.isKept('a')).toBe(true);
    const came = scripted.outputs.filter(({ kind }) => kind === 'wish');
    expect(came).toEqual([{ kind: 'wish', wish: 5, id: 'a', error: null }]);
  });

  it.each<[string, (scripted: Scripted, line: Line) => void]>([
    ['is suspected', (scripted) => scripted.wait(5000)],
    ['goes', (scripted) => scripted.act((mesh, now) => mesh.disconnect('a', now))],
    ['is lost', (_, line) => line.end()],
  ])('does not come true at once by a link that %s', (_what, happens) => {
    const scripted = new Scripted({ closeTimeout: 60_000 });
    const line = connected(scripted);
    scripted.act((mesh) => mesh.send('a', Uint8Array.of(1), false));
    scripted.heard();
    happens(scripted, line);
    wish(scripted, 'test://there', 'a', 2);
    expect(scripted.heard()).not.toContain('wish a');
  });

  it('withdrawn leaves another for the same address alone', () => {
    const scripted = new Scripted();
    wish(scripted, 'test://there', null, 1);
    const first = scripted.dialling();
    wish(scripted, 'test://there', null, 2);
    const second = scripted.dialling();
    scripted.act((mesh, now) => mesh.cancelConnect(1, now));
    expect([first.closed, second.closed]).toEqual(['cut', null]);
  });

  it('for whoever is at an address does not come true by a peer that only tells it', () => {
    const scripted = new Scripted();
    connected(scripted);
    dials(scripted);
    wish(scripted, 'test://a');
    expect(dials(scripted)).toEqual(['test://a']);
  });

  it('is tried as often as the policy says, with growing delays', () => {
    const scripted = new Scripted({ reconnect: { ...forever, attempts: 5 }, random: () => 0.999 });
    wish(scripted);
    dials(scripted);
    const delays = [];
    for (let i = 0; i < 4; i++) {
      refuse(scripted);
      const before = scripted.now;
      while (dials(scripted).length === 0) scripted.wait(1);
      delays.push(scripted.now - before);
    }
    expect(delays).toEqual([100, 200, 400, 800]);
    refuse(scripted);
    expect(scripted.heard()).toEqual(['unreachable ERR_REFUSED', 'wish ERR_REFUSED']);
    scripted.wait(10_000);
    expect(scripted.mesh.wakeAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('is tried once even where nothing is ever tried again', () => {
    const scripted = new Scripted({ reconnect: { ...forever, attempts: 0 } });
    wish(scripted);
    refuse(scripted);
    expect(scripted.heard()).toEqual(['unreachable ERR_REFUSED', 'wish ERR_REFUSED']);
  });

  it('withdrawn before it is open closes the connection, and nothing follows', () => {
    const scripted = new Scripted({ reconnect: forever });
    wish(scripted);
    const line = scripted.dialling();
    scripted.act((mesh, now) => mesh.cancelConnect(1, now));
    expect(line.closed).toBe('cut');
    scripted.wait(10_000);
    expect(scripted.heard()).toEqual([]);
  });

  it('withdrawn in the handshake leaves the verdict to the arbiter', () => {
    const scripted = new Scripted();
    wish(scripted);
    const line = scripted.taken();
    scripted.act((mesh, now) => mesh.cancelConnect(1, now));
    line.say(knows(line.greet().nonce)).say(encodeAccept({ epoch: 1, received: [0, 0] }));
    expect(scripted.heard()).toEqual(['connect a']);
  });

  it('a duplicate of a link that is there comes true', () => {
    const scripted = new Scripted();
    lead(scripted);
    scripted.heard();
    wish(scripted);
    const line = scripted.taken();
    line.greet({ id: 'z' });
    line.say(encodeDuplicate());
    expect(scripted.heard()).toEqual(['wish z']);
    expect(scripted.mesh.isKept('z')).toBe(true);
  });

  it('a duplicate of a link that never shows fails in time', () => {
    const scripted = new Scripted();
    wish(scripted);
    const line = scripted.taken();
    line.greet({ id: 'z' });
    line.say(encodeDuplicate());
    scripted.wait(4999);
    expect(scripted.heard()).toEqual([]);
    scripted.wait(1);
    expect(scripted.heard()).toEqual(['wish ERR_TIMEOUT']);
    expect(scripted.mesh.view('z')).toBe(null);
  });

  it('overtaken by another connection dials again at once, three times at most', () => {
    const scripted = new Scripted();
    wish(scripted);
    for (let i = 0; i <= 3; i++) {
      const line = scripted.taken();
      line.greet({ id: 'z' });
      expect(scripted.heard()).toEqual(i === 0 ? [] : ['fault ERR_CONNECTION_LOST']);
      line.say(encodeReject({ reason: RejectReason.Overtaken, detail: '' }));
    }
    expect(scripted.heard()).toEqual([
      'fault ERR_CONNECTION_LOST',
      'unreachable ERR_CONNECTION_LOST',
      'wish ERR_CONNECTION_LOST',
    ]);
  });

  it('whose link is let go before it was confirmed is tried again, and fails in time', () => {
    const scripted = new Scripted({ reconnect: { ...forever, attempts: 2, maxDelay: 0 }, closeTimeout: 100 });
    wish(scripted);
    const line = scripted.taken();
    line.say(knows(line.greet().nonce));
    expect(line.kinds()).toContain('Adopt');
    dials(scripted);
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    scripted.wait(100);
    expect(line.closed).toBe('flushed');
    expect(dials(scripted)).toEqual(['test://there']);
    scripted.wait(5000);
    expect(scripted.heard()).toEqual(['unreachable ERR_TIMEOUT', 'wish ERR_TIMEOUT']);
  });

  it('that fails leaves the peer to another that is still open', () => {
    const scripted = new Scripted();
    wish(scripted, 'test://there', null, 1);
    const first = scripted.taken();
    wish(scripted, 'test://there', null, 2);
    const second = scripted.taken();
    first.greet();
    const { nonce } = second.greet();
    first.end();
    expect(scripted.heard()).toEqual(['unreachable ERR_CONNECTION_LOST', 'wish ERR_CONNECTION_LOST']);
    second.say(knows(nonce));
    second.say(encodeAccept({ epoch: 1, received: [0, 0] }));
    expect(scripted.heard()).toEqual(['connect a', 'wish a']);
    expect(scripted.mesh.isKept('a')).toBe(true);
  });

  it('for a peer that is not reached leaves nothing behind', () => {
    const scripted = new Scripted();
    wish(scripted);
    const line = scripted.taken();
    line.greet();
    line.end();
    expect(scripted.mesh.view('a')).toBe(null);
    expect(scripted.mesh.isKept('a')).toBe(false);
  });
});

describe('a lost link of a kept peer', () => {
  it('is dialled again at once: first where it was, then where the peer says', () => {
    const scripted = new Scripted();
    connected(scripted, ['test://a', 'test://b']).end();
    scripted.wait(0);
    expect(dials(scripted).at(-1)).toBe('test://there');
    refuse(scripted);
    expect(dials(scripted)).toEqual(['test://a']);
    refuse(scripted);
    expect(dials(scripted)).toEqual(['test://b']);
    refuse(scripted);
    expect(scripted.heard()).toEqual(['unreachable ERR_REFUSED', 'disconnect a unreachable']);
  });

  it('resumes its session', () => {
    const scripted = new Scripted();
    connected(scripted).end();
    scripted.wait(0);
    scripted.heard();
    const line = scripted.taken();
    line.say(knows(line.greet().nonce, resumed));
    line.say(encodeAccept({ epoch: 2, received: [0, 0] }));
    expect(scripted.heard()).toEqual(['reconnect a']);
  });

  it('is given up after the last attempt, and so is the wish to keep it', () => {
    const scripted = new Scripted();
    connected(scripted).end();
    scripted.act((mesh) => mesh.send('a', Uint8Array.of(1), false));
    scripted.wait(0);
    scripted.heard();
    refuse(scripted);
    refuse(scripted);
    expect(scripted.heard().slice(-3)).toEqual([
      'unreachable ERR_REFUSED',
      'undelivered a',
      'disconnect a unreachable',
    ]);
    expect(scripted.mesh.isKept('a')).toBe(false);
    expect(scripted.mesh.view('a')).toBe(null);
  });

  it('whose attempts have failed is waited for as long as the other side asked, and not longer', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted, { keep: true, resumeWindow: 2000, addresses: ['test://a'] });
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    line.end();
    scripted.wait(1000);
    refuse(scripted);
    scripted.heard();
    scripted.wait(999);
    expect(scripted.heard()).toEqual([]);
    scripted.wait(1);
    expect(scripted.heard()).toEqual(['disconnect a unreachable']);
  });

  it('that is no longer wanted when it is won back is let go, and nothing is left of it', () => {
    const scripted = new Scripted();
    const line = connected(scripted);
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    line.say(encodeBye(ByeReason.Disconnected));
    scripted.wait(0);
    expect(scripted.heard()).toContain('disconnect a local');
    scripted.act((mesh, now) => mesh.keep('a', false, now));
    const again = scripted.taken();
    again.say(knows(again.greet().nonce));
    const { epoch } = again.take<Adopt>('Adopt');
    again.say(encodeAccept({ epoch, received: [0, 0] }));
    expect(stateOf(scripted.mesh).dials.size).toBe(0);
    again.say(encodeBye(ByeReason.Unwanted));
    expect(scripted.heard()).toEqual(['connect a', 'disconnect a unwanted']);
    expect(scripted.mesh.view('a')).toBe(null);
  });

  it('that is no longer wanted is not dialled again', () => {
    const scripted = new Scripted({ reconnect: forever });
    connected(scripted).end();
    scripted.wait(0);
    refuse(scripted);
    refuse(scripted);
    scripted.act((mesh, now) => mesh.keep('a', false, now));
    scripted.heard();
    scripted.wait(10_000);
    expect(scripted.heard()).toEqual(['disconnect a expired']);
    expect(scripted.mesh.view('a')).toBe(null);
    expect(scripted.mesh.wakeAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('drops an address at which somebody else lives', () => {
    const scripted = new Scripted({ reconnect: { ...forever, attempts: 2 } });
    connected(scripted).end();
    scripted.wait(0);
    dials(scripted);
    scripted.taken().greetRejected({ id: 'b' });
    expect(dials(scripted)).toEqual(['test://a']);
    refuse(scripted);
    scripted.wait(1000);
    expect(dials(scripted)).toEqual(['test://a']);
  });

  it('at whose only address somebody else lives is given up', () => {
    const scripted = new Scripted({ reconnect: { ...forever, attempts: 3 } });
    connected(scripted, []).end();
    scripted.wait(0);
    scripted.taken().greetRejected({ id: 'b' });
    scripted.wait(10_000);
    const errors = scripted.outputs.flatMap((output) => (output.kind === 'unreachable' ? [output.error.code] : []));
    expect(errors).toEqual(['ERR_WRONG_ID']);
    expect(scripted.heard().at(-1)).toBe('disconnect a unreachable');
  });

  it('that never carried a frame is dialled with growing delays', () => {
    const scripted = new Scripted({ reconnect: forever, random: () => 0.999 });
    connected(scripted, ['test://a'], false).end();
    dials(scripted);
    const delays = [];
    for (let epoch = 2; epoch < 7; epoch++) {
      const before = scripted.now;
      while (!scripted.outputs.some(({ kind }) => kind === 'dial')) scripted.wait(1);
      delays.push(scripted.now - before);
      const line = scripted.taken();
      line.say(knows(line.greet().nonce, { ...resumed, epoch: epoch - 1 }));
      line.say(encodeAccept({ epoch, received: [0, 0] }));
      dials(scripted);
      line.end();
    }
    expect(delays).toEqual([100, 200, 400, 800, 800]);
  });

  it('that breaks the protocol each time is dialled with growing delays too', () => {
    const scripted = new Scripted({ reconnect: forever, random: () => 0.999 });
    const delays = [];
    connected(scripted).say(encodeAck([9, 9]));
    scripted.outputs.splice(
      0,
      scripted.outputs.findIndex(({ kind }) => kind === 'fault'),
    );
    for (let epoch = 2; epoch < 7; epoch++) {
      const before = scripted.now;
      while (!scripted.outputs.some(({ kind }) => kind === 'dial')) scripted.wait(1);
      delays.push(scripted.now - before);
      const line = scripted.taken();
      line.say(knows(line.greet().nonce, { ...resumed, epoch: epoch - 1 }));
      dials(scripted);
      line.say(encodeAccept({ epoch, received: [0, 0] }), encodeAck([9, 9]));
    }
    expect(delays).toEqual([100, 200, 400, 800, 800]);
  });
});

describe('a node that does not listen yet', () => {
  it('dials nobody, and has all the time of a handshake when it does', () => {
    const mesh = new Mesh({ ...CONFIG, random: () => 0.5 });
    mesh.connect(1, 'test://there', null, 1000);
    mesh.tick(1000);
    expect(mesh.poll(1000)).toBe(null);
    expect(mesh.wakeAt).toBe(Number.POSITIVE_INFINITY);
    const late = 1000 + 10 * CONFIG.handshakeTimeout;
    mesh.listening(['test://m'], late);
    expect([mesh.wakeAt, mesh.prompt]).toEqual([late, true]);
    mesh.tick(late);
    expect(mesh.poll(late)).toMatchObject({
      kind: 'dial',
      uri: 'test://there',
      connection: { deadline: late + CONFIG.handshakeTimeout },
    });
  });

  it('forgets what is not wished for any more', () => {
    const mesh = new Mesh({ ...CONFIG, random: () => 0.5 });
    mesh.connect(1, 'test://there', null, 1000);
    mesh.connect(2, 'test://there', null, 1000);
    mesh.cancelConnect(1, 1000);
    mesh.close(1000);
    mesh.tick(1000);
    expect(mesh.poll(1000)).toMatchObject({ kind: 'wish', wish: 2, error: { code: 'ERR_CLOSED' } });
    mesh.listening([], 2000);
    expect(mesh.poll(2000)).toEqual({ kind: 'closed' });
    expect(mesh.wakeAt).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('a lost link that only the other side keeps', () => {
  it('is held for its resume window', () => {
    const scripted = new Scripted();
    follow(scripted, { resumeWindow: 3000, addresses: ['test://a'] }).line.end();
    scripted.wait(2999);
    expect(dials(scripted)).toEqual([]);
    expect(scripted.mesh.isConnected('a')).toBe(true);
    scripted.wait(1);
    expect(scripted.heard()).toEqual(['disconnect a expired']);
    expect(scripted.mesh.view('a')).toBe(null);
  });

  it('resumes within it', () => {
    const scripted = new Scripted();
    follow(scripted, { resumeWindow: 3000 }).line.end();
    scripted.wait(2900);
    scripted.heard();
    follow(scripted, {}, resumed);
    scripted.wait(4000);
    expect(scripted.heard()).toEqual(['reconnect a']);
  });

  it('is not given up while an adoption is under way', () => {
    const scripted = new Scripted();
    follow(scripted, { resumeWindow: 3000 }).line.end();
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    scripted.wait(2900);
    scripted.heard();
    const { line, adopt } = propose(scripted, {}, resumed);
    scripted.wait(1000);
    expect(scripted.heard()).toEqual([]);
    line.say(encodeAccept({ epoch: adopt.epoch, received: [0, 0] }));
    expect(scripted.heard()).toEqual(['reconnect a']);
    expect(scripted.mesh.view('a')).toMatchObject({ epoch: 2, session: 1 });
  });

  it('is given up at once when that adoption fails', () => {
    const scripted = new Scripted();
    follow(scripted, { resumeWindow: 3000 }).line.end();
    scripted.wait(2900);
    const { line } = propose(scripted, { resumeWindow: 3000 }, resumed);
    scripted.wait(1000);
    scripted.heard();
    line.end();
    scripted.wait(0);
    expect(scripted.heard()).toEqual(['disconnect a expired']);
  });

  it('whose resume window is 0 is given up at once', () => {
    const scripted = new Scripted();
    follow(scripted, { resumeWindow: 0 }).line.end();
    scripted.wait(0);
    expect(scripted.heard()).toEqual(['connect a', 'disconnect a expired']);
  });
});

it('a session that was proposed and never confirmed is not proposed for ever', () => {
  const scripted = new Scripted();
  propose(scripted, { resumeWindow: 2000 }).line.end();
  scripted.wait(2000);
  expect(scripted.mesh.view('a')).toBe(null);
});

it('a lost link that neither side keeps is given up at once', () => {
  const scripted = new Scripted();
  lead(scripted, { keep: false }).line.end();
  expect(scripted.heard()).toEqual(['connect z', 'disconnect z expired']);
});

it('a follower whose arbiter restarts while it dials is connected to the new one', () => {
  const scripted = new Scripted({ reconnect: forever });
  wish(scripted);
  const line = scripted.taken();
  line.say(adopts(line.greet({ id: 'z', keep: true }).nonce), encodeHeartbeat());
  line.end();
  scripted.wait(0);
  scripted.heard();
  const next = scripted.taken();
  next.say(adopts(next.greet({ id: 'z', incarnation: '00000000000000dd' }).nonce));
  expect(scripted.heard()).toEqual(['disconnect z restarted', 'connect z']);
});
