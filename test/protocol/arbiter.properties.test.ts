/** Laws of who decides, and of what is decided. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, isArbiter, type Offer, type Pair } from '../../src/protocol/arbiter.js';

const id = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\uffff', '\u{10000}'), minLength: 1, maxLength: 4 }),
);
const number = fc.nat(3);
const pairs = fc.record<Pair>({
  link: fc.constantFrom('none', 'adopted', 'confirmed', 'suspect'),
  session: number,
  epoch: number,
});
const offers = fc.record<Offer>({ session: number, epoch: number, live: fc.boolean() });

describe('isArbiter', () => {
  it('orders any nodes in one line: each decides for all that are less, and for nobody else', () => {
    fc.assert(
      fc.property(fc.uniqueArray(id, { maxLength: 8 }), (ids) => {
        const line = ids.toSorted((left, right) => (isArbiter(left, right) ? 1 : -1));
        line.forEach((own, place) => {
          expect(line.filter((other) => isArbiter(own, other))).toEqual(line.slice(0, place));
        });
      }),
    );
  });

  it('goes by the bytes of UTF-8', () => {
    fc.assert(
      fc.property(id, id, (left, right) => {
        expect(isArbiter(left, right)).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)) > 0);
      }),
    );
  });

  it('is decided by the first difference: what follows on both sides changes nothing', () => {
    fc.assert(
      fc.property(id, id, id, (left, right, more) => {
        expect(isArbiter(more + left, more + right)).toBe(isArbiter(left, right));
        expect(isArbiter(left + more, left)).toBe(true);
      }),
    );
  });
});

describe('decide', () => {
  it('knows sessions and epochs by being equal only: other numbers for the same change nothing', () => {
    // Session 0 means none, so it stays what it is.
    const renamed = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(pairs, offers, fc.boolean(), renamed, renamed, (pair, offer, fresh, sessions, epochs) => {
        const rename = <T extends { readonly session: number; readonly epoch: number }>(of: T): T => ({
          ...of,
          session: of.session === 0 ? 0 : (sessions[of.session] as number),
          epoch: epochs[of.epoch] as number,
        });
        expect(decide(rename(pair), rename(offer), fresh)).toBe(decide(pair, offer, fresh));
      }),
    );
  });

  it('lets go of a link at once when the follower says that this very link is dead, and adopts at once where none is', () => {
    fc.assert(
      fc.property(pairs, offers, fc.boolean(), (pair, offer, fresh) => {
        const dead = { ...offer, epoch: pair.epoch, live: false };
        if (pair.link !== 'none') expect(decide(pair, dead, fresh)).toBe('replace');
        const agreed = { ...offer, session: pair.session, epoch: pair.epoch };
        expect(decide({ ...pair, link: 'none' }, agreed, fresh)).toBe('adopt');
      }),
    );
  });

  it('never lets go of a link for an answer that may be old, unless it says that this very link is dead', () => {
    fc.assert(
      fc.property(pairs, offers, (pair, offer) => {
        fc.pre(pair.link !== 'none');
        const verdict = decide(pair, offer, false);
        if (verdict === 'replace') expect([offer.epoch, offer.live]).toEqual([pair.epoch, false]);
        expect(verdict).not.toBe('adopt');
      }),
    );
  });

  it('comes to an end: of an answer to its question, once the adoption is confirmed, there is nothing left to ask', () => {
    fc.assert(
      fc.property(pairs, offers, fc.boolean(), (pair, offer, fresh) => {
        const first = decide(pair, offer, fresh);
        const link = first === 'park' ? 'confirmed' : pair.link;
        expect(['adopt', 'replace', 'duplicate']).toContain(
          first === 'park' || first === 'query' ? decide({ ...pair, link }, offer, true) : first,
        );
      }),
    );
  });
});
