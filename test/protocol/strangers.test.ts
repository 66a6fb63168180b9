/** What strangers made of the core, found by fuzzing: each did harm beyond its own connection. */
import { expect, test } from 'vitest';
import { type Adopt, encodeAccept, encodeAck, encodeHello, encodePing } from '../../src/protocol/control.js';
import { Frame } from '../../src/protocol/frame.js';
import { MAX_OUTBOX } from '../../src/protocol/inbound.js';
import { data, follow, hello, knows, Scripted } from './scripted.js';

const OWN = '00000000000000aa';

/** Bytes that the core takes to be on their way to all its peers. */
function outstanding(scripted: Scripted): number {
  return (Reflect.get(scripted.mesh, 'state') as { budget: { outstanding: number } }).budget.outstanding;
}

test('an ACK that is right for one lane only changes nothing: what is on its way to all stays what it is', () => {
  const scripted = new Scripted();
  const { line, theirs, adopt } = follow(scripted);
  scripted.act((mesh) => mesh.send('a', Buffer.from('normal'), false));
  scripted.act((mesh) => mesh.send('a', Buffer.from('urgent'), true));
  const before = outstanding(scripted);
  line.say(encodeAck([1, 2]));
  expect(line.closed).not.toBeNull();
  expect(outstanding(scripted)).toBe(before);

  const again = scripted.dial();
  const { nonce } = again.greet({ keep: true, nonce: 78 });
  expect(theirs.nonce).not.toBe(nonce);
  again.say(knows(nonce, { incarnation: OWN, session: adopt.session, epoch: adopt.epoch }));
  scripted.act((mesh, now) => mesh.disconnect('a', now));
  again.end();
  scripted.wait(60_000);
  expect(outstanding(scripted)).toBe(0);
});

test('a STATE that can not be leaves no peer behind, and no session begun', () => {
  const scripted = new Scripted();
  const line = scripted.dial();
  const { nonce } = line.greet();
  // The number that the next session would get.
  line.say(knows(nonce, { incarnation: OWN, session: 1, epoch: 0, received: [0, 1] }));
  line.end();
  scripted.wait(60_000);
  expect(scripted.mesh.view('a')).toBeNull();
});

test('a STATE that can not be does not cost the link that is there', () => {
  const scripted = new Scripted();
  const { line, adopt } = follow(scripted);
  const other = scripted.dial();
  const { nonce } = other.greet({ keep: true, nonce: 78 });
  other.say(knows(nonce, { incarnation: OWN, session: adopt.session, epoch: adopt.epoch, received: [5, 0] }));
  expect(other.closed).toBe('flushed');
  expect(line.closed).toBeNull();
  line.say(data('still here'));
  expect(scripted.packets).toEqual(['still here']);
});

test('a STATE with the last epoch there can be is refused: no frame could carry the next one', () => {
  const scripted = new Scripted();
  const line = scripted.dial();
  const { nonce } = line.greet();
  line.say(knows(nonce, { incarnation: OWN, epoch: Number.MAX_SAFE_INTEGER }));
  expect(line.kinds()).toEqual(['Reject']);
});

test('a dial that meets another at its second attempt leaves nothing of the first behind', () => {
  const scripted = new Scripted({ reconnect: { attempts: 2, minDelay: 100, maxDelay: 100 } });
  scripted.act((mesh, now) => mesh.connect(1, 'test://hand', null, now));
  scripted.wait(0);
  scripted.taken().say(encodeHello(hello({ id: 'b' })), data('out of turn', Frame.Adopt));
  expect(scripted.mesh.isKept('b')).toBe(true);
  scripted.wait(200);
  scripted.taken().say(encodeHello(hello({ id: 'a' })));
  expect(scripted.mesh.isKept('a')).toBe(true);
  expect(scripted.mesh.isKept('b')).toBe(false);
  expect(scripted.mesh.view('b')).toBeNull();
});

test('who asks and does not read the answers is cut off, and his session is kept for another link', () => {
  const scripted = new Scripted();
  const { line } = follow(scripted);
  const questions = Array.from({ length: 1000 }, (_, token) => encodePing({ token, contested: false }));
  const chunk = new Uint8Array(Buffer.concat(questions));
  let longest = 0;
  // Nothing is gathered in between, as with a socket that takes no more.
  for (let i = 0; i < 40 && line.connection.phase !== 'closed'; i++) {
    scripted.mesh.received(line.connection, chunk.slice(), scripted.now);
    while (scripted.mesh.poll(scripted.now) !== null);
    longest = Math.max(longest, line.connection.outbox?.length ?? 0);
  }
  expect(line.connection.phase).toBe('closed');
  expect(longest).toBeLessThanOrEqual(MAX_OUTBOX + 1);
  expect(scripted.mesh.isConnected('a')).toBe(true);
});

test('a piece too many is not counted: the packet can still end over the next link', () => {
  const scripted = new Scripted({ maxPacket: 100 });
  const { line, adopt } = follow(scripted);
  line.say(data('x'.repeat(60), Frame.Piece), data('x'.repeat(60), Frame.Piece));
  expect(line.closed).not.toBeNull();

  const again = scripted.dial();
  const { nonce } = again.greet({ keep: true, nonce: 78 });
  again.say(knows(nonce, { incarnation: OWN, session: adopt.session, epoch: adopt.epoch }));
  const { epoch, start } = again.take<Adopt>('Adopt');
  again.say(encodeAccept({ epoch, received: start }), data('y'.repeat(40)));
  expect(scripted.packets).toEqual(['x'.repeat(60) + 'y'.repeat(40)]);
});
