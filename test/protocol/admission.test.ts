import { describe, expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import type { Admission } from '../../src/protocol/admission.js';
import {
  type Adopt,
  encodeAccept,
  encodeHello,
  encodeReject,
  type Reject,
  RejectReason,
} from '../../src/protocol/control.js';
import type { Rules } from '../../src/protocol/state.js';
import { adopts, data, follow, hello, knows, Scripted } from './scripted.js';

const REFUSAL = new MasterlessError('ERR_UNAUTHORIZED', 'not on the list');

/** A core that gives this answer to whoever asks. */
function asked(answer: Admission): { scripted: Scripted; questions: string[] } {
  const questions: string[] = [];
  const rules: Rules = {
    admit(_connection, id) {
      questions.push(id);
      return answer;
    },
    dialable: (_connection, uri) => uri,
    near: () => false,
  };
  return { scripted: new Scripted({ rules }), questions };
}

describe('who claims an id', () => {
  it('is let in when the rules say so', () => {
    const { scripted, questions } = asked(null);
    const line = scripted.dial();
    line.greet();
    expect(questions).toEqual(['a']);
  });

  it('is turned away before anything is known of it, and told why', () => {
    const { scripted, questions } = asked(REFUSAL);
    const line = scripted.dial();
    line.say(encodeHello(hello()));
    expect(line.said()).toEqual([
      { kind: 'Reject', fields: { reason: RejectReason.Unauthorized, detail: 'not on the list' } },
    ]);
    expect(line.closed).toBe('flushed');
    expect(scripted.mesh.view('a')).toBe(null);
    expect(scripted.heard()).toEqual(['fault ERR_UNAUTHORIZED']);
    expect(questions).toEqual(['a']);
  });

  it('and was dialled fails the wish, on either side', () => {
    const { scripted } = asked(REFUSAL);
    scripted.act((mesh, now) => mesh.connect(1, 'test://a', null, now));
    scripted.wait(0);
    scripted.taken().greetRejected({});
    expect(scripted.heard()).toEqual([
      'fault ERR_UNAUTHORIZED',
      'unreachable ERR_UNAUTHORIZED',
      'wish ERR_UNAUTHORIZED',
    ]);
    const other = new Scripted();
    other.act((mesh, now) => mesh.connect(1, 'test://a', null, now));
    other.wait(0);
    other.taken().say(encodeReject({ reason: RejectReason.Unauthorized, detail: 'why' }));
    expect(other.heard()).toEqual(['fault ERR_UNAUTHORIZED', 'unreachable ERR_UNAUTHORIZED', 'wish ERR_UNAUTHORIZED']);
  });

  it.each([{ codec: 'other' }, { required: 1 }, { id: 'm', incarnation: '00000000000000aa' }])(
    'is not asked about when it can not be talked to: %j',
    (fields) => {
      const { scripted, questions } = asked(null);
      scripted.dial().greetRejected(fields);
      expect(questions).toEqual([]);
    },
  );

  it('is asked about before its namesake hears of it', () => {
    const { scripted } = asked(REFUSAL);
    expect(scripted.dial().greetRejected({ id: 'm' })).toBe(RejectReason.Unauthorized);
    expect(scripted.heard()).toEqual(['fault ERR_UNAUTHORIZED']);
  });
});

describe('a verdict that comes later', () => {
  it('lets in who waits, and what it said meanwhile counts', () => {
    const { scripted, questions } = asked('later');
    scripted.act((mesh, now) => mesh.connect(1, 'test://a', null, now));
    scripted.wait(0);
    const line = scripted.taken();
    const { nonce } = line.take<{ nonce: number }>('Hello');
    // The hand accepted: its HELLO and its STATE come one behind the other, in whatever pieces.
    const bytes = Buffer.concat([encodeHello(hello()), knows(nonce)]);
    line.say(bytes.subarray(0, -4)).say(bytes.subarray(-4, -2));
    expect(scripted.mesh.view('a')).toBe(null);
    expect(line.said()).toEqual([]);
    scripted.act((mesh, now) => mesh.admitted(line.connection, null, now));
    line.say(bytes.subarray(-2));
    const adopt = line.take<Adopt>('Adopt');
    line.say(encodeAccept({ epoch: adopt.epoch, received: [0, 0] }), data('packet'));
    expect(scripted.packets).toEqual(['packet']);
    expect(questions).toEqual(['a']);
  });

  it('turns away who waits', () => {
    const { scripted } = asked('later');
    const line = scripted.dial();
    line.say(encodeHello(hello()));
    scripted.act((mesh, now) => mesh.admitted(line.connection, REFUSAL, now));
    expect(line.one<Reject>('Reject').reason).toBe(RejectReason.Unauthorized);
    // Whatever comes now.
    line.say(data('x'));
    scripted.act((mesh, now) => mesh.admitted(line.connection, null, now));
    expect(line.said()).toEqual([]);
    expect(scripted.mesh.view('a')).toBe(null);
  });

  it.each([
    ['at once', (refusal: MasterlessError) => refusal],
    ['later', () => 'later' as const],
  ])('tells to shake hands anew who was asked too early, %s', (_when, answer) => {
    const early = new MasterlessError('ERR_CONNECTION_LOST', 'dial again');
    const { scripted } = asked(answer(early));
    const line = scripted.dial();
    line.say(encodeHello(hello()));
    scripted.act((mesh, now) => mesh.admitted(line.connection, early, now));
    expect(line.one<Reject>('Reject')).toEqual({ reason: RejectReason.Overtaken, detail: 'dial again' });
    expect(scripted.mesh.view('a')).toBe(null);
  });

  it('that never comes is not waited for longer than a handshake may take, and counts as one', () => {
    const { scripted } = asked('later');
    const line = scripted.dial();
    line.say(encodeHello(hello()));
    for (let i = 0; i < 7; i++) scripted.dial().say(encodeHello(hello()));
    expect(() => scripted.dial()).toThrow();
    scripted.wait(4999);
    expect(line.closed).toBe(null);
    scripted.wait(1);
    expect(line.closed).toBe('cut');
    scripted.act((mesh, now) => mesh.admitted(line.connection, null, now));
    expect(scripted.mesh.view('a')).toBe(null);
    scripted.dial();
  });

  it('is not asked for twice, and a second HELLO is a fault', () => {
    const { scripted, questions } = asked('later');
    const line = scripted.dial();
    line.say(encodeHello(hello()), encodeHello(hello()));
    expect(line.closed).toBe(null);
    scripted.act((mesh, now) => mesh.admitted(line.connection, null, now));
    expect(line.kinds()).toEqual(['Hello', 'Reject']);
    expect(questions).toEqual(['a']);
  });

  it('is not a time to fill the memory', () => {
    const { scripted } = asked('later');
    const line = scripted.dial();
    line.say(encodeHello(hello()));
    for (let i = 0; i < 4; i++) line.say(new Uint8Array(1024));
    expect(line.closed).toBe(null);
    line.say(new Uint8Array(1));
    expect(line.one<Reject>('Reject').reason).toBe(RejectReason.Protocol);
    expect(line.closed).toBe('flushed');
    const other = scripted.dial();
    other.say(Buffer.concat([encodeHello(hello()), new Uint8Array(4097)]));
    expect(other.closed).toBe('flushed');
  });

  it('keeps bytes of its own, since those it was given are used again', () => {
    const { scripted } = asked('later');
    const line = scripted.dial();
    const chunk = Buffer.concat([encodeHello(hello({ id: 'z' })), knows(1), Uint8Array.of(0xf1)]);
    scripted.mesh.received(line.connection, chunk, scripted.now);
    scripted.settle();
    chunk.fill(0xee);
    scripted.act((mesh, now) => mesh.admitted(line.connection, null, now));
    // It is no arbiter that asks for STATE: a fault, which it would not be were it read as 0xEE.
    expect(line.take<Reject>('Reject').detail).toContain('STATE out of turn');
  });
});

describe('addresses that a peer tells', () => {
  it('are those that may be dialled', () => {
    const rules: Rules = {
      ...{ admit: () => null, near: () => true },
      dialable: (_connection, uri) => (uri.startsWith('unix:') ? null : uri),
    };
    expect(known(rules, ['test://z', 'unix:///run/docker.sock'])).toEqual(['test://z']);
  });

  it('are one for several spellings of it', () => {
    const rules: Rules = { admit: () => null, near: () => true, dialable: (_connection, uri) => uri.toLowerCase() };
    expect(known(rules, ['test://Z', 'test://y', 'TEST://z'])).toEqual(['test://z', 'test://y']);
    expect(known(undefined, ['test://z', 'test://z'])).toEqual(['test://z']);
  });

  /** What is known of a peer that tells these. */
  function known(rules: Rules | undefined, addresses: readonly string[]): unknown {
    const scripted = new Scripted(rules === undefined ? {} : { rules });
    const line = scripted.dial();
    const { nonce } = line.greet({ id: 'z', keep: true, addresses });
    line.say(adopts(nonce));
    const [connect] = scripted.outputs.filter((output) => output.kind === 'connect');
    return connect?.info.addresses;
  }
});

describe('who did not prove what it must', () => {
  it('is told so and hears nothing else, not even who we are', () => {
    const scripted = new Scripted();
    scripted.act((mesh, now) => mesh.connect(1, 'test://a', null, now));
    scripted.wait(0);
    const line = scripted.dialling();
    scripted.mesh.opened(line.connection);
    scripted.act((mesh, now) => mesh.refuse(line.connection, REFUSAL, now));
    expect(line.kinds()).toEqual(['Reject']);
    expect(scripted.heard()).toEqual([
      'fault ERR_UNAUTHORIZED',
      'unreachable ERR_UNAUTHORIZED',
      'wish ERR_UNAUTHORIZED',
    ]);
    scripted.act((mesh, now) => mesh.refuse(line.connection, REFUSAL, now));
    expect(line.kinds()).toEqual([]);
  });
});

describe('who closes without a word', () => {
  it('may have wanted credentials', () => {
    const scripted = new Scripted();
    scripted.act((mesh, now) => mesh.connect(1, 'test://a', null, now));
    scripted.wait(0);
    scripted.taken().end();
    const failure = scripted.outputs.find((output) => output.kind === 'wish');
    expect(failure).toMatchObject({
      error: { code: 'ERR_CONNECTION_LOST', message: expect.stringContaining('secret') },
    });
  });
});

describe('whoever shakes hands', () => {
  it('counts against the limits until the link is confirmed', () => {
    const scripted = new Scripted({ maxHandshakes: 3, maxHandshakesPerAddress: 2 });
    const lines = ['a', 'b'].map((id) => {
      const line = scripted.dial('far', true);
      const { nonce } = line.greet({ id });
      line.say(knows(nonce));
      return { line, adopt: line.take<Adopt>('Adopt') };
    });
    expect(() => scripted.dial('far', true)).toThrow('takes no connection');
    scripted.settle();
    expect(scripted.heard()).toEqual(['fault ERR_LIMIT']);
    scripted.dial('elsewhere', true);
    expect(() => scripted.dial('farther', true)).toThrow('takes no connection');
    const [first] = lines;
    first?.line.say(encodeAccept({ epoch: first.adopt.epoch, received: first.adopt.start }));
    scripted.dial('far', true);
  });

  it('and was never heard of again makes place for others when there are too many peers', () => {
    const scripted = new Scripted({ maxPeers: 2 });
    for (const id of ['a', 'b']) {
      const line = scripted.dial();
      const { nonce } = line.greet({ id });
      line.say(knows(nonce)).take<Adopt>('Adopt');
      line.end();
    }
    expect(['a', 'b'].map((id) => scripted.mesh.view(id)?.waiting)).toEqual([true, true]);
    scripted.heard();
    // The one that has waited longest.
    scripted.dial().greet({ id: 'c' });
    expect(['a', 'b', 'c'].map((id) => scripted.mesh.view(id) !== null)).toEqual([false, true, true]);
    scripted.dial().greet({ id: 'd' });
    expect(scripted.mesh.view('b')).toBe(null);
    // Those that shake hands now do not.
    expect(scripted.dial().greetRejected({ id: 'e' })).toBe(RejectReason.Limit);
    expect(scripted.heard()).toEqual(['fault ERR_LIMIT']);
  });

  it('takes no place from a peer whose session waits for it', () => {
    const scripted = new Scripted({ maxPeers: 1 });
    const { line } = follow(scripted);
    line.end();
    expect(scripted.mesh.isConnected('a')).toBe(true);
    expect(scripted.dial().greetRejected({ id: 'b' })).toBe(RejectReason.Limit);
    expect(scripted.mesh.isConnected('a')).toBe(true);
  });
});

describe('who holds connections open and says nothing', () => {
  const crowd = (scripted: Scripted, remote: string, count: number, limited = false) =>
    Array.from({ length: count }, () => scripted.dial(remote, limited));

  it('makes room after a second, the oldest first, for those who come then', () => {
    const scripted = new Scripted();
    const [first, second] = crowd(scripted, 'there', 8);
    expect(() => scripted.dial()).toThrow('takes no connection');
    scripted.wait(999);
    expect(() => scripted.dial()).toThrow('takes no connection');
    scripted.wait(1);
    scripted.settle();
    scripted.heard();
    const line = scripted.dial('elsewhere');
    scripted.settle();
    expect(scripted.heard()).toEqual(['fault ERR_LIMIT']);
    expect([first?.closed, second?.closed]).toEqual(['cut', null]);
    line.greet();
  });

  it.each([
    ['where there is room elsewhere', 1],
    ['where there is none at all', 4],
  ])('at one address makes room there, %s', (_, others) => {
    const scripted = new Scripted();
    const [other] = crowd(scripted, 'other', others);
    const [first] = crowd(scripted, 'there', 4, true);
    scripted.wait(1000);
    crowd(scripted, 'there', 1, true);
    scripted.settle();
    expect([other?.closed, first?.closed]).toEqual([null, 'cut']);
  });

  it('is not he whose admission is thought about', () => {
    const { scripted } = asked('later');
    const lines = crowd(scripted, 'there', 8);
    for (const line of lines) line.say(encodeHello(hello()));
    scripted.wait(2000);
    expect(() => scripted.dial()).toThrow('takes no connection');
    expect(lines.map(({ closed }) => closed)).toEqual(Array(8).fill(null));
  });

  it('keeps its place when it has said anything', () => {
    const scripted = new Scripted();
    const lines = crowd(scripted, 'there', 8);
    scripted.wait(1);
    for (const line of lines) line.say(encodeHello(hello({ id: 'z' })).subarray(0, 1));
    scripted.wait(2000);
    expect(() => scripted.dial()).toThrow('takes no connection');
    expect(lines.map(({ closed }) => closed)).toEqual(Array(8).fill(null));
  });
});
