/** What a core of today says to nodes of another version, of other features, or of a version of tomorrow. */
import { describe, expect, it } from 'vitest';
import {
  decodeHello,
  decodeVersions,
  encodeHello,
  encodeReject,
  type Hello,
  RejectReason,
} from '../../src/protocol/control.js';
import { encodeFrame, Frame, MAX_CONTROL } from '../../src/protocol/frame.js';
import { adopts, data, follow, hello, knows, type Line, lead, Scripted } from './scripted.js';

/** A patient node, which would dial without end if it were of use. */
function impatient(): Scripted {
  return new Scripted({ reconnect: { attempts: Number.POSITIVE_INFINITY, minDelay: 10, maxDelay: 10 } });
}

/** The core has dialled, and the hand has its HELLO. */
function dialled(scripted: Scripted): { readonly line: Line; readonly theirs: Hello } {
  scripted.act((mesh, now) => mesh.connect(1, 'test://there', null, now));
  scripted.wait(0);
  const line = scripted.taken();
  return { line, theirs: line.one<Hello>('Hello') };
}

/** The first four bytes of a HELLO, and behind them nothing that version 1 knows. */
function stranger(min: number, max: number, size = 300): Uint8Array {
  return encodeFrame(Frame.Hello, Uint8Array.from([0x4d, 0x4c, min, max, ...new Uint8Array(size - 4).fill(0xff)]));
}

function payloadOf(frame: Uint8Array): Uint8Array {
  return frame.subarray((frame[1] as number) > 0x7f ? 3 : 2);
}

interface Misfit {
  readonly frame: (id: string) => Uint8Array;
  readonly reason: RejectReason;
  readonly code: string;
  readonly message: string;
}

const misfits: Readonly<Record<string, Misfit>> = {
  'only a higher version': {
    frame: (id) => encodeHello(hello({ id, minVersion: 2, maxVersion: 2 })),
    ...{ reason: RejectReason.Version, code: 'ERR_VERSION' },
    message: ' speaks version 2 of the protocol, this node version 1: update the older',
  },
  'only higher versions': {
    frame: (id) => encodeHello(hello({ id, minVersion: 2, maxVersion: 9 })),
    ...{ reason: RejectReason.Version, code: 'ERR_VERSION' },
    message: ' speaks versions 2 to 9 of the protocol, this node version 1: update the older',
  },
  'only a lower version': {
    frame: (id) => encodeHello(hello({ id, minVersion: 0, maxVersion: 0 })),
    ...{ reason: RejectReason.Version, code: 'ERR_VERSION' },
    message: ' speaks version 0 of the protocol, this node version 1: update the older',
  },
  'higher versions in a layout of their own': {
    frame: () => stranger(2, 3),
    ...{ reason: RejectReason.Version, code: 'ERR_VERSION' },
    message: ' speaks versions 2 to 3 of the protocol, this node version 1: update the older',
  },
  'a higher version in the largest HELLO': {
    frame: () => stranger(7, 7, MAX_CONTROL),
    ...{ reason: RejectReason.Version, code: 'ERR_VERSION' },
    message: ' speaks version 7 of the protocol, this node version 1: update the older',
  },
  'features that are not known': {
    frame: (id) => encodeHello(hello({ id, required: 0b110, offered: 0b111 })),
    ...{ reason: RejectReason.Feature, code: 'ERR_FEATURE' },
    message: ' requires features that this node does not have (bits 1, 2): update the older',
  },
  'a feature beyond 32 bits': {
    frame: (id) => encodeHello(hello({ id, required: 2 ** 40 + 2 ** 32, offered: 2 ** 53 - 1 })),
    ...{ reason: RejectReason.Feature, code: 'ERR_FEATURE' },
    message: ' requires features that this node does not have (bits 32, 40): update the older',
  },
  'a feature in the last bit of 32': {
    frame: (id) => encodeHello(hello({ id, required: 2 ** 31 })),
    ...{ reason: RejectReason.Feature, code: 'ERR_FEATURE' },
    message: ' requires features that this node does not have (bits 31): update the older',
  },
  'another codec': {
    frame: (id) => encodeHello(hello({ id, codec: 'json' })),
    ...{ reason: RejectReason.Codec, code: 'ERR_CODEC' },
    message: ' encodes packets with json, this node with test: use one codec',
  },
};
const misfitting = Object.keys(misfits);
/** With `a` the core is the arbiter, with `z` the follower. */
const roles = ['a', 'z'];
const cases = misfitting.flatMap((name) => roles.map((id) => [name, id] as const));

describe.each(cases)('a node of %s, with the id %s', (name, id) => {
  const { frame, reason, code, message } = misfits[name] as Misfit;

  it('that dials is told why, and why is told here', () => {
    const scripted = new Scripted();
    const line = scripted.dial('10.0.0.9');
    line.say(frame(id), Uint8Array.of(0xc1, 0xff));
    expect(line.said()).toEqual([{ kind: 'Reject', fields: { reason, detail: `10.0.0.9${message}` } }]);
    expect(line.closed).toBe('flushed');
    expect(scripted.outputs).toContainEqual({
      kind: 'fault',
      remote: '10.0.0.9',
      error: expect.objectContaining({ code, message: `10.0.0.9${message}` }),
    });
    expect(scripted.heard()).toEqual([`fault ${code}`]);
    expect(scripted.mesh.view(id)).toBeNull();
  });

  it('that is dialled is told why, the promise rejects, and no attempt follows', () => {
    const scripted = impatient();
    const { line } = dialled(scripted);
    line.say(frame(id));
    expect(line.said()).toEqual([{ kind: 'Reject', fields: { reason, detail: `test://there${message}` } }]);
    expect(line.closed).toBe('flushed');
    const wish = scripted.outputs.find((output) => output.kind === 'wish');
    expect(wish?.error).toMatchObject({ code, message: `test://there${message}` });
    expect(scripted.heard()).toEqual([`fault ${code}`, `unreachable ${code}`, `wish ${code}`]);
    scripted.wait(60_000);
    expect(scripted.outputs).toEqual([]);
  });

  it('leaves the link to another as it is', () => {
    const scripted = new Scripted();
    const { line: good } = follow(scripted, { id: 'b', incarnation: '00000000000000cc' });
    scripted.heard();
    scripted.dial().say(frame(id));
    good.say(data('still'));
    expect(scripted.heard()).toEqual([`fault ${code}`, 'deliver b']);
    expect(good.closed).toBeNull();
  });
});

describe('a core that is the one to be refused', () => {
  it.each([
    [RejectReason.Version, 'ERR_VERSION', 'x speaks version 1 of the protocol, this node versions 2 to 3'],
    [RejectReason.Feature, 'ERR_FEATURE', 'x lacks a feature'],
    [RejectReason.Codec, 'ERR_CODEC', 'x encodes packets otherwise'],
  ])('hears reason %i as %s, and does not come back', (reason, code, detail) => {
    const scripted = impatient();
    const { line } = dialled(scripted);
    line.say(encodeReject({ reason, detail }));
    const wish = scripted.outputs.find((output) => output.kind === 'wish');
    expect(wish?.error?.message).toBe(`test://there turned the connection away: it says “${detail}”`);
    expect(scripted.heard()).toEqual([`fault ${code}`, `unreachable ${code}`, `wish ${code}`]);
    scripted.wait(60_000);
    expect(scripted.outputs).toEqual([]);
  });

  it.each([
    [RejectReason.Version, 'ERR_VERSION'],
    [RejectReason.Feature, 'ERR_FEATURE'],
    [RejectReason.Codec, 'ERR_CODEC'],
  ])('and was dialled hears reason %i as %s, once', (reason, code) => {
    const scripted = new Scripted();
    const line = scripted.dial();
    line.greet();
    line.say(encodeReject({ reason, detail: 'no' }));
    expect(line.closed).toBe('cut');
    expect(scripted.heard()).toEqual([`fault ${code}`]);
    expect(scripted.mesh.view('a')).toBeNull();
  });

  it.each(['a', 'z'])('gives up a kept peer %s that came back as another version', (id) => {
    const scripted = impatient();
    const { line, theirs } = dialled(scripted);
    line.say(encodeHello(hello({ id, keep: false })));
    if (id === 'z') {
      line.say(adopts(theirs.nonce));
    } else {
      line.say(knows(theirs.nonce));
      const { epoch } = line.one<{ epoch: number }>('Adopt');
      line.say(encodeFrame(Frame.Accept, Uint8Array.of(epoch, 0, 0)));
    }
    expect(scripted.heard()).toEqual([`connect ${id}`, `wish ${id}`]);
    line.end();
    scripted.wait(10);
    expect(scripted.heard()).toEqual([`reconnecting ${id}`]);
    const again = scripted.taken();
    again.say(stranger(2, 3));
    expect(scripted.heard()).toEqual(['fault ERR_VERSION', 'unreachable ERR_VERSION', `disconnect ${id} unreachable`]);
    scripted.wait(60_000);
    expect(scripted.outputs.filter(({ kind }) => kind === 'dial')).toEqual([]);
  });
});

describe('a HELLO of tomorrow that still takes version 1', () => {
  /** Versions 1 to 9, every feature offered, a codec and fields as today, and more behind them. */
  const future = 'f26a4d4c0109ffffffffffffff0f00ad0200000000000000bb01610474657374';
  const rest = '01e807904e80800480804002';
  const addresses = '0c746370733a2f2f612e623a310e717569633a2f2f5b3a3a315d3a32';
  const more = '05a16b657973ff00ff00c1c1c1c1c1c1c1c1c1c1c1';

  it('is taken, and the link is of version 1', () => {
    const payload = Buffer.from((future + rest + addresses + more).slice(4), 'hex');
    const scripted = new Scripted();
    const line = scripted.dial();
    line.say(encodeFrame(Frame.Hello, payload));
    const theirs = line.one<Hello>('Hello');
    expect([theirs.minVersion, theirs.maxVersion, theirs.offered, theirs.required]).toEqual([1, 1, 0, 0]);
    line.say(encodeFrame(Frame.Extension, Uint8Array.of(0xff, 0x7f, 1, 2, 3)), knows(theirs.nonce));
    expect(line.kinds()).toEqual(['Adopt']);
    line.say(encodeFrame(Frame.Extension, Uint8Array.of(0x55)), encodeFrame(Frame.Accept, Uint8Array.of(1, 0, 0)));
    const connect = scripted.outputs.find(({ kind }) => kind === 'connect');
    expect(connect).toMatchObject({
      id: 'a',
      info: { version: 1, addresses: ['tcps://a.b:1', 'quic://[::1]:2'] },
    });
    line.say(encodeFrame(Frame.Extension, new Uint8Array(MAX_CONTROL).fill(1)), data('x'));
    expect(scripted.packets).toEqual(['x']);
  });

  it('is these very bytes, decoded', () => {
    const payload = Uint8Array.from(Buffer.from((future + rest + addresses + more).slice(4), 'hex'));
    expect(decodeVersions(payload)).toEqual({ min: 1, max: 9 });
    expect(decodeHello(payload)).toEqual({
      ...hello({ maxVersion: 9, offered: 2 ** 53 - 1, nonce: 301, keep: true }),
      addresses: ['tcps://a.b:1', 'quic://[::1]:2'],
    });
  });

  it.each(['a', 'z'])('offers features that nobody must have (as %s)', (id) => {
    const scripted = new Scripted();
    const offer = { id, minVersion: 0, maxVersion: 255, offered: 2 ** 53 - 1 };
    if (id === 'a') follow(scripted, offer);
    else lead(scripted, offer);
    expect(scripted.heard()).toEqual([`connect ${id}`]);
  });
});

describe('a HELLO that is no HELLO', () => {
  it.each([
    ['too short for versions', Uint8Array.of(0x4d, 0x4c, 2)],
    ['of something else', Uint8Array.of(0x4d, 0x4d, 2, 3, 0)],
    ['of version 1 in a layout of its own', payloadOf(stranger(1, 3))],
  ])('%s is a protocol error', (_what, payload) => {
    const scripted = new Scripted();
    const line = scripted.dial();
    line.say(encodeFrame(Frame.Hello, payload));
    expect(line.one<{ reason: number }>('Reject').reason).toBe(RejectReason.Protocol);
    expect(scripted.heard()).toEqual(['fault ERR_PROTOCOL']);
  });

  it('larger than a control frame is not waited for', () => {
    const scripted = new Scripted();
    const line = scripted.dial();
    line.say(Uint8Array.of(0xf2, 0x81, 0x08, 0x4d, 0x4c, 2, 3));
    expect(line.one<{ reason: number }>('Reject').reason).toBe(RejectReason.Protocol);
  });
});

describe('a second HELLO, of another version', () => {
  it('before the verdict is a protocol error', () => {
    const scripted = new Scripted();
    const line = scripted.dial();
    line.greet();
    line.say(stranger(2, 3));
    expect(line.one<{ reason: number }>('Reject').reason).toBe(RejectReason.Protocol);
  });

  it('on a link ends the link, and the session goes on over the next', () => {
    const scripted = new Scripted();
    const { line } = lead(scripted);
    scripted.heard();
    line.said();
    line.say(stranger(2, 3));
    expect(scripted.heard()).toEqual(['fault ERR_PROTOCOL']);
    expect(line.closed).toBe('cut');
    expect(scripted.mesh.view('z')).toMatchObject({ link: null, session: 1, waiting: true });
    lead(scripted, {}, { epoch: 2 });
    expect(scripted.heard()).toEqual(['reconnect z']);
  });
});
