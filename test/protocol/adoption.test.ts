import { describe, expect, it } from 'vitest';
import {
  type Adopt,
  encodeAccept,
  encodeAck,
  encodeDuplicate,
  type Reject,
  RejectReason,
} from '../../src/protocol/control.js';
import { Frame } from '../../src/protocol/frame.js';
import { adopts, CONFIG, data, follow, knows, type Line, lead, propose, Scripted } from './scripted.js';

const ME = CONFIG.incarnation;

function reason(line: Line): Reject {
  return line.one<Reject>('Reject');
}

/** The hand dials again as the same follower, and says what it knows. */
function again(scripted: Scripted, state: Parameters<typeof knows>[1]): Line {
  const line = scripted.dial();
  const { nonce } = line.greet({ keep: true });
  line.say(knows(nonce, { incarnation: ME, session: 1, epoch: 1, ...state }));
  return line;
}

describe('the arbiter', () => {
  it('adopts the first connection: epoch 1, a session, no counts', () => {
    const scripted = new Scripted();
    const { line, adopt } = propose(scripted);
    expect(adopt).toEqual({ nonce: 77, epoch: 1, session: 1, received: [0, 0], start: [0, 0] });
    expect(scripted.heard()).toEqual([]);
    line.say(encodeAccept({ epoch: 1, received: [0, 0] }));
    expect(scripted.heard()).toEqual(['connect a']);
  });

  it('gives every session a number of its own', () => {
    const scripted = new Scripted();
    expect(follow(scripted).adopt.session).toBe(1);
    expect(follow(scripted, { id: 'b' }).adopt.session).toBe(2);
  });

  it('turns a second connection away while the link is good', () => {
    const scripted = new Scripted();
    const { line: link } = follow(scripted);
    const line = again(scripted, { live: true });
    expect(line.kinds()).toEqual(['Duplicate']);
    expect(line.closed).toBe('flushed');
    expect(link.closed).toBe(null);
  });

  it('replaces a link at once that the follower holds no longer', () => {
    const scripted = new Scripted();
    const { line: link } = follow(scripted);
    scripted.heard();
    const line = again(scripted, { live: false });
    expect(link.closed).toBe('cut');
    expect(line.one('Adopt')).toMatchObject({ epoch: 2, session: 1 });
    line.say(encodeAccept({ epoch: 2, received: [0, 0] }));
    expect(scripted.heard()).toEqual(['reconnect a']);
  });

  it('knows old news: what was said on one connection before more was acknowledged on the link', () => {
    const scripted = new Scripted();
    const { line: link } = follow(scripted);
    const [crossing, late] = [scripted.dial(), scripted.dial()];
    const [first, second] = [crossing.greet(), late.greet()];
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    link.say(encodeAck([1, 0]));
    scripted.heard();
    const before = { incarnation: ME, session: 1, epoch: 1, live: true };
    crossing.say(knows(first.nonce, before));
    expect(crossing.kinds()).toEqual(['Duplicate']);
    expect(link.closed).toBe(null);
    // The same with nothing left that it could duplicate.
    link.end();
    late.say(knows(second.nonce, before));
    const { nonce } = late.one<{ nonce: number }>('Query');
    late.say(knows(nonce, { ...before, live: false, received: [1, 0] }));
    expect(late.one('Adopt')).toMatchObject({ epoch: 2, session: 1, start: [1, 0] });
    expect(scripted.heard()).not.toContain('fault ERR_PROTOCOL');
  });

  it('goes on where the follower stands, and says where it stands itself', () => {
    const scripted = new Scripted();
    const { line: link } = follow(scripted);
    for (const text of ['x', 'y', 'z']) scripted.act((mesh) => mesh.send('a', Buffer.from(text), false));
    link.say(data('1'), data('2', Frame.Urgent), data('3'));
    link.end();
    const line = again(scripted, { received: [1, 0] });
    const said = line.said();
    expect(said[0]).toMatchObject({ kind: 'Adopt', fields: { epoch: 2, session: 1, received: [2, 1], start: [1, 0] } });
    // The session is known to both: what is missing follows at once.
    expect(said.slice(1).map(({ fields }) => fields)).toEqual([
      { payload: '79' },
      { payload: '7a' },
      { handled: null },
    ]);
  });

  it('drops what comes again though it had come', () => {
    const scripted = new Scripted();
    const { line: link } = follow(scripted);
    link.say(data('1'), data('2'));
    link.end();
    // The follower takes up before where it was asked to: then the arbiter counts from what it said itself.
    const line = again(scripted, {});
    line.say(encodeAccept({ epoch: 2, received: [0, 0] }), data('3'));
    expect(scripted.packets).toEqual(['1', '2', '3']);
  });

  it('lets an offer wait while an adoption is not confirmed, then calls it a duplicate', () => {
    const scripted = new Scripted();
    const { line: first } = propose(scripted);
    const second = scripted.dial();
    second.say(knows(second.greet().nonce));
    expect(second.kinds()).toEqual([]);
    first.say(encodeAccept({ epoch: 1, received: [0, 0] }));
    expect(second.kinds()).toEqual(['Duplicate']);
  });

  it('asks the waiting one anew when the adoption fails, and proposes the same session', () => {
    const scripted = new Scripted();
    const { line: first } = propose(scripted);
    const second = scripted.dial();
    second.say(knows(second.greet().nonce));
    first.end();
    const { nonce } = second.one<{ nonce: number }>('Query');
    second.say(knows(nonce));
    expect(second.one('Adopt')).toMatchObject({ epoch: 2, session: 1 });
  });

  it('lets only one wait', () => {
    const scripted = new Scripted();
    propose(scripted);
    const [second, third] = [scripted.dial(), scripted.dial()];
    for (const line of [second, third]) line.say(knows(line.greet().nonce));
    expect(second.kinds()).toEqual(['Duplicate']);
    expect(third.closed).toBe(null);
  });

  it('sends nothing in a session that the follower has not confirmed', () => {
    const scripted = new Scripted({ reconnect: { attempts: 5, minDelay: 0, maxDelay: 0 } });
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    const { line: link } = follow(scripted, { addresses: ['test://a'] });
    // Goodbye, and this side wants it back: it stays connected, and accepts packets for the next session.
    link.say(Uint8Array.of(Frame.Bye, 1, 2));
    expect(link.closed).toBe('flushed');
    expect(scripted.act((mesh) => mesh.send('a', Buffer.from('once'), false))).toBe(1);
    const { line, adopt } = propose(scripted);
    expect(adopt.session).toBe(2);
    expect(line.kinds()).toEqual([]);
    // The follower took it, forgot it, and is offered it again: nothing can have come twice.
    line.end();
    const { line: next, adopt: repeated } = propose(scripted);
    expect(repeated.session).toBe(2);
    next.say(encodeAccept({ epoch: repeated.epoch, received: [0, 0] }));
    expect(next.kinds()).toContain('Data');
  });

  it('begins a new session with a follower that forgot the old one, and reports what was left', () => {
    const scripted = new Scripted();
    follow(scripted);
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    scripted.heard();
    const { adopt } = propose(scripted);
    expect(adopt).toMatchObject({ session: 2, epoch: 2 });
    expect(scripted.heard()).toEqual(['undelivered a', 'disconnect a expired']);
  });

  it('asks when an answer may be old', () => {
    const scripted = new Scripted();
    const { line: link } = follow(scripted);
    const line = scripted.dial();
    const { nonce } = line.greet();
    // A sign of life on the link after the question: the answer may have been given before the link was known.
    link.say(Uint8Array.of(Frame.Heartbeat));
    line.say(knows(nonce));
    expect(line.kinds()).toEqual(['Query']);
    expect(link.closed).toBe(null);
  });

  it('asks when the question was its own HELLO, said before the link was confirmed', () => {
    const scripted = new Scripted();
    scripted.act((mesh, now) => mesh.connect(1, 'test://a', null, now));
    scripted.wait(0);
    const dialled = scripted.taken();
    const { line: link } = follow(scripted);
    // What the follower answered may have been on its way since before it took the link.
    const { nonce } = dialled.greet({ keep: true });
    dialled.say(knows(nonce));
    expect(dialled.kinds()).toEqual(['Query']);
    expect(link.closed).toBe(null);
    expect(scripted.heard()).toEqual(['connect a']);
  });

  it.each<[string, (line: Line, nonce: number) => Uint8Array[]]>([
    ['STATE with another nonce', (_, nonce) => [knows(nonce + 1)]],
    ['STATE without a question', (_, nonce) => [knows(nonce), knows(nonce)]],
    ['ACCEPT before ADOPT', () => [encodeAccept({ epoch: 1, received: [0, 0] })]],
    ['ACCEPT of another epoch', (_, nonce) => [knows(nonce), encodeAccept({ epoch: 2, received: [0, 0] })]],
    ['DATA before ACCEPT', (_, nonce) => [knows(nonce), data('x')]],
    ['STATE with an epoch that is the last', (_, nonce) => [knows(nonce, { epoch: Number.MAX_SAFE_INTEGER })]],
    ['ADOPT', (_, nonce) => [adopts(nonce)]],
    ['DUPLICATE', () => [encodeDuplicate()]],
  ])('takes %s for a fault', (_, frames) => {
    const scripted = new Scripted();
    const line = scripted.dial();
    const { nonce } = line.greet();
    line.say(...frames(line, nonce));
    expect(line.closed).not.toBe(null);
    expect(scripted.heard()).toContain('fault ERR_PROTOCOL');
    expect(scripted.packets).toEqual([]);
  });

  it.each([
    ['STATE', { received: [1, 0] as const }],
    ['STATE', { received: [0, 5] as const }],
  ])('takes a %s with more than was sent for a fault', (_, state) => {
    const scripted = new Scripted();
    follow(scripted).line.end();
    expect(reason(again(scripted, state))).toMatchObject({ detail: expect.stringContaining('which is impossible') });
  });

  it('takes a second ACCEPT for a fault', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted);
    line.say(encodeAccept({ epoch: 1, received: [0, 0] }));
    expect(scripted.heard()).toContain('fault ERR_PROTOCOL');
  });

  it('takes a second STATE of one that waits for the incumbent for a fault', () => {
    const scripted = new Scripted();
    follow(scripted);
    const line = scripted.dial();
    const { nonce } = line.greet({ incarnation: '00000000000000cc' });
    line.say(knows(nonce));
    expect(line.closed).toBe(null);
    line.say(knows(nonce));
    expect(line.closed).not.toBe(null);
  });

  it('takes STATE on a link for a fault, and the session stays', () => {
    const scripted = new Scripted();
    const { line, theirs } = follow(scripted);
    line.say(knows(theirs.nonce));
    expect(scripted.heard()).toContain('fault ERR_PROTOCOL');
    expect(scripted.mesh.view('a')?.session).toBe(1);
  });

  it('builds on nothing that a follower knows of another incarnation of it', () => {
    const scripted = new Scripted();
    const { adopt } = propose(
      scripted,
      {},
      { incarnation: '00000000000000ee', session: 7, epoch: 9, received: [3, 1] },
    );
    expect(adopt).toMatchObject({ epoch: 1, session: 1, start: [0, 0] });
  });

  it('takes an ACCEPT with more than was sent for a fault', () => {
    const scripted = new Scripted();
    const { line } = propose(scripted);
    line.say(encodeAccept({ epoch: 1, received: [1, 0] }));
    expect(scripted.heard()).toContain('fault ERR_PROTOCOL');
  });
});

describe('the follower', () => {
  it('says that it knows nothing, takes what is adopted, and confirms it', () => {
    const scripted = new Scripted();
    const line = scripted.dial();
    const { nonce } = line.greet({ id: 'z' });
    expect(line.one('State')).toEqual({
      nonce: 77,
      incarnation: '',
      session: 0,
      epoch: 0,
      live: false,
      received: [0, 0],
    });
    line.say(adopts(nonce, { epoch: 4, session: 9 }));
    expect(line.one('Accept')).toEqual({ epoch: 4, received: [0, 0] });
    expect(scripted.heard()).toEqual(['connect z']);
  });

  it('says what it knows, and whether it believes in the link', () => {
    const scripted = new Scripted();
    const { line: link } = lead(scripted, {}, { epoch: 4, session: 9 });
    link.say(data('1'), data('2', Frame.Urgent));
    const known = { incarnation: '00000000000000bb', session: 9, epoch: 4, received: [1, 1] };
    const line = scripted.dial();
    line.greet({ id: 'z' });
    expect(line.one('State')).toMatchObject({ ...known, live: true });
    link.end();
    const next = scripted.dial();
    next.greet({ id: 'z' });
    expect(next.one('State')).toMatchObject({ ...known, live: false });
  });

  it('switches to a higher epoch of the same session, and fences the old link off', () => {
    const scripted = new Scripted();
    const { line: link } = lead(scripted);
    link.say(data('1'));
    scripted.heard();
    const line = scripted.dial();
    const { nonce } = line.greet({ id: 'z' });
    line.said();
    line.say(adopts(nonce, { epoch: 2, start: [1, 0] }), data('2'));
    link.say(data('late'));
    expect(link.closed).toBe('cut');
    expect(line.said()[0]).toEqual({ kind: 'Accept', fields: { epoch: 2, received: [1, 0] } });
    expect(scripted.heard()).toEqual(['reconnect z', 'deliver z']);
    expect(scripted.packets).toEqual(['1', '2']);
  });

  it('skips what comes again', () => {
    const scripted = new Scripted();
    lead(scripted).line.say(data('1'), data('2'));
    const line = scripted.dial();
    const { nonce } = line.greet({ id: 'z' });
    line.say(adopts(nonce, { epoch: 2, start: [1, 0] }), data('2'), data('3'));
    expect(scripted.packets).toEqual(['1', '2', '3']);
  });

  it('turns an epoch away that is not above the highest', () => {
    const scripted = new Scripted();
    const { line: link } = lead(scripted, {}, { epoch: 5 });
    for (const epoch of [5, 4]) {
      const line = scripted.dial();
      const { nonce } = line.greet({ id: 'z' });
      line.said();
      line.say(adopts(nonce, { epoch }));
      expect(reason(line)).toMatchObject({ reason: RejectReason.Overtaken });
    }
    expect(link.closed).toBe(null);
  });

  it('turns a session away that it spoke of and has ended since', () => {
    const scripted = new Scripted({ closeTimeout: 100 });
    const { line: link } = lead(scripted);
    const line = scripted.dial();
    const { nonce } = line.greet({ id: 'z', keep: true });
    expect(line.one('State')).toMatchObject({ session: 1, received: [0, 0] });
    link.say(data('1'));
    scripted.act((mesh, now) => mesh.disconnect('z', now));
    scripted.wait(100);
    // To the arbiter nothing of the session has arrived: it would all come again.
    line.say(adopts(nonce, { epoch: 2 }), data('1'));
    expect(reason(line)).toMatchObject({ reason: RejectReason.Overtaken });
    expect(scripted.packets).toEqual(['1']);
    // A session of another number is welcome, and so is this one where it was not spoken of.
    const next = scripted.dial();
    next.say(adopts(next.greet({ id: 'z' }).nonce, { epoch: 2 }));
    expect(next.kinds()).toEqual(['State', 'Accept']);
  });

  it('ends its session when the arbiter begins another', () => {
    const scripted = new Scripted();
    lead(scripted);
    scripted.act((mesh) => mesh.send('z', Buffer.from('x'), false));
    scripted.heard();
    const line = scripted.dial();
    const { nonce } = line.greet({ id: 'z' });
    line.say(adopts(nonce, { epoch: 2, session: 2 }));
    expect(scripted.heard()).toEqual(['undelivered z', 'disconnect z expired', 'connect z']);
  });

  it.each<[string, Partial<Adopt>, string]>([
    ['without a session', { epoch: 2, session: 0 }, 'ADOPT without a session'],
    ['that leaves a gap', { epoch: 2, start: [2, 0] }, 'ADOPT would leave a gap'],
    ['that leaves a gap among urgent ones', { epoch: 2, start: [1, 1] }, 'ADOPT would leave a gap'],
    ['of what was never sent', { epoch: 2, start: [1, 0], received: [1, 0] }, 'which is impossible'],
    ['of a session that is not known', { epoch: 2, session: 2, start: [1, 0] }, 'not known here'],
    ['of a session that is not known, in both lanes', { epoch: 2, session: 2, start: [1, 1] }, 'not known here'],
    [
      'of a session that is not known, both ways',
      { epoch: 2, session: 2, start: [1, 0], received: [1, 0] },
      'not known here',
    ],
    ['of a session that is not known, with counts', { epoch: 2, session: 2, received: [0, 1] }, 'not known here'],
  ])('takes an ADOPT %s for a fault', (_, adopt, message) => {
    const scripted = new Scripted();
    const { line: link } = lead(scripted);
    link.say(data('1'));
    const line = scripted.dial();
    const { nonce } = line.greet({ id: 'z' });
    line.said();
    line.say(adopts(nonce, adopt));
    expect(reason(line)).toMatchObject({ reason: RejectReason.Protocol, detail: expect.stringContaining(message) });
    expect(link.closed).toBe(null);
  });

  it('takes a second ADOPT on one that was turned away, or waits, for a fault', () => {
    const scripted = new Scripted();
    const { line: link } = lead(scripted);
    const line = scripted.dial();
    const { nonce } = line.greet({ id: 'z', incarnation: '00000000000000cc' });
    line.say(adopts(nonce, { epoch: 5 }));
    expect(line.closed).not.toBe(null);
    expect(link.closed).toBe(null);
    expect(scripted.heard()).toContain('fault ERR_PROTOCOL');
    expect(scripted.mesh.view('z')?.epoch).toBe(1);
  });

  it('takes an ADOPT of an arbiter that came back while it had nothing from it but its address', () => {
    const scripted = new Scripted();
    const { line } = lead(scripted, { keep: true, addresses: ['test://z'] });
    scripted.heard();
    line.end();
    const next = scripted.dial();
    const { nonce } = next.greet({ id: 'z', keep: true, incarnation: '00000000000000cc' });
    next.say(adopts(nonce));
    expect(next.kinds()).toContain('Accept');
    expect(scripted.heard()).toEqual(['disconnect z restarted', 'connect z']);
    expect(scripted.mesh.view('z')).toMatchObject({ epoch: 1, session: 1 });
  });

  it('takes a second ADOPT on its link for a fault', () => {
    const scripted = new Scripted();
    const { line, theirs } = lead(scripted);
    line.say(adopts(theirs.nonce, { epoch: 2 }));
    expect(scripted.heard()).toContain('fault ERR_PROTOCOL');
  });

  it('closes what is a duplicate', () => {
    const scripted = new Scripted();
    const { line: link } = lead(scripted);
    const line = scripted.dial();
    line.greet({ id: 'z' });
    line.say(encodeDuplicate());
    expect(line.closed).toBe('cut');
    expect(link.closed).toBe(null);
    link.say(encodeDuplicate());
    expect(scripted.heard()).toContain('fault ERR_PROTOCOL');
  });

  it('remembers nothing of an arbiter that calls its only connection a duplicate', () => {
    const scripted = new Scripted();
    const line = scripted.dial();
    line.greet({ id: 'z' });
    line.say(encodeDuplicate());
    expect(scripted.mesh.view('z')).toBe(null);
  });
});
