/**
 * What is accepted for all peers together, and how they share it: a part is each peer's own, whatever others fill. Else a few
 * that do not read, or mean harm, would have nothing sent to anybody.
 */

/** Bytes that are each peer's own, if those of all come to no more than this part of what there is: nobody can borrow that. */
export const OWN: number = 256 * 1024;
export const OWN_PART: number = 1 / 16;

type Peers = ReadonlyMap<string, { readonly session: { readonly outstanding: number } }>;

export class Budget {
  /** Bytes accepted for all peers and not acknowledged. */
  outstanding = 0;
  /** Those of them beyond what is their peer's own. */
  private borrowed = 0;
  /** What was taken when nothing else was on its way, which may be any size, and is not yet acknowledged. */
  private first = 0;
  private readonly total: number;
  private peers = 1;
  private own: number;

  /** @param total - bytes for all peers */
  constructor(total: number) {
    this.total = total;
    this.own = ownOf(total, 1);
  }

  /** What is outstanding for one peer has changed. */
  change(before: number, after: number): void {
    const alone = this.outstanding === 0;
    this.outstanding += after - before;
    this.first = alone ? after : Math.min(this.first, this.outstanding);
    this.borrowed += this.beyond(after) - this.beyond(before);
  }

  /**
   * Whether there is room for so many more for a peer that has `outstanding`. Whatever its size, a packet goes when nothing
   * else is on its way; beside it the others have what is their own.
   *
   * @param peers - all that there are
   */
  fits(outstanding: number, more: number, peers: Peers): boolean {
    const sum = this.outstanding + more;
    const most = this.total * (1 - OWN_PART);
    if (sum <= most || this.outstanding === 0) return true;
    if (sum > Math.max(this.total, this.first + this.total * OWN_PART)) return false;
    if (peers.size !== this.peers) this.divide(peers);
    const borrowed = this.borrowed + this.beyond(outstanding + more) - this.beyond(outstanding);
    return outstanding + more <= this.own || borrowed <= most;
  }

  private beyond(outstanding: number): number {
    return Math.max(0, outstanding - this.own);
  }

  private divide(peers: Peers): void {
    this.peers = peers.size;
    const own = ownOf(this.total, peers.size);
    if (own === this.own) return;
    this.own = own;
    this.borrowed = 0;
    for (const { session } of peers.values()) this.borrowed += this.beyond(session.outstanding);
  }
}

function ownOf(total: number, peers: number): number {
  return Math.floor(Math.min(OWN, (total * OWN_PART) / peers));
}
