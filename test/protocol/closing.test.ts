/** What a node that closes still does, and what it does no more. */
import { describe, expect, it } from 'vitest';
import type { Admission } from '../../src/protocol/admission.js';
import {
  type Adopt,
  ByeReason,
  encodeAccept,
  encodeAck,
  encodeBye,
  encodeHeartbeat,
  encodeHello,
  type Reject,
  RejectReason,
} from '../../src/protocol/control.js';
import type { Rules } from '../../src/protocol/state.js';
import { CONFIG, follow, hello, knows, type Line, propose, Scripted } from './scripted.js';

/** A node that closes with a packet on its way to a peer whose link has just been lost, and that it can dial. */
function closing(): Scripted {
  const scripted = new Scripted({ reconnect: { attempts: 3, minDelay: 100, maxDelay: 100 }, random: () => 0.5 });
  const { line } = follow(scripted, { addresses: ['test://a'] });
  scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
  scripted.act((mesh, now) => mesh.close(now));
  line.say(encodeHeartbeat()).end();
  scripted.heard();
  return scripted;
}

describe('a node that closes', () => {
  it('leaves no connection open that was to win a link back', () => {
    const scripted = closing();
    scripted.wait(100);
    const line = scripted.taken();
    line.greet();
    scripted.wait(CONFIG.closeTimeout);
    expect(scripted.heard()).toEqual(expect.arrayContaining(['undelivered a', 'disconnect a local', 'closed']));
    expect(line.closed).not.toBe(null);
  });

  it('does not wait for whom it only wished to keep', () => {
    const scripted = new Scripted();
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    scripted.act((mesh, now) => mesh.close(now));
    expect(scripted.heard()).toEqual(['closed']);
  });

  it('says why to who shakes hands, and nothing where nobody listens yet', () => {
    const scripted = new Scripted();
    scripted.act((mesh, now) => mesh.connect(1, 'test://there', null, now));
    scripted.wait(0);
    const opening = scripted.dialling();
    const greeted = scripted.dial();
    greeted.greet();
    scripted.act((mesh, now) => mesh.close(now));
    expect([opening.closed, greeted.closed]).toEqual(['cut', 'flushed']);
    expect([opening.kinds(), greeted.kinds()]).toEqual([[], ['Reject']]);
  });
});

describe('a node that closes while somebody comes', () => {
  const verdict: { now: Admission } = { now: null };

  /** It has a packet for a peer whose link is lost, and a connection has come in of which it knows nothing yet. */
  function coming(admission: Admission = null): { scripted: Scripted; line: Line } {
    verdict.now = null;
    const rules: Rules = { admit: () => verdict.now, dialable: (_, uri) => uri, near: () => true };
    const scripted = new Scripted({ rules });
    const { line: lost } = follow(scripted);
    scripted.act((mesh) => mesh.send('a', Buffer.from('x'), false));
    lost.end();
    scripted.heard();
    verdict.now = admission;
    return { scripted, line: scripted.dial() };
  }

  function flushes(scripted: Scripted, line: Line, nonce: number): void {
    line.say(knows(nonce, { incarnation: CONFIG.incarnation, session: 1, epoch: 1 }));
    line.say(encodeAccept({ epoch: line.take<Adopt>('Adopt').epoch, received: [0, 0] }));
    expect(line.kinds()).toContain('Data');
    line.say(encodeAck([1, 0]), encodeBye(ByeReason.Closed));
    expect(scripted.heard()).toEqual(['reconnect a', 'disconnect a local', 'closed']);
    expect(line.closed).toBe('flushed');
  }

  it('lets it say who it is, since it may bring the link back that it needs to flush', () => {
    const { scripted, line } = coming();
    scripted.act((mesh, now) => mesh.close(now));
    flushes(scripted, line, line.greet({ keep: true }).nonce);
  });

  it('waits for the verdict of its rules', () => {
    const { scripted, line } = coming('later');
    line.say(encodeHello(hello({ keep: true })));
    scripted.act((mesh, now) => mesh.close(now));
    expect(line.closed).toBe(null);
    scripted.act((mesh, now) => mesh.admitted(line.connection, null, now));
    flushes(scripted, line, line.take<{ nonce: number }>('Hello').nonce);
  });

  it('turns it away when it is another', () => {
    const { scripted, line } = coming();
    scripted.act((mesh, now) => mesh.close(now));
    expect(line.greetRejected({ id: 'b' })).toBe(RejectReason.Closing);
    expect(scripted.heard()).toEqual([]);
  });

  it.each(['it says nothing', 'the verdict does not come'])('is closed in closeTimeout when %s', (why) => {
    const { scripted, line } = coming('later');
    if (why !== 'it says nothing') line.say(encodeHello(hello({ keep: true })));
    scripted.act((mesh, now) => mesh.close(now));
    scripted.wait(CONFIG.closeTimeout);
    expect(scripted.heard()).toEqual(expect.arrayContaining(['undelivered a', 'disconnect a local', 'closed']));
    expect(line.closed).not.toBe(null);
    expect(scripted.mesh.wakeAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('turns it away at once when there is nothing left to flush', () => {
    const scripted = new Scripted();
    follow(scripted);
    const line = scripted.dial();
    scripted.act((mesh, now) => mesh.close(now));
    expect(line.one<Reject>('Reject').reason).toBe(RejectReason.Closing);
  });
});

describe('a node that is closed', () => {
  it('waits for nothing, whatever it remembers, and takes no connection', () => {
    const scripted = new Scripted();
    scripted.act((mesh, now) => mesh.keep('only kept', true, now));
    // What was proposed and not answered may have been accepted: it is remembered for a while.
    propose(scripted).line.end();
    expect(scripted.mesh.view('a')).toMatchObject({ waiting: true });
    scripted.act((mesh, now) => mesh.close(now));
    expect(scripted.heard()).toContain('closed');
    expect(scripted.mesh.wakeAt).toBe(Number.POSITIVE_INFINITY);
    expect(() => scripted.dial()).toThrow('takes no connection');
  });
});

describe('parting from whom there is no link with', () => {
  it('is nothing to wait for', () => {
    const scripted = new Scripted();
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    expect(scripted.act((mesh, now) => mesh.disconnect('a', now))).toBe(false);
    expect(scripted.outputs).toEqual([]);
    expect(scripted.mesh.view('a')).toBe(null);
  });
});

it('a connection that was given up says nothing when it opens after all', () => {
  const scripted = new Scripted();
  scripted.act((mesh, now) => mesh.connect(1, 'test://there', null, now));
  scripted.wait(0);
  const line = scripted.dialling();
  scripted.act((mesh, now) => mesh.cancelConnect(1, now));
  scripted.act((mesh) => mesh.opened(line.connection));
  expect(line.kinds()).toEqual([]);
  expect(scripted.mesh.takeDirty()).toEqual([]);
});
