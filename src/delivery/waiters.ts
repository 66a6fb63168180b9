/**
 * Who waits until accepted packets were had by the peer's application: of each lane of a session in a row, by the number of
 * frames that must be acknowledged.
 */
import { MasterlessError } from '../errors.js';
import type { Expired } from '../protocol/output.js';
import { type LaneIndex, NORMAL, type Session, URGENT } from '../protocol/session.js';
import { Fifo } from './fifo.js';

/** A promise's other end. */
export interface Promised {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface Waiter extends Promised {
  /** Frames that must be acknowledged. */
  number: number;
  /** `SendBuffer.withdrawals` when it had that number. */
  readonly since: number;
  /** It is for the packet that ends with that frame, rather than for all until there. */
  readonly single: boolean;
  /** It waits no more. */
  left: boolean;
}

/** Those of one lane, by rising number. */
interface Row {
  waiters: Fifo<Waiter>;
  /** How many of them have left: they are taken out when they are more than the others. */
  left: number;
}

export class Waiters {
  readonly #rows = new Map<Session, readonly [Row, Row]>();

  /** One more, behind all others of the lane. Nothing is kept of what it was given but how to settle it. */
  add(session: Session, lane: LaneIndex, number: number, single: boolean, { resolve, reject }: Promised): Waiter {
    const rows = this.#rows.get(session) ?? ([row(), row()] as const);
    this.#rows.set(session, rows);
    const since = session.lane(lane).outgoing.withdrawals;
    const waiter: Waiter = { number, since, single, resolve, reject, left: false };
    rows[lane].waiters.push(waiter);
    return waiter;
  }

  /** It gives up, with that error. */
  leave(session: Session, lane: LaneIndex, waiter: Waiter, error: MasterlessError): void {
    waiter.reject(error);
    const row = this.#rows.get(session)?.[lane];
    if (row === undefined || waiter.left) return;
    waiter.left = true;
    if (++row.left * 2 <= row.waiters.size) return;
    const stay = new Fifo<Waiter>();
    for (const each of row.waiters) if (!each.left) stay.push(each);
    row.waiters = stay;
    row.left = 0;
  }

  /** The peer acknowledged something in this session. */
  acknowledged(session: Session): void {
    const rows = this.#rows.get(session);
    if (rows === undefined) return;
    for (const lane of [NORMAL, URGENT] as const) {
      const { waiters } = rows[lane];
      for (let first = waiters.at(waiters.first); first !== undefined; first = waiters.at(waiters.first)) {
        if (first.number > session.acked[lane]) break;
        waiters.shift();
        if (first.left) rows[lane].left--;
        first.left = true;
        first.resolve();
      }
    }
    if (rows[NORMAL].waiters.size + rows[URGENT].waiters.size === 0) this.#rows.delete(session);
  }

  /** Packets were not sent in time, and those behind them moved up. */
  expired({ id, session, lane, withdrawn, withdrawals }: Expired): void {
    let next = 0;
    let gone = 0;
    for (const waiter of this.#rows.get(session)?.[lane].waiters ?? []) {
      // Of those that came later the numbers count from what was left.
      if (waiter.since >= withdrawals) break;
      for (; (withdrawn[next]?.end ?? Number.POSITIVE_INFINITY) <= waiter.number; next++) {
        if (waiter.single && withdrawn[next]?.end === waiter.number) this.leave(session, lane, waiter, expiry(id));
        gone += withdrawn[next]?.frames ?? 0;
      }
      waiter.number -= gone;
    }
    this.acknowledged(session);
  }

  /** The session has ended: what it did not deliver never will be. */
  ended(id: string, session: Session): void {
    const rows = this.#rows.get(session);
    this.#rows.delete(session);
    if (rows === undefined) return;
    // Of a flush one lane may have been sent and the other not, and the beginning of a lane without its end.
    const some = session.leftover().uncertain.length > 0;
    for (const lane of [NORMAL, URGENT] as const) {
      for (const { number, single, reject } of rows[lane].waiters) {
        const sent = single ? number <= session.lane(lane).outgoing.everSent : some;
        const what = single ? 'the packet was acknowledged: it' : 'all was acknowledged: what is left';
        const known = sent ? (single ? SENT : `${SENT}, at least in part`) : 'was not sent';
        const message = `the session with ${id} ended before ${what} ${known}`;
        reject(new MasterlessError('ERR_UNDELIVERED', message, { uncertain: sent }));
      }
    }
  }
}

const SENT = 'was on its way, and may have arrived';

function row(): Row {
  return { waiters: new Fifo(), left: 0 };
}

export function expiry(id: string): MasterlessError {
  const message = `the packet for ${id} was not sent: its ttl was over before there was a link, or room, to write it`;
  return new MasterlessError('ERR_EXPIRED', message, { uncertain: false });
}
