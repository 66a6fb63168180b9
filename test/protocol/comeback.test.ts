/** Links that break while their node closes: who comes back is let in, to flush what is left. */
import { afterEach, describe, expect, it } from 'vitest';
import { Simulation } from '../../src/testing/simulation.js';

const open: Simulation[] = [];

afterEach(async () => {
  for (const sim of open.splice(0)) await sim.close();
});

/** `closing` begins to close; `other`, whose application takes its time, has not had what was sent. */
async function flushing(closing: 'a' | 'b', options: { readonly dials: 'a' | 'b'; readonly seed: number }) {
  const sim = new Simulation({ seed: options.seed });
  open.push(sim);
  const servers = {
    a: sim.server<number>('a', { reconnect: 20 }),
    b: sim.server<number>('b', { reconnect: 20 }),
  };
  const { dials } = options;
  const other = closing === 'a' ? 'b' : 'a';
  await sim.until(servers[dials].connect(`sim://${dials === 'a' ? 'b' : 'a'}`));
  await sim.until(() => servers.a.connections().length + servers.b.connections().length === 2);
  const told: string[] = [];
  servers[closing].on('disconnect', (_id, reason) => told.push(`disconnect ${reason}`));
  servers[closing].on('undelivered', (_id, { uncertain, unsent }) =>
    told.push(`undelivered ${uncertain.length + unsent.length}`),
  );
  servers[closing].on('fault', (_remote, error) => told.push(`fault ${error.code}`));
  servers[closing].on('unreachable', (_uri, error) => told.push(`unreachable ${error.code}`));
  for (const n of [1, 2, 3]) servers[closing].send(other, n);
  await sim.run(50);
  const closed = servers[closing].close();
  const had: number[] = [];
  const listen = (): void => {
    servers[other].on('message', (_id, packet) => had.push(packet));
  };
  return { sim, servers, other, told, had, listen, closed } as const;
}

describe.each(['a', 'b'] as const)('%s closes', (closing) => {
  const cases = (['a', 'b'] as const).flatMap((dials) => [1, 2, 3, 4, 5].map((seed) => ({ dials, seed })));

  it.each(cases)(
    'and its link breaks: what is left is flushed when it is back ($dials dialled, seed $seed)',
    async (how) => {
      const { sim, told, had, listen, closed } = await flushing(closing, how);
      sim.network.cut('a', 'b');
      await sim.run(20 * how.seed);
      listen();
      await sim.until(closed);
      expect(had).toEqual([1, 2, 3]);
      expect(told).toEqual(['disconnect local']);
    },
  );

  it.each(cases)('and the other restarts: that ends it ($dials dialled, seed $seed)', async (how) => {
    const { sim, servers, other, told, closed } = await flushing(closing, how);
    const before = sim.now;
    sim.crash(other);
    const back = sim.server<number>(other);
    const had: number[] = [];
    back.on('message', (_id, packet) => had.push(packet));
    const refused = back.connect(`sim://${closing}`).catch((error: unknown) => error);
    await sim.until(closed);
    expect(await sim.until(refused)).toMatchObject({ code: 'ERR_REFUSED' });
    expect(told.filter((each) => !each.startsWith('unreachable'))).toEqual(['undelivered 3', 'disconnect restarted']);
    expect(sim.now - before).toBeLessThan(2000);
    await sim.run(5000);
    expect([had, back.connections(), servers[closing].connections()]).toEqual([[], [], []]);
  });

  it('and has accepted something since the other said goodbye: that goes over a new session', async () => {
    const other = closing === 'a' ? 'b' : 'a';
    const sim = new Simulation({ seed: 1 });
    open.push(sim);
    const leaver = sim.server<number>(closing, { reconnect: 20 });
    const stayer = sim.server<number>(other);
    const had: number[] = [];
    stayer.on('message', (_id, packet) => had.push(packet));
    await sim.until(leaver.connect(`sim://${other}`));
    await sim.until(() => stayer.connections().length === 1);
    await sim.until(stayer.disconnect(closing));
    sim.network.partition('a', 'b');
    await sim.run(50);
    expect([leaver.connections(), leaver.send(other, 1)]).toEqual([[other], true]);
    const before = sim.now;
    const closed = leaver.close();
    sim.network.heal();
    await sim.until(closed);
    expect(had).toEqual([1]);
    expect(sim.now - before).toBeLessThan(1000);
  });

  it('and strangers are turned away with the reason', async () => {
    const { sim, told, listen, closed } = await flushing(closing, { dials: 'a', seed: 1 });
    const stranger = sim.server('stranger', { reconnect: 1 });
    await expect(sim.until(stranger.connect(`sim://${closing}`))).rejects.toMatchObject({
      code: 'ERR_REFUSED',
      message: expect.stringContaining('the node is closing') as string,
    });
    listen();
    await sim.until(closed);
    expect(told).toEqual(['disconnect local']);
  });
});
