/**
 * Knows every packet that was accepted, delivered and reported, and checks the invariants of `docs/protocol.md` as it
 * learns of each. A packet is its number, as 4 bytes and padding.
 */
import type { DisconnectReason } from '../../src/protocol/output.js';
import type { LaneIndex, Session } from '../../src/protocol/session.js';

interface Packet {
  readonly number: number;
  readonly from: string;
  readonly to: string;
  readonly lane: LaneIndex;
  readonly session: Session;
  /** Its place in its lane of its session. */
  readonly place: number;
  delivered: boolean;
  reported: 'uncertain' | 'unsent' | null;
  /** The sender's memory is gone: nobody can report. */
  orphaned: boolean;
}

class Violation extends Error {}

export class Oracle {
  readonly packets: Packet[] = [];
  delivered = 0;
  reported = 0;
  private readonly counts = new Map<Session, [Packet[], Packet[]]>();
  private readonly expected = new Map<Session, [number, number]>();
  private readonly connected = new Map<string, boolean>();

  /** The number of the next packet, whose bytes are then made by `bytesOf`. */
  get nextNumber(): number {
    return this.packets.length;
  }

  accepted(from: string, to: string, lane: LaneIndex, session: Session): void {
    let lanes = this.counts.get(session);
    if (lanes === undefined) {
      lanes = [[], []];
      this.counts.set(session, lanes);
      this.expected.set(session, [0, 0]);
    }
    const place = lanes[lane].length;
    const packet = {
      number: this.packets.length,
      from,
      to,
      lane,
      session,
      place,
      delivered: false,
      reported: null,
      orphaned: false,
    };
    lanes[lane].push(packet);
    this.packets.push(packet);
  }

  deliver(at: string, sender: string, lane: LaneIndex, bytes: Uint8Array): void {
    const number = numberOf(bytes);
    const packet = this.packets[number];
    check(packet !== undefined, `packet ${number} was delivered and never accepted`);
    check(packet.to === name(at) && name(packet.from) === sender, `packet ${number} reached ${at} as from ${sender}`);
    check(packet.lane === lane, `packet ${number} changed lanes`);
    check(!packet.delivered, `packet ${number} was delivered twice`);
    check(packet.reported !== 'unsent', `packet ${number} was reported unsent and is delivered`);
    const expected = this.expected.get(packet.session) as [number, number];
    check(packet.place === expected[lane], `packet ${number} is number ${packet.place}, and ${expected[lane]} was due`);
    check(
      this.connected.get(`${at}<${sender}`) === true,
      `packet ${number} came from ${sender}, not connected at ${at}`,
    );
    expected[lane]++;
    packet.delivered = true;
    this.delivered++;
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

  connect(at: string, id: string): void {
    const key = `${at}<${id}`;
    check(this.connected.get(key) !== true, `${at} heard connect ${id} twice`);
    this.connected.set(key, true);
  }

  disconnect(at: string, id: string, reason: DisconnectReason): void {
    const key = `${at}<${id}`;
    check(this.connected.get(key) === true, `${at} heard disconnect ${id} (${reason}) without connect`);
    this.connected.set(key, false);
  }

  crashed(incarnation: string): void {
    for (const packet of this.packets) if (packet.from === incarnation) packet.orphaned = true;
  }

  /** At rest every packet was delivered or reported. */
  settled(): void {
    for (const packet of this.packets) {
      const accounted = packet.delivered || packet.reported !== null || packet.orphaned;
      check(accounted, `packet ${packet.number} from ${packet.from} to ${packet.to} vanished`);
    }
  }
}

/** Four bytes of number, then padding that can be checked. */
export function bytesOf(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(4, length)).fill(number & 0xff);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

function numberOf(bytes: Uint8Array): number {
  const number = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
  for (let i = 4; i < bytes.length; i += 97)
    check(bytes[i] === (number & 0xff), `packet ${number} is corrupt at byte ${i}`);
  return number;
}

/** Nodes are named `id#incarnation`. */
function name(node: string): string {
  return node.slice(0, node.indexOf('#'));
}

export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Violation(message);
}
