import { describe, expect, it } from 'vitest';
import { MOST_PINGS, Pings } from '../../src/delivery/pings.js';

function bench() {
  const state = { token: 0, time: 0, linked: true, connected: true };
  const pings = new Pings({
    ask: () => (state.linked ? ++state.token : 0),
    connected: () => state.connected,
    now: () => state.time,
  });
  return { state, pings };
}

describe('a ping', () => {
  it('is answered with the time it took', async () => {
    const { state, pings } = bench();
    const answer = pings.ping('p', undefined);
    state.time = 7;
    pings.answered('p', 1);
    await expect(answer).resolves.toBe(7);
  });

  it('is answered by the peer that was asked, and by nobody else', async () => {
    const { state, pings } = bench();
    const [one, other] = [pings.ping('p', undefined), pings.ping('q', undefined)];
    pings.answered('q', 1);
    state.time = 3;
    pings.answered('p', 1);
    pings.answered('q', 2);
    await expect(Promise.all([one, other])).resolves.toEqual([3, 3]);
  });

  it('is not, where there is no link, or it was lost', async () => {
    const { state, pings } = bench();
    const [one, other] = [pings.ping('p', undefined), pings.ping('q', undefined)];
    pings.lost('p');
    await expect(one).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST' });
    pings.answered('q', 2);
    await expect(other).resolves.toBe(0);
    state.linked = false;
    await expect(pings.ping('p', undefined)).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST' });
    state.connected = false;
    await expect(pings.ping('p', undefined)).rejects.toMatchObject({ code: 'ERR_UNKNOWN_PEER' });
  });

  it('is refused while too many of the same peer are under way, and no longer', async () => {
    const { pings } = bench();
    const under = Array.from({ length: MOST_PINGS }, () => pings.ping('p', undefined));
    await expect(pings.ping('p', undefined)).rejects.toMatchObject({ code: 'ERR_LIMIT' });
    const other = pings.ping('q', undefined);
    pings.answered('p', 1);
    const again = pings.ping('p', undefined);
    for (let token = 2; token <= MOST_PINGS + 2; token++) pings.answered(token === MOST_PINGS + 1 ? 'q' : 'p', token);
    await expect(Promise.all([...under, other, again])).resolves.toHaveLength(MOST_PINGS + 2);
  });

  it('counts as under way until it is answered or its link is lost, also when it was given up', async () => {
    const { pings } = bench();
    const given = Array.from({ length: MOST_PINGS }, () => pings.ping('p', AbortSignal.abort()));
    await expect(given[0]).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await expect(pings.ping('p', undefined)).rejects.toMatchObject({ code: 'ERR_LIMIT' });
    pings.lost('p');
    const answer = pings.ping('p', undefined);
    pings.answered('p', MOST_PINGS + 1);
    await expect(answer).resolves.toBe(0);
  });
});
