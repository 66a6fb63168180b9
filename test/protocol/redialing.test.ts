/** Which addresses are dialled again, by whom, and what a wish that failed leaves behind. */
import { describe, expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import {
  type Adopt,
  ByeReason,
  encodeAccept,
  encodeBye,
  encodeHeartbeat,
  encodeKeep,
  encodeReject,
  RejectReason,
} from '../../src/protocol/control.js';
import type { Rules } from '../../src/protocol/state.js';
import { stateOf } from '../sim/bounds.js';
import { CONFIG, follow, knows, type Line, lead, linked, propose, Scripted } from './scripted.js';

const THERE = 'test://there';
const SELF = { id: CONFIG.id, incarnation: CONFIG.incarnation };
const resumed = { incarnation: CONFIG.incarnation, session: 1, epoch: 1 };

function often(attempts: number): Scripted {
  return new Scripted({ reconnect: { attempts, minDelay: 100, maxDelay: 100 }, random: () => 0.5 });
}

/** The core dials `a` at `THERE`, which lets the link come about. */
function connected(scripted: Scripted, addresses: readonly string[]): Line {
  scripted.act((mesh, now) => mesh.connect(1, THERE, null, now));
  scripted.wait(0);
  const line = scripted.taken();
  const { nonce } = line.greet({ addresses });
  line.say(knows(nonce), encodeAccept({ epoch: 1, received: [0, 0] }), encodeHeartbeat());
  scripted.heard();
  return line;
}

function wish(scripted: Scripted, number: number): Line {
  scripted.act((mesh, now) => mesh.connect(number, THERE, null, now));
  scripted.wait(0);
  return scripted.taken();
}

function refuse(scripted: Scripted): void {
  const error = new MasterlessError('ERR_REFUSED', 'nobody listens');
  scripted.act((mesh, now) => mesh.ended(scripted.lastDialled(), error, now));
}

/** The addresses dialled since the last call. */
function dials(scripted: Scripted): string[] {
  const found = scripted.outputs.flatMap((output) => (output.kind === 'dial' ? [output.uri] : []));
  scripted.outputs.length = 0;
  return found;
}

/** The same, each with whether it must not lead to this machine. */
function restricted(scripted: Scripted): [string, boolean][] {
  const found = scripted.outputs.flatMap((output): [string, boolean][] =>
    output.kind === 'dial' ? [[output.uri, output.elsewhere]] : [],
  );
  scripted.outputs.length = 0;
  return found;
}

describe('the addresses that a peer told', () => {
  const rules = (near: boolean): Rules => ({ admit: () => null, dialable: (_, uri) => uri, near: () => near });
  const asOften = (near: boolean): Scripted =>
    new Scripted({ rules: rules(near), reconnect: { attempts: 9, minDelay: 100, maxDelay: 100 }, random: () => 0.5 });

  it('must not lead to this machine, where it was on another; that which the application gave may', () => {
    const scripted = asOften(false);
    const line = connected(scripted, ['test://a', 'test://b']);
    line.end();
    scripted.wait(100);
    refuse(scripted);
    refuse(scripted);
    expect(restricted(scripted)).toEqual([
      [THERE, false],
      ['test://a', true],
      ['test://b', true],
    ]);
    // The one that was good once is dialled first from then on, and is told as before.
    const again = scripted.taken();
    const { nonce } = again.greet({ addresses: ['test://a'] });
    again.say(knows(nonce, resumed), encodeAccept({ epoch: 2, received: [0, 0] }), encodeHeartbeat());
    expect(scripted.mesh.isConnected('a')).toBe(true);
    again.end();
    scripted.wait(100);
    refuse(scripted);
    expect(restricted(scripted)).toEqual([
      ['test://b', true],
      ['test://a', true],
    ]);
  });

  it('may lead anywhere, where it was on this machine', () => {
    const scripted = asOften(true);
    connected(scripted, ['test://a']).end();
    scripted.wait(100);
    refuse(scripted);
    expect(restricted(scripted)).toEqual([
      [THERE, false],
      ['test://a', false],
    ]);
  });

  it('must not lead to this machine either where nobody but the peer ever dialled', () => {
    const scripted = asOften(false);
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    const { line } = follow(scripted, { addresses: ['test://a'] });
    line.end();
    scripted.wait(100);
    expect(restricted(scripted)).toEqual([['test://a', true]]);
  });
});

describe('the addresses of a lost peer', () => {
  it.each([
    ['another node', { id: 'b' }],
    ['this very node', SELF],
  ])('are those at which not %s was met', (_who, met) => {
    const scripted = often(2);
    connected(scripted, ['test://a', 'test://b']).end();
    scripted.wait(100);
    expect(dials(scripted)).toEqual([THERE]);
    refuse(scripted);
    expect(dials(scripted)).toEqual(['test://a']);
    scripted.taken().greetRejected(met);
    expect(dials(scripted)).toEqual(['test://b']);
    refuse(scripted);
    scripted.wait(100);
    // Where it was last time comes first, though it was not there now.
    expect(dials(scripted)).toEqual([THERE]);
    refuse(scripted);
    expect(dials(scripted)).toEqual(['test://b']);
  });

  it('do not include where it was dialled, even if it tells that address, once another was met there', () => {
    const scripted = often(2);
    connected(scripted, [THERE, 'test://a']).end();
    scripted.wait(100);
    scripted.taken().greetRejected({ id: 'b' });
    dials(scripted);
    refuse(scripted);
    scripted.wait(100);
    expect(dials(scripted)).toEqual(['test://a']);
  });

  it('include where it was dialled, though it came by itself since', () => {
    const scripted = often(1);
    connected(scripted, []).end();
    const { line } = follow(scripted, { addresses: [] }, resumed);
    dials(scripted);
    line.say(encodeHeartbeat()).end();
    scripted.wait(100);
    expect(dials(scripted)).toEqual([THERE]);
  });
});

describe('a lost link', () => {
  it.each([
    ['where nothing is ever tried again', 0, ['test://a']],
    ['of which no address is known', 1, []],
  ])('is given up at once %s', (_where, attempts, addresses) => {
    const scripted = often(attempts);
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    const { line } = follow(scripted, { keep: false, addresses });
    scripted.heard();
    line.end();
    expect(scripted.heard()).toEqual(['disconnect a unreachable']);
    scripted.wait(1000);
    expect(scripted.heard()).toEqual([]);
  });

  it('of two who part is dialled for what is still on its way', () => {
    const scripted = often(3);
    const { line } = follow(scripted, { addresses: ['test://a'] });
    scripted.act((mesh) => mesh.send('a', Uint8Array.of(1), false));
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    line.say(encodeHeartbeat()).end();
    for (let attempt = 1; attempt <= 3; attempt++) {
      scripted.wait(100);
      expect(dials(scripted)).toEqual(['test://a']);
      refuse(scripted);
    }
  });

  it('is dialled past the time for which its session would be held', () => {
    const scripted = often(30);
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    const { line } = follow(scripted, { keep: true, addresses: ['test://a'], resumeWindow: 500 });
    line.say(encodeHeartbeat()).end();
    for (let attempt = 0; attempt < 20; attempt++) {
      scripted.wait(100);
      refuse(scripted);
    }
    expect(scripted.heard().join()).not.toContain('disconnect');
  });

  it('is dialled by one attempt at a time, though a link was about to be and failed meanwhile', () => {
    const scripted = often(30);
    connected(scripted, []).end();
    scripted.wait(100);
    expect(dials(scripted)).toEqual([THERE]);
    propose(scripted, {}, resumed).line.end();
    scripted.wait(2000);
    expect(dials(scripted)).toEqual([]);
    expect(stateOf(scripted.mesh).dials.size).toBe(1);
  });

  it('is no wish of the application: close tells of none', () => {
    const scripted = often(30);
    connected(scripted, []).end();
    scripted.wait(100);
    scripted.heard();
    scripted.act((mesh, now) => mesh.close(now));
    expect(scripted.heard()).toEqual(['disconnect a local', 'closed']);
  });
});

describe('a wish that fails', () => {
  it('leaves nothing behind when it was the last of several', () => {
    const scripted = new Scripted();
    const [first, second] = [wish(scripted, 1), wish(scripted, 2)];
    first.greet();
    second.greet();
    first.end();
    expect(scripted.mesh.isKept('a')).toBe(true);
    second.end();
    expect(scripted.mesh.isKept('a')).toBe(false);
    expect(scripted.mesh.view('a')).toBe(null);
  });

  it('leaves alone what the application said of the peer before', () => {
    const scripted = new Scripted();
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    const line = wish(scripted, 1);
    line.greet();
    line.end();
    expect(scripted.mesh.isKept('a')).toBe(true);
  });

  it.each([
    ['is connected', false],
    ['has lost its link, and whose session is held', true],
  ])('leaves no peer kept that %s', (_what, lost) => {
    const scripted = new Scripted();
    const { line: link } = follow(scripted);
    if (lost) link.end();
    const line = wish(scripted, 1);
    line.greet();
    line.end();
    expect(scripted.heard()).toContain('wish ERR_CONNECTION_LOST');
    expect(scripted.mesh.isKept('a')).toBe(false);
    expect(scripted.mesh.isConnected('a')).toBe(true);
  });

  it('leaves no link that neither side keeps', () => {
    const { scripted, line: link } = linked();
    const line = wish(scripted, 1);
    line.greet();
    link.say(encodeKeep(false));
    expect(link.kinds()).toEqual([]);
    line.end();
    scripted.wait(1000);
    expect(link.kinds()).toContain('Bye');
    link.say(encodeBye(ByeReason.Unwanted));
    expect(scripted.heard()).toContain('disconnect a unwanted');
    expect(scripted.mesh.view('a')).toBe(null);
  });

  it('leaves the wish to keep a peer that came by itself meanwhile', () => {
    const scripted = new Scripted();
    const line = wish(scripted, 1);
    line.greet();
    follow(scripted, { keep: false });
    line.end();
    expect(scripted.heard()).toContain('connect a');
    expect(scripted.mesh.isKept('a')).toBe(true);
  });
});

describe('a wish that shakes hands while the session before ends', () => {
  /** A wish for `a`, whose link is lost, and whose session ends before `a` has said what it knows. */
  function overtaken(): { scripted: Scripted; line: Line; nonce: number } {
    const scripted = new Scripted();
    const { line: link } = follow(scripted, { keep: true, resumeWindow: 2000 });
    link.end();
    scripted.wait(1999);
    const line = wish(scripted, 1);
    const { nonce } = line.greet();
    scripted.heard();
    scripted.wait(1);
    expect(scripted.heard()).toEqual(['disconnect a unreachable']);
    return { scripted, line, nonce };
  }

  it('keeps the peer when it comes true', () => {
    const { scripted, line, nonce } = overtaken();
    line.say(knows(nonce, resumed));
    line.say(encodeAccept({ epoch: line.take<Adopt>('Adopt').epoch, received: [0, 0] }));
    expect(scripted.heard()).toEqual(['connect a', 'wish a']);
    expect(scripted.mesh.isKept('a')).toBe(true);
    expect(line.kinds()).not.toContain('Bye');
  });

  it('leaves nothing behind when it fails', () => {
    const { scripted, line } = overtaken();
    line.end();
    expect(scripted.heard()).toContain('wish ERR_CONNECTION_LOST');
    expect(scripted.mesh.view('a')).toBe(null);
  });

  it('keeps the peer also where the last attempt to win it back has failed meanwhile', () => {
    const scripted = new Scripted();
    connected(scripted, []).end();
    scripted.wait(0);
    const redial = scripted.lastDialled();
    const line = wish(scripted, 2);
    line.greet();
    const error = new MasterlessError('ERR_REFUSED', 'nobody listens');
    scripted.act((mesh, now) => mesh.ended(redial, error, now));
    expect(scripted.heard()).toContain('disconnect a unreachable');
    expect(scripted.mesh.isKept('a')).toBe(true);
  });
});

describe('the test of a silent link', () => {
  it.each<[string, (probe: Line) => void]>([
    ['takes the connection and closes it', (probe) => void probe.end()],
    [
      'turns the connection away',
      (probe) => void probe.say(encodeReject({ reason: RejectReason.Limit, detail: 'full' })),
    ],
  ])('ends it where somebody %s: that is no node that was only stopped', (_what, answer) => {
    const scripted = new Scripted();
    const { line } = follow(scripted, { addresses: ['test://a'] });
    scripted.wait(5000);
    answer(scripted.taken());
    scripted.wait(0);
    expect(line.closed).toBe('cut');
  });

  it('is not told to the application', () => {
    const scripted = new Scripted();
    const { line } = lead(scripted, { addresses: ['test://z'] });
    scripted.wait(5000);
    scripted.heard();
    refuse(scripted);
    scripted.wait(0);
    expect(line.closed).toBe('cut');
    expect(scripted.heard()).toEqual([]);
  });
});

describe('a kept peer', () => {
  it('that had let the session go is dialled on when the link to it fails before it is confirmed', () => {
    const scripted = often(Number.POSITIVE_INFINITY);
    connected(scripted, ['test://a']).end();
    scripted.wait(0);
    const again = scripted.taken();
    again.say(knows(again.greet({ addresses: ['test://a'] }).nonce));
    expect(scripted.heard()).toEqual(['reconnecting a', 'disconnect a expired']);
    again.end();
    refuse(scripted);
    expect(dials(scripted)).toEqual(['test://a']);
    scripted.wait(100);
    expect(dials(scripted)).toEqual([THERE]);
    const third = scripted.taken();
    third.say(knows(third.greet().nonce));
    third.say(encodeAccept({ epoch: third.take<Adopt>('Adopt').epoch, received: [0, 0] }));
    expect(scripted.heard()).toContain('connect a');
  });

  it('that has restarted is kept no more when all attempts to be linked with it have failed', () => {
    const scripted = often(1);
    connected(scripted, ['test://a']).end();
    scripted.wait(0);
    const again = scripted.taken();
    again.say(knows(again.greet({ incarnation: '00000000000000cc', addresses: [] }).nonce));
    again.end();
    expect(scripted.heard()).toContain('disconnect a restarted');
    scripted.wait(100_000);
    expect([scripted.mesh.isKept('a'), scripted.mesh.view('a')]).toEqual([false, null]);
    expect(scripted.mesh.wakeAt).toBe(Number.POSITIVE_INFINITY);
  });

  describe('that restarted, and came when all attempts to win it back had failed, to take a link that then fails', () => {
    const next = { incarnation: '00000000000000cc', addresses: ['test://a'] };

    function failed(): Scripted {
      const scripted = often(1);
      const { line } = follow(scripted, { addresses: ['test://a'], keep: true });
      scripted.act((mesh, now) => mesh.keep('a', true, now));
      line.end();
      scripted.wait(100);
      refuse(scripted);
      propose(scripted, next).line.end();
      expect(scripted.heard()).toContain('disconnect a restarted');
      scripted.wait(100);
      expect(dials(scripted)).toEqual(['test://a']);
      return scripted;
    }

    it('is dialled', () => {
      const scripted = failed();
      const again = scripted.taken();
      again.say(knows(again.greet(next).nonce));
      again.say(encodeAccept({ epoch: again.take<Adopt>('Adopt').epoch, received: [0, 0] }));
      expect(scripted.heard()).toContain('connect a');
    });

    it('is kept no more when it can not be reached', () => {
      const scripted = failed();
      refuse(scripted);
      scripted.wait(100_000);
      expect([scripted.mesh.isKept('a'), scripted.mesh.view('a')]).toEqual([false, null]);
      expect(scripted.mesh.wakeAt).toBe(Number.POSITIVE_INFINITY);
    });
  });

  it('that never was there, and failed before its link was confirmed, is kept for when it comes again', () => {
    const scripted = often(1);
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    propose(scripted, { addresses: ['test://a'] }).line.end();
    scripted.wait(100_000);
    expect(dials(scripted)).toEqual([]);
    expect(scripted.mesh.isKept('a')).toBe(true);
  });

  it('of a connect that failed before its link was confirmed is dialled as often as the connect asks for', () => {
    const scripted = often(2);
    for (const outcome of [[], ['wish ERR_CONNECTION_LOST']]) {
      const line = outcome.length === 0 ? wish(scripted, 1) : scripted.taken();
      line.say(knows(line.greet({ addresses: ['test://a'] }).nonce));
      line.end();
      expect(scripted.heard().filter((each) => each.startsWith('wish'))).toEqual(outcome);
      scripted.wait(100);
    }
    expect(dials(scripted)).toEqual([]);
    expect(scripted.mesh.isKept('a')).toBe(false);
  });

  it('whose last address leads to another is dialled on at the one that did not answer', () => {
    const scripted = often(Number.POSITIVE_INFINITY);
    connected(scripted, ['test://b']).end();
    scripted.wait(0);
    refuse(scripted);
    scripted.taken().greet({ id: 'b' });
    expect(dials(scripted)).toEqual([THERE, 'test://b']);
    scripted.wait(1000);
    expect(dials(scripted)).toEqual([THERE]);
    expect(scripted.mesh.isConnected('a')).toBe(true);
    scripted.taken().greet({ id: 'b' });
    expect(scripted.heard()).toContain('disconnect a unreachable');
    scripted.wait(10_000);
    expect(dials(scripted)).toEqual([]);
  });

  it('is dialled when it is wanted after its link was lost, though it is held for it', () => {
    const scripted = often(1);
    const { line } = follow(scripted, { addresses: ['test://a'], keep: true });
    line.end();
    scripted.wait(100);
    expect(dials(scripted)).toEqual([]);
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    scripted.wait(0);
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    scripted.wait(100);
    expect(dials(scripted)).toEqual(['test://a']);
  });
});

describe('who leaves a kept peer whose link is lost', () => {
  it('hears that it left, though the attempt to say goodbye fails', () => {
    const scripted = often(1);
    connected(scripted, []).end();
    scripted.act((mesh) => mesh.send('a', new Uint8Array(3), false));
    scripted.wait(0);
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    refuse(scripted);
    scripted.wait(20_000);
    expect(scripted.heard()).toEqual([
      'reconnecting a',
      'unreachable ERR_REFUSED',
      'undelivered a',
      'disconnect a local',
    ]);
  });
});

describe('an attempt that is over', () => {
  it('is not made again because its connection is said to be overtaken', () => {
    const scripted = often(Number.POSITIVE_INFINITY);
    connected(scripted, ['test://a']).end();
    scripted.wait(0);
    const again = scripted.taken();
    again.greet({ addresses: ['test://a'] });
    follow(scripted, { addresses: ['test://a'], keep: false });
    dials(scripted);
    again.say(encodeReject({ reason: RejectReason.Overtaken, detail: '' }));
    scripted.wait(1000);
    expect([dials(scripted), stateOf(scripted.mesh).dials.size]).toEqual([[], 0]);
  });
});

describe('a wish that is withdrawn', () => {
  /** A wish for `a`, which had dialled before and is not kept, met `a`, and waits for its verdict. */
  function met(): { scripted: Scripted; link: Line } {
    const scripted = new Scripted();
    const { line: link } = follow(scripted, { keep: true });
    link.said();
    wish(scripted, 1).greet({ keep: true });
    return { scripted, link };
  }

  it('leaves no peer kept for it', () => {
    const { scripted, link } = met();
    expect(scripted.mesh.isKept('a')).toBe(true);
    scripted.act((mesh, now) => mesh.cancelConnect(1, now));
    expect(scripted.mesh.isKept('a')).toBe(false);
    link.say(encodeKeep(false));
    expect(link.kinds()).toContain('Bye');
  });

  it('leaves the one kept that the application wants kept since', () => {
    const { scripted } = met();
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    scripted.act((mesh, now) => mesh.cancelConnect(1, now));
    expect(scripted.mesh.isKept('a')).toBe(true);
  });

  it('leaves the one kept for which another has come true', () => {
    const { scripted } = met();
    const first = scripted.lastDialled();
    scripted.act((mesh, now) => mesh.connect(2, 'test://other', null, now));
    scripted.wait(0);
    const line = scripted.taken();
    line.say(knows(line.greet({ keep: true }).nonce, { ...resumed, live: true }));
    expect(scripted.heard()).toContain('wish a');
    expect(first.dial?.wish).toBe(1);
    scripted.act((mesh, now) => mesh.cancelConnect(1, now));
    expect(scripted.mesh.isKept('a')).toBe(true);
  });

  it('leaves the one kept for which there is another', () => {
    const { scripted } = met();
    scripted.act((mesh, now) => mesh.connect(2, 'test://other', null, now));
    scripted.wait(0);
    scripted.taken().greet({ keep: true });
    scripted.act((mesh, now) => mesh.cancelConnect(1, now));
    expect(scripted.mesh.isKept('a')).toBe(true);
    scripted.act((mesh, now) => mesh.cancelConnect(2, now));
    expect(scripted.mesh.isKept('a')).toBe(false);
  });
});
