/**
 * What is recorded: each scene is played by real cores, `m` the arbiter and `a` the follower unless it says otherwise, and
 * its conversation kept in the file of its name.
 */
import { encodeAdopt, encodeHello, encodeReject, type Hello, RejectReason } from '../../src/protocol/control.js';
import { hello } from '../protocol/scripted.js';
import type { Recorder } from './recorder.js';

export interface Scene {
  readonly says: string;
  play(on: Recorder): void;
}

/** Both keep, unless the follower is not to. */
function linked(on: Recorder, both = true): void {
  on.node('m');
  on.node('a');
  on.connect('m', 'a');
  if (both) on.do('a', { does: 'keep', id: 'm', keep: true });
  on.pass(100);
}

const KIND = 'ABCDEFGH';

/** Packets of those sizes, each of a letter of its own. */
function sends(on: Recorder, from: string, to: string, sizes: readonly number[], urgent = false): void {
  sizes.forEach((size, index) => {
    on.send(from, to, size === 0 ? '' : `${Buffer.from(KIND[index % 8] as string).toString('hex')}*${size}`, urgent);
  });
}

/** What `m` and a hand that is not of its kind say, whoever dials. */
function refused(on: Recorder, fields: Partial<Hello>): void {
  on.node('m');
  on.hand('x');
  on.say('x', on.dial('x', 'm'), encodeHello(hello({ id: 'x', ...fields })));
  on.pass(50);
  on.connect('m', 'x');
  on.pass(20);
  on.say('x', 2, encodeHello(hello({ id: 'x', ...fields })));
  on.pass(50);
}

/** The same where the hand does the refusing. */
function refuses(on: Recorder, reason: RejectReason): void {
  on.node('m');
  on.hand('x');
  on.connect('m', 'x');
  on.pass(20);
  on.say('x', 1, encodeReject({ reason, detail: 'you do not fit' }));
  on.pass(50);
}

export const scenes: Readonly<Record<string, Scene>> = {
  'arbiter-dials': {
    says: 'The arbiter dials, and keeps; signs of life follow.',
    play(on) {
      linked(on, false);
      on.pass(2500);
    },
  },
  'follower-dials': {
    says: 'The follower dials, and keeps; signs of life follow.',
    play(on) {
      on.node('m');
      on.node('a');
      on.connect('a', 'm');
      on.pass(2600);
    },
  },
  'both-dial': {
    says: 'Both dial at the same moment: one connection becomes the link.',
    play(on) {
      on.node('m');
      on.node('a');
      on.connect('m', 'a');
      on.connect('a', 'm');
      on.pass(500);
    },
  },
  'arbiter-dials-again': {
    says: 'The arbiter dials a peer it has a link to, at another address of it: a duplicate.',
    play(on) {
      linked(on);
      on.alias('a', 'elsewhere');
      on.connect('m', 'elsewhere');
      on.pass(100);
    },
  },
  'follower-dials-again': {
    says: 'The follower dials a peer it has a link to, at another address of it: a duplicate.',
    play(on) {
      linked(on);
      on.alias('m', 'elsewhere');
      on.connect('a', 'elsewhere');
      on.pass(100);
    },
  },
  'small-packets': {
    says: 'Packets at the bounds of each header, both ways, and their acknowledgements.',
    play(on) {
      linked(on);
      sends(on, 'm', 'a', [0, 1, 191, 192, 8191, 8192]);
      on.pass(50);
      sends(on, 'a', 'm', [5, 6]);
      sends(on, 'm', 'a', [7]);
      on.pass(250);
    },
  },
  'urgent-packets': {
    says: 'The urgent lane beside the normal one, both ways.',
    play(on) {
      linked(on);
      sends(on, 'm', 'a', [3, 127, 128], true);
      sends(on, 'm', 'a', [4]);
      sends(on, 'a', 'm', [9], true);
      on.pass(250);
    },
  },
  'large-packets': {
    says: 'Packets in pieces, and acknowledgements by bytes rather than by time.',
    play(on) {
      linked(on);
      sends(on, 'm', 'a', [131_073]);
      on.pass(100);
      sends(on, 'a', 'm', [300_000]);
      on.pass(100);
    },
  },
  'resume-with-repetition': {
    says: 'The link is cut with packets on their way and more to come: they are sent again, urgent ones first.',
    play(on) {
      linked(on);
      sends(on, 'm', 'a', [1, 2]);
      on.pass(8);
      sends(on, 'a', 'm', [3, 4]);
      sends(on, 'm', 'a', [5]);
      on.cut(1);
      sends(on, 'm', 'a', [6]);
      sends(on, 'm', 'a', [7], true);
      sends(on, 'a', 'm', [8], true);
      on.pass(200);
    },
  },
  'resume-after-lost-acks': {
    says: 'Packets arrived and their acknowledgement did not: none is sent again, all are acknowledged anew.',
    play(on) {
      linked(on);
      sends(on, 'a', 'm', [10, 20]);
      on.pass(207);
      on.cut(1);
      on.pass(200);
    },
  },
  'resume-within-a-packet': {
    says: 'The link is cut between the pieces of a packet, which goes on with the piece that is missing.',
    play(on) {
      linked(on);
      sends(on, 'a', 'm', [400_000]);
      on.receive(2);
      on.cut(1);
      on.pass(300);
    },
  },
  'half-open': {
    says: 'The link dies unseen: after the timeout a second connection replaces it, and what was lost is sent again.',
    play(on) {
      linked(on);
      on.freeze(1);
      sends(on, 'm', 'a', [30]);
      on.pass(7000);
    },
  },
  'follower-restarts': {
    says: 'The follower is gone and comes back as another incarnation: the session ends, and another begins.',
    play(on) {
      linked(on);
      sends(on, 'm', 'a', [2]);
      on.crash('a');
      on.cut(1);
      on.node("a'", { id: 'a' });
      on.connect("a'", 'm');
      on.pass(200);
    },
  },
  'follower-restarts-unseen': {
    says: 'The follower comes back while its link seems good: the link must prove that it lives, and does not.',
    play(on) {
      linked(on);
      on.crash('a');
      on.freeze(1);
      on.node("a'", { id: 'a' });
      on.connect("a'", 'm');
      on.pass(1000);
    },
  },
  'arbiter-restarts-unseen': {
    says: 'The arbiter comes back while its link seems good: the link must prove that it lives, and does not.',
    play(on) {
      linked(on);
      on.crash('m');
      on.freeze(1);
      on.node("m'", { id: 'm' });
      on.connect("m'", 'a');
      on.pass(1000);
    },
  },
  'session-expires': {
    says: 'Nobody comes back within the resume window; whoever comes later begins a new session.',
    play(on) {
      on.node('m');
      on.node('a', { resumeWindow: 200, maxRefused: 0 });
      on.connect('a', 'm');
      on.pass(100);
      sends(on, 'm', 'a', [1]);
      on.hide('m');
      on.cut(1);
      on.pass(300);
      on.alias('m', 'm');
      on.connect('a', 'm');
      on.pass(100);
      sends(on, 'm', 'a', [2]);
      on.pass(100);
    },
  },
  'keep-and-let-go': {
    says: 'The wish to keep passes from one side to the other; when neither has it, they part.',
    play(on) {
      linked(on, false);
      on.do('a', { does: 'keep', id: 'm', keep: true });
      on.pass(50);
      on.do('m', { does: 'keep', id: 'a', keep: false });
      on.pass(50);
      on.do('a', { does: 'keep', id: 'm', keep: false });
      on.pass(50);
    },
  },
  'kept-after-all': {
    says: 'The arbiter proposes to part, and the follower has just come to want the link.',
    play(on) {
      linked(on, false);
      on.do('m', { does: 'keep', id: 'a', keep: false });
      on.do('a', { does: 'keep', id: 'm', keep: true });
      on.pass(100);
    },
  },
  close: {
    says: 'The arbiter closes with a packet on its way: it is acknowledged, and both say goodbye.',
    play(on) {
      linked(on);
      on.do('a', { does: 'keep', id: 'm', keep: false });
      sends(on, 'm', 'a', [11]);
      on.do('m', { does: 'close' });
      on.pass(200);
    },
  },
  disconnect: {
    says: 'The follower disconnects; the arbiter sends what it still has before it says goodbye.',
    play(on) {
      linked(on);
      on.do('m', { does: 'keep', id: 'a', keep: false });
      on.do('a', { does: 'disconnect', id: 'm' });
      sends(on, 'm', 'a', [12]);
      on.pass(200);
    },
  },
  'both-disconnect': {
    says: 'Both disconnect at the same moment: the goodbyes cross.',
    play(on) {
      linked(on);
      on.do('a', { does: 'disconnect', id: 'm' });
      on.do('m', { does: 'disconnect', id: 'a' });
      on.pass(200);
    },
  },
  'disconnect-from-the-deaf': {
    says: 'Packets wait for an application that does not listen: whoever parts hears so, and waits only a little.',
    play(on) {
      linked(on);
      on.do('a', { does: 'attend', attentive: false });
      sends(on, 'm', 'a', [13]);
      on.do('m', { does: 'disconnect', id: 'a' });
      on.pass(1000);
    },
  },
  'bad-packet': {
    says: 'A packet can not be decoded: the session ends on both sides.',
    play(on) {
      linked(on);
      sends(on, 'm', 'a', [14]);
      on.pass(10);
      on.do('a', { does: 'undecodable', id: 'm' });
      on.pass(100);
    },
  },
  ping: {
    says: 'Both measure the way.',
    play(on) {
      linked(on);
      on.do('m', { does: 'ping', id: 'a' });
      on.pass(20);
      on.do('a', { does: 'ping', id: 'm' });
      on.pass(20);
    },
  },
  'reject-version': {
    says: 'A node of versions 2 to 3 is refused, whoever dials.',
    play: (on) => refused(on, { minVersion: 2, maxVersion: 3 }),
  },
  'reject-feature': {
    says: 'A node that requires features 0 and 33 is refused, whoever dials.',
    play: (on) => refused(on, { required: 2 ** 33 + 1 }),
  },
  'reject-codec': {
    says: 'A node of another codec is refused, whoever dials.',
    play(on) {
      on.node('m');
      on.node('a', { codec: 'json' });
      on.connect('m', 'a');
      on.pass(50);
      on.connect('a', 'm');
      on.pass(50);
    },
  },
  'reject-self': {
    says: 'A node meets itself, whoever dials.',
    play: (on) => refused(on, { id: 'm', incarnation: '000000000000001a' }),
  },
  'reject-id': {
    says: 'Two nodes of one id meet.',
    play(on) {
      on.node('m');
      on.node('twin', { id: 'm' });
      on.connect('m', 'twin');
      on.pass(50);
    },
  },
  'reject-twin': {
    says: 'A second node of an id that is in use: the first proves that it lives.',
    play(on) {
      linked(on);
      on.node('twin', { id: 'a' });
      on.connect('twin', 'm');
      on.pass(50);
    },
  },
  'reject-wrong-id': {
    says: 'Another id answers than was expected.',
    play(on) {
      on.node('m');
      on.node('a');
      on.connect('m', 'a', 'b');
      on.pass(50);
    },
  },
  'reject-limit': {
    says: 'A peer too many.',
    play(on) {
      on.node('m', { maxPeers: 1 });
      on.node('a');
      on.node('b');
      on.connect('a', 'm');
      on.pass(50);
      on.connect('b', 'm');
      on.pass(50);
    },
  },
  'reject-closing': {
    says: 'A node closes while its last packet is not acknowledged: a handshake under way is refused, and so are later ones.',
    play(on) {
      linked(on);
      on.node('b');
      on.node('c');
      on.freeze(1);
      sends(on, 'm', 'a', [15]);
      on.connect('b', 'm');
      on.pass(12);
      on.do('m', { does: 'close' });
      on.connect('c', 'm');
      on.pass(50);
    },
  },
  'reject-overtaken': {
    says: 'An arbiter adopts with an epoch that the follower has seen: it is told to dial again.',
    play(on) {
      on.node('m');
      on.hand('z');
      for (let line = 1; line <= 2; line++) {
        on.say('z', on.dial('z', 'm'), encodeHello(hello({ id: 'z', keep: true, nonce: line })));
        on.pass(20);
        const { nonce } = on.last<Hello>('m', 'Hello');
        on.say('z', line, encodeAdopt({ nonce, epoch: 1, session: 1, received: [0, 0], start: [0, 0] }));
        on.pass(20);
      }
    },
  },
  'rejected-for-version': {
    says: 'This node is refused for its version.',
    play: (on) => refuses(on, RejectReason.Version),
  },
  'rejected-as-overtaken': {
    says: 'This node is told to dial again, and does, three times.',
    play(on) {
      on.node('m');
      on.hand('x');
      on.connect('m', 'x');
      for (let line = 1; line <= 4; line++) {
        on.pass(20);
        on.say('x', line, encodeReject({ reason: RejectReason.Overtaken, detail: '' }));
      }
      on.pass(50);
    },
  },
};
