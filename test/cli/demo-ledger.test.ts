import { describe, expect, it } from 'vitest';
import { Ledger, type Received, type Sent, type Totals } from '../../src/cli/demo-ledger.js';

const sent = (accepted: number, more: Partial<Sent> = {}): Sent => ({
  stream: 's',
  from: 'a',
  to: 'b',
  accepted,
  reportedFrom: null,
  ended: null,
  ...more,
});
const received = (end: number, more: Partial<Received> = {}): Received => ({
  stream: 's',
  end,
  missing: 0,
  duplicated: 0,
  reordered: 0,
  altered: 0,
  ...more,
});
const none: Totals = {
  sent: 0,
  delivered: 0,
  reported: 0,
  unknown: 0,
  lost: 0,
  duplicated: 0,
  reordered: 0,
  altered: 0,
};

function totals(...steps: ((ledger: Ledger) => void)[]): Totals {
  const ledger = new Ledger();
  for (const step of steps) step(ledger);
  const result = ledger.totals();
  expect(result.sent).toBe(result.delivered + result.reported + result.unknown + result.lost);
  return result;
}

describe('Ledger', () => {
  it('balances a stream that arrived', () => {
    expect(
      totals(
        (l) => l.sent([sent(5)]),
        (l) => l.received([received(5)]),
      ),
    ).toEqual({ ...none, sent: 5, delivered: 5 });
  });

  it('counts as lost what nobody accounts for', () => {
    expect(totals((l) => l.sent([sent(5)]))).toEqual({ ...none, sent: 5, lost: 5 });
    expect(
      totals(
        (l) => l.sent([sent(5)]),
        (l) => l.received([received(4, { missing: 1 })]),
      ),
    ).toEqual({
      ...none,
      sent: 5,
      delivered: 3,
      lost: 2,
    });
  });

  it('counts as reported what did not arrive, and as delivered what was reported and did', () => {
    const ended = sent(10, { reportedFrom: 6, ended: 'expired' });
    expect(
      totals(
        (l) => l.sent([ended]),
        (l) => l.received([received(8)]),
      ),
    ).toEqual({
      ...none,
      sent: 10,
      delivered: 8,
      reported: 2,
    });
    expect(
      totals(
        (l) => l.sent([ended]),
        (l) => l.received([received(4)]),
      ),
    ).toMatchObject({ delivered: 4, reported: 4, lost: 2 });
  });

  it('does not know what the memory of a killed receiver held', () => {
    const ended = sent(10, { reportedFrom: 6, ended: 'restarted' });
    const result = totals(
      (l) => l.sent([sent(8)]),
      (l) => l.received([received(4)]),
      (l) => l.killed('b'),
      (l) => l.sent([ended]),
    );
    expect(result).toEqual({ ...none, sent: 10, delivered: 4, reported: 4, unknown: 2 });
  });

  it('knows a stream of the killed that was told only later', () => {
    const ended = sent(3, { reportedFrom: 2, ended: 'restarted' });
    expect(
      totals(
        (l) => l.killed('b'),
        (l) => l.sent([ended]),
      ),
    ).toEqual({ ...none, sent: 3, reported: 1, unknown: 2 });
  });

  it('takes no restart for an excuse where nobody was killed', () => {
    const ended = sent(3, { reportedFrom: 2, ended: 'restarted' });
    expect(totals((l) => l.sent([ended]))).toEqual({ ...none, sent: 3, reported: 1, lost: 2 });
  });

  it('believes a receiver that got more than the killed sender had told', () => {
    expect(
      totals(
        (l) => l.sent([sent(3)]),
        (l) => l.received([received(7)]),
        (l) => l.killed('a'),
      ),
    ).toEqual({
      ...none,
      sent: 7,
      delivered: 7,
    });
  });

  it('finds a gap lost even where somebody was killed', () => {
    expect(
      totals(
        (l) => l.sent([sent(9)]),
        (l) => l.received([received(7, { missing: 2 })]),
        (l) => l.killed('a'),
      ),
    ).toMatchObject({ lost: 2, unknown: 2 });
  });
});
