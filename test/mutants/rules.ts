/**
 * Rules of the protocol, each with a patch that removes it and nothing else, and who notices. A rule whose removal nobody
 * notices would be one that is not tested, or not needed.
 */
import type { Bounds } from '../explore/scope.js';

/** Who notices: storms of the simulator, at most so many, or the explorer within bounds, at most so many states. */
export type Catcher =
  | { readonly by: 'storms'; readonly most: number }
  | { readonly by: 'explorer'; readonly bounds: Partial<Bounds>; readonly most: number };

export interface Rule {
  /** The rule, as the protocol has it. */
  readonly name: string;
  readonly file: string;
  /** What stands there, exactly once, and what stands there without the rule. */
  readonly find: string;
  readonly replace: string;
  readonly catcher: Catcher;
}

const storms: Catcher = { by: 'storms', most: 60 };
const within = (bounds: Partial<Bounds>): Catcher => ({ by: 'explorer', bounds, most: 60_000 });

export const rules: readonly Rule[] = [
  {
    name: 'one node of a pair is its arbiter',
    file: 'src/protocol/arbiter.ts',
    find: 'return compare(own, other) > 0;',
    replace: 'return compare(own, other) !== 0;',
    catcher: within({ keepers: 'ab' }),
  },
  {
    name: 'a link that both hold is not replaced',
    file: 'src/protocol/arbiter.ts',
    find: "return pair.link === 'suspect' && fresh ? 'replace' : 'duplicate';",
    replace: "return 'replace';",
    catcher: within({ keepers: 'ab' }),
  },
  {
    name: 'an adoption under way is waited for',
    file: 'src/protocol/arbiter.ts',
    find: "    if (pair.link === 'adopted') return 'park';\n",
    replace: '',
    catcher: within({ keepers: 'ab' }),
  },
  {
    name: 'a link is not replaced on old knowledge',
    file: 'src/protocol/arbiter.ts',
    find: "return fresh ? 'replace' : 'query';",
    replace: "return 'replace';",
    catcher: within({ keepers: 'ab' }),
  },
  {
    name: 'the old link is fenced off before a new one counts',
    file: 'src/protocol/adoption.ts',
    find: '  joinSession(state, peer, verdict);\n  replaceLink(state, peer, now);',
    replace: '  joinSession(state, peer, verdict);',
    catcher: storms,
  },
  {
    name: 'sending goes on where the other side stopped',
    file: 'src/protocol/adoption.ts',
    find: '  peer.session.rewind(verdict.received);',
    replace: '  peer.session.rewind(peer.session.acked);',
    catcher: within({ packets: 1, breaks: 1 }),
  },
  {
    name: 'what came over the old link is not delivered again',
    file: 'src/protocol/traffic.ts',
    find: '    if (number < lane.received) return null;\n',
    replace: '',
    // What is said of a lost link is seldom so old that more had come over it.
    catcher: { by: 'storms', most: 200 },
  },
  {
    name: 'a restarted node is another one',
    file: 'src/protocol/adoption.ts',
    find: "  if (peer.incarnation !== '') {\n    superseded(",
    replace: "  if (peer.incarnation === 'none') {\n    superseded(",
    catcher: within({ packets: 1, restarts: 1 }),
  },
  {
    name: 'a parked connection is closed when the other one is confirmed',
    file: 'src/protocol/adoption.ts',
    find: '  if (peer.parked !== null) duplicate(state, peer.parked, now);\n}',
    replace: '}',
    catcher: within({ keepers: 'ab' }),
  },
  {
    name: 'a parked connection is asked when the adoption fails',
    file: 'src/protocol/questions.ts',
    find: '  if (parked !== null) query(state, parked);\n',
    replace: '',
    catcher: within({ keepers: 'ab', breaks: 1 }),
  },
  {
    name: 'what was on a wire is not called unsent',
    file: 'src/protocol/retained.ts',
    find: 'written: number < everSent',
    replace: 'written: false',
    catcher: within({ packets: 1, restarts: 1 }),
  },
  {
    name: 'what an earlier link had acknowledged is written again, since the other side counts',
    file: 'src/protocol/send-buffer.ts',
    find: '    const late = this.sent < this.acked;\n',
    replace:
      '    const late = this.sent < this.acked;\n    if (late) {\n      this.sent = this.acked;\n' +
      '      this.cursorSegment = this.headSegment;\n      this.cursor = this.head;\n    }\n',
    catcher: within({ packets: 2, senders: 'b', window: 4096, drips: true, silences: 1, misjudged: 1 }),
  },
  {
    name: 'what a session leaves behind is reported',
    file: 'src/protocol/sessions.ts',
    find: 'if (leftover.uncertain.length > 0 || leftover.unsent.length > 0) {',
    replace: 'if (leftover.unsent.length > 0) {',
    catcher: within({ packets: 1, restarts: 1 }),
  },
  {
    name: 'urgent packets have a lane of their own',
    file: 'src/protocol/traffic.ts',
    find: 'peer.session.use(urgent ? URGENT : NORMAL);',
    replace: 'peer.session.use(NORMAL);',
    catcher: storms,
  },
  {
    name: 'acknowledgements are told anew on a new link',
    file: 'src/protocol/session.ts',
    find: '    this.normal.acked = 0;\n    this.urgent.acked = 0;\n',
    replace: '',
    catcher: storms,
  },
  {
    name: 'what was handled is acknowledged in time',
    file: 'src/protocol/traffic.ts',
    find: '      session.ackAt = now + delay;\n',
    replace: '',
    catcher: storms,
  },
  {
    name: 'a sender keeps to the window',
    file: 'src/protocol/room.ts',
    find: '    if (!urgent || large <= most || beside + cost > most) return false;\n',
    replace: '',
    catcher: storms,
  },
  {
    name: 'who was refused is told of room',
    file: 'src/protocol/room.ts',
    find: "    state.emit({ kind: 'drain', id: peer.id });\n",
    replace: '',
    catcher: within({ packets: 2, window: 300 }),
  },
  {
    name: 'a lost link of a kept peer is dialled again',
    file: 'src/protocol/dialing.ts',
    find: 'const redials = peer.keep || peer.parting !== null;',
    replace: 'const redials = peer.parting !== null;',
    catcher: storms,
  },
  {
    name: "the other side's wish keeps a link",
    file: 'src/protocol/parting.ts',
    find: 'peer.keep || peer.theirKeep || !peer.confirmed',
    replace: 'peer.keep || !peer.confirmed',
    catcher: storms,
  },
  {
    name: 'a wish that comes late is told',
    file: 'src/protocol/keep.ts',
    find: '  state.send(link, encodeKeep(peer.keep));\n',
    replace: '',
    catcher: within({ unkeeps: 1, breaks: 1 }),
  },
  {
    name: 'a link that neither side keeps is let go',
    file: 'src/protocol/parting.ts',
    find: '  part(state, peer, ByeReason.Unwanted, now);\n}',
    replace: '}',
    catcher: within({ unkeeps: 1 }),
  },
  {
    name: 'a lost session is held only for a time',
    file: 'src/protocol/parting.ts',
    find: '    if (peer.heldUntil <= now) giveUp(state, peer);\n    else',
    replace: '    if (peer.heldUntil > now)',
    catcher: storms,
  },
  {
    name: 'a silent link is suspected',
    file: 'src/protocol/links.ts',
    find: '  peer.suspect = true;\n',
    replace: '  if (peer.heartbeat > 0) return;\n',
    catcher: storms,
  },
  {
    name: 'a node that did not run forgives silence',
    file: 'src/protocol/mesh.ts',
    find: 'const grace = now - state.wakeAt > state.config.heartbeat ? 2 * state.config.heartbeat : 0;',
    replace: 'const grace = 0;',
    catcher: storms,
  },
  {
    name: 'connect is told once',
    file: 'src/protocol/links.ts',
    find: "  if (peer.connected) {\n    state.emit({ kind: 'reconnect'",
    replace: "  if (peer.id === '') {\n    state.emit({ kind: 'reconnect'",
    catcher: within({ breaks: 1 }),
  },
];
