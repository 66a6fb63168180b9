/** What a node that closes still does, and what it does no more. */
import { describe, expect, it } from 'vitest';
import { encodeHeartbeat } from '../../src/protocol/control.js';
import { CONFIG, follow, propose, Scripted } from './scripted.js';

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
