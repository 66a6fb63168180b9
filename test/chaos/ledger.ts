/**
 * Reads the journals of nodes and says whether the promises of docs/guarantees.md held, packet by packet: each that was
 * accepted arrived once and in order or was reported, none that was reported as unsent arrived, all arrived as they were
 * sent and in the session they were sent in, and `connect` and `disconnect` alternated.
 *
 * A *life* is a node from the start of its process to its end; a node killed and started again has several. Numbers
 * begin anew with each life, so what one life sent to a peer in one lane is a *flow*. A life that was killed can't say
 * what it had accepted: only up to the last packet that arrived all must have been delivered or reported.
 */
import { Ranges } from './ranges.js';

interface Flow {
  readonly got: Ranges;
  readonly uncertain: Ranges;
  readonly unsent: Ranges;
  /** `deliver` said so. */
  readonly confirmed: Set<number>;
  /** Packets accepted; null while it is not known. */
  accepted: number | null;
}

/** What one life knows of one peer. */
interface Acquaintance {
  connected: boolean;
  /** Whose packets come in this session: the peer's life and the number it gives the session. */
  partner: string | null;
}

interface Life {
  readonly peers: Map<string, Acquaintance>;
  /** From here on the nodes part because they are told to. */
  ended: boolean;
  /** A line whose end has not been read. */
  rest: string;
}

/** A session that ended while nobody had told it to. */
export interface Disconnect {
  readonly node: string;
  readonly peer: string;
  readonly reason: string;
}

export interface Sums {
  accepted: number;
  delivered: number;
  uncertain: number;
  unsent: number;
  confirmed: number;
  sessions: number;
  reconnects: number;
}

/** Complaints that are shown, and those that are kept of what is found while reading. */
const SHOWN = 20;
const KEPT = 1000;

export class Ledger {
  /** Nodes part by agreement: who keeps a peer that goes wins it back in a new session, and hears of no disconnect. */
  goodbyes = false;
  readonly disconnects: Disconnect[] = [];
  /** What was not as promised; empty while all is well. */
  readonly #complaints: string[] = [];
  readonly #flows = new Map<string, Flow>();
  readonly #lives = new Map<string, Life>();
  #reconnects = 0;
  #sessions = 0;

  /** The next piece of a life's journal; lives of one node one after the other. The half line of a killed one is left out. */
  read(life: string, text: string): void {
    const known = this.#life(life);
    const lines = (known.rest + text).split('\n');
    known.rest = lines.pop() ?? '';
    for (const line of lines) this.#line(life, known, line.split(' '));
  }

  /** When all has been read: what is wrong, in words. */
  complaints(): string[] {
    const all = [...this.#complaints];
    for (const [name, flow] of this.#flows) {
      const end = flow.accepted ?? flow.got.highest + 1;
      const lost = Ranges.missing(end, [flow.got, flow.uncertain, flow.unsent]);
      if (lost.count > 0) all.push(`${name}: ${lost.count} packets lost: ${lost.toString()}`);
      const impossible = flow.got.common(flow.unsent);
      if (impossible.count > 0) all.push(`${name}: reported as unsent, and arrived: ${impossible.toString()}`);
      const twice = flow.uncertain.common(flow.unsent);
      if (twice.count > 0) all.push(`${name}: reported as unsent and as uncertain: ${twice.toString()}`);
      for (const told of [flow.got, flow.uncertain, flow.unsent]) {
        if (flow.accepted !== null && told.highest >= flow.accepted) {
          all.push(`${name}: packet ${told.highest}, of ${flow.accepted} accepted`);
        }
      }
      for (const number of flow.confirmed) {
        if (!flow.got.has(number)) all.push(`${name}: deliver said that ${number} was had, and it was not`);
      }
    }
    return all.length > SHOWN ? [...all.slice(0, SHOWN), `and ${all.length - SHOWN} more`] : all;
  }

  sums(): Sums {
    const flows = [...this.#flows.values()];
    const sum = (of: (flow: Flow) => number): number => flows.reduce((total, flow) => total + of(flow), 0);
    return {
      accepted: sum(({ accepted, got }) => accepted ?? got.highest + 1),
      delivered: sum(({ got }) => got.count),
      uncertain: sum(({ uncertain }) => uncertain.count),
      unsent: sum(({ unsent }) => unsent.count),
      confirmed: sum(({ confirmed }) => confirmed.size),
      sessions: this.#sessions,
      reconnects: this.#reconnects,
    };
  }

  #line(life: string, known: Life, [word = '', ...rest]: readonly string[]): void {
    const [peer = '', second = ''] = rest;
    switch (word) {
      case 'got':
        this.#got(life, known, rest);
        break;
      case 'altered':
        this.#complain(life, `a packet altered on its way: ${rest.join(' ')}`);
        break;
      case 'connect':
        this.#sessions++;
        if (this.#acquaintance(known, peer).connected) this.#complain(life, `connect of ${peer}, which is connected`);
        known.peers.set(peer, { connected: true, partner: null });
        break;
      case 'disconnect':
        if (!this.#acquaintance(known, peer).connected)
          this.#complain(life, `disconnect of ${peer}, which is not there`);
        known.peers.set(peer, { connected: false, partner: null });
        if (!known.ended) this.disconnects.push({ node: nodeOf(life), peer, reason: second });
        break;
      case 'reconnect':
        this.#reconnects++;
        if (this.goodbyes) this.#acquaintance(known, peer).partner = null;
        break;
      case 'reconnecting':
        break;
      case 'conflict':
        this.#complain(life, `conflict of the id ${peer}`);
        break;
      case 'uncertain':
      case 'unsent':
        this.#reported(life, word, rest);
        break;
      case 'confirmed':
        this.#flow(life, peer, second).confirmed.add(Number(rest[2]));
        break;
      case 'accepted':
        this.#flow(life, peer, second).accepted = Number(rest[2]);
        break;
      case 'end':
        known.ended = true;
        break;
      default:
        throw new Error(`the journal of ${life} has a line '${word} ${rest.join(' ')}'`);
    }
  }

  #got(life: string, known: Life, [from = '', session = '', lane = '', number = '']: readonly string[]): void {
    const sender = this.#acquaintance(known, nodeOf(from));
    if (!sender.connected) this.#complain(life, `packet ${number} of ${from}, which is not connected`);
    const partner = `${from} session ${session}`;
    if (sender.partner !== null && sender.partner !== partner) {
      this.#complain(life, `packet ${number} of ${partner} within that of ${sender.partner}`);
    }
    sender.partner = partner;
    const { got } = this.#flow(from, nodeOf(life), lane);
    const { highest } = got;
    if (!got.add(Number(number))) this.#complain(life, `packet ${number} of ${from} lane ${lane} after ${highest}`);
  }

  #reported(life: string, what: 'uncertain' | 'unsent', [peer = '', lane = '', ranges = '']: readonly string[]): void {
    const told = this.#flow(life, peer, lane)[what];
    for (const range of ranges.split(',')) {
      const [first, last] = range.split('-').map(Number);
      if (!told.add(first as number, last)) this.#complain(life, `${range} for ${peer} reported ${what} out of order`);
    }
  }

  #complain(life: string, what: string): void {
    if (this.#complaints.length < KEPT) this.#complaints.push(`${life}: ${what}`);
  }

  #flow(life: string, peer: string, lane: string): Flow {
    const name = `${life} to ${peer} lane ${lane}`;
    const flow = this.#flows.get(name) ?? {
      got: new Ranges(),
      uncertain: new Ranges(),
      unsent: new Ranges(),
      confirmed: new Set<number>(),
      accepted: null,
    };
    this.#flows.set(name, flow);
    return flow;
  }

  #life(name: string): Life {
    const life = this.#lives.get(name) ?? { peers: new Map<string, Acquaintance>(), ended: false, rest: '' };
    this.#lives.set(name, life);
    return life;
  }

  #acquaintance(life: Life, peer: string): Acquaintance {
    const acquaintance = life.peers.get(peer) ?? { connected: false, partner: null };
    life.peers.set(peer, acquaintance);
    return acquaintance;
  }
}

/** The node whose life this is: `a` of `a.3`. */
function nodeOf(life: string): string {
  return life.slice(0, life.lastIndexOf('.'));
}
