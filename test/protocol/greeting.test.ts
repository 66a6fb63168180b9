/** What HELLO says of the wish to keep, and what comes of handshakes that end early. */
import { describe, expect, it } from 'vitest';
import { MasterlessError } from '../../src/errors.js';
import {
  encodeAccept,
  encodeHello,
  encodeReject,
  type Hello,
  type Reject,
  RejectReason,
} from '../../src/protocol/control.js';
import { adopts, CONFIG, follow, hello, knows, type Line, lead, propose, Scripted } from './scripted.js';

const THERE = 'test://there';

function dialled(scripted: Scripted): Line {
  scripted.act((mesh, now) => mesh.connect(1, THERE, null, now));
  scripted.wait(0);
  return scripted.taken();
}

describe('HELLO tells the wish to keep', () => {
  it.each<[string, boolean, (scripted: Scripted) => Line]>([
    ['who is dialled for the application', true, dialled],
    ['who dials and is kept', true, (scripted) => kept(scripted).dial()],
    ['who dials and is not kept', false, (scripted) => scripted.dial()],
    ['a silent peer that is not kept', false, (scripted) => silent(scripted)],
    ['a silent peer that is kept', true, (scripted) => silent(kept(scripted))],
  ])('to %s: %s', (_whom, keep, reach) => {
    expect(reach(new Scripted()).greet().keep).toBe(keep);
  });

  function kept(scripted: Scripted): Scripted {
    scripted.act((mesh, now) => mesh.keep('a', true, now));
    return scripted;
  }

  function silent(scripted: Scripted): Line {
    follow(scripted, { keep: true, addresses: ['test://a'] });
    scripted.wait(5000);
    return scripted.taken();
  }
});

describe('a connection that ends before HELLO', () => {
  const lost = new MasterlessError('ERR_CONNECTION_LOST', 'reset');
  it.each<[string, MasterlessError | null, string, RegExp]>([
    ['in an orderly way', null, 'ERR_CONNECTION_LOST', /other credentials/],
    ['by a reset', lost, 'ERR_CONNECTION_LOST', /other credentials/],
    [
      'for a reason that its transport knows',
      new MasterlessError('ERR_UNAUTHORIZED', 'bad tag'),
      'ERR_UNAUTHORIZED',
      /^bad tag$/,
    ],
  ])('%s is explained to who dialled, and to nobody else', (_how, error, code, message) => {
    const scripted = new Scripted();
    const line = dialled(scripted);
    scripted.outputs.length = 0;
    scripted.act((mesh, now) => mesh.ended(line.connection, error, now));
    const told = scripted.outputs.find(({ kind }) => kind === 'unreachable');
    expect(told).toMatchObject({ uri: THERE, error: { code, message: expect.stringMatching(message) } });
    if (error === lost) expect(told).toMatchObject({ error: { cause: lost } });
    expect(scripted.heard()).toEqual([`unreachable ${code}`, `wish ${code}`]);
  });

  it('but after it, while the rules are asked, is no matter of credentials', () => {
    const rules = { admit: () => 'later' as const, dialable: (_: unknown, uri: string) => uri, near: () => true };
    const scripted = new Scripted({ rules });
    const line = dialled(scripted);
    line.say(encodeHello(hello()));
    scripted.outputs.length = 0;
    line.end();
    const told = scripted.outputs.find(({ kind }) => kind === 'unreachable');
    expect(told).toMatchObject({ error: { message: expect.not.stringContaining('credentials') } });
  });
});

describe('REJECT', () => {
  it('of a link that was adopted leaves none', () => {
    const scripted = new Scripted();
    const { line } = propose(scripted);
    const waiting = scripted.dial();
    waiting.say(knows(waiting.greet({ keep: true }).nonce));
    line.say(encodeReject({ reason: RejectReason.Overtaken, detail: '' }));
    expect(line.closed).toBe('cut');
    expect(scripted.mesh.view('a')?.link).toBe(null);
    // Who waited for that adoption to end is asked.
    expect(waiting.kinds()).toEqual(['Query']);
  });

  it('for an adoption that was overtaken is said, and the same address dialled at once', () => {
    const scripted = new Scripted();
    lead(scripted).line.end();
    const line = dialled(scripted);
    const { nonce } = line.greet({ id: 'z', keep: true });
    scripted.heard();
    line.said();
    line.say(adopts(nonce, { epoch: 1 }));
    expect(line.one<Reject>('Reject').reason).toBe(RejectReason.Overtaken);
    expect(scripted.outputs.filter(({ kind }) => kind === 'dial')).toMatchObject([{ uri: THERE }]);
    expect(scripted.heard()).toEqual(['fault ERR_CONNECTION_LOST']);
  });
});

describe('an incarnation is of its id', () => {
  it('and says nothing of a node with another', () => {
    const scripted = new Scripted();
    expect(follow(scripted, { id: 'b', incarnation: CONFIG.incarnation }).adopt.epoch).toBe(1);
    expect(scripted.heard()).toEqual(['connect b']);
  });
});

it('ACCEPT counts on the link only, whoever knows its epoch', () => {
  const scripted = new Scripted();
  const { line } = propose(scripted);
  const other = scripted.dial();
  const theirs: Hello = other.greet({ keep: true });
  expect(theirs.id).toBe(CONFIG.id);
  other.say(encodeAccept({ epoch: 1, received: [0, 0] }));
  expect(other.one<Reject>('Reject').reason).toBe(RejectReason.Protocol);
  expect(scripted.heard()).toEqual(['fault ERR_PROTOCOL']);
  line.say(encodeAccept({ epoch: 1, received: [0, 0] }));
  expect(scripted.heard()).toEqual(['connect a']);
});

it('who waits for an adoption to be confirmed says no more meanwhile', () => {
  const scripted = new Scripted();
  propose(scripted);
  const waiting = scripted.dial();
  const { nonce } = waiting.greet({ keep: true });
  waiting.say(knows(nonce));
  expect(waiting.closed).toBe(null);
  waiting.say(knows(nonce));
  expect(waiting.one<Reject>('Reject').reason).toBe(RejectReason.Protocol);
});
