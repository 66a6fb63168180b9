/**
 * The one place where it is decided which connection of a pair becomes its link. Only the arbiter (the node with the
 * greater id) decides, so no agreement has to be reached and "each side closed its own" can't happen.
 *
 * A pure function of what the arbiter holds and what the follower says it holds. The order of the rules is part of the
 * protocol; `docs/protocol.md` explains each.
 */

/** What the arbiter holds of the pair. */
export interface Pair {
  /** `adopted`: the follower has not confirmed yet. `suspect`: confirmed, but nothing was heard for too long. */
  readonly link: 'none' | 'adopted' | 'confirmed' | 'suspect';
  /** 0 for none. */
  readonly session: number;
  readonly epoch: number;
}

/** What the follower says, as far as it speaks of this very arbiter. */
export interface Offer {
  readonly session: number;
  readonly epoch: number;
  readonly live: boolean;
}

/**
 * - `adopt`: this connection becomes the link.
 * - `replace`: the same, and the present link is dead.
 * - `duplicate`: there is a good link; close this connection.
 * - `park`: wait until the present adoption is confirmed or fails.
 * - `query`: the two disagree and the offer may be old; ask again.
 */
export type Verdict = 'adopt' | 'replace' | 'duplicate' | 'park' | 'query';

/** @param fresh - nothing has changed at the arbiter since it asked for this offer */
export function decide(pair: Pair, offer: Offer, fresh: boolean): Verdict {
  const agreed = offer.session === pair.session && offer.epoch === pair.epoch;
  if (pair.link !== 'none') {
    // The follower has seen this epoch and holds it no longer: a half-open link dies at once.
    if (offer.epoch === pair.epoch && !offer.live) return 'replace';
    // It believes in the link, but here nothing is heard on it, while this connection carries an answer.
    if (agreed) return pair.link === 'suspect' && fresh ? 'replace' : 'duplicate';
    if (pair.link === 'adopted') return 'park';
    // It does not know a link that it has confirmed: it has forgotten, unless this was said before it confirmed.
    return fresh ? 'replace' : 'query';
  }
  return pair.session === 0 || agreed || fresh ? 'adopt' : 'query';
}

/** Whether the first of two ids is the arbiter: the greater one by bytes of UTF-8. */
export function isArbiter(own: string, other: string): boolean {
  return compare(own, other) > 0;
}

/** As UTF-8 would compare, which is not made for that. */
function compare(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const difference = rank(left.charCodeAt(i)) - rank(right.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** In UTF-16, halves of characters above all others come before the last of the others. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
