/**
 * The demo's accounts. A stream is what one process sent to one other in one session. Its sender says how many packets
 * it was allowed to send and which were reported undelivered; its receiver says what came. Nothing else is believed.
 *
 * For every stream: sent = delivered + reported + unknown + lost. `unknown` is possible only where a process was killed:
 * its memory is gone, and with it the counts since its last message to us.
 */
import type { Findings } from './demo-continuity.js';

/** What the sender of a stream says. */
export interface Sent {
  readonly stream: string;
  readonly from: string;
  readonly to: string;
  /** Packets accepted by `send`, numbered from 0. */
  readonly accepted: number;
  /** The first number reported by `undelivered`, to the last accepted; null when nothing was. */
  readonly reportedFrom: number | null;
  /** Why the session ended; null while it lasts. */
  readonly ended: string | null;
}

/** What the receiver of a stream says. */
export interface Received extends Findings {
  readonly stream: string;
}

export interface Totals {
  readonly sent: number;
  readonly delivered: number;
  /** Not delivered, and the sender was told so. */
  readonly reported: number;
  readonly unknown: number;
  /** Meaningful when nothing is on its way. */
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly altered: number;
}

interface Stream {
  sent: Sent | null;
  received: Received | null;
  /** Its sender or its receiver was killed. */
  killed: boolean;
}

export class Ledger {
  readonly #streams = new Map<string, Stream>();
  readonly #killed = new Set<string>();

  sent(accounts: readonly Sent[]): void {
    for (const sent of accounts) {
      const stream = this.#stream(sent.stream);
      stream.sent = sent;
      // A session with a process that was killed can end before its sender has told us of it.
      if (sent.ended === 'restarted' && this.#killed.has(sent.to)) stream.killed = true;
    }
  }

  received(accounts: readonly Received[]): void {
    for (const received of accounts) this.#stream(received.stream).received = received;
  }

  /** The process of a node is gone without a word. */
  killed(id: string): void {
    this.#killed.add(id);
    for (const stream of this.#streams.values()) {
      if (stream.sent === null || stream.sent.ended !== null) continue;
      if (stream.sent.from === id || stream.sent.to === id) stream.killed = true;
    }
  }

  totals(): Totals {
    const totals = { sent: 0, delivered: 0, reported: 0, unknown: 0, lost: 0, duplicated: 0, reordered: 0, altered: 0 };
    for (const { sent, received, killed } of this.#streams.values()) {
      const end = received?.end ?? 0;
      // What came was sent, even if its sender was killed before it could say so.
      const accepted = Math.max(sent?.accepted ?? 0, end);
      const delivered = end - (received?.missing ?? 0);
      const reported = sent?.reportedFrom == null ? 0 : Math.max(0, sent.accepted - Math.max(end, sent.reportedFrom));
      const rest = accepted - delivered - reported;
      const unknown = killed ? rest - (received?.missing ?? 0) : 0;
      totals.sent += accepted;
      totals.delivered += delivered;
      totals.reported += reported;
      totals.unknown += unknown;
      totals.lost += rest - unknown;
      totals.duplicated += received?.duplicated ?? 0;
      totals.reordered += received?.reordered ?? 0;
      totals.altered += received?.altered ?? 0;
    }
    return totals;
  }

  #stream(name: string): Stream {
    let stream = this.#streams.get(name);
    if (stream === undefined) this.#streams.set(name, (stream = { sent: null, received: null, killed: false }));
    return stream;
  }
}
