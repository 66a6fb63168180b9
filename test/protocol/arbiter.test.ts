import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, isArbiter, type Offer, type Pair, type Verdict } from '../../src/protocol/arbiter.js';

/** Everything that `decide` can be asked, up to renaming of numbers: what the follower says of session and epoch. */
const offers = {
  'nothing known': { session: 0, epoch: 0 },
  'session and epoch agree': { session: 5, epoch: 7 },
  'an older epoch': { session: 5, epoch: 6 },
  'a newer epoch': { session: 5, epoch: 8 },
  'another session, the same epoch': { session: 4, epoch: 7 },
  'another session and epoch': { session: 4, epoch: 3 },
} as const;
type Case = keyof typeof offers;

/** [link, what the follower says, live, fresh or not] → verdict. */
const table: readonly [
  Pair['link'],
  Case,
  readonly [live: Verdict, liveFresh: Verdict, dead: Verdict, deadFresh: Verdict],
][] = [
  ['none', 'nothing known', ['query', 'adopt', 'query', 'adopt']],
  ['none', 'session and epoch agree', ['adopt', 'adopt', 'adopt', 'adopt']],
  ['none', 'an older epoch', ['query', 'adopt', 'query', 'adopt']],
  ['none', 'a newer epoch', ['query', 'adopt', 'query', 'adopt']],
  ['none', 'another session, the same epoch', ['query', 'adopt', 'query', 'adopt']],
  ['none', 'another session and epoch', ['query', 'adopt', 'query', 'adopt']],
  ['adopted', 'nothing known', ['park', 'park', 'park', 'park']],
  ['adopted', 'session and epoch agree', ['duplicate', 'duplicate', 'replace', 'replace']],
  ['adopted', 'an older epoch', ['park', 'park', 'park', 'park']],
  ['adopted', 'a newer epoch', ['park', 'park', 'park', 'park']],
  ['adopted', 'another session, the same epoch', ['park', 'park', 'replace', 'replace']],
  ['adopted', 'another session and epoch', ['park', 'park', 'park', 'park']],
  ['confirmed', 'nothing known', ['query', 'replace', 'query', 'replace']],
  ['confirmed', 'session and epoch agree', ['duplicate', 'duplicate', 'replace', 'replace']],
  ['confirmed', 'an older epoch', ['query', 'replace', 'query', 'replace']],
  ['confirmed', 'a newer epoch', ['query', 'replace', 'query', 'replace']],
  ['confirmed', 'another session, the same epoch', ['query', 'replace', 'replace', 'replace']],
  ['confirmed', 'another session and epoch', ['query', 'replace', 'query', 'replace']],
  ['suspect', 'nothing known', ['query', 'replace', 'query', 'replace']],
  ['suspect', 'session and epoch agree', ['duplicate', 'replace', 'replace', 'replace']],
  ['suspect', 'an older epoch', ['query', 'replace', 'query', 'replace']],
  ['suspect', 'a newer epoch', ['query', 'replace', 'query', 'replace']],
  ['suspect', 'another session, the same epoch', ['query', 'replace', 'replace', 'replace']],
  ['suspect', 'another session and epoch', ['query', 'replace', 'query', 'replace']],
];

describe('decide', () => {
  it('has every case in this table', () => {
    expect(table.length).toBe(4 * Object.keys(offers).length);
    expect(new Set(table.map(([link, said]) => `${link} ${said}`)).size).toBe(table.length);
  });

  it.each(table)('link %s, the follower says: %s', (link, said, verdicts) => {
    const pair: Pair = { link, session: 5, epoch: 7 };
    const decided = [true, false].flatMap((live) =>
      [false, true].map((fresh) => decide(pair, { ...offers[said], live }, fresh)),
    );
    expect(decided).toEqual(verdicts);
  });

  it('adopts whoever comes when there was never a session', () => {
    for (const fresh of [true, false]) {
      for (const offer of Object.values(offers)) {
        expect(decide({ link: 'none', session: 0, epoch: 7 }, { ...offer, live: false }, fresh)).toBe('adopt');
      }
    }
  });

  it('treats a first session whose adoption is not confirmed like any other', () => {
    const pair: Pair = { link: 'adopted', session: 1, epoch: 1 };
    expect(decide(pair, { session: 0, epoch: 0, live: false }, true)).toBe('park');
    expect(decide(pair, { session: 1, epoch: 1, live: false }, true)).toBe('replace');
    expect(decide(pair, { session: 1, epoch: 1, live: true }, true)).toBe('duplicate');
  });

  it('never replaces a good link that both believe in, and never asks twice about a fresh answer', () => {
    const number = fc.nat(4);
    const pairs = fc.record<Pair>({
      link: fc.constantFrom('none', 'adopted', 'confirmed', 'suspect'),
      session: number,
      epoch: number,
    });
    const said = fc.record<Offer>({ session: number, epoch: number, live: fc.boolean() });
    fc.assert(
      fc.property(pairs, said, fc.boolean(), (pair, offer, fresh) => {
        const verdict = decide(pair, offer, fresh);
        const agreed = offer.session === pair.session && offer.epoch === pair.epoch;
        if (agreed && offer.live && (pair.link === 'adopted' || pair.link === 'confirmed')) {
          expect(verdict).toBe('duplicate');
        }
        if (fresh) expect(verdict).not.toBe('query');
        if (pair.link === 'none') expect(['adopt', 'query']).toContain(verdict);
        else expect(verdict).not.toBe('adopt');
        if (verdict === 'park') expect(pair.link).toBe('adopted');
      }),
    );
  });
});

describe('isArbiter', () => {
  it.each([
    ['b', 'a'],
    ['ab', 'a'],
    ['a', 'B'],
    ['a\u{10000}', 'a\uffff'],
    ['é', 'z'],
    ['10', '1'],
    ['2', '10'],
  ])('%j is the arbiter of %j, and not the other way round', (greater, less) => {
    expect(isArbiter(greater, less)).toBe(true);
    expect(isArbiter(less, greater)).toBe(false);
  });

  it('makes exactly one of two different ids the arbiter', () => {
    const id = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(id, id, (left, right) => {
        const same = Buffer.from(left).equals(Buffer.from(right));
        expect(isArbiter(left, right) !== isArbiter(right, left)).toBe(!same);
        expect(isArbiter(left, right)).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)) > 0);
      }),
    );
  });
});
