import { describe, expect, it } from 'vitest';
import {
  ByeReason,
  encodeAccept,
  encodeAck,
  encodeBye,
  encodeDuplicate,
  encodeHeartbeat,
  encodeHello,
  encodeKeep,
  encodePing,
  encodePong,
  encodeQuery,
  encodeReject,
  RejectReason,
} from '../../src/protocol/control.js';
import { encodeFrame, Frame } from '../../src/protocol/frame.js';
import { adopts, data, follow, hello, knows, type Line, lead, propose, Scripted } from './scripted.js';
import type { Kind } from './vectors.js';

/** A connection in some state, and the core's nonce on it. */
interface Reached {
  readonly line: Line;
  readonly nonce: number;
}

/** The states of a connection, as `docs/protocol.md` names them. */
const states: Readonly<Record<string, (scripted: Scripted) => Reached>> = {
  greeting: (scripted) => ({ line: scripted.dial(), nonce: 0 }),
  'known, the core is the arbiter': (scripted) => {
    const line = scripted.dial();
    return { line, nonce: line.greet().nonce };
  },
  'known, the core is the follower': (scripted) => {
    const line = scripted.dial();
    return { line, nonce: line.greet({ id: 'z' }).nonce };
  },
  'adopted, not confirmed': (scripted) => {
    const { line, theirs } = propose(scripted);
    return { line, nonce: theirs.nonce };
  },
  'link, the core is the arbiter': (scripted) => {
    const { line, theirs } = follow(scripted);
    return { line, nonce: theirs.nonce };
  },
  'link, the core is the follower': (scripted) => {
    const { line, theirs } = lead(scripted);
    return { line, nonce: theirs.nonce };
  },
};

const frames: Readonly<Record<Kind, (nonce: number) => Uint8Array>> = {
  Hello: () => encodeHello(hello()),
  State: (nonce) => knows(nonce),
  Query: () => encodeQuery(1),
  Adopt: (nonce) => adopts(nonce),
  Accept: () => encodeAccept({ epoch: 1, received: [0, 0] }),
  Duplicate: () => encodeDuplicate(),
  Reject: () => encodeReject({ reason: RejectReason.Overtaken, detail: '' }),
  Data: () => data('x'),
  Urgent: () => data('x', Frame.Urgent),
  Piece: () => data('x', Frame.Piece),
  Ack: () => encodeAck([0, 0]),
  Keep: () => encodeKeep(true),
  Bye: () => encodeBye(ByeReason.Disconnected),
  Ping: () => encodePing({ token: 1, contested: false }),
  Pong: () => encodePong(1),
  Heartbeat: () => encodeHeartbeat(),
  Extension: () => encodeFrame(Frame.Extension, Uint8Array.of(1, 2, 3)),
};

const anywhere: readonly Kind[] = ['Heartbeat', 'Extension', 'Reject'];
const onLink: readonly Kind[] = ['Data', 'Urgent', 'Piece', 'Ack', 'Keep', 'Bye', 'Ping', 'Pong'];
const allowed: Readonly<Record<string, readonly Kind[]>> = {
  greeting: ['Hello'],
  'known, the core is the arbiter': ['State'],
  'known, the core is the follower': ['Query', 'Adopt', 'Duplicate'],
  'adopted, not confirmed': ['Accept'],
  'link, the core is the arbiter': onLink,
  'link, the core is the follower': onLink,
};

describe.each(Object.keys(states))('%s', (state) => {
  it.each(Object.keys(frames) as Kind[])('%s', (kind) => {
    const scripted = new Scripted();
    const { line, nonce } = (states[state] as (typeof states)[string])(scripted);
    scripted.heard();
    line.say(frames[kind](nonce));
    const fault = scripted.heard().includes('fault ERR_PROTOCOL');
    expect(fault).toBe(![...anywhere, ...(allowed[state] ?? [])].includes(kind));
    if (fault) expect(line.closed).not.toBe(null);
  });
});

it('nothing that comes on a closed connection counts', () => {
  const scripted = new Scripted();
  const { line } = follow(scripted);
  line.say(data('1'), encodeHello(hello()), data('2'));
  line.say(data('3'));
  expect(scripted.packets).toEqual(['1']);
});

it('an EXTENSION that is not known is skipped', () => {
  const scripted = new Scripted();
  const { line } = follow(scripted);
  line.say(data('1'), encodeFrame(Frame.Extension, new Uint8Array(1024).fill(0x7f)), data('2'));
  expect(scripted.packets).toEqual(['1', '2']);
});

it('a fault of one connection leaves the others and the session alone', () => {
  const scripted = new Scripted();
  const { line: link } = follow(scripted);
  const other = scripted.dial();
  other.say(data('nonsense'));
  expect(other.one('Reject')).toMatchObject({ reason: RejectReason.Protocol });
  link.say(data('1'));
  expect(scripted.packets).toEqual(['1']);
});

it('a packet larger than this node takes is refused before its payload comes', () => {
  const scripted = new Scripted({ maxPacket: 1000 });
  const { line } = follow(scripted);
  line.say(Uint8Array.of(0xc3, 0xe9));
  expect(scripted.heard()).toContain('fault ERR_PROTOCOL');
});
