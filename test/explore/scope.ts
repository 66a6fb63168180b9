/**
 * A small world for exhaustive exploration: a few nodes on the real core, a few connections at once, bounded numbers of
 * sends and faults. Time stands still; what waits for time is an action of its own. A state is a short row of numbers.
 */
import { type Effect, type Input, type NodeState, type NodeTable, Violation } from './node.js';

/** Bounds of an exploration. */
export interface Bounds {
  /** Connections between two nodes at once. */
  readonly connections: number;
  /** Packets that each node sends of those that do. */
  readonly packets: number;
  readonly senders: string;
  /** Connections that break: bytes vanish, each side finds out on its own. */
  readonly breaks: number;
  /** Times that a node is restarted. */
  readonly restarts: number;
  /** Dials that nobody needed. */
  readonly dials: number;
  /** Calls of disconnect, and of keep(false). */
  readonly disconnects: number;
  readonly unkeeps: number;
  /** Times that a node's every deadline passes at once. */
  readonly expiries: number;
  /** Times that a node has heard nothing on its link for so long that it suspects it, however healthy it is. */
  readonly silences: number;
  /** Bytes on the way in one direction; a packet counts some 260, or 860 where they drip. */
  readonly window: number;
  /** A link takes packets one by one: anything can happen between them. */
  readonly drips: boolean;
  /** Times that a live node is found dead when another one claims its id. */
  readonly misjudged: number;
  /** A second live node of the follower's id. */
  readonly twin: boolean;
  /** Who keeps the link at the start. */
  readonly keepers: string;
}

/** Two nodes of which the follower keeps the link, and nothing else happens: what other bounds add to. */
export const STILL: Bounds = {
  connections: 2,
  packets: 0,
  senders: 'abA',
  breaks: 0,
  restarts: 0,
  dials: 0,
  disconnects: 0,
  unkeeps: 0,
  expiries: 0,
  silences: 0,
  misjudged: 0,
  window: 1024,
  drips: false,
  twin: false,
  keepers: 'a',
};

/** One thing that can happen next. */
export interface Action {
  readonly name: string;
  readonly fault: boolean;
  run(scope: Scope): void;
}

type Side = 0 | 1;

/** One end of a wire. What is a list here and below is never changed but replaced, so that copies of a scope share it. */
interface End {
  readonly node: number;
  /** The rank of the connection there; GONE when it is closed. */
  rank: number;
  /** Chunks on their way to it, by number; FIN is the orderly end of the stream. */
  chunks: readonly number[];
}

interface Wire {
  readonly ends: readonly [End, End];
  broken: boolean;
  reset: boolean;
}

interface Dial {
  readonly rank: number;
  readonly to: number;
}

interface Member {
  state: NodeState;
  /** Dials that wait for a free connection: rank, and the node dialled. */
  dials: readonly Dial[];
  sent: number;
  /** What the application believes: connected, refused for want of room, told of a second node of its id. */
  connected: boolean;
  refused: boolean;
  conflict: boolean;
}

/** What became of a packet; its place in the list is its number. */
interface Packet {
  readonly from: number;
  readonly start: number;
  readonly toStart: number;
  readonly delivered: boolean;
  readonly reported: number;
  readonly lost: boolean;
}

type Budget = 'breaks' | 'restarts' | 'dials' | 'disconnects' | 'unkeeps' | 'expiries' | 'silences' | 'misjudged';

const BUDGETS: readonly Budget[] = [
  ...(['breaks', 'restarts', 'dials', 'disconnects'] as const),
  ...(['unkeeps', 'expiries', 'silences', 'misjudged'] as const),
];
const NAMES = ['a', 'b', 'A'] as const;
const GONE = -1;
const FIN = 0;
const NONE: readonly never[] = [];
const [NOT, UNCERTAIN, UNSENT] = [0, 1, 2] as const;

export class Scope {
  readonly bounds: Bounds;
  readonly table: NodeTable;
  private members: Member[] = [];
  private wires: Wire[] = [];
  private packets: readonly Packet[] = NONE;
  private left: Readonly<Record<Budget, number>>;
  private starts = 0;

  /** The state in which everything begins. */
  constructor(bounds: Bounds, table: NodeTable) {
    this.bounds = bounds;
    this.table = table;
    this.left = Object.fromEntries(BUDGETS.map((budget) => [budget, bounds[budget]])) as Record<Budget, number>;
    // The arbiter is the greater: b.
    for (let number = 0; number < (bounds.twin ? 3 : 2); number++) this.begin(number, 0);
    for (const name of bounds.keepers) this.step(NAMES.indexOf(name as 'a'), { kind: 'connect' });
  }

  /** What can happen in this state. */
  actions(): Action[] {
    const actions: Action[] = [];
    const add: Add = (name, run, fault = false) => actions.push({ name, fault, run });
    for (const [index, wire] of this.wires.entries()) this.wireActions(wire, index, add);
    for (const [number, member] of this.members.entries()) this.nodeActions(number, member, add);
    if (actions.every((action) => action.fault)) {
      // Time passes when nothing else can happen.
      for (const [number, { state }] of this.members.entries()) {
        if (state.waiting) add(`time passes ${state.name}`, (scope) => scope.step(number, { kind: 'expire' }));
      }
    }
    return actions;
  }

  /** At rest: nothing can happen but faults. Then everything must be as it should. */
  checkRest(): void {
    for (const packet of this.packets) {
      if (!packet.delivered && packet.reported === NOT && !packet.lost) throw new Violation('a packet vanished');
    }
    for (const { connected, refused, state } of this.members) {
      if (connected && refused) throw new Violation(`${state.name} waits for room for ever`);
    }
    if (this.bounds.twin) this.checkTwins();
    else this.checkPair();
  }

  /** Two live nodes of one id: the one that is linked and its other end agree, and the other one has been told. */
  private checkTwins(): void {
    const [first, arbiter, second] = this.members as [Member, Member, Member];
    const linked = [first, second].filter(({ state }) => state.link !== null);
    if (linked.length > 1) throw new Violation('two live nodes of one id are linked to the same node');
    if (linked[0] !== undefined) this.checkLink(linked[0], arbiter);
    else if (arbiter.state.link !== null) throw new Violation('b has a link, and neither a nor A has');
    const unlinked = [first, second].filter(({ state }) => state.link === null);
    for (const { conflict, state } of unlinked) {
      if (this.bounds.keepers.includes(state.name) && !conflict) throw new Violation(`${state.name} was not told`);
    }
  }

  private checkPair(): void {
    const [a, b] = this.members as [Member, Member];
    if (!a.state.kept && !b.state.kept) {
      if (this.wires.length > 0) throw new Violation('nobody keeps the link, and a connection is left');
      return;
    }
    this.checkLink(a, b);
  }

  private checkLink(left: Member, right: Member): void {
    const [one, other] = [left.state.link, right.state.link];
    const same = one !== null && other !== null && one.epoch === other.epoch && one.session === other.session;
    if (!same) throw new Violation('somebody keeps the link, and the two do not hold the same one');
    if (this.wires.length !== 1) throw new Violation(`${this.wires.length} connections at rest`);
    if (!left.connected || !right.connected) throw new Violation('linked and not connected');
  }

  private wireActions({ ends, broken, reset }: Wire, index: number, add: Add): void {
    for (const side of [0, 1] as const) {
      const { node, rank, chunks } = ends[side];
      if (rank === GONE) continue;
      if (chunks.length > 0) add(`receive ${NAMES[node]}${index}`, (scope) => scope.receive(index, side));
      if (broken || reset) add(`reset ${NAMES[node]}${index}`, (scope) => scope.endWire(index, side, true));
    }
    if (!broken && !reset && this.left.breaks > 0) add(`break ${index}`, (scope) => scope.breakWire(index), true);
  }

  private nodeActions(number: number, { state, dials, sent, refused }: Member, add: Add): void {
    const { name } = state;
    const can = (budget: Budget): boolean => this.left[budget] > 0;
    const fault = (budget: Budget, input: Input): void =>
      add(
        `${input.kind} ${name}`,
        (scope) => {
          scope.spend(budget);
          scope.step(number, input);
        },
        true,
      );
    if (dials.length > 0 && this.wires.length < this.bounds.connections)
      add(`open ${name}`, (scope) => scope.open(number));
    const { packets, senders, drips } = this.bounds;
    if (senders.includes(name) && sent < packets && state.connected && !refused)
      add(`send ${name}`, (scope) => scope.send(number));
    if (drips && state.dripping) add(`drip ${name}`, (scope) => scope.step(number, { kind: 'drained' }));
    if (state.ackDue) add(`ack ${name}`, (scope) => scope.step(number, { kind: 'ack' }));
    if (state.probing) {
      if (this.isDead(number, state.linkRank)) add(`probe ${name}`, (scope) => scope.step(number, { kind: 'probe' }));
      else if (can('misjudged')) fault('misjudged', { kind: 'probe' });
    }
    if (can('disconnects') && state.connected && state.linkRank >= 0) fault('disconnects', { kind: 'disconnect' });
    if (can('unkeeps') && state.kept) fault('unkeeps', { kind: 'unkeep' });
    if (can('dials')) fault('dials', { kind: 'connect' });
    if (can('expiries') && state.waits) fault('expiries', { kind: 'expire' });
    if (can('silences') && state.linkRank >= 0) fault('silences', { kind: 'silence' });
    if (can('restarts') && !this.bounds.twin) add(`restart ${name}`, (scope) => scope.restart(number), true);
  }

  /** Nothing can come over that link any more. */
  private isDead(number: number, rank: number): boolean {
    const [wire] = this.find(number, rank);
    return wire === null || wire.broken || wire.reset || wire.ends.some((end) => end.rank === GONE);
  }

  /** Both nodes hold that wire as their link, and nothing is wrong with it. */
  private isHealthy({ ends, broken, reset }: Wire): boolean {
    return !broken && !reset && ends.every(({ node, rank }) => rank !== GONE && this.linkOf(node) === rank);
  }

  private linkOf(number: number): number {
    return (this.members[number] as Member).state.linkRank;
  }

  /** Nothing but broken connections can be a reason to close a link. */
  private get onlyDials(): boolean {
    const { restarts, disconnects, unkeeps, expiries, silences, misjudged, twin } = this.bounds;
    return restarts + disconnects + unkeeps + expiries + silences + misjudged === 0 && !twin;
  }

  private begin(number: number, sent: number): void {
    const state = this.table.start(NAMES[number] as string, ++this.starts);
    this.members[number] = { state, dials: NONE, sent, connected: false, refused: false, conflict: false };
  }

  private restart(number: number): void {
    this.spend('restarts');
    const { state, sent } = this.members[number] as Member;
    this.packets = this.packets.map((packet) => (packet.start === state.start ? { ...packet, lost: true } : packet));
    for (const wire of this.wires) {
      for (const side of [0, 1] as const) {
        if (wire.ends[side].node !== number || wire.ends[side].rank === GONE) continue;
        wire.ends[side].rank = GONE;
        resetOther(wire, side);
      }
    }
    this.sweep();
    this.begin(number, sent);
    // Its program does again what it did at first.
    if (this.bounds.keepers.includes(state.name)) this.step(number, { kind: 'connect' });
  }

  private spend(budget: Budget): void {
    this.left = { ...this.left, [budget]: this.left[budget] - 1 };
  }

  private breakWire(index: number): void {
    this.spend('breaks');
    const wire = this.wires[index] as Wire;
    wire.broken = true;
    for (const end of wire.ends) end.chunks = NONE;
  }

  private open(number: number): void {
    const member = this.members[number] as Member;
    const { rank, to } = member.dials[0] as Dial;
    member.dials = member.dials.slice(1);
    const [near, far] = [
      { node: number, rank, chunks: NONE },
      { node: to, rank: GONE, chunks: NONE },
    ];
    this.wires.push({ ends: [near, far], broken: false, reset: false });
    this.step(to, { kind: 'accepted' }, far);
    this.step(number, { kind: 'opened', rank: near.rank });
  }

  private receive(index: number, side: Side): void {
    const end = (this.wires[index] as Wire).ends[side];
    const [chunk = FIN, ...others] = end.chunks;
    end.chunks = others;
    if (chunk === FIN) this.endWire(index, side, false);
    else this.step(end.node, { kind: 'received', rank: end.rank, chunk });
  }

  private endWire(index: number, side: Side, reset: boolean): void {
    const wire = this.wires[index] as Wire;
    const { node, rank } = wire.ends[side];
    wire.ends[side].rank = GONE;
    if (!reset) finish(wire, side);
    this.step(node, { kind: 'ended', rank, reset });
  }

  private send(number: number): void {
    const member = this.members[number] as Member;
    const { start, peerStart: toStart } = member.state;
    const packet = this.packets.length;
    const fresh = { from: number, start, toStart, delivered: false, reported: NOT, lost: false };
    this.packets = [...this.packets, fresh];
    this.step(number, { kind: 'send', packet });
    if (this.packets.length > packet) member.sent++;
  }

  /** Something comes to a node: it is in another state, and what it does happens. */
  private step(number: number, input: Input, incoming?: End): void {
    const member = this.members[number] as Member;
    const { to, effects, ranks, accepted } = this.table.step(member.state, input);
    if (incoming !== undefined) incoming.rank = accepted;
    for (const effect of effects) this.happen(number, member, effect);
    member.state = to;
    if (member.dials.length > 0) {
      member.dials = member.dials.map((dial) => ({ rank: ranks[dial.rank] as number, to: dial.to }));
    }
    for (const { ends } of this.wires) {
      for (const end of ends) {
        if (end.node !== number || end.rank === GONE) continue;
        end.rank = ranks[end.rank] as number;
        if (end.rank === GONE) throw new Violation(`${to.name} forgot a connection without closing it`);
      }
    }
    this.sweep();
  }

  private happen(number: number, member: Member, effect: Effect): void {
    const { name } = member.state;
    switch (effect.kind) {
      case 'dial':
        member.dials = [...member.dials, { rank: effect.handle, to: NAMES.indexOf(effect.to as 'a') }];
        break;
      case 'write':
        this.write(number, effect.handle, effect.chunk);
        break;
      case 'close':
        this.close(number, member, effect.handle, effect.flush);
        break;
      case 'connect':
        if (member.connected) throw new Violation(`${name} heard connect twice`);
        member.connected = true;
        break;
      case 'disconnect':
        if (!member.connected) throw new Violation(`${name} heard disconnect without connect`);
        member.connected = false;
        member.refused = false;
        break;
      case 'drain':
        member.refused = false;
        break;
      case 'refused':
        // It was not accepted: it may be sent again when there is room.
        this.packets = this.packets.slice(0, -1);
        member.refused = true;
        break;
      case 'conflict':
        if (!this.bounds.twin) throw new Violation(`${name} heard of a conflict that is none`);
        member.conflict = true;
        break;
      case 'deliver':
        this.deliver(member, effect.packet);
        break;
      case 'report':
        this.report(member, effect.packet, effect.as === 'uncertain' ? UNCERTAIN : UNSENT);
        break;
    }
  }

  private write(number: number, handle: number, chunk: number): void {
    const [wire, side] = this.find(number, handle);
    if (wire === null) return;
    const other = wire.ends[side === 0 ? 1 : 0];
    if (!wire.broken && other.rank !== GONE) other.chunks = [...other.chunks, chunk];
  }

  private find(number: number, handle: number): [Wire, Side] | [null, 0] {
    for (const wire of this.wires) {
      const [left, right] = wire.ends;
      if (left.node === number && left.rank === handle) return [wire, 0];
      if (right.node === number && right.rank === handle) return [wire, 1];
    }
    return [null, 0];
  }

  private close(number: number, member: Member, handle: number, flush: boolean): void {
    if (member.dials.length > 0) member.dials = member.dials.filter(({ rank }) => rank !== handle);
    const [wire, side] = this.find(number, handle);
    if (wire === null) return;
    if (this.onlyDials && this.isHealthy(wire)) throw new Violation(`${member.state.name} closed a healthy link`);
    wire.ends[side].rank = GONE;
    if (flush) finish(wire, side);
    else resetOther(wire, side);
  }

  private sweep(): void {
    if (this.wires.some(gone)) this.wires = this.wires.filter((wire) => !gone(wire));
  }

  private deliver({ state, connected }: Member, number: number): void {
    const packet = this.packets[number];
    if (packet === undefined) throw new Violation('a packet that was never sent');
    if (packet.delivered) throw new Violation(`packet ${number} delivered twice`);
    if (packet.reported === UNSENT) throw new Violation(`packet ${number} reported unsent and delivered`);
    if (packet.toStart !== state.start) throw new Violation(`packet ${number} reached another incarnation`);
    if (!connected) throw new Violation(`packet ${number} came from a peer that is not connected`);
    for (const earlier of this.packets.slice(0, number)) {
      const same = earlier.start === packet.start && earlier.toStart === packet.toStart;
      if (same && !earlier.delivered && earlier.reported === NOT)
        throw new Violation(`packet ${number} before one that was sent earlier`);
    }
    this.replace(number, { ...packet, delivered: true });
  }

  private report({ state }: Member, number: number, as: number): void {
    const packet = this.packets[number];
    if (packet === undefined || packet.start !== state.start) throw new Violation('reported what it never sent');
    if (packet.reported !== NOT) throw new Violation(`packet ${number} reported twice`);
    if (as === UNSENT && packet.delivered) throw new Violation(`packet ${number} delivered and reported unsent`);
    this.replace(number, { ...packet, reported: as });
  }

  private replace(number: number, packet: Packet): void {
    this.packets = this.packets.map((each, index) => (index === number ? packet : each));
  }

  /** The same state, which can then go its own way. */
  copy(): Scope {
    const copy = Object.create(Scope.prototype) as { -readonly [K in keyof Scope]: Scope[K] };
    return Object.assign(copy as Scope, this, {
      members: this.members.map((member) => ({ ...member })),
      wires: this.wires.map(({ ends: [left, right], broken, reset }) => ({
        ends: [{ ...left }, { ...right }],
        broken,
        reset,
      })),
    });
  }

  /** The state as numbers: two states with the same numbers are one. Returns how many there are. */
  encode(into: Int32Array): number {
    let at = 0;
    into[at++] = this.starts;
    for (const budget of BUDGETS) into[at++] = this.left[budget];
    for (const { state, dials, sent, connected, refused, conflict } of this.members) {
      into[at++] = state.index;
      into[at++] = (sent << 3) | (Number(connected) << 2) | (Number(refused) << 1) | Number(conflict);
      into[at++] = dials.length;
      for (const { rank, to } of dials) into[at++] = (rank << 2) | to;
    }
    into[at++] = this.wires.length;
    for (const { ends, broken, reset } of this.wires) {
      into[at++] = (Number(broken) << 1) | Number(reset);
      for (const { node, rank, chunks } of ends) {
        into[at++] = (rank << 2) | node;
        into[at++] = chunks.length;
        for (const chunk of chunks) into[at++] = chunk;
      }
    }
    into[at++] = this.packets.length;
    for (const { from, start, toStart, delivered, reported, lost } of this.packets) {
      into[at++] =
        (start << 12) | (toStart << 6) | (from << 4) | (reported << 2) | (Number(delivered) << 1) | Number(lost);
    }
    return at;
  }

  /** The state that `encode` wrote. */
  decode(from: Int32Array): Scope {
    const scope = this.copy();
    let at = 0;
    const next = (): number => from[at++] as number;
    const list = <T>(read: () => T): T[] => Array.from({ length: next() }, read);
    scope.starts = next();
    scope.left = Object.fromEntries(BUDGETS.map((budget) => [budget, next()])) as Record<Budget, number>;
    for (const member of scope.members) {
      member.state = this.table.states[next()] as NodeState;
      const bits = next();
      member.sent = bits >> 3;
      member.connected = (bits & 4) !== 0;
      member.refused = (bits & 2) !== 0;
      member.conflict = (bits & 1) !== 0;
      member.dials = list(() => {
        const dial = next();
        return { rank: dial >> 2, to: dial & 3 };
      });
    }
    scope.wires = list(() => {
      const bits = next();
      const end = (): End => {
        const first = next();
        return { node: first & 3, rank: first >> 2, chunks: list(next) };
      };
      return { ends: [end(), end()], broken: (bits & 2) !== 0, reset: (bits & 1) !== 0 };
    });
    scope.packets = list(() => {
      const bits = next();
      const [start, toStart, sender, reported] = [bits >> 12, (bits >> 6) & 63, (bits >> 4) & 3, (bits >> 2) & 3];
      return { from: sender, start, toStart, reported, delivered: (bits & 2) !== 0, lost: (bits & 1) !== 0 };
    });
    return scope;
  }
}

type Add = (name: string, run: (scope: Scope) => void, fault?: boolean) => void;

/** The stream from that side ends in order. */
function finish({ ends, broken }: Wire, side: Side): void {
  const other = ends[side === 0 ? 1 : 0];
  if (other.rank !== GONE && !broken) other.chunks = [...other.chunks, FIN];
  ends[side].chunks = NONE;
}

function resetOther(wire: Wire, side: Side): void {
  for (const end of wire.ends) end.chunks = NONE;
  if (wire.ends[side === 0 ? 1 : 0].rank !== GONE && !wire.broken) wire.reset = true;
}

function gone({ ends }: Wire): boolean {
  return ends[0].rank === GONE && ends[1].rank === GONE;
}
