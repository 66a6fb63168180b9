import { describe, expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import {
  encodeAccept,
  encodeHeartbeat,
  encodePong,
  encodeQuery,
  type Ping,
  type Reject,
  RejectReason,
  type State,
} from '../../src/protocol/control.js';
import { stateOf } from '../sim/bounds.js';
import type { SimNode } from '../sim/node.js';
import { World } from '../sim/world.js';
import { adopts, alive, CONFIG, data, dials, follow, knows, type Line, lead, propose, Scripted } from './scripted.js';

const ADDRESS = ['test://a'];
/** What a follower says that holds the first link and believes in it. */
const believes = { incarnation: CONFIG.incarnation, session: 1, epoch: 1, live: true };

function linked(fields = {}, config = {}): { scripted: Scripted; line: Line } {
  const scripted = new Scripted(config);
  const { line } = follow(scripted, { addresses: ADDRESS, ...fields });
  line.said();
  scripted.heard();
  scripted.outputs.length = 0;
  return { scripted, line };
}

describe('signs of life', () => {
  it('are one byte after each heartbeat of silence', () => {
    const { scripted, line } = linked();
    const before = line.bytes;
    alive(scripted, line, 10_000);
    expect(line.kinds()).toEqual(Array.from({ length: 10 }, () => 'Heartbeat'));
    expect(line.bytes - before).toBe(10);
  });

  it.each([
    ['on few links, each after its heartbeat', 20, 200, 10],
    ['on many links at once, so that a thousand take no more turns than a few', 100, 8 * 11 + 1, 12],
  ])('are given %s', (_, links, mostTurns, mostSigns) => {
    const scripted = new Scripted({ maxPeers: 100 });
    const lines = Array.from({ length: links }, (_unused, count) => {
      scripted.wait(10);
      return follow(scripted, { id: `a${count}`, heartbeat: 60_000 }).line;
    });
    let turns = 0;
    for (const line of lines) line.said();
    const until = scripted.now + 10_000;
    while (scripted.mesh.wakeAt <= until) {
      scripted.now = Math.max(scripted.now, scripted.mesh.wakeAt);
      scripted.act((mesh, now) => mesh.tick(now));
      turns++;
    }
    expect(turns).toBeLessThanOrEqual(mostTurns);
    for (const line of lines) {
      const count = line.kinds().length;
      expect(count).toBeGreaterThanOrEqual(10);
      expect(count).toBeLessThanOrEqual(mostSigns);
    }
  });

  it('are not given by who has spoken', () => {
    const { scripted, line } = linked();
    for (let i = 0; i < 20; i++) {
      scripted.act((mesh) => mesh.send('a', Uint8Array.of(i), false));
      scripted.wait(900);
      line.say(encodeHeartbeat());
    }
    expect(line.kinds()).not.toContain('Heartbeat');
  });

  it('are any bytes, part of a packet too', () => {
    const { scripted, line } = linked();
    const frame = data('x'.repeat(190));
    for (const byte of frame.subarray(0, 12)) {
      line.say(Uint8Array.of(byte));
      scripted.wait(4000);
    }
    expect(line.closed).toBe(null);
    expect(dials(scripted)).toBe(0);
  });

  it('are given though there was nothing to write when it was asked for', () => {
    const { scripted, line } = linked();
    for (let i = 0; i < 10; i++) {
      expect(scripted.mesh.gather(line.connection, 1000, scripted.now)).toEqual([]);
      scripted.wait(500);
      line.say(encodeHeartbeat());
    }
    expect(line.kinds().length).toBe(5);
  });

  it('are not given beside what waits to be written', () => {
    const { scripted, line } = linked();
    scripted.mesh.ping('a');
    scripted.now += 1000;
    scripted.act((mesh, now) => mesh.tick(now));
    expect(line.kinds()).toEqual(['Ping']);
  });

  it('are not given before the follower has confirmed the link', () => {
    const scripted = new Scripted();
    const { line } = propose(scripted);
    scripted.wait(3000);
    expect(line.kinds()).toEqual([]);
  });

  it('are expected only as often as the peer says that it gives them', () => {
    const { scripted, line } = linked({ heartbeat: 20_000 });
    scripted.wait(59_000);
    expect(dials(scripted)).toBe(0);
    expect(line.closed).toBe(null);
  });
});

describe('a silent peer', () => {
  it('is tested by a second connection after timeout', () => {
    const { scripted, line } = linked();
    scripted.wait(4999);
    expect(dials(scripted)).toBe(0);
    scripted.wait(1);
    expect(dials(scripted)).toBe(1);
    expect(line.closed).toBe(null);
  });

  it('is lost at once when its address refuses', () => {
    const { scripted, line } = linked();
    scripted.wait(5000);
    const error = new MasterlessError('ERR_REFUSED', 'nobody listens');
    scripted.act((mesh, now) => mesh.ended(scripted.lastDialled(), error, now));
    scripted.wait(0);
    expect(line.closed).toBe('cut');
  });

  it('is lost after handshakeTimeout when its address does not answer', () => {
    const { scripted, line } = linked();
    scripted.wait(9999);
    expect(line.closed).toBe(null);
    scripted.wait(1);
    expect(line.closed).toBe('cut');
  });

  it('is lost after timeout when no address is known', () => {
    const { scripted, line } = linked({ addresses: [] });
    scripted.wait(5000);
    expect(line.closed).toBe('cut');
  });

  it('is waited for up to stallTimeout while its machine takes connections', () => {
    const { scripted, line } = linked({}, { stallTimeout: 30_000 });
    let probes = 0;
    for (let second = 0; second < 29; second++) {
      scripted.wait(1000);
      if (dials(scripted) > probes) {
        probes = dials(scripted);
        scripted.taken();
      }
    }
    expect(line.closed).toBe(null);
    expect(probes).toBeGreaterThan(1);
    scripted.wait(1000);
    expect(line.closed).toBe('cut');
  });

  it('that is lost for good leaves no test behind', () => {
    const { scripted } = linked();
    scripted.wait(5000);
    const error = new MasterlessError('ERR_REFUSED', 'nobody listens');
    scripted.act((mesh, now) => mesh.ended(scripted.lastDialled(), error, now));
    scripted.wait(60_000);
    expect(scripted.mesh.view('a')).toBe(null);
    expect(stateOf(scripted.mesh).dials.size).toBe(0);
  });

  it('is one that has not spoken since its link came about, however long that took', () => {
    const scripted = new Scripted({ timeout: 3000, handshakeTimeout: 10_000 });
    const line = scripted.dial();
    scripted.wait(5000);
    const { nonce } = line.greet({ keep: true, addresses: ADDRESS });
    line.say(knows(nonce)).say(encodeAccept({ epoch: 1, received: [0, 0] }));
    scripted.outputs.length = 0;
    scripted.wait(2999);
    expect(dials(scripted)).toBe(0);
    scripted.wait(1);
    expect(dials(scripted)).toBe(1);
  });

  it('that speaks again is suspected no longer, and the test is called off', () => {
    const { scripted, line } = linked();
    scripted.wait(5500);
    const probe = scripted.dialling();
    line.say(encodeHeartbeat());
    expect(probe.closed).toBe('cut');
    alive(scripted, line, 10_000);
    expect(dials(scripted)).toBe(1);
    expect(line.closed).toBe(null);
  });

  it('gets a new link when it answers the test and not on the link, though it believes in it', () => {
    const { scripted, line } = linked();
    scripted.wait(5000);
    const probe = scripted.taken();
    const { nonce } = probe.greet({ addresses: ADDRESS });
    probe.say(knows(nonce, believes));
    expect(line.take<Ping>('Ping').contested).toBe(false);
    scripted.wait(499);
    expect(line.closed).toBe(null);
    scripted.wait(1);
    probe.say(knows(probe.one<{ nonce: number }>('Query').nonce, believes));
    expect(line.closed).toBe('cut');
    probe.say(encodeAccept({ epoch: 2, received: [0, 0] }));
    expect(scripted.heard()).toEqual(['reconnect a']);
  });

  it('that was stopped keeps its link: it answers the test first, and then on the link', () => {
    const { scripted, line } = linked();
    scripted.wait(5000);
    const probe = scripted.taken();
    const { nonce } = probe.greet({ addresses: ADDRESS });
    probe.say(knows(nonce, believes));
    line.say(encodePong(line.take<Ping>('Ping').token));
    probe.say(knows(probe.one<{ nonce: number }>('Query').nonce, believes));
    expect(probe.kinds()).toEqual(['Duplicate']);
    expect(probe.closed).toBe('flushed');
    scripted.wait(600);
    expect(line.closed).toBe(null);
    expect(scripted.heard()).toEqual([]);
  });

  it('that shook hands before it fell silent is asked as well', () => {
    const { scripted, line } = linked();
    scripted.wait(4000);
    const second = scripted.dial();
    const { nonce } = second.greet({ keep: true, addresses: ADDRESS });
    scripted.wait(2000);
    second.say(knows(nonce, believes));
    expect(line.closed).toBe(null);
    line.say(encodePong(line.take<Ping>('Ping').token));
    second.say(knows(second.one<{ nonce: number }>('Query').nonce, believes));
    expect(second.kinds()).toEqual(['Duplicate']);
    expect(line.closed).toBe(null);
  });

  it('that is the arbiter, and asks the suspecting follower, is asked as well', () => {
    const scripted = new Scripted();
    const { line } = lead(scripted, { addresses: ['test://z'] });
    line.said();
    scripted.wait(4000);
    const second = scripted.dial();
    second.greet({ id: 'z', keep: true, addresses: ['test://z'] });
    scripted.wait(2000);
    second.said();
    second.say(encodeQuery(5));
    expect(second.kinds()).toEqual([]);
    line.say(encodePong(line.take<Ping>('Ping').token));
    expect(second.one<State>('State')).toMatchObject({ nonce: 5, live: true });
  });

  it('that stops in the middle of the test is waited for like any other', () => {
    const { scripted, line } = linked();
    scripted.wait(5000);
    scripted.taken().greet({ addresses: ADDRESS });
    scripted.wait(6000);
    expect(line.closed).toBe(null);
    expect(dials(scripted)).toBe(2);
  });

  it('is asked again, with another word, when another claims its id meanwhile', () => {
    const { scripted, line } = linked();
    scripted.wait(5000);
    scripted.taken().greet({ addresses: ADDRESS });
    const first = line.one<Ping>('Ping');
    expect(first.contested).toBe(false);
    scripted.wait(300);
    scripted.dial().greet({ incarnation: '00000000000000cc' });
    expect(line.one<Ping>('Ping')).toEqual({ token: first.token, contested: true });
    scripted.dial().greet({ incarnation: '00000000000000dd' });
    expect(line.kinds()).toEqual([]);
    scripted.wait(199);
    expect(line.closed).toBe(null);
    scripted.wait(1);
    expect(line.closed).toBe('cut');
  });

  it('is not asked twice by connections of its own', () => {
    const { scripted, line } = linked();
    scripted.wait(5000);
    scripted.taken().greet({ addresses: ADDRESS });
    scripted.dial().greet({ addresses: ADDRESS });
    expect(line.kinds().filter((kind) => kind === 'Ping').length).toBe(1);
  });

  it('whose id another claims has its time to answer, though this node did not run', () => {
    const { scripted, line } = linked();
    const newcomer = scripted.dial();
    newcomer.greet({ incarnation: '00000000000000cc' });
    expect(line.take<Ping>('Ping').contested).toBe(true);
    scripted.now += 60_000;
    scripted.act((mesh, now) => mesh.tick(now));
    scripted.wait(499);
    expect(line.closed).toBe(null);
    scripted.wait(1);
    expect(line.closed).toBe('cut');
  });

  it('that is the arbiter hears nothing of the doubt once it has answered', () => {
    const scripted = new Scripted();
    const { line } = lead(scripted, { addresses: ['test://z'] });
    line.said();
    scripted.wait(5000);
    const probe = scripted.taken();
    probe.greet({ id: 'z', addresses: ['test://z'] });
    expect(probe.kinds()).toEqual([]);
    line.say(encodePong(line.take<Ping>('Ping').token));
    expect(probe.one<State>('State').live).toBe(true);
  });

  it('that is the arbiter is told of the doubt when it has not answered', () => {
    const scripted = new Scripted();
    lead(scripted, { addresses: ['test://z'] });
    scripted.wait(5000);
    const probe = scripted.taken();
    probe.greet({ id: 'z', addresses: ['test://z'] });
    scripted.wait(500);
    expect(probe.one<State>('State')).toMatchObject({ session: 1, epoch: 1, live: false });
  });

  it('is not suspected by a node that did not run itself', () => {
    const { scripted, line } = linked();
    scripted.now += 60_000;
    scripted.act((mesh, now) => mesh.tick(now));
    expect(dials(scripted)).toBe(0);
    scripted.wait(1999);
    expect(dials(scripted)).toBe(0);
    expect(line.closed).toBe(null);
    scripted.wait(1);
    expect(dials(scripted)).toBe(1);
  });

  it('that speaks seldom has the time of its own heartbeat when this node did not run', () => {
    const { scripted } = linked({ heartbeat: 4000 });
    scripted.now += 60_000;
    scripted.act((mesh, now) => mesh.tick(now));
    scripted.wait(7999);
    expect(dials(scripted)).toBe(0);
    scripted.wait(1);
    expect(dials(scripted)).toBe(1);
  });
});

describe('a link whose id another node claims', () => {
  function claimed(config = {}): { scripted: Scripted; line: Line; twin: Line; token: number } {
    const { scripted, line } = linked({}, config);
    const twin = scripted.dial();
    twin.say(knows(twin.greet({ incarnation: '00000000000000cc' }).nonce));
    return { scripted, line, twin, token: line.take<Ping>('Ping').token };
  }

  /** Its owner has something to say all the time, and has not read the PING. */
  function speaks(scripted: Scripted, line: Line, ms: number): void {
    for (let i = 0; i < ms; i += 250) {
      scripted.wait(250);
      line.say(data('x'));
    }
  }

  it('stays while its owner speaks: the question may wait behind much that is on its way there', () => {
    const { scripted, line, twin, token } = claimed();
    speaks(scripted, line, 4500);
    expect(line.closed).toBe(null);
    line.say(encodePong(token));
    expect(twin.one<Reject>('Reject').reason).toBe(RejectReason.IdInUse);
    speaks(scripted, line, 5000);
    expect(line.closed).toBe(null);
  });

  it('is lost in probeTimeout when its owner speaks no more', () => {
    const { scripted, line } = claimed();
    speaks(scripted, line, 1000);
    scripted.wait(499);
    expect(line.closed).toBe(null);
    scripted.wait(1);
    expect(line.closed).toBe('cut');
  });

  it('is lost after timeout, whatever comes on it that is no answer', () => {
    const { scripted, line } = claimed({ handshakeTimeout: 20_000 });
    speaks(scripted, line, 4750);
    scripted.wait(249);
    line.say(data('x'));
    expect(line.closed).toBe(null);
    scripted.wait(1);
    expect(line.closed).toBe('cut');
  });

  it('stays when the other one has gone while its owner spoke', () => {
    const { scripted, line, twin } = claimed();
    speaks(scripted, line, 1000);
    twin.end();
    alive(scripted, line, 10_000);
    expect(line.closed).toBe(null);
    const next = scripted.dial();
    next.greet({ incarnation: '00000000000000dd' });
    expect(line.take<Ping>('Ping').contested).toBe(true);
  });

  it('is lost for one that came and went where its owner was silent', () => {
    const { scripted, line, twin } = claimed();
    twin.end();
    scripted.wait(500);
    expect(line.closed).toBe('cut');
  });
});

describe('the wish to keep a link', () => {
  it.each([true, false])('that changes during the handshake (to %s) is told when the link is there', (keep) => {
    const scripted = new Scripted();
    if (!keep) scripted.act((mesh, now) => mesh.keep('a', true, now));
    const { line } = propose(scripted);
    scripted.act((mesh, now) => mesh.keep('a', keep, now));
    expect(line.kinds()).toEqual([]);
    line.say(encodeAccept({ epoch: 1, received: [0, 0] }));
    expect(line.one('Keep')).toEqual({ keep });
  });

  it('that does not change is told in HELLO only', () => {
    const scripted = new Scripted();
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    const { line } = follow(scripted);
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    expect(line.kinds()).not.toContain('Keep');
  });
});

describe('a lost link', () => {
  it.each([
    [true, ['test://z']],
    [false, []],
  ])('with an epoch to which none follows is won back in a new session where it is kept: %s', (keep, dialled) => {
    const scripted = new Scripted();
    const { line } = lead(scripted, { keep: true, addresses: ['test://z'] }, { epoch: 2 ** 52 });
    scripted.act((mesh, now) => mesh.keep('z', keep, now));
    scripted.heard();
    line.end();
    scripted.wait(200);
    const uris = scripted.outputs.flatMap((output) => (output.kind === 'dial' ? [output.uri] : []));
    expect(uris).toEqual(dialled);
    expect(scripted.heard()).toContain('disconnect z expired');
  });

  it('with the epoch before that is won back like any other', () => {
    const scripted = new Scripted();
    const { line } = lead(scripted, { keep: true }, { epoch: 2 ** 52 - 1 });
    line.end();
    expect(scripted.mesh.view('z')).toMatchObject({ epoch: 2 ** 52 - 1, session: 1 });
  });

  it('is held open for no longer than this node allows, whatever the peer asks for', () => {
    const scripted = new Scripted({ maxResumeWindow: 3000 });
    const { line } = follow(scripted, { keep: true, resumeWindow: 2 ** 53 - 1 });
    line.end();
    scripted.wait(2999);
    expect(scripted.heard().join()).not.toContain('disconnect');
    scripted.wait(1);
    expect(scripted.heard()).toEqual(['disconnect a expired']);
    expect(scripted.mesh.view('a')).toBe(null);
  });

  it('is tested in time however seldom the peer says that it will speak', () => {
    const scripted = new Scripted({ maxHeartbeat: 3000, stallTimeout: 20_000 });
    follow(scripted, { keep: true, heartbeat: 2 ** 50, resumeWindow: 0 });
    scripted.wait(8999);
    expect(scripted.heard()).not.toContain('disconnect a expired');
    scripted.wait(1);
    expect(scripted.heard()).toContain('disconnect a expired');
  });

  it('leaves no epoch behind to which none follows', () => {
    const scripted = new Scripted();
    const { line } = lead(scripted, { keep: true });
    line.end();
    const second = scripted.dial();
    const { nonce } = second.greet({ id: 'z', keep: true });
    second.say(adopts(nonce, { epoch: 2 ** 53 - 2 }));
    expect(scripted.mesh.view('z')?.epoch).toBe(2 ** 53 - 2);
    second.end();
    expect(scripted.mesh.view('z')?.epoch ?? 0).toBe(0);
    const third = scripted.dial();
    third.say(adopts(third.greet({ id: 'z', keep: true }).nonce, { epoch: 1 }));
    expect(scripted.mesh.view('z')?.link).not.toBe(null);
  });
});

/** Two nodes that are linked and keep each other. */
function pair(seed = 7): { world: World; a: SimNode; b: SimNode; drops: string[] } {
  const world = new World(seed);
  const [a, b] = [world.start('a'), world.start('b')];
  a.connect('b');
  b.connect('a');
  world.run(world.now + 1000);
  world.checkPair(a, b);
  const drops: string[] = [];
  const { heard } = world;
  world.heard = (node, output) => {
    if (output.kind === 'disconnect' || output.kind === 'reconnect') drops.push(`${node.id} ${output.kind}`);
    heard.call(world, node, output);
  };
  return { world, a, b, drops };
}

describe('between two nodes', () => {
  it.each([
    ['nothing gets through from a to b', [0]],
    ['nothing gets through from b to a', [1]],
    ['nothing gets through either way', [0, 1]],
  ])('%s: the link is replaced, and nothing is lost', (_, silent) => {
    const { world, a, b, drops } = pair();
    const [wire] = world.wiresBetween('a', 'b');
    for (const end of wire?.ends ?? []) {
      if (silent.includes(end.owner.startsWith('a') ? 0 : 1)) world.network.halfOpen(end);
    }
    for (let i = 0; i < 20; i++) {
      a.send('b', 50);
      b.send('a', 50);
    }
    world.run(world.now + 12_000);
    world.checkPair(a, b);
    expect(world.oracle.delivered).toBe(40);
    expect(drops.filter((drop) => drop.endsWith('disconnect'))).toEqual([]);
    expect(drops.length).toBeGreaterThan(0);
  });

  it.each(['a', 'b'].flatMap((id) => Array.from({ length: 30 }, (_, seed) => [id, seed] as const)))(
    '%s is stopped for 30 s: the link stays (seed %i)',
    (id, seed) => {
      const { world, a, b, drops } = pair(seed);
      const paused = id === 'a' ? a : b;
      const before = world.wiresBetween('a', 'b');
      paused.pausedUntil = world.now + 30_000;
      world.run(world.now + 31_000);
      expect(drops).toEqual([]);
      expect(world.wiresBetween('a', 'b')).toEqual(before);
      a.send('b', 10);
      b.send('a', 10);
      world.run(world.now + 1000);
      expect(world.oracle.delivered).toBe(2);
    },
  );

  it.each(['a', 'b'])('%s is dead and its system says nothing: lost within timeout and a refused dial', (id) => {
    const { world, a, b, drops } = pair();
    const [dead, left] = id === 'a' ? [a, b] : [b, a];
    world.crash(dead, true);
    world.run(world.now + 5200);
    expect(left.mesh.view(dead.id)?.link).toBe(null);
    world.run(world.now + 20_000);
    expect(drops).toEqual([`${left.id} disconnect`]);
  });

  it('a machine that is gone for good is lost as well', () => {
    const { world, a, b } = pair();
    world.crash(b, true);
    world.weather.blackhole = true;
    world.run(world.now + 10_100);
    expect(a.mesh.view('b')?.link).toBe(null);
  });

  it('a healthy link carries heartbeats only, for a day', () => {
    const { world, drops } = pair();
    world.run(world.now + 86_400_000 / 10);
    expect(drops).toEqual([]);
  });
});

it('what the application does to the list of addresses that it is given changes no other', () => {
  const scripted = new Scripted();
  follow(scripted);
  const given = scripted.outputs.flatMap((output) =>
    output.kind === 'connect' ? [output.info.addresses as string[]] : [],
  );
  expect(given).toEqual([[]]);
  given[0]?.push('test://elsewhere');
  follow(scripted, { id: 'b', incarnation: '00000000000000cc' });
  const infos = scripted.outputs.flatMap((output) => (output.kind === 'connect' ? [output.info.addresses] : []));
  expect(infos[1]).toEqual([]);
});

describe('a peer that takes its time to accept', () => {
  it('does not have the node forgive others their silence, nor strangers theirs', () => {
    const scripted = new Scripted();
    const { line: dead } = follow(scripted, { id: 'b', addresses: [], keep: true });
    const silent = scripted.dial('silent');
    scripted.wait(1500);
    const { line, adopt } = propose(scripted, { id: 'c' }, {});
    scripted.wait(2500);
    line.say(encodeAccept({ epoch: adopt.epoch, received: adopt.start })).end();
    scripted.wait(1001);
    expect([dead.closed, silent.closed]).toEqual(['cut', 'cut']);
  });
});
