import { describe, expect, it } from 'vitest';
import {
  encodeAck,
  encodeHello,
  encodePong,
  encodeQuery,
  encodeReject,
  type Ping,
  type Reject,
  RejectReason,
} from '../../src/protocol/control.js';
import { encodeFrame, Frame } from '../../src/protocol/frame.js';
import { adopts, CONFIG, follow, hello, knows, type Line, lead, propose, Scripted } from './scripted.js';

/** The reason with which the core turned the connection away, which it closed. */
function rejected(line: Line): Reject {
  const reject = line.one<Reject>('Reject');
  expect(line.closed).toBe('flushed');
  return reject;
}

function wished(scripted: Scripted, expected: string | null = null): Line {
  scripted.act((mesh, now) => mesh.connect(1, 'test://there', expected, now));
  scripted.wait(0);
  return scripted.taken();
}

describe('HELLO', () => {
  it('is said first by who dials, and then by who was dialled', () => {
    const dialler = wished(new Scripted());
    expect(dialler.kinds()).toEqual(['Hello']);
    const acceptor = new Scripted().dial();
    expect(acceptor.kinds()).toEqual([]);
    acceptor.say(encodeHello(hello()));
    expect(acceptor.kinds()).toEqual(['Hello']);
  });

  it('says what this node is, can and wants', () => {
    const scripted = new Scripted({ heartbeat: 700, resumeWindow: 5, window: 2000, maxPacket: 3000 });
    const { ...fields } = wished(scripted).one<Record<string, unknown>>('Hello');
    expect(fields).toMatchObject({
      ...{ minVersion: 1, maxVersion: 1, offered: 0, required: 0, incarnation: CONFIG.incarnation, id: 'm' },
      ...{ codec: 'test', keep: true, heartbeat: 700, resumeWindow: 5, window: 2000, maxPacket: 3000 },
      addresses: ['test://m'],
    });
    expect(new Scripted().dial().greet().keep).toBe(false);
  });

  it('twice is a protocol error', () => {
    const line = new Scripted().dial();
    line.greet();
    line.say(encodeHello(hello()));
    expect(rejected(line)).toMatchObject({ reason: RejectReason.Protocol });
  });

  it('twice on the link loses the link, and the session stays', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted);
    scripted.heard();
    line.say(encodeHello(hello()));
    expect(line.closed).toBe('cut');
    expect(scripted.heard()).toEqual(['fault ERR_PROTOCOL']);
    expect(scripted.mesh.isConnected('a')).toBe(true);
  });
});

describe('a node that does not fit is turned away, and both sides hear why', () => {
  const cases = {
    version: [
      { minVersion: 2, maxVersion: 7 },
      RejectReason.Version,
      'ERR_VERSION',
      /versions 2 to 7 .* this node version 1/,
    ],
    feature: [{ required: 0b110 }, RejectReason.Feature, 'ERR_FEATURE', /does not have \(bits 1, 2\)/],
    codec: [{ codec: 'json' }, RejectReason.Codec, 'ERR_CODEC', /with json, this node with test/],
    self: [{ id: 'm', incarnation: CONFIG.incarnation }, RejectReason.Self, 'ERR_SELF', /is this very node/],
    id: [{ id: 'm' }, RejectReason.IdInUse, 'ERR_ID_IN_USE', /another node with the id "m"/],
  } as const;

  it.each(Object.entries(cases))('%s, when it dials', (_, [fields, reason, code, message]) => {
    const scripted = new Scripted();
    const line = scripted.dial();
    line.say(encodeHello(hello(fields)));
    expect(rejected(line)).toEqual({ reason, detail: expect.stringMatching(message) });
    const faults = scripted.outputs.filter(({ kind }) => kind === 'fault');
    expect(faults).toEqual([
      {
        kind: 'fault',
        remote: 'there',
        error: expect.objectContaining({ code, message: expect.stringMatching(message) }),
      },
    ]);
  });

  it.each(Object.entries(cases))('%s, when it is dialled', (_, [fields, reason, code, message]) => {
    const scripted = new Scripted({ reconnect: { attempts: 9, minDelay: 0, maxDelay: 0 } });
    const line = wished(scripted);
    line.said();
    line.say(encodeHello(hello(fields)));
    expect(rejected(line)).toEqual({ reason, detail: expect.stringMatching(message) });
    // No attempt follows: the other end has said what it is.
    expect(scripted.heard()).toEqual([
      ...(code === 'ERR_ID_IN_USE' ? ['conflict m'] : []),
      `fault ${code}`,
      `unreachable ${code}`,
      `wish ${code}`,
    ]);
  });

  it('another id than was expected', () => {
    const scripted = new Scripted();
    const line = wished(scripted, 'b');
    line.said();
    line.say(encodeHello(hello()));
    expect(rejected(line)).toEqual({
      reason: RejectReason.WrongId,
      detail: 'test://there is "a", and "b" was expected there',
    });
    expect(scripted.heard()).toContain('wish ERR_WRONG_ID');
  });

  it('a peer too many', () => {
    const scripted = new Scripted({ maxPeers: 1 });
    follow(scripted);
    const line = scripted.dial();
    line.say(encodeHello(hello({ id: 'b' })));
    expect(rejected(line)).toMatchObject({ reason: RejectReason.Limit });
    // A known one may still come back.
    expect(scripted.dial().greet()).toMatchObject({ id: 'm' });
  });

  it('any, while this node closes', () => {
    const scripted = new Scripted();
    const { line: link } = follow(scripted);
    const early = scripted.dial();
    scripted.act((mesh, now) => mesh.send('a', Uint8Array.of(1), false) && mesh.close(now));
    // Until then it may be the peer, whose link has broken where it is.
    expect(early.closed).toBe(null);
    expect(link.closed).toBe(null);
    for (const line of [early, scripted.dial()]) {
      line.say(encodeHello(hello({ id: 'b' })));
      expect(rejected(line)).toMatchObject({ reason: RejectReason.Closing });
    }
    // What this node does itself is no fault of anybody.
    expect(scripted.heard().filter((heard) => heard.startsWith('fault'))).toEqual([]);
  });

  it.each(Object.entries(RejectReason))('hears REJECT(%s) as an error', (name, reason) => {
    const scripted = new Scripted();
    const line = wished(scripted);
    line.say(encodeReject({ reason, detail: 'so it is' }));
    expect(line.closed).toBe('cut');
    const error = scripted.outputs.find((output) => output.kind === 'fault');
    expect(error).toMatchObject({
      error: { message: expect.stringContaining('test://there turned the connection away: it says “so it is”') },
    });
    expect(scripted.heard().includes('conflict m')).toBe(name === 'IdInUse');
  });

  it('hears of no conflict from a stranger who has not said who he is', () => {
    const scripted = new Scripted();
    scripted.dial().say(encodeReject({ reason: RejectReason.IdInUse, detail: '' }));
    expect(scripted.heard()).toEqual(['fault ERR_ID_IN_USE']);
  });
});

describe('no handshake waits for ever', () => {
  const stages: Readonly<Record<string, (scripted: Scripted) => Line>> = {
    'dialled and not open': (scripted) => {
      scripted.act((mesh, now) => mesh.connect(1, 'test://there', null, now));
      scripted.wait(0);
      return scripted.dialling();
    },
    'open, no HELLO came': (scripted) => wished(scripted),
    'taken, no HELLO came': (scripted) => scripted.dial(),
    'HELLO came byte by byte': (scripted) => scripted.dial().say(Uint8Array.of(0xf2, 40, 0x4d)),
    'HELLO came, no STATE': (scripted) => {
      const line = scripted.dial();
      line.greet();
      return line;
    },
    'STATE said, no ADOPT came': (scripted) => {
      const line = scripted.dial();
      line.greet({ id: 'z' });
      return line;
    },
    'ADOPT said, no ACCEPT came': (scripted) => propose(scripted).line,
    'heartbeats only': (scripted) => scripted.dial().say(encodeFrame(Frame.Heartbeat, new Uint8Array(0))),
  };

  it.each(Object.entries(stages))('%s', (_, reach) => {
    const scripted = new Scripted({ handshakeTimeout: 3000 });
    const line = reach(scripted);
    scripted.wait(2999);
    expect(line.closed).toBe(null);
    scripted.heard();
    scripted.wait(1);
    expect(line.closed).toBe('cut');
    // Who came is nobody's business but the operator's.
    expect(scripted.heard().filter((what) => what.startsWith('fault'))).toEqual(
      line.connection.uri === null ? ['fault ERR_TIMEOUT'] : [],
    );
  });

  it('nothing is left of a peer that never became one', () => {
    const scripted = new Scripted();
    scripted.dial().greet();
    expect(scripted.mesh.view('a')).not.toBe(null);
    scripted.wait(6000);
    expect(scripted.mesh.view('a')).toBe(null);
    expect(scripted.mesh.wakeAt).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('limits of handshakes', () => {
  it('bound those under way, and say so', () => {
    const scripted = new Scripted({ maxHandshakes: 3, maxHandshakesPerAddress: 3 });
    const lines = [1, 2, 3].map((host) => scripted.dial(`host${host}`, true));
    expect(() => scripted.dial('host4', true)).toThrow('takes no connection');
    scripted.settle();
    expect(scripted.heard()).toEqual(['fault ERR_LIMIT']);
    lines[0]?.end();
    expect(scripted.dial('host4', true).closed).toBe(null);
  });

  it('bound those of one address where that means something', () => {
    const scripted = new Scripted({ maxHandshakes: 100, maxHandshakesPerAddress: 2 });
    scripted.dial('host', true);
    scripted.dial('host', true);
    expect(() => scripted.dial('host', true)).toThrow('takes no connection');
    expect(scripted.dial('another', true).closed).toBe(null);
    expect(scripted.dial('host', false).closed).toBe(null);
  });

  it('do not count links', () => {
    const scripted = new Scripted({ maxHandshakes: 1, maxHandshakesPerAddress: 1 });
    follow(scripted);
    expect(scripted.dial('there', true).closed).toBe(null);
  });
});

describe('another incarnation of a linked id', () => {
  const other = { incarnation: '00000000000000cc', keep: true };

  it.each([
    ['the arbiter', follow, 'a'],
    ['the follower', lead, 'z'],
  ])('is turned away by %s when the incumbent proves that it lives', (_, join, id) => {
    const scripted = new Scripted();
    const { line: incumbent } = join(scripted);
    incumbent.said();
    scripted.heard();
    const newcomer = scripted.dial();
    const { nonce } = newcomer.greet({ ...other, id });
    if (id === 'a') newcomer.say(knows(nonce));
    const { token, contested } = incumbent.one<Ping>('Ping');
    expect(contested).toBe(true);
    expect(newcomer.closed).toBe(null);
    incumbent.say(encodePong(token));
    expect(rejected(newcomer)).toMatchObject({
      reason: RejectReason.IdInUse,
      detail: expect.stringContaining(`"${id}"`),
    });
    expect(scripted.heard()).toEqual(['fault ERR_ID_IN_USE', `conflict ${id}`]);
    expect(incumbent.closed).toBe(null);
  });

  it('takes over when the incumbent is silent for probeTimeout', () => {
    const scripted = new Scripted();
    const { line: incumbent } = follow(scripted);
    scripted.heard();
    scripted.dial().greet(other);
    scripted.wait(499);
    expect(incumbent.closed).toBe(null);
    scripted.wait(1);
    expect(incumbent.closed).toBe('cut');
  });

  it('is asked anew once the incumbent is gone, and is then adopted', () => {
    const scripted = new Scripted();
    follow(scripted).line.said();
    const newcomer = scripted.dial();
    newcomer.say(knows(newcomer.greet(other).nonce));
    scripted.wait(500);
    const { nonce } = newcomer.one<{ nonce: number }>('Query');
    scripted.heard();
    newcomer.say(knows(nonce));
    expect(newcomer.kinds()).toEqual(['Adopt']);
    expect(scripted.heard()).toEqual(['disconnect a restarted']);
  });

  it('is not the business of who hears of another PONG', () => {
    const scripted = new Scripted();
    const { line: incumbent } = follow(scripted);
    const newcomer = scripted.dial();
    newcomer.greet(other);
    incumbent.say(encodePong(1));
    expect(newcomer.closed).toBe(null);
  });

  it('tells of it again only after the time that the incumbent has for its answer', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted);
    scripted.heard();
    for (let i = 0; i < 1000; i++) line.say(forgedPing(true));
    expect(scripted.heard()).toEqual(['conflict m']);
    scripted.wait(CONFIG.probeTimeout);
    line.say(forgedPing(true), forgedPing(true));
    expect(scripted.heard()).toEqual(['conflict m']);
  });

  it('tells the incumbent that its id is contested', () => {
    const scripted = new Scripted();
    const { line } = follow(scripted);
    scripted.heard();
    line.said();
    line.say(forgedPing(true));
    expect(line.kinds()).toEqual(['Pong']);
    expect(scripted.heard()).toEqual(['conflict m']);
    line.say(forgedPing(false));
    expect(scripted.heard()).toEqual([]);
  });
});

function forgedPing(contested: boolean): Uint8Array {
  return encodeFrame(Frame.Ping, Uint8Array.of(contested ? 1 : 0, 9));
}

describe('out of turn', () => {
  it('QUERY to the arbiter, or before HELLO', () => {
    const scripted = new Scripted();
    const known = scripted.dial();
    known.greet();
    expect(rejected(known.say(encodeQuery(1)))).toMatchObject({ reason: RejectReason.Protocol });
    const greeting = scripted.dial();
    expect(rejected(greeting.say(encodeQuery(1)))).toMatchObject({ reason: RejectReason.Protocol });
  });

  it('QUERY to the follower is answered with its nonce', () => {
    const line = new Scripted().dial();
    line.greet({ id: 'z' });
    line.said();
    line.say(encodeQuery(4711));
    expect(line.one('State')).toMatchObject({ nonce: 4711 });
  });

  it('ACK before the link is adopted', () => {
    const line = new Scripted().dial();
    line.greet({ id: 'z' });
    line.said();
    expect(rejected(line.say(encodeAck([0, 0])))).toMatchObject({ reason: RejectReason.Protocol });
  });

  it('ADOPT that was meant for an earlier handshake', () => {
    const scripted = new Scripted();
    const first = scripted.dial();
    const { nonce } = first.greet({ id: 'z' });
    first.end();
    const second = scripted.dial();
    second.greet({ id: 'z' });
    second.said();
    expect(rejected(second.say(adopts(nonce)))).toMatchObject({ detail: expect.stringContaining('ADOPT out of turn') });
  });
});
