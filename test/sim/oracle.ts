/**
 * Knows every packet that was accepted, delivered and reported, and checks invariants 2 to 5 of `docs/protocol.md` as it
 * learns of each. A packet is its number, as 4 bytes, and marks.
 */
import type { DisconnectReason, Expired } from '../../src/protocol/output.js';
import { type LaneIndex, NORMAL, type Session, URGENT } from '../../src/protocol/session.js';
import { check } from './violation.js';

interface Packet {
  readonly number: number;
  readonly from: string;
  readonly to: string;
  readonly lane: LaneIndex;
  /** The sender's. */
  readonly conversation: Conversation;
  /** Its place in its lane of its session. */
  place: number;
  /** Frames of the lane up to its end: so many acknowledged means that it arrived. */
  frames: number;
  readonly length: number;
  /** By its sender's clock it is of use until then. */
  readonly until: number;
  delivered: boolean;
  reported: 'uncertain' | 'unsent' | 'expired' | null;
  /** The sender's memory is gone: nobody can report. */
  orphaned: boolean;
}

/** What one side said in a session. */
interface Conversation {
  /** Who heard it, of all that ever had the receiver's id: the node and its session, once something was delivered. */
  hearer: string;
  heard: Session | null;
  readonly lanes: readonly [Said, Said];
}

/** In one lane. */
interface Said {
  packets: Packet[];
  /** How many were delivered, and how many acknowledged. */
  delivered: number;
  acknowledged: number;
}

export class Oracle {
  readonly packets: Packet[] = [];
  delivered = 0;
  reported = 0;
  private readonly conversations = new Map<Session, Conversation>();
  /** By the receiver's session: what was said on the other side of it. */
  private readonly answers = new Map<Session, Conversation>();
  private readonly connected = new Set<string>();

  /** The number of the next packet, whose bytes are then made by `bytesOf`. */
  get nextNumber(): number {
    return this.packets.length;
  }

  /** @param frames - what `send` returned */
  accepted(
    from: string,
    to: string,
    lane: LaneIndex,
    session: Session,
    frames: number,
    length: number,
    until: number,
  ): void {
    let conversation = this.conversations.get(session);
    if (conversation === undefined) {
      const said = (): Said => ({ packets: [], delivered: 0, acknowledged: 0 });
      conversation = { hearer: '', heard: null, lanes: [said(), said()] };
      this.conversations.set(session, conversation);
    }
    const { packets } = conversation.lanes[lane];
    const packet: Packet = {
      number: this.packets.length,
      from,
      to,
      lane,
      conversation,
      place: packets.length,
      frames,
      length,
      until,
      delivered: false,
      reported: null,
      orphaned: false,
    };
    packets.push(packet);
    this.packets.push(packet);
  }

  /** @param session - the receiver's */
  deliver(at: string, sender: string, lane: LaneIndex, session: Session, bytes: Uint8Array): void {
    const number = numberOf(bytes);
    const packet = this.packets[number];
    check(packet !== undefined, `packet ${number} was delivered and never accepted`);
    check(packet.to === name(at) && name(packet.from) === sender, `packet ${number} reached ${at} as from ${sender}`);
    check(packet.lane === lane, `packet ${number} changed lanes`);
    check(packet.length === bytes.length, `packet ${number} of ${packet.length} bytes has ${bytes.length}`);
    check(!packet.delivered, `packet ${number} was delivered twice`);
    const { reported } = packet;
    check(reported === null || reported === 'uncertain', `packet ${number} was reported ${reported} and is delivered`);
    const { conversation } = packet;
    const said = conversation.lanes[lane];
    check(packet.place === said.delivered, `packet ${number} is number ${packet.place}, and ${said.delivered} was due`);
    check(this.connected.has(`${at}<${sender}`), `packet ${number} came from ${sender}, not connected at ${at}`);
    if (conversation.heard === null) {
      conversation.heard = session;
      conversation.hearer = at;
      check(!this.answers.has(session), `packet ${number} is of another session than those before it`);
      this.answers.set(session, conversation);
    }
    check(conversation.heard === session, `packet ${number} of one session was delivered in another`);
    check(conversation.hearer === at, `packet ${number} was said to ${conversation.hearer} and reached ${at}`);
    said.delivered++;
    packet.delivered = true;
    this.delivered++;
  }

  /** What is acknowledged was delivered. */
  acknowledged(session: Session): void {
    const conversation = this.conversations.get(session);
    if (conversation === undefined) return;
    for (const lane of [NORMAL, URGENT] as const) {
      const said = conversation.lanes[lane];
      const frames = session.acked[lane];
      for (let packet = said.packets[said.acknowledged]; packet !== undefined; ) {
        if (packet.frames > frames) break;
        check(packet.delivered, `packet ${packet.number} was acknowledged and not delivered`);
        packet = said.packets[++said.acknowledged];
      }
    }
  }

  report(from: string, to: string, kind: 'uncertain' | 'unsent', bytes: Uint8Array): void {
    const number = numberOf(bytes);
    const packet = this.packets[number];
    check(
      packet !== undefined && packet.from === from && packet.to === to,
      `packet ${number} is not ${from}'s to report`,
    );
    check(packet.reported === null, `packet ${number} was reported twice`);
    check(kind === 'uncertain' || !packet.delivered, `packet ${number} was delivered and is reported unsent`);
    packet.reported = kind;
    this.reported++;
  }

  /** Packets were not sent in time: it is as if they had never been accepted. */
  expired(from: string, { id, session, lane, withdrawn }: Expired, now: number): void {
    const said = this.conversations.get(session)?.lanes[lane];
    const ends = new Set(withdrawn.map(({ end }) => end));
    let gone = 0;
    const left = (said?.packets ?? []).filter((packet) => {
      if (!ends.delete(packet.frames)) {
        packet.frames -= gone;
        return true;
      }
      const taken = withdrawn.find(({ end }) => end === packet.frames);
      check(
        taken !== undefined && numberOf(taken.payload) === packet.number,
        `not packet ${packet.number} was taken out`,
      );
      check(packet.from === from && packet.to === id, `packet ${packet.number} is not ${from}'s to take out`);
      check(packet.until <= now, `packet ${packet.number} was of use until ${packet.until}, and it is ${now}`);
      check(!packet.delivered && packet.reported === null, `packet ${packet.number} is accounted for, and too late`);
      gone += taken?.frames ?? 0;
      packet.reported = 'expired';
      this.reported++;
      return false;
    });
    check(ends.size === 0, `${from} has taken out what it had not accepted for ${id}`);
    if (said !== undefined) said.packets = left;
    for (const [place, packet] of left.entries()) packet.place = place;
  }

  /** A sender's session is over: what was not acknowledged has been reported. */
  ended(session: Session): void {
    const conversation = this.conversations.get(session);
    if (conversation === undefined) return;
    for (const { packets, acknowledged } of conversation.lanes) {
      for (let index = acknowledged; index < packets.length; index++) {
        const { number, reported } = packets[index] as Packet;
        check(reported !== null, `packet ${number} was neither acknowledged nor reported when its session ended`);
      }
    }
    this.conversations.delete(session);
  }

  connect(at: string, id: string): void {
    const key = `${at}<${id}`;
    check(!this.connected.has(key), `${at} heard connect ${id} twice`);
    this.connected.add(key);
  }

  disconnect(at: string, id: string, reason: DisconnectReason): void {
    const key = `${at}<${id}`;
    check(this.connected.delete(key), `${at} heard disconnect ${id} (${reason}) without connect`);
  }

  /** What is won back, or tried for, is a link of one that is connected. */
  reconnecting(at: string, id: string, what: string): void {
    check(this.connected.has(`${at}<${id}`), `${at} heard ${what} ${id} without connect`);
  }

  crashed(label: string): void {
    for (const packet of this.packets) if (packet.from === label) packet.orphaned = true;
  }

  /** At rest every packet was delivered or reported. */
  settled(): void {
    for (const packet of this.packets) {
      const accounted = packet.delivered || packet.reported !== null || packet.orphaned;
      check(accounted, `packet ${packet.number} from ${packet.from} to ${packet.to} vanished`);
    }
  }
}

/** Where a packet is checked, besides its number at its start. */
const FIRST_MARK = 4;
const BETWEEN_MARKS = 97;
/** Zero but for the marks. */
const scratch = new Uint8Array(1024 * 1024);

/** Four bytes of number, then marks here and there. The memory is used again. */
export function bytesOf(number: number, length: number): Uint8Array {
  scratch[0] = number >>> 24;
  scratch[1] = number >>> 16;
  scratch[2] = number >>> 8;
  scratch[3] = number;
  const size = Math.max(length, FIRST_MARK);
  for (let at = FIRST_MARK; at < size; at += BETWEEN_MARKS) scratch[at] = number;
  return scratch.subarray(0, size);
}

function numberOf(bytes: Uint8Array): number {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  const number = first * 2 ** 24 + (second << 16) + (third << 8) + fourth;
  for (let at = FIRST_MARK; at < bytes.length; at += BETWEEN_MARKS) {
    check(bytes[at] === fourth, `packet ${number} is corrupt at byte ${at}`);
  }
  return number;
}

/** Nodes are named `id#start`. */
export function name(label: string): string {
  return label.slice(0, label.indexOf('#'));
}
