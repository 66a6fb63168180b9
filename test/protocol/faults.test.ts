/** What is told of a fault: whose it was and in what it lay, to the application and, where it still listens, to the culprit. */
import { describe, expect, it } from 'vitest';
import {
  encodeAccept,
  encodeAck,
  encodeDuplicate,
  encodeHello,
  encodePong,
  encodeQuery,
  encodeReject,
  type Reject,
  RejectReason,
} from '../../src/protocol/control.js';
import { encodeFrame, Frame } from '../../src/protocol/frame.js';
import { adopts, data, follow, hello, knows, type Line, lead, propose, Scripted } from './scripted.js';

/** How far a connection has come. */
const greeting = (scripted: Scripted): Line => scripted.dial();
const known = (scripted: Scripted): Line => {
  const line = scripted.dial();
  line.greet();
  return line;
};
const adopted = (scripted: Scripted): Line => propose(scripted).line;
const following = (scripted: Scripted): Line => follow(scripted).line;
const leading = (scripted: Scripted): Line => lead(scripted).line;

/** Faults told so far. */
function faults(scripted: Scripted): unknown[] {
  return scripted.outputs.filter(({ kind }) => kind === 'fault');
}

describe('a frame that nobody may say now', () => {
  it.each<[string, (scripted: Scripted) => Line, Uint8Array]>([
    ['STATE out of turn', greeting, knows(1)],
    ['QUERY out of turn', greeting, encodeQuery(1)],
    ['ADOPT out of turn', greeting, adopts(1)],
    ['ACCEPT out of turn', greeting, encodeAccept({ epoch: 1, received: [0, 0] })],
    ['DUPLICATE out of turn', greeting, encodeDuplicate()],
    ['DATA before the link is adopted', greeting, data('x')],
    ['frame F0 of 1 bytes: before the link is adopted', greeting, data('x', Frame.Urgent)],
    ['a frame of a link out of turn', greeting, encodeAck([0, 0])],
    ['a second HELLO', known, encodeHello(hello())],
    ['QUERY out of turn', known, encodeQuery(1)],
    ['DUPLICATE out of turn', known, encodeDuplicate()],
    ['a frame of a link out of turn', known, encodePong(1)],
    ['DATA out of turn', adopted, data('x')],
    ['a frame of a link out of turn', adopted, encodePong(1)],
    ['ACCEPT out of turn', adopted, encodeAccept({ epoch: 2, received: [0, 0] })],
    ['a second HELLO', following, encodeHello(hello())],
    ['STATE out of turn', following, knows(1)],
    ['DUPLICATE out of turn', leading, encodeDuplicate()],
    ['QUERY out of turn', leading, encodeQuery(1)],
    ['an empty piece', following, encodeFrame(Frame.Piece, new Uint8Array(0))],
    ['1 acknowledged and only 0 sent', following, encodeAck([1, 0])],
  ])('%s', (reason, come, frame) => {
    const scripted = new Scripted();
    const line = come(scripted);
    scripted.outputs.length = 0;
    line.said();
    line.say(frame);
    const message = `the other node broke the protocol: ${reason}`;
    expect(faults(scripted)).toEqual([
      { kind: 'fault', remote: 'there', error: expect.objectContaining({ code: 'ERR_PROTOCOL', message }) },
    ]);
    const handshake = come === greeting || come === known;
    const reject = { kind: 'Reject', fields: { reason: RejectReason.Protocol, detail: message } };
    expect(line.said().filter(({ kind }) => kind === 'Reject')).toEqual(handshake ? [reject] : []);
    // A link is simply lost: its session waits for the next one.
    expect(line.closed).toBe(handshake ? 'flushed' : 'cut');
  });
});

describe('a hello that is turned away is told what to do', () => {
  it.each<[Parameters<typeof hello>[0], RejectReason, string]>([
    [{ codec: 'json' }, RejectReason.Codec, 'there encodes packets with json, this node with test: use one codec'],
    [
      { id: 'm', incarnation: '00000000000000aa' },
      RejectReason.Self,
      'there is this very node: leave out its own address',
    ],
    [{ id: 'm' }, RejectReason.IdInUse, 'there is another node with the id "m": give every node an id of its own'],
  ])('%j', (fields, reason, detail) => {
    const scripted = new Scripted();
    const line = scripted.dial();
    line.say(encodeHello(hello(fields)));
    expect(line.take<Reject>('Reject')).toEqual({ reason, detail });
    expect(faults(scripted)).toEqual([
      { kind: 'fault', remote: 'there', error: expect.objectContaining({ message: detail }) },
    ]);
  });

  it('when there are as many peers as there may be', () => {
    const scripted = new Scripted({ maxPeers: 1 });
    follow(scripted);
    const line = scripted.dial();
    line.say(encodeHello(hello({ id: 'b' })));
    expect(line.take<Reject>('Reject')).toEqual({
      reason: RejectReason.Limit,
      detail: 'there are 1 peers already (limits.peers)',
    });
  });

  it('when another node is expected at that address', () => {
    const scripted = new Scripted();
    scripted.act((mesh, now) => mesh.connect(1, 'test://there', 'b', now));
    scripted.wait(0);
    const line = scripted.taken();
    line.say(encodeHello(hello()));
    expect(line.take<Reject>('Reject')).toEqual({
      reason: RejectReason.WrongId,
      detail: 'test://there is "a", and "b" was expected there',
    });
  });
});

describe('who was turned away is told by what', () => {
  it.each<[keyof typeof RejectReason, string]>([
    ['Protocol', 'ERR_PROTOCOL'],
    ['Version', 'ERR_VERSION'],
    ['Feature', 'ERR_FEATURE'],
    ['Codec', 'ERR_CODEC'],
    ['Self', 'ERR_SELF'],
    ['IdInUse', 'ERR_ID_IN_USE'],
    ['WrongId', 'ERR_WRONG_ID'],
    ['Limit', 'ERR_LIMIT'],
    ['Closing', 'ERR_REFUSED'],
    ['Unauthorized', 'ERR_UNAUTHORIZED'],
  ])('%s', (reason, code) => {
    const scripted = new Scripted();
    scripted.act((mesh, now) => mesh.connect(1, 'test://there', null, now));
    scripted.wait(0);
    scripted.taken().say(encodeReject({ reason: RejectReason[reason], detail: 'why' }));
    const wish = scripted.outputs.find((output) => output.kind === 'wish');
    expect(wish?.error).toMatchObject({ code, message: 'test://there turned the connection away: it says “why”' });
  });
});
