import { describe, expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import {
  type Adopt,
  ByeReason,
  Extension,
  encodeAccept,
  encodeAck,
  encodeAckRequest,
  encodeBye,
  encodeExtension,
  encodeKeep,
} from '../../src/protocol/control.js';
import { Frame } from '../../src/protocol/frame.js';
import { alive, CONFIG, data, follow, knows, type Line, lead, propose, Scripted } from './scripted.js';

const resumed = { incarnation: CONFIG.incarnation, session: 1, epoch: 1 };
const BAD = new MasterlessError('ERR_BAD_PACKET', 'no packet');

function goodbye(line: Line): ByeReason {
  return line.one<{ reason: ByeReason }>('Bye').reason;
}

function linked(fields = {}, config = {}): { scripted: Scripted; line: Line } {
  const scripted = new Scripted(config);
  const { line } = follow(scripted, fields);
  line.said();
  scripted.heard();
  return { scripted, line };
}

describe('disconnect', () => {
  it('says BYE at once when nothing is outstanding, and ends when the other side says it too', () => {
    const { scripted, line } = linked();
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    expect(goodbye(line)).toBe(ByeReason.Disconnected);
    expect(scripted.heard()).toEqual([]);
    line.say(encodeBye(ByeReason.Disconnected));
    expect(line.closed).toBe('flushed');
    expect(scripted.heard()).toEqual(['disconnect a local']);
    expect(scripted.mesh.view('a')).toBe(null);
  });

  it('flushes first, and asks for acknowledgement behind the last byte', () => {
    const { scripted, line } = linked();
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    expect(line.said().map(({ fields }) => fields)).toEqual([{ payload: '78' }, { handled: null }]);
    line.say(encodeAck([1, 0]));
    expect(goodbye(line)).toBe(ByeReason.Disconnected);
  });

  it('still takes what the other side has to send, until its BYE', () => {
    const { scripted, line } = linked();
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    line.said();
    line.say(data('1'), data('2'));
    line.say(encodeBye(ByeReason.Disconnected));
    expect(scripted.packets).toEqual(['1', '2']);
  });

  it('accepts no packets any more', () => {
    const { scripted } = linked();
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    expect(scripted.mesh.send('a', Uint8Array.of(1), false)).toBe(0);
    expect(scripted.mesh.writable('a', 1)).toBe(false);
  });

  it('withdraws the wish to keep', () => {
    const { scripted } = linked();
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    expect(scripted.mesh.isKept('a')).toBe(false);
  });

  it('ends at closeTimeout, with what is outstanding reported', () => {
    const { scripted, line } = linked({}, { closeTimeout: 700, heartbeat: 100_000 });
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    scripted.wait(699);
    expect(scripted.heard()).toEqual([]);
    scripted.wait(1);
    expect(scripted.heard()).toEqual(['undelivered a', 'disconnect a local']);
    expect(line.closed).toBe('flushed');
    // Not a promise that nothing is outstanding, but the other side learns that nothing will follow.
    expect(goodbye(line)).toBe(ByeReason.Disconnected);
  });

  it('ends at closeTimeout where the other side never answers BYE', () => {
    const { scripted, line } = linked({}, { closeTimeout: 700 });
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    scripted.wait(700);
    expect(line.kinds().filter((kind) => kind === 'Bye')).toEqual(['Bye']);
    expect(scripted.heard()).toEqual(['disconnect a local']);
  });

  it('tells when it is over, also where the peer was never connected', () => {
    const { scripted } = linked({}, { closeTimeout: 100 });
    const { line } = propose(scripted, { id: 'b' });
    for (const id of ['a', 'b', 'c']) expect(scripted.mesh.disconnect(id, scripted.now)).toBe(id !== 'c');
    scripted.wait(100);
    const parted = scripted.outputs.flatMap((output) => (output.kind === 'parted' ? [output.id] : []));
    expect(parted).toEqual(['a', 'b']);
    expect(line.closed).toBe('flushed');
  });

  it('tells when it is over also where the other side began it, and this one wants the peer again meanwhile', () => {
    const { scripted, line } = linked();
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    line.say(encodeBye(ByeReason.Disconnected));
    expect(scripted.act((mesh, now) => mesh.disconnect('a', now))).toBe(true);
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    line.say(encodeAck([1, 0]));
    expect(scripted.outputs.filter(({ kind }) => kind === 'parted')).toEqual([{ kind: 'parted', id: 'a' }]);
  });

  it('that is over tells so before what was left of its session, on which another may follow at once', () => {
    const { scripted, line } = linked();
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    line.say(encodeBye(ByeReason.Disconnected));
    line.end();
    const kinds = scripted.outputs.map(({ kind }) => kind).filter((kind) => kind !== 'close' && kind !== 'dial');
    expect(kinds.slice(0, 3)).toEqual(['parted', 'undelivered', 'ended']);
  });

  it('waits only a little for a side that says nobody listens there', () => {
    const { scripted, line } = linked();
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    line.say(encodeExtension(Extension.Deaf));
    scripted.wait(499);
    expect(scripted.heard()).toEqual([]);
    scripted.wait(1);
    expect(scripted.heard()).toEqual(['undelivered a', 'disconnect a local']);
  });

  it('waits as long as ever for a side at which somebody listens after all, until nobody does again', () => {
    const { scripted, line } = linked();
    for (const text of ['x', 'y', 'z']) scripted.act((mesh) => mesh.send('a', Buffer.from(text), false));
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    line.say(encodeExtension(Extension.Deaf));
    scripted.wait(499);
    line.said();
    line.say(encodeAck([1, 0]));
    expect(line.said().map(({ fields }) => fields)).toEqual([{ handled: null }]);
    alive(scripted, line, 3000);
    line.say(encodeExtension(Extension.Deaf));
    scripted.wait(400);
    // Nothing new.
    line.say(encodeAck([1, 0]));
    scripted.wait(99);
    expect(scripted.heard()).toEqual([]);
    scripted.wait(1);
    expect(scripted.heard()).toEqual(['undelivered a', 'disconnect a local']);
  });

  it('waits no longer than ever for a side at which somebody listens', () => {
    const { scripted, line } = linked();
    for (const text of ['x', 'y']) scripted.act((mesh) => mesh.send('a', Buffer.from(text), false));
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    alive(scripted, line, 4000);
    line.say(encodeExtension(Extension.Deaf), encodeAck([1, 0]));
    scripted.wait(999);
    expect(scripted.heard()).toEqual([]);
    scripted.wait(1);
    expect(scripted.heard()).toEqual(['undelivered a', 'disconnect a local']);
  });

  it('of two at once asks for what is acknowledged once, not each for each', () => {
    const { scripted, line } = linked();
    scripted.handles = false;
    scripted.act((mesh) => mesh.send('a', new Uint8Array(10), false));
    scripted.act((mesh, now) => mesh.close(now));
    line.said();
    for (let i = 0; i < 10; i++) line.say(encodeAckRequest());
    expect(line.kinds()).toEqual([]);
  });

  it('twice is the same as once', () => {
    const { scripted, line } = linked();
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    scripted.wait(3000);
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    scripted.wait(2000);
    expect(line.kinds().filter((kind) => kind === 'Bye')).toEqual(['Bye']);
    expect(scripted.heard()).toEqual(['disconnect a local']);
  });

  it('is over when the link breaks and nothing is outstanding', () => {
    const { scripted, line } = linked();
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    line.end();
    expect(scripted.heard()).toEqual(['disconnect a local']);
  });

  it('of a peer whose link is lost is over at once when nothing is outstanding', () => {
    const { scripted, line } = linked({ keep: true });
    line.end();
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    expect(scripted.heard()).toEqual(['disconnect a local']);
  });

  it('of a peer whose link is lost waits up to closeTimeout for it when something is', () => {
    const { scripted, line } = linked({ keep: true }, { closeTimeout: 700 });
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    line.end();
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    scripted.wait(699);
    expect(scripted.heard()).toEqual([]);
    scripted.wait(1);
    expect(scripted.heard()).toEqual(['undelivered a', 'disconnect a local']);
  });

  it('is not undone by KEEP', () => {
    const { scripted, line } = linked();
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    line.say(encodeKeep(true));
    expect(scripted.mesh.view('a')).toMatchObject({ waiting: true });
    line.say(encodeBye(ByeReason.Disconnected));
    expect(scripted.heard()).toEqual(['disconnect a local']);
  });

  it('is told in place of the proposal to let the link go', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted, { keep: false });
    expect(goodbye(line)).toBe(ByeReason.Unwanted);
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    expect(goodbye(line)).toBe(ByeReason.Disconnected);
    line.say(encodeBye(ByeReason.Disconnected));
    expect(scripted.heard()).toEqual(['connect a', 'disconnect a local']);
  });

  it('goes on over the next link when something is', () => {
    const { scripted, line } = linked({ addresses: ['test://a'] });
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    line.end();
    expect(scripted.heard()).toEqual([]);
    const state = { incarnation: scriptedIncarnation, session: 1, epoch: 1 };
    const { line: next } = follow(scripted, {}, state);
    next.say(encodeAck([1, 0]));
    expect(next.kinds()).toEqual(['Data', 'Ack', 'Ack', 'Bye']);
    next.say(encodeBye(ByeReason.Disconnected));
    expect(scripted.heard()).toEqual(['reconnect a', 'disconnect a local']);
  });
});

describe('BYE of the other side', () => {
  it.each<[string, ByeReason, string]>([
    ['closed', ByeReason.Closed, 'closed'],
    ['disconnected', ByeReason.Disconnected, 'disconnected'],
    ['bad packet', ByeReason.BadPacket, 'bad-packet'],
  ])('%s is answered, and the application hears why', (_, reason, heard) => {
    const { scripted, line } = linked();
    line.say(encodeBye(reason));
    expect(line.closed).toBe('flushed');
    expect(scripted.heard()).toEqual([`disconnect a ${heard}`]);
    expect(line.kinds()).toEqual(reason === ByeReason.BadPacket ? [] : ['Bye']);
  });

  it('waits for what this side has outstanding', () => {
    const { scripted, line } = linked();
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    line.said();
    line.say(encodeBye(ByeReason.Disconnected));
    expect(line.kinds()).toEqual(['Ack']);
    // Until its own BYE this side goes on sending.
    expect(scripted.act((mesh) => mesh.send('a', Buffer.from('y'), false))).toBe(2);
    line.say(encodeAck([2, 0]));
    expect(scripted.heard()).toEqual(['disconnect a disconnected']);
  });

  it('and a lost link: nobody comes back for the rest', () => {
    const { scripted, line } = linked();
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    line.say(encodeBye(ByeReason.Closed));
    line.end();
    expect(scripted.heard()).toEqual(['undelivered a', 'disconnect a closed']);
  });

  it('to a side that keeps the peer: it dials again, and is connected throughout', () => {
    const policy = { attempts: 2, minDelay: 10, maxDelay: 10 };
    const scripted = new Scripted({ reconnect: policy, maxRefused: 0 });
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    const { line } = follow(scripted, { addresses: ['test://a'] });
    scripted.heard();
    line.say(encodeBye(ByeReason.Closed));
    scripted.wait(0);
    expect(scripted.heard()).toEqual(['reconnecting a']);
    expect(scripted.mesh.isConnected('a')).toBe(true);
    // It does not come back: now the application hears why it went.
    for (let i = 0; i < 2; i++) {
      scripted.act((mesh, now) => mesh.ended(scripted.lastDialled(), null, now));
      scripted.wait(10);
    }
    expect(scripted.heard()).toEqual([
      'unreachable ERR_CONNECTION_LOST',
      'reconnecting a',
      'unreachable ERR_CONNECTION_LOST',
      'disconnect a closed',
    ]);
  });

  it('in place of its proposal to let the link go is answered, though this side keeps the peer by then', () => {
    const scripted = new Scripted();
    const { line } = lead(scripted, { keep: false });
    scripted.act((mesh) => mesh.send('z', Buffer.from('x'), false));
    line.say(encodeBye(ByeReason.Unwanted), encodeBye(ByeReason.Closed));
    line.said();
    scripted.heard();
    scripted.act((mesh, now) => mesh.keep('z', true, now));
    line.say(encodeAck([1, 0]));
    expect(goodbye(line)).toBe(ByeReason.Closed);
    expect(line.closed).toBe('flushed');
    // Nobody is there any more who could be dialled.
    expect(scripted.heard()).toEqual(['disconnect z closed']);
  });

  it('in answer to a proposal to let the link go is why the peer went', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted, { keep: false });
    line.say(encodeBye(ByeReason.Closed));
    expect(line.closed).toBe('flushed');
    expect(scripted.heard()).toEqual(['connect a', 'disconnect a closed']);
  });

  it('crossing with this side’s own: both have said it, and it is over', () => {
    const { scripted, line } = linked();
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    line.say(encodeBye(ByeReason.Disconnected));
    expect(line.kinds()).toEqual(['Bye']);
    expect(scripted.heard()).toEqual(['disconnect a local']);
  });
});

describe('a link that neither side keeps', () => {
  it('is let go by the arbiter, as a proposal', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted, { keep: false });
    expect(goodbye(line)).toBe(ByeReason.Unwanted);
    line.say(encodeBye(ByeReason.Unwanted));
    expect(scripted.heard()).toEqual(['connect a', 'disconnect a unwanted']);
  });

  it('is never let go by the follower alone', () => {
    const scripted = new Scripted();
    const { line } = lead(scripted, { keep: false });
    expect(line.kinds()).toEqual(['State', 'Accept']);
  });

  it('stays when KEEP answers the proposal', () => {
    const scripted = new Scripted({ closeTimeout: 500 });
    const { line } = follow(scripted, { keep: false });
    line.say(encodeKeep(true));
    line.said();
    scripted.wait(4000);
    expect(line.closed).toBe(null);
    expect(scripted.act((mesh) => mesh.send('a', Uint8Array.of(1), false))).toBe(1);
    line.say(encodeAck([1, 0]), encodeKeep(false));
    expect(goodbye(line)).toBe(ByeReason.Unwanted);
  });

  it('tells of room whoever was refused while it was about to go', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted, { keep: false });
    expect(scripted.mesh.send('a', Uint8Array.of(1), false)).toBe(0);
    expect(scripted.heard()).toEqual(['connect a']);
    line.say(encodeKeep(true));
    expect(scripted.heard()).toEqual(['drain a']);
    expect(scripted.mesh.send('a', Uint8Array.of(1), false)).toBe(1);
  });

  it('is let go when this side no longer keeps it either', () => {
    const scripted = new Scripted();
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    const { line } = follow(scripted, { keep: false });
    line.said();
    scripted.act((mesh, now) => mesh.keep('a', false, now));
    expect(line.kinds()).toEqual(['Keep', 'Bye']);
  });

  it('is kept by a follower that answers the proposal with KEEP', () => {
    const scripted = new Scripted();
    const { line } = lead(scripted, { keep: false });
    line.said();
    scripted.act((mesh, now) => mesh.keep('z', true, now));
    line.say(encodeBye(ByeReason.Unwanted));
    const keep = { kind: 'Keep', fields: { keep: true } };
    expect(line.said()).toEqual([keep, keep]);
    expect(scripted.mesh.isConnected('z')).toBe(true);
  });

  it('stays when this side wants it before it has flushed and proposed to let it go', () => {
    const { scripted, line } = linked();
    const send = (): number => scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    send();
    line.say(encodeKeep(false));
    expect(send()).toBe(0);
    line.said();
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    expect([scripted.heard(), send()]).toEqual([['drain a'], 2]);
    line.say(encodeAck([2, 0]));
    expect(line.kinds()).toEqual(['Keep', 'Data']);
  });

  it('stays when this side wants it before it has flushed and answered the proposal', () => {
    const scripted = new Scripted();
    const { line } = lead(scripted, { keep: false });
    scripted.act((mesh) => mesh.send('z', Buffer.from('x'), false));
    line.say(encodeBye(ByeReason.Unwanted));
    line.said();
    scripted.act((mesh, now) => mesh.keep('z', true, now));
    line.say(encodeAck([1, 0]));
    expect(line.said()).toEqual([{ kind: 'Keep', fields: { keep: true } }]);
    expect(scripted.mesh.isConnected('z')).toBe(true);
  });

  it('stays when a connect meets the peer meanwhile', () => {
    const { scripted, line } = linked();
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    line.say(encodeKeep(false));
    line.said();
    scripted.act((mesh, now) => mesh.connect(1, 'test://there', null, now));
    scripted.wait(0);
    scripted.taken().greet();
    line.say(encodeAck([1, 0]));
    expect(line.said()).toEqual([{ kind: 'Keep', fields: { keep: true } }]);
  });

  it('is won back when this side wants it after it has proposed to let it go', () => {
    const { scripted, line } = linked({ keep: true, addresses: ['test://a'] });
    line.say(encodeKeep(false));
    expect(goodbye(line)).toBe(ByeReason.Unwanted);
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    expect(scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false))).toBe(0);
    line.say(encodeBye(ByeReason.Unwanted));
    scripted.wait(100);
    expect(scripted.heard()).toEqual(['drain a', 'reconnecting a']);
  });

  describe('and a connect that comes when this side has proposed to let it go', () => {
    /** The connection made for it duplicates the link, for which nothing is accepted any more. */
    function proposed(): { scripted: Scripted; line: Line } {
      const { scripted, line } = linked();
      line.say(encodeKeep(false));
      scripted.act((mesh, now) => mesh.connect(1, 'test://there', null, now));
      scripted.wait(0);
      const second = scripted.taken();
      second.say(knows(second.greet().nonce, { ...resumed, live: true }));
      expect([second.closed, scripted.heard()]).toEqual(['flushed', []]);
      return { scripted, line };
    }

    it('comes true when the link stays', () => {
      const { scripted, line } = proposed();
      line.say(encodeKeep(true));
      const third = scripted.taken();
      third.say(knows(third.greet().nonce, { ...resumed, live: true }));
      expect(scripted.heard()).toEqual(['wish a']);
      expect(scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false))).toBe(1);
    });

    it('comes true with the link that follows', () => {
      const { scripted, line } = proposed();
      line.say(encodeBye(ByeReason.Unwanted));
      expect(line.closed).toBe('flushed');
      const third = scripted.taken();
      third.say(knows(third.greet().nonce), encodeAccept({ epoch: 2, received: [0, 0] }));
      expect(scripted.heard().at(-1)).toBe('wish a');
      expect(scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false))).toBe(1);
    });

    it('fails when nobody is there any more', () => {
      const { scripted, line } = proposed();
      line.say(encodeBye(ByeReason.Unwanted));
      const refused = new MasterlessError('ERR_REFUSED', 'nobody listens');
      scripted.act((mesh, now) => mesh.ended(scripted.lastDialled(), refused, now));
      scripted.wait(20_000);
      expect(scripted.heard()).toContain('wish ERR_REFUSED');
      expect(scripted.mesh.view('a')).toBe(null);
    });
  });

  it('goes when the other side has said goodbye before this one wants it', () => {
    const { scripted, line } = linked({ keep: true, addresses: ['test://a'] });
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    line.say(encodeKeep(false), encodeBye(ByeReason.Disconnected));
    line.said();
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    line.say(encodeAck([1, 0]));
    expect(line.kinds()).toEqual(['Keep', 'Bye']);
    expect(line.closed).toBe('flushed');
  });

  it('flushes first', () => {
    const { scripted, line } = linked();
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    line.said();
    line.say(encodeKeep(false));
    expect(line.kinds()).toEqual(['Ack']);
    line.say(encodeAck([1, 0]));
    expect(goodbye(line)).toBe(ByeReason.Unwanted);
  });
});

describe('close', () => {
  it('says BYE to every peer, and is done when all have answered', () => {
    const scripted = new Scripted();
    const lines = ['a', 'b', 'z'].map((id) => (id === 'z' ? lead(scripted) : follow(scripted, { id })).line);
    scripted.heard();
    scripted.act((mesh, now) => mesh.close(now));
    for (const line of lines) {
      expect(goodbye(line)).toBe(ByeReason.Closed);
      line.say(encodeBye(ByeReason.Closed));
    }
    expect(scripted.heard()).toEqual(['disconnect a local', 'disconnect b local', 'disconnect z local', 'closed']);
  });

  it('is done at closeTimeout with what nobody acknowledged', () => {
    const { scripted, line } = linked({}, { closeTimeout: 1000 });
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    scripted.act((mesh, now) => mesh.close(now));
    scripted.wait(1000);
    expect(scripted.heard()).toEqual(['undelivered a', 'disconnect a local', 'closed']);
    expect(line.closed).toBe('flushed');
    expect(scripted.mesh.wakeAt).toBeGreaterThan(scripted.now);
  });

  it('says BYE to a follower that has yet to confirm the link, once it has', () => {
    const scripted = new Scripted();
    const { line, adopt } = propose(scripted);
    scripted.act((mesh, now) => mesh.close(now));
    expect(line.closed).toBe(null);
    line.say(encodeAccept({ epoch: adopt.epoch, received: [0, 0] }));
    expect(goodbye(line)).toBe(ByeReason.Closed);
    line.say(encodeBye(ByeReason.Closed));
    expect(scripted.heard()).toEqual(['connect a', 'disconnect a local', 'closed']);
  });

  it('does not wait for one that never confirms', () => {
    const scripted = new Scripted({ closeTimeout: 800 });
    const { line } = propose(scripted);
    scripted.act((mesh, now) => mesh.close(now));
    scripted.wait(800);
    expect(line.closed).toBe('flushed');
    expect(scripted.heard()).toEqual(['closed']);
  });

  it('rejects wishes under way', () => {
    const scripted = new Scripted();
    scripted.act((mesh, now) => mesh.connect(1, 'test://there', null, now));
    scripted.wait(0);
    scripted.heard();
    scripted.act((mesh, now) => mesh.close(now));
    expect(scripted.heard()).toEqual(['wish ERR_CLOSED', 'closed']);
  });
});

/** Nothing runs here for so long, and then what is due. */
function stall(scripted: Scripted, ms: number): void {
  scripted.now += ms;
  scripted.act((mesh, now) => mesh.tick(now));
}

describe('a node that did not run itself', () => {
  function closing(config = {}): { scripted: Scripted; line: Line } {
    const { scripted, line } = linked({}, config);
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    scripted.act((mesh, now) => mesh.close(now));
    return { scripted, line };
  }

  it('gives those from whom it parts time to acknowledge what they had', () => {
    const { scripted, line } = closing();
    stall(scripted, 6000);
    scripted.wait(1999);
    expect(scripted.heard()).toEqual([]);
    line.say(encodeAck([1, 0]), encodeBye(ByeReason.Closed));
    expect(goodbye(line)).toBe(ByeReason.Closed);
    expect(scripted.heard()).toEqual(['disconnect a local', 'closed']);
  });

  it.each([
    ['a moment', 2000, {}],
    ['no more than closeTimeout', 300, { closeTimeout: 300 }],
  ])('waits for them only %s longer', (_, ms, config) => {
    const { scripted } = closing(config);
    stall(scripted, 6000);
    scripted.wait(ms - 1);
    expect(scripted.heard()).toEqual([]);
    scripted.wait(1);
    expect(scripted.heard()).toEqual(['undelivered a', 'disconnect a local', 'closed']);
  });

  it('does so once, however often it stands still', () => {
    const { scripted } = closing();
    stall(scripted, 6000);
    expect(scripted.heard()).toEqual([]);
    stall(scripted, 6000);
    expect(scripted.heard()).toEqual(['undelivered a', 'disconnect a local', 'closed']);
  });

  it('has nothing to give them while there is time enough', () => {
    const { scripted } = closing();
    stall(scripted, 2500);
    scripted.wait(2499);
    expect(scripted.heard()).toEqual([]);
    scripted.wait(1);
    expect(scripted.heard()).toContain('closed');
  });

  it.each([11_000, 10_001])('lets a peer come back whose session it held %i ms ago for 10,000', (ms) => {
    const { scripted, line } = linked();
    line.end();
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    scripted.wait(0);
    stall(scripted, ms);
    scripted.wait(4999);
    follow(scripted, {}, { incarnation: scriptedIncarnation, session: 1, epoch: 1 });
    scripted.wait(5000);
    expect(scripted.heard()).toEqual(['reconnect a']);
  });

  it('lets it come back too when its own attempt has failed first', () => {
    const { scripted, line } = linked({ addresses: ['test://a'] });
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    line.end();
    scripted.wait(200);
    scripted.now += 11_000;
    scripted.act((mesh, now) => mesh.ended(scripted.dialling().connection, null, now));
    scripted.wait(0);
    scripted.heard();
    follow(scripted, {}, { incarnation: scriptedIncarnation, session: 1, epoch: 1 });
    expect(scripted.heard()).toEqual(['reconnect a']);
  });

  it('holds the session no longer than a handshake takes', () => {
    const { scripted, line } = linked();
    line.end();
    scripted.wait(0);
    stall(scripted, 60_000);
    scripted.wait(4999);
    expect(scripted.heard()).toEqual([]);
    scripted.wait(1);
    expect(scripted.heard()).toEqual(['disconnect a expired']);
  });
});

describe('a packet that can’t be decoded', () => {
  const sides = [
    ['here', (scripted: Scripted) => scripted.act((mesh, now) => mesh.undecodable('a', BAD, now))],
    ['there', (_: Scripted, line: Line) => void line.say(encodeBye(ByeReason.BadPacket))],
  ] as const;

  it('ends the session on both sides', () => {
    const { scripted, line } = linked();
    line.say(data('nonsense'));
    scripted.heard();
    scripted.act((mesh, now) => mesh.undecodable('a', BAD, now));
    expect(goodbye(line)).toBe(ByeReason.BadPacket);
    expect(line.closed).toBe('flushed');
    expect(scripted.heard()).toEqual(['fault ERR_BAD_PACKET', 'disconnect a bad-packet']);
  });

  it.each(sides)('%s ends the wish to keep the peer', (_where, fail) => {
    const { scripted, line } = linked({ addresses: ['test://a'] });
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    fail(scripted, line);
    scripted.wait(10_000);
    expect(scripted.heard()).toContain('disconnect a bad-packet');
    expect(scripted.outputs.filter(({ kind }) => kind === 'dial')).toEqual([]);
    expect(scripted.mesh.isKept('a')).toBe(false);
  });

  it.each(sides)('%s leaves the peer kept for a connect that shakes hands', (_where, fail) => {
    const { scripted, line } = linked();
    scripted.act((mesh, now) => mesh.connect(1, 'test://a', null, now));
    scripted.wait(0);
    const wished = scripted.taken();
    const { nonce } = wished.greet();
    fail(scripted, line);
    expect(scripted.heard()).toContain('disconnect a bad-packet');
    wished.say(knows(nonce));
    wished.say(encodeAccept({ epoch: wished.take<Adopt>('Adopt').epoch, received: [0, 0] }));
    expect(scripted.heard()).toEqual(['connect a', 'wish a']);
    expect(scripted.mesh.isKept('a')).toBe(true);
    expect(wished.kinds()).not.toContain('Bye');
  });

  it.each(sides)('%s leaves nothing of a connect that shakes hands and fails', (_where, fail) => {
    const { scripted, line } = linked();
    scripted.act((mesh, now) => mesh.connect(1, 'test://a', null, now));
    scripted.wait(0);
    const wished = scripted.taken();
    wished.greet();
    fail(scripted, line);
    wished.end();
    expect(scripted.heard()).toContain('wish ERR_CONNECTION_LOST');
    expect(scripted.mesh.view('a')).toBe(null);
  });

  it('stops what came behind it in the same chunk', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted);
    const { mesh } = scripted;
    const frames = new Uint8Array(Buffer.concat([data('1'), data('2')]));
    mesh.received(line.connection, frames, scripted.now);
    expect(mesh.poll(scripted.now)).toMatchObject({ kind: 'deliver' });
    mesh.undecodable('a', BAD, scripted.now);
    scripted.settle();
    expect(scripted.packets).toEqual([]);
  });
});

it('a BYE without a meaning breaks the link and nothing else', () => {
  const { scripted, line } = linked();
  line.say(Uint8Array.of(Frame.Bye, 1, 9));
  expect(scripted.heard()).toEqual(['fault ERR_PROTOCOL']);
  expect(scripted.mesh.isConnected('a')).toBe(true);
});

const scriptedIncarnation = '00000000000000aa';
