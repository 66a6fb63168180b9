import { describe, expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import { LITTLE_DELAY } from '../../src/protocol/acknowledgement.js';
import { ByeReason, encodeAccept, encodeBye } from '../../src/protocol/control.js';
import { Frame } from '../../src/protocol/frame.js';
import type { Output } from '../../src/protocol/output.js';
import { PIECE } from '../../src/protocol/send-buffer.js';
import type { MeshConfig } from '../../src/protocol/state.js';
import type { Wire } from '../../src/testing/end.js';
import type { SimNode } from '../sim/node.js';
import { World } from '../sim/world.js';
import { data, follow, propose, Scripted } from './scripted.js';

interface Heard {
  readonly at: number;
  readonly node: string;
  readonly output: Output;
}

/** A world that remembers what its nodes tell. */
class Recorded extends World {
  readonly log: Heard[] = [];

  override heard(node: SimNode, output: Output): void {
    super.heard(node, output);
    this.log.push({ at: this.now, node: node.label, output });
  }

  /** Events of connecting and parting since the last call, as `node event peer reason`. */
  events(): string[] {
    const events = this.log.splice(0).flatMap(({ node, output }) => {
      if (output.kind === 'disconnect') return [`${node} disconnect ${output.id} ${output.reason}`];
      if (output.kind === 'wish') return [`${node} wish ${output.error?.code ?? output.id}`];
      const told = ['connect', 'reconnect', 'conflict'].includes(output.kind);
      return told && 'id' in output ? [`${node} ${output.kind} ${output.id}`] : [];
    });
    return events;
  }
}

function two(config: Partial<MeshConfig> = {}, seed = 3): { world: Recorded; a: SimNode; b: SimNode } {
  const world = new Recorded(seed);
  const [a, b] = [world.start('a', config), world.start('b', config)];
  a.connect('b');
  b.connect('a');
  world.run(world.now + 1000);
  world.checkPair(a, b);
  world.events();
  return { world, a, b };
}

/** Both ends are reset at once. */
function cut(world: World, wire: Wire | undefined): void {
  for (const end of wire?.ends ?? []) {
    end.out.clear();
    end.out.silence();
    world.agenda.at(world.now, () => end.break());
  }
}

describe('one link per pair', () => {
  it('however often and from whichever side it is dialled', () => {
    for (let seed = 0; seed < 200; seed++) {
      const world = new Recorded(seed);
      const [a, b] = [world.start('a'), world.start('b')];
      for (let i = 0; i < 5; i++) {
        a.connect('b');
        b.connect('a');
      }
      world.run(world.now + 3000);
      world.checkPair(a, b);
      const events = world.events();
      expect(events.filter((event) => / connect /.test(event)).length).toBe(2);
      expect(events.filter((event) => event.includes('wish')).length).toBe(10);
      expect(events.filter((event) => event.includes('ERR')).length).toBe(0);
    }
  });

  it('within each of the pairs of a mesh', () => {
    const world = new World(5);
    const nodes = ['a', 'b', 'c', 'd', 'e'].map((id) => world.start(id));
    for (const from of nodes) for (const to of nodes) if (from !== to) from.connect(to.id);
    world.run(world.now + 3000);
    for (const from of nodes) for (const to of nodes) if (from.id < to.id) world.checkPair(from, to);
    expect(nodes[0]?.mesh.connected().sort()).toEqual(['b', 'c', 'd', 'e']);
  });
});

describe('a session goes on over new links', () => {
  it('from count 0', () => {
    const { world, a, b } = two();
    cut(world, world.wiresBetween('a', 'b')[0]);
    a.send('b', 10);
    b.send('a', 10);
    world.run(world.now + 1000);
    expect(world.events()).toEqual(expect.arrayContaining(['a#1 reconnect b', 'b#2 reconnect a']));
    expect(world.oracle.delivered).toBe(2);
    expect(a.mesh.view('b')?.session).toBe(1);
  });

  it('a hundred times in a row, with packets on their way', () => {
    const { world, a, b } = two({ window: 1e6 });
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 20; j++) {
        a.send('b', 400, j % 5 === 0);
        b.send('a', 400, j % 7 === 0);
      }
      world.run(world.now + 15);
      for (const wire of world.wiresBetween('a', 'b')) cut(world, wire);
      world.run(world.now + 1500);
    }
    world.checkPair(a, b);
    expect(world.oracle.delivered).toBe(4000);
    expect(a.mesh.view('b')?.session).toBe(1);
    expect(a.mesh.view('b')?.epoch).toBeGreaterThan(100);
    expect(world.events().filter((event) => event.includes('disconnect'))).toEqual([]);
  });

  it('in the middle of a packet in pieces', () => {
    const { world, a } = two();
    expect(a.send('b', 5 * PIECE + 1)).toBe(true);
    let cuts = 0;
    world.run(world.now + 30_000, () => {
      const inside = world.nodes.get('b')?.mesh.session('a')?.normal.received ?? 0;
      if (inside > cuts && inside < 6) {
        cuts = inside;
        for (const wire of world.wiresBetween('a', 'b')) cut(world, wire);
      }
    });
    expect(cuts).toBeGreaterThan(1);
    expect(world.oracle.delivered).toBe(1);
    expect(a.mesh.session('b')?.settled).toBe(true);
  });
});

describe('a restarted node', () => {
  it.each(['a', 'b'])('%s replaces its ghost in under a second', (id) => {
    const { world, a, b } = two();
    const [ghost, left] = id === 'a' ? [a, b] : [b, a];
    left.send(id, 10);
    world.crash(ghost, true);
    const restarted = world.start(id);
    const { now } = world;
    restarted.connect(left.id);
    world.run(now + 1000);
    world.checkPair(restarted, left);
    expect(world.events()).toEqual(
      expect.arrayContaining([
        `${left.label} disconnect ${id} restarted`,
        `${left.label} connect ${id}`,
        `${restarted.label} wish ${left.id}`,
      ]),
    );
    expect(world.oracle.reported).toBe(1);
  });
});

describe('two live nodes with one id', () => {
  it.each(['a', 'b'])('%s: the first stays, the second is turned away, and all three hear of it', (id) => {
    const { world, a, b } = two();
    const [first, other] = id === 'a' ? [a, b] : [b, a];
    const twin = world.twin(id);
    twin.connect(other.id);
    world.run(world.now + 2000);
    const events = world.events();
    for (const node of [first, twin]) expect(events).toContain(`${node.label} conflict ${id}`);
    expect(events).toContain(`${other.label} conflict ${id}`);
    expect(events).toContain(`${twin.label} wish ERR_ID_IN_USE`);
    expect(events.filter((event) => event.includes('connect '))).toEqual([]);
    world.checkPair(a, b);
  });

  it('that dial each other are told as well', () => {
    const world = new Recorded(1);
    world.start('a');
    const twin = world.twin('a');
    twin.connect('a');
    world.run(2000);
    expect(world.events()).toEqual(['a#1 conflict a', 'a#2 conflict a', 'a#2 wish ERR_ID_IN_USE']);
  });
});

describe('a node', () => {
  it('that dials itself is told so', () => {
    const world = new Recorded(1);
    world.start('a').connect('a');
    world.run(2000);
    expect(world.events()).toEqual(['a#1 wish ERR_SELF']);
  });

  it('expected under another id is told so', () => {
    const world = new Recorded(1);
    world.start('b');
    world.start('a').connect('b', 'c');
    world.run(2000);
    expect(world.events()).toEqual(['a#2 wish ERR_WRONG_ID']);
  });

  it.each([['codec', { codec: 'other' }, 'ERR_CODEC']])('of another %s is refused', (_, config, code) => {
    const world = new Recorded(1);
    world.start('b', config);
    world.start('a').connect('b');
    world.run(2000);
    expect(world.events()).toEqual([`a#2 wish ${code}`]);
  });
});

describe('parting', () => {
  it('of both sides at once loses nothing', () => {
    for (let seed = 0; seed < 30; seed++) {
      const { world, a, b } = two({}, seed);
      for (let i = 0; i < 10; i++) {
        a.send('b', 500);
        b.send('a', 500, i % 2 === 0);
      }
      a.act((mesh, now) => mesh.disconnect('b', now));
      world.agenda.at(world.now + seed, () => b.act((mesh, now) => mesh.disconnect('a', now)));
      world.run(world.now + 2000);
      expect(world.oracle.delivered).toBe(20);
      expect(world.oracle.reported).toBe(0);
      const partings = world.events().filter((event) => event.includes('disconnect'));
      expect(partings.length).toBeGreaterThanOrEqual(2);
      expect(world.openWires()).toEqual([]);
    }
  });

  it('from a peer that keeps: it comes back, in a new session', () => {
    const { world, a, b } = two();
    a.act((mesh, now) => mesh.disconnect('b', now));
    world.run(world.now + 2000);
    world.checkPair(a, b);
    expect(world.events()).toEqual(['a#1 disconnect b local', 'a#1 connect b', 'b#2 reconnect a']);
    expect(b.send('a', 10)).toBe(true);
    world.run(world.now + 100);
    expect(world.oracle.delivered).toBe(1);
  });

  it('when neither keeps the other any more', () => {
    const { world, a, b } = two();
    a.act((mesh, now) => mesh.keep('b', false, now));
    world.run(world.now + 1000);
    world.checkPair(a, b);
    b.act((mesh, now) => mesh.keep('a', false, now));
    world.run(world.now + 1000);
    expect(world.events().sort()).toEqual(['a#1 disconnect b unwanted', 'b#2 disconnect a unwanted']);
  });

  it('by close, with packets on their way', () => {
    const { world, a, b } = two({ window: 1e6 });
    for (let i = 0; i < 100; i++) a.send('b', 1000);
    a.act((mesh, now) => mesh.close(now));
    b.act((mesh, now) => mesh.keep('a', false, now));
    world.run(world.now + 3000);
    expect(a.closed).toBe(true);
    expect(world.oracle.delivered).toBe(100);
    expect(world.openWires()).toEqual([]);
  });

  it('by close from a peer that handles nothing ends at closeTimeout', () => {
    const { world, a, b } = two();
    b.slow = 60_000;
    for (let i = 0; i < 10; i++) a.send('b', 100);
    const { now } = world;
    a.act((mesh) => mesh.close(now));
    world.run(now + 4999);
    expect(a.closed).toBe(false);
    world.run(now + 5000);
    expect(a.closed).toBe(true);
    expect(world.oracle.reported).toBe(10);
  });
});

describe('Mesh', () => {
  it('hands out a packet at a time, so that nothing runs inside a half-made change', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted);
    const { mesh, now } = scripted;
    mesh.received(line.connection, new Uint8Array(Buffer.concat([data('1'), data('2')])), now);
    const first = mesh.poll(now);
    expect(first?.kind === 'deliver' && Buffer.from(first.bytes).toString()).toBe('1');
    mesh.disconnect('a', now);
    const second = mesh.poll(now);
    expect(second?.kind === 'deliver' && Buffer.from(second.bytes).toString()).toBe('2');
    expect(mesh.poll(now)).toBe(null);
  });

  it('keeps what is said of a peer before there is one', () => {
    const { mesh } = new Scripted();
    mesh.keep('a', true, 0);
    expect(mesh.isKept('a')).toBe(true);
    expect(mesh.isConnected('a')).toBe(false);
    expect(mesh.maxPacket('a')).toBe(Number.POSITIVE_INFINITY);
    mesh.keep('a', false, 0);
    expect(mesh.view('a')).toBe(null);
    mesh.keep('b', false, 0);
    expect(mesh.view('b')).toBe(null);
  });

  it('knows nothing of who is not connected', () => {
    const scripted = new Scripted();
    propose(scripted);
    const { mesh } = scripted;
    expect(mesh.connected()).toEqual([]);
    expect([mesh.isConnected('a'), mesh.isConnected('nobody')]).toEqual([false, false]);
    expect([mesh.session('a'), mesh.session('nobody')]).toEqual([null, null]);
    expect([mesh.maxPacket('a'), mesh.maxPacket('nobody')]).toEqual([Infinity, Infinity]);
    expect(mesh.ping('nobody')).toBe(0);
    expect(mesh.disconnect('nobody', scripted.now)).toBe(false);
    mesh.undecodable('nobody', new MasterlessError('ERR_BAD_PACKET', 'no packet'), scripted.now);
    expect(mesh.poll(scripted.now)).toBe(null);
  });

  it('keeps nothing of a packet that could not be decoded', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted);
    const chunk = data('bad');
    scripted.mesh.received(line.connection, chunk, scripted.now);
    for (let output = scripted.mesh.poll(scripted.now); output !== null; output = scripted.mesh.poll(scripted.now)) {
      if (output.kind !== 'deliver') continue;
      scripted.mesh.undecodable('a', new MasterlessError('ERR_BAD_PACKET', 'no packet'), scripted.now);
    }
    const { deliver } = Reflect.get(scripted.mesh, 'traffic') as { readonly deliver: { readonly buffer: Uint8Array } };
    expect(deliver.buffer.length).toBe(0);
    expect(scripted.mesh.isConnected('a')).toBe(false);
  });

  it('gives handshakes more time when it did not run itself, and links that are not confirmed', () => {
    const scripted = new Scripted();
    const waiting = scripted.dial();
    waiting.greet({ id: 'b' });
    const { line } = propose(scripted);
    scripted.now += 60_000;
    scripted.act((mesh, now) => mesh.tick(now));
    scripted.wait(1999);
    expect([waiting.closed, line.closed]).toEqual([null, null]);
    scripted.wait(1);
    expect([waiting.closed, line.closed]).not.toContain(null);
  });

  it('does not shorten a handshake for that', () => {
    const scripted = new Scripted({ handshakeTimeout: 100_000, heartbeat: 10_000 });
    follow(scripted);
    const line = scripted.dial();
    scripted.now += 30_000;
    scripted.act((mesh, now) => mesh.tick(now));
    scripted.wait(69_999);
    expect(line.closed).toBe(null);
    scripted.wait(1);
    expect(line.closed).not.toBe(null);
  });

  it('forgets the wish to keep whom it parts from by close', () => {
    const scripted = new Scripted();
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    const { line } = follow(scripted, { addresses: ['test://a'] });
    scripted.outputs.length = 0;
    scripted.act((mesh, now) => mesh.close(now));
    line.say(encodeBye(ByeReason.Closed));
    scripted.wait(10_000);
    expect(scripted.heard()).toEqual(['disconnect a local', 'closed']);
    expect(scripted.outputs.filter(({ kind }) => kind === 'dial')).toEqual([]);
  });

  it('knows how large a packet a peer takes', () => {
    const scripted = new Scripted();
    follow(scripted, { maxPacket: 999 });
    expect(scripted.mesh.maxPacket('a')).toBe(999);
  });

  it('measures the way to a peer', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted);
    expect(scripted.mesh.ping('b')).toBe(0);
    const token = scripted.act((mesh) => mesh.ping('a'));
    expect(line.said().at(-1)).toEqual({ kind: 'Ping', fields: { contested: false, token } });
    scripted.heard();
    line.say(Uint8Array.of(Frame.Pong, 1, 5));
    expect(scripted.outputs).toEqual([{ kind: 'pong', id: 'a', token: 5 }]);
  });

  it('does not ask a peer that has not confirmed its link, of which nobody would hear that it was lost', () => {
    const scripted = new Scripted();
    const { line, adopt } = propose(scripted);
    expect(scripted.act((mesh) => mesh.ping('a'))).toBe(0);
    line.say(encodeAccept({ epoch: adopt.epoch, received: adopt.start }));
    expect(scripted.act((mesh) => mesh.ping('a'))).toBeGreaterThan(0);
  });

  it('wakes nobody when there is nothing to do', () => {
    expect(new Scripted().mesh.wakeAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('is prompt where somebody waits, and lets peers share a turn where nobody does', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted, { addresses: ['test://a'] });
    // What is told on a new link is told at once.
    line.say(data('x'));
    scripted.wait(100);
    line.say(data('y'));
    expect(scripted.mesh.wakeAt).toBe(scripted.now + LITTLE_DELAY);
    expect(scripted.mesh.prompt).toBe(false);
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    line.end();
    expect(scripted.mesh.wakeAt).toBe(scripted.now);
    expect(scripted.mesh.prompt).toBe(true);
    scripted.wait(0);
    expect(scripted.mesh.prompt).toBe(false);
  });

  it('gives every session numbers of its own after the one before was forgotten', () => {
    const scripted = new Scripted({ resumeWindow: 0 });
    const first = follow(scripted, { resumeWindow: 0 });
    first.line.end();
    scripted.wait(0);
    expect(scripted.mesh.view('a')).toBe(null);
    expect(follow(scripted).adopt.session).toBe(first.adopt.session + 1);
  });
});
