import { describe, expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import {
  encodeAccept,
  encodeHeartbeat,
  encodeKeep,
  type Reject,
  RejectReason,
  type State,
} from '../../src/protocol/control.js';
import type { SimNode } from '../sim/node.js';
import { World } from '../sim/world.js';
import {
  adopts,
  alive,
  CONFIG,
  data,
  dials,
  follow,
  knows,
  type Line,
  lead,
  linked,
  propose,
  Scripted,
} from './scripted.js';

const DROPPED = new MasterlessError('ERR_UNAUTHORIZED', 'that secret counts no more');
const believes = { incarnation: CONFIG.incarnation, session: 1, epoch: 1, live: true };

function busy(world: World, a: SimNode, b: SimNode, ms: number): void {
  const until = world.now + ms;
  while (world.now < until) {
    a.send('b', 300, world.random.chance(0.2));
    b.send('a', 300, world.random.chance(0.2));
    world.run(world.now + 2);
  }
}

describe('a link that reaches its age', () => {
  it.each([
    ['both', { maxLinkAge: 400 }, { maxLinkAge: 400 }],
    ['its arbiter', {}, { maxLinkAge: 400 }],
    ['its follower', { maxLinkAge: 400 }, {}],
  ])('in the eyes of %s is replaced in full traffic, and nothing is lost, doubled or told', (_who, first, second) => {
    for (let seed = 0; seed < 8; seed++) {
      const world = new World(seed);
      const lost: string[] = [];
      const heard = world.heard.bind(world);
      world.heard = (node, output) => {
        if (output.kind === 'disconnect' || output.kind === 'undelivered') lost.push(output.kind);
        heard(node, output);
      };
      const [a, b] = [world.start('a', { window: 1e6, ...first }), world.start('b', { window: 1e6, ...second })];
      a.connect('b');
      b.connect('a');
      world.run(world.now + 100);
      const epoch = a.mesh.view('b')?.epoch ?? 0;
      busy(world, a, b, 3000);
      expect((a.mesh.view('b')?.epoch ?? 0) - epoch).toBeGreaterThan(5);
      expect(a.mesh.view('b')?.session).toBe(1);
      world.run(world.now + 300);
      expect(lost).toEqual([]);
      expect(world.oracle.delivered).toBeGreaterThan(2000);
    }
  });

  it.each([
    ['its arbiter', {}, { maxLinkAge: 200 }],
    ['its follower', { maxLinkAge: 200 }, {}],
  ])('in the eyes of %s is replaced soon, and no session ends where nobody waits for a lost link', (_who, a, b) => {
    const world = new World(5);
    const [first, second] = [world.start('a', { resumeWindow: 0, ...a }), world.start('b', { resumeWindow: 0, ...b })];
    first.connect('b');
    world.run(world.now + 100);
    busy(world, first, second, 700);
    expect([first.mesh.view('b')?.session, second.mesh.view('a')?.session]).toEqual([1, 1]);
    expect(first.mesh.view('b')?.epoch).toBeGreaterThan(2);
  });

  it('is dialled anew only then, and once', () => {
    const scripted = new Scripted({ maxLinkAge: 10_000, random: () => 0 });
    const { line } = follow(scripted, { addresses: ['test://a'] });
    scripted.outputs.length = 0;
    alive(scripted, line, 9000);
    scripted.wait(999);
    expect(dials(scripted)).toBe(0);
    scripted.wait(1);
    expect(dials(scripted)).toBe(1);
    alive(scripted, line, 4000);
    expect(dials(scripted)).toBe(1);
  });

  it.each([
    ['as silent as it says that it is', 5000, 1],
    ['more silent than usual', 4000, 0],
  ])('is dialled anew then by who hears the peer: one %s', (_what, spoke, dialled) => {
    const scripted = new Scripted({ maxLinkAge: 10_000, timeout: 60_000, random: () => 0 });
    const { line } = follow(scripted, { addresses: ['test://a'], heartbeat: 3000 });
    scripted.outputs.length = 0;
    alive(scripted, line, spoke);
    // It was heard a second before that for the last time; twice its heartbeat is six.
    scripted.wait(10_000 - spoke);
    expect(dials(scripted)).toBe(dialled);
    line.say(encodeHeartbeat());
    scripted.wait(1000);
    expect(dials(scripted)).toBe(1);
  });

  it('and breaks while it is dialled anew is won back by an attempt that stays the only one, whatever comes of the other', () => {
    const scripted = new Scripted({ maxLinkAge: 2000, random: () => 0 });
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    const { line } = follow(scripted, { addresses: ['test://a'] });
    alive(scripted, line, 2000);
    const renewal = scripted.lastDialled();
    line.end();
    scripted.wait(0);
    const redial = scripted.taken();
    expect(redial.connection).not.toBe(renewal);
    scripted.outputs.length = 0;
    scripted.act((mesh, now) => mesh.ended(renewal, new MasterlessError('ERR_REFUSED', 'nobody listens'), now));
    scripted.wait(100);
    expect(dials(scripted)).toBe(0);
    redial.say(knows(redial.greet().nonce, { ...believes, live: false }));
    redial.say(encodeAccept({ epoch: 2, received: [0, 0] }));
    expect(scripted.heard()).toContain('reconnect a');
  });

  it('and whose peer can not be dialled is cut at once', () => {
    const scripted = new Scripted({ maxLinkAge: 2000 });
    const { line } = follow(scripted);
    alive(scripted, line, 2000);
    expect(line.closed).toBe('cut');
  });

  it('and can not be replaced is cut after stallTimeout, and the application hears why', () => {
    const scripted = new Scripted({ maxLinkAge: 2000, stallTimeout: 10_000 });
    const { line } = follow(scripted, { addresses: ['test://a'] });
    for (let second = 0; second < 11; second++) {
      alive(scripted, line, 1000);
      if (second > 1) scripted.dialling().end();
    }
    expect(line.closed).toBe(null);
    alive(scripted, line, 1000);
    expect(line.closed).toBe('cut');
  });

  it('and then loses what it was proved with is cut in the time of a handshake', () => {
    const scripted = new Scripted({ maxLinkAge: 2000 });
    const { line } = follow(scripted, { addresses: ['test://a'] });
    alive(scripted, line, 3000);
    scripted.act((mesh, now) => mesh.outdate(line.connection, DROPPED, now));
    alive(scripted, line, 4000);
    expect(line.closed).toBe(null);
    alive(scripted, line, 1000);
    expect(line.closed).toBe('cut');
  });

  it('is let go, not replaced, while the two part', () => {
    const scripted = new Scripted({ maxLinkAge: 2000, closeTimeout: 9000 });
    const { line } = follow(scripted, { addresses: ['test://a'] });
    scripted.outputs.length = 0;
    scripted.act((mesh) => mesh.send('a', Uint8Array.of(1), false));
    scripted.act((mesh, now) => mesh.disconnect('a', now));
    alive(scripted, line, 4000);
    expect(dials(scripted)).toBe(0);
    expect(line.closed).toBe(null);
  });

  it.each<[string, (scripted: Scripted, line: Line) => void]>([
    ['past its age', () => undefined],
    ['proved with what counts no more', ({ mesh, now }, { connection }) => mesh.outdate(connection, DROPPED, now)],
  ])('%s, is cut in time though the peer takes back each proposal to let it go', (_what, happens) => {
    const scripted = new Scripted({ maxLinkAge: 4000, stallTimeout: 8000, random: () => 0 });
    const { line } = follow(scripted, { addresses: ['test://a'], keep: false });
    scripted.outputs.length = 0;
    scripted.act(() => happens(scripted, line));
    for (let waited = 0; waited <= 12_000 && line.closed === null; waited += 500) {
      line.say(encodeKeep(true), encodeKeep(false));
      scripted.wait(500);
    }
    expect(line.closed).not.toBe(null);
    expect(dials(scripted)).toBe(0);
  });

  it('without a policy of reconnecting too', () => {
    const world = new World(1);
    const never = { reconnect: { attempts: 0, minDelay: 0, maxDelay: 0 } };
    const a = world.start('a', { maxLinkAge: 300, ...never });
    const b = world.start('b', never);
    a.connect('b');
    world.run(world.now + 100);
    busy(world, a, b, 3000);
    expect(a.mesh.view('b')?.session).toBe(1);
    expect(a.mesh.view('b')?.epoch).toBeGreaterThan(5);
  });

  it('where neither side would wait for a lost link', () => {
    for (let seed = 0; seed < 20; seed++) {
      const world = new World(seed);
      const a = world.start('a', { maxLinkAge: 300, resumeWindow: 0 });
      const b = world.start('b', { maxLinkAge: seed % 2 === 0 ? 400 : 100_000, resumeWindow: 0 });
      a.connect('b');
      world.run(world.now + 200);
      busy(world, a, b, 2000);
      expect([a.mesh.view('b')?.session, b.mesh.view('a')?.session]).toEqual([1, 1]);
      expect(a.mesh.view('b')?.epoch).toBeGreaterThan(3);
    }
  });

  it('is kept while its peer is stopped, and replaced when it runs again', () => {
    const scripted = new Scripted({ maxLinkAge: 10_000, timeout: 60_000, stallTimeout: 60_000 });
    const { line } = follow(scripted, { addresses: ['test://a'] });
    for (let i = 0; i < 8; i++) {
      line.say(encodeHeartbeat());
      scripted.wait(1000);
    }
    // Nothing is heard from here on, be it on the link or on others.
    scripted.wait(40_000);
    expect(line.closed).toBe(null);
    line.say(encodeHeartbeat());
    scripted.wait(1000);
    const second = scripted.taken();
    const { nonce } = second.greet({ keep: true, addresses: ['test://a'] });
    second.say(knows(nonce, believes));
    second.say(knows(second.one<{ nonce: number }>('Query').nonce, believes));
    expect(second.kinds()).toEqual(['Adopt']);
  });

  it('stays as it is without such an age', () => {
    const world = new World(1);
    const [a, b] = [world.start('a'), world.start('b')];
    a.connect('b');
    world.run(world.now + 1000);
    const epoch = a.mesh.view('b')?.epoch;
    world.run(world.now + 100_000);
    expect(b.mesh.view('a')?.epoch).toBe(epoch);
  });
});

describe('a link made under a credential that counts no more', () => {
  it('is kept while the peer is dialled anew, and gives way when that has shaken hands: here by the arbiter', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted, { addresses: ['test://a'] });
    scripted.heard();
    scripted.act((mesh, now) => mesh.outdate(line.connection, DROPPED, now));
    scripted.wait(0);
    const second = scripted.taken();
    expect(second.connection).not.toBe(line.connection);
    line.say(data('over the old one'));
    const { nonce } = second.greet({ keep: true, addresses: ['test://a'] });
    expect(line.closed).toBe(null);
    second.say(knows(nonce, { ...believes, received: [0, 0] }));
    // What was said of before is asked anew, when nothing more is taken from the old link.
    line.say(data('too late'));
    expect(scripted.packets).toEqual(['over the old one']);
    const query = second.one<{ nonce: number }>('Query');
    second.say(knows(query.nonce, believes));
    // To the other side it is a good link until there is another.
    expect(line.closed).toBe(null);
    expect(second.one('Adopt')).toMatchObject({ epoch: 2, session: 1, received: [1, 0] });
    second.say(encodeAccept({ epoch: 2, received: [0, 0] }));
    expect(line.closed).toBe('cut');
    expect(scripted.heard()).toEqual(['deliver a', 'reconnect a']);
  });

  it('and by the follower', () => {
    const scripted = new Scripted();
    const { line } = lead(scripted, { addresses: ['test://z'] });
    scripted.heard();
    scripted.act((mesh, now) => mesh.outdate(line.connection, DROPPED, now));
    scripted.wait(0);
    const second = scripted.taken();
    line.say(data('over the old one'));
    const { nonce } = second.greet({ id: 'z', keep: true, addresses: ['test://z'] });
    line.say(data('too late'));
    expect(line.closed).toBe(null);
    expect(second.one<State>('State')).toMatchObject({ session: 1, epoch: 1, live: false, received: [1, 0] });
    second.say(adopts(nonce, { epoch: 2, start: [1, 0] }));
    expect(line.closed).toBe('cut');
    expect(scripted.heard()).toEqual(['deliver z', 'reconnect z']);
  });

  it('is cut when the peer takes no new one in the time of a handshake, and then won back or not like any other', () => {
    const scripted = new Scripted({ reconnect: { attempts: 3, minDelay: 100, maxDelay: 100 } });
    const { line } = follow(scripted, { addresses: ['test://a'] });
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    scripted.outputs.length = 0;
    scripted.act((mesh, now) => mesh.outdate(line.connection, DROPPED, now));
    for (let i = 0; i < 4; i++) {
      scripted.wait(0);
      scripted.dialling().end();
      expect(line.closed).toBe(null);
      line.say(encodeHeartbeat());
      scripted.wait(1250);
    }
    expect(line.closed).toBe('cut');
    scripted.wait(100);
    expect(scripted.heard().filter((kind) => kind !== 'unreachable ERR_CONNECTION_LOST')).toEqual(['reconnecting a']);
  });

  it.each([
    ['ends', (second: Line) => void second.end()],
    ['says nothing more', () => undefined],
  ])('gives way to one that then %s: the peer is dialled again, and hears that its link is gone', (_how, fail) => {
    const scripted = new Scripted();
    const { line } = lead(scripted, { addresses: ['test://z'] });
    scripted.act((mesh, now) => mesh.keep('z', true, now));
    scripted.act((mesh, now) => mesh.outdate(line.connection, DROPPED, now));
    scripted.wait(0);
    const second = scripted.taken();
    second.greet({ id: 'z', keep: true, addresses: ['test://z'] });
    scripted.heard();
    fail(second);
    scripted.wait(5000);
    expect(line.closed).toBe('cut');
    expect(scripted.heard()).toContain('reconnecting z');
    expect(scripted.taken()).not.toBe(second);
  });

  it('is cut when nothing has come of it in the time of a handshake', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted, { addresses: ['test://a'] });
    scripted.act((mesh, now) => mesh.outdate(line.connection, DROPPED, now));
    for (let i = 0; i < 5; i++) {
      expect(line.closed).toBe(null);
      line.say(encodeHeartbeat());
      scripted.wait(1000);
    }
    expect(line.closed).toBe('cut');
  });

  it('is cut at once where the peer can not be dialled: it dials, and the session goes on', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted);
    scripted.heard();
    scripted.act((mesh, now) => mesh.outdate(line.connection, DROPPED, now));
    scripted.wait(0);
    expect(line.closed).toBe('cut');
    expect(scripted.heard()).toEqual([]);
    const second = scripted.dial();
    const { nonce } = second.greet({ keep: true });
    second.say(knows(nonce, { ...believes, live: false }));
    second.say(encodeAccept({ epoch: 2, received: [0, 0] }));
    expect(scripted.heard()).toEqual(['reconnect a']);
  });

  it('that is only about to be one ends', () => {
    const scripted = new Scripted();
    const line = scripted.dial();
    line.greet();
    scripted.act((mesh, now) => mesh.outdate(line.connection, DROPPED, now));
    expect(line.one<Reject>('Reject').reason).toBe(RejectReason.Overtaken);
    expect(scripted.mesh.view('a')).toBe(null);
  });

  it('that is adopted ends as long as the other side has not confirmed it', () => {
    const scripted = new Scripted();
    const { line, adopt } = propose(scripted);
    expect(line.connection.claim).toBe('a');
    scripted.act((mesh, now) => mesh.outdate(line.connection, DROPPED, now));
    expect(line.one<Reject>('Reject').reason).toBe(RejectReason.Overtaken);
    expect(line.closed).toBe('flushed');
    line.say(encodeAccept({ epoch: adopt.epoch, received: adopt.start }));
    expect(scripted.heard()).toEqual(['fault ERR_UNAUTHORIZED']);
    expect(scripted.mesh.view('a')?.link).toBe(null);
  });

  it('that this node dialled and is not there yet is dialled anew, at once', () => {
    const { scripted, line } = linked({}, { addresses: ['test://a'] });
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    line.end();
    scripted.wait(1000);
    const second = scripted.taken();
    second.greet({ keep: true, addresses: ['test://a'] });
    scripted.heard();
    scripted.act((mesh, now) => mesh.outdate(second.connection, DROPPED, now));
    expect(second.closed).toBe('flushed');
    const third = scripted.taken();
    expect(third).not.toBe(second);
    const { nonce } = third.greet({ keep: true, addresses: ['test://a'] });
    third.say(knows(nonce, { ...believes, received: [0, 0], live: false }));
    third.say(encodeAccept({ epoch: 2, received: [0, 0] }));
    expect(scripted.heard()).toEqual(['fault ERR_UNAUTHORIZED', 'reconnect a']);
  });
});
