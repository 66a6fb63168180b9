/**
 * Invariant 7: a healthy link is never replaced, and a session never ends without need. The ledger knows what was done to
 * each pair of nodes and for how long, and finds the reason for whatever ends; when there is none, that is a violation.
 *
 * A cut cable alone is a reason for a new link, never for the end of a session: for that, something must have stood in
 * the way of coming back as well.
 */
import type { Wire } from '../../src/testing/end.js';
import { check } from './violation.js';

/**
 * What something is a reason for:
 * - `doubt`: a link falls silent that is none the worse for it. It is tested, and stays, unless the test goes wrong.
 * - `loss`: a link may break.
 * - `contest`: another claims to be one of the two: who does not answer for itself in time is taken for dead.
 * - `obstacle`: a connection may not come about.
 * - `absence`: a node does not act in time, or time passes faster for it.
 * - `end`: the session is over: somebody parted, or is not there any more.
 * - `unwanted`: a wish was withdrawn, or did not come true. Where nobody else wants it, the session is parted from as soon as
 *   both know of it, or held in vain.
 */
export type Effect = 'doubt' | 'loss' | 'contest' | 'obstacle' | 'absence' | 'end' | 'unwanted';

interface Span {
  readonly effects: readonly Effect[];
  readonly from: number;
  readonly until: number;
}

/** What one node holds of another. */
interface Held {
  /** When the session began, and its present link. */
  readonly since: number;
  linkedAt: number;
  /** What the link runs over; null when it is lost, or was gone before anybody could look. */
  wire: Wire | null;
  up: boolean;
}

/** What was done may take so long to show, or to be known to the other side: the longest of the core's deadlines. */
const SLOW = 6000;
/** Cables cut while a session waits for its link use up attempts: more than so many in so long are an obstacle. */
const CUTS = 1;
const RECOVERY = 30_000;

export class Ledger {
  private readonly spans = new Map<string, Span[]>();
  private readonly cuts = new Map<string, number[]>();
  private readonly severed = new Set<Wire>();
  private readonly held = new Map<string, Held>();
  private readonly weak = new Set<string>();
  private readonly ids: readonly string[];

  constructor(ids: readonly string[]) {
    this.ids = ids;
  }

  /** Something was done to two nodes. */
  between(a: string, b: string, effects: readonly Effect[], from: number, until: number = from): void {
    add(this.spans, pair(a, b), { effects, from, until });
  }

  /** Something was done to a node, and so to all pairs that it is one of. */
  at(id: string, effects: readonly Effect[], from: number, until: number = from): void {
    for (const other of this.ids) if (other !== id) this.between(id, other, effects, from, until);
  }

  /** A node wants another no longer. */
  unwanted(a: string, b: string, now: number): void {
    this.between(a, b, ['unwanted'], now, now + RECOVERY);
  }

  /** A wire does not carry any more what it should, in whatever way. */
  sever(wire: Wire, a: string, b: string, now: number): void {
    this.severed.add(wire);
    add(this.cuts, pair(a, b), now);
  }

  /** A node's time for a handshake is over: the other side may have had the link just before. */
  expired(label: string, id: string, wire: Wire): void {
    if (this.held.get(`${label}<${id}`)?.wire !== wire) this.severed.add(wire);
  }

  /** The node makes few attempts, or does not wait long: one cut is enough to end a session. */
  weaken(id: string): void {
    this.weak.add(id);
  }

  /** A node (by its label) has a link to the node `id`. */
  linked(label: string, own: string, id: string, wire: Wire | null, now: number): void {
    const key = `${label}<${id}`;
    const held = this.held.get(key);
    if (held === undefined) {
      this.held.set(key, { since: now, linkedAt: now, wire, up: true });
      return;
    }
    if (held.up) {
      check(this.broken(held, own, id, now), `${label} has replaced a healthy link to ${id}`);
      this.gone(held);
    }
    held.linkedAt = now;
    held.wire = wire;
    held.up = true;
  }

  /** It has lost that link. */
  lost(label: string, own: string, id: string, now: number): void {
    const held = this.held.get(`${label}<${id}`);
    if (held === undefined || !held.up) return;
    check(this.broken(held, own, id, now), `${label} has lost a healthy link to ${id}`);
    this.gone(held);
  }

  /** Its session with that node is over. */
  ended(label: string, own: string, id: string, now: number): void {
    const key = `${label}<${id}`;
    const held = this.held.get(key);
    if (held === undefined) return;
    this.held.delete(key);
    check(this.over(held, own, id, now), `${label} has ended its session with ${id} without need`);
    if (held.up) this.gone(held);
    // The other side hears of it in its own time.
    this.between(own, id, END, now);
  }

  private over(held: Held, own: string, id: string, now: number): boolean {
    if (this.any(own, id, END, held.since, now)) return true;
    if (held.up && !this.broken(held, own, id, now)) return false;
    if (this.weak.has(own) || this.weak.has(id)) return true;
    const from = Math.max(held.since, now - RECOVERY);
    return this.any(own, id, HINDRANCE, from, now) || this.cutsSince(own, id, from) > CUTS;
  }

  private broken({ wire, linkedAt }: Held, own: string, id: string, now: number): boolean {
    if (wire === null || this.severed.has(wire) || this.any(own, id, LOSS, linkedAt, now)) return true;
    if (!this.any(own, id, DOUBT, linkedAt, now)) return false;
    return this.any(own, id, MISTAKE, linkedAt, now) || this.cutsSince(own, id, linkedAt) > 0;
  }

  private cutsSince(a: string, b: string, from: number): number {
    return (this.cuts.get(pair(a, b)) ?? []).filter((at) => at >= from - SLOW).length;
  }

  /** The other side finds its end of the wire closed. */
  private gone(held: Held): void {
    if (held.wire !== null) this.severed.add(held.wire);
    held.wire = null;
    held.up = false;
  }

  private any(a: string, b: string, effects: readonly Effect[], from: number, now: number): boolean {
    const spans = this.spans.get(pair(a, b)) ?? [];
    // The latest are the likeliest.
    for (let index = spans.length - 1; index >= 0; index--) {
      const span = spans[index] as Span;
      if (span.from > now || span.until < from - SLOW) continue;
      if (span.effects.some((effect) => effects.includes(effect))) return true;
    }
    return false;
  }
}

const DOUBT: readonly Effect[] = ['doubt'];
const LOSS: readonly Effect[] = ['loss', 'end'];
/** What makes the test of a link go wrong. */
const MISTAKE: readonly Effect[] = ['contest', 'obstacle'];
/** What keeps a link from coming back. */
const HINDRANCE: readonly Effect[] = ['contest', 'obstacle', 'absence'];
const END: readonly Effect[] = ['end', 'unwanted'];

function pair(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}

function add<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
