/** Meshes of real servers in virtual time. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MasterlessError, Server } from '../../src/index.js';
import { simulate } from '../../src/testing/simulate.js';
import { Simulation, SimulationError, type SimulationOptions } from '../../src/testing/simulation.js';

const open: Simulation[] = [];

beforeEach(() => {
  vi.stubEnv('MASTERLESS_SEED', '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const sim of open.splice(0)) await sim.close();
});

function simulation(options: SimulationOptions = { seed: 7 }): Simulation {
  const sim = new Simulation(options);
  open.push(sim);
  return sim;
}

/** Two servers that keep each other, and what b was sent. */
async function linked(sim: Simulation = simulation()) {
  const options = { reconnect: true };
  const [a, b] = [sim.server<number>('a', options), sim.server<number>('b', options)];
  const got: number[] = [];
  b.on('message', (_sender, packet) => got.push(packet));
  await sim.until(Promise.all([a.connect('sim://b'), b.connect('sim://a')]));
  return { sim, a, b, got };
}

/** Lines of the trace, without their time. */
function told(sim: Simulation, what: RegExp): string[] {
  return sim.trace.map((line) => line.slice(14)).filter((line) => what.test(line));
}

describe('until', () => {
  it('takes no promise for an answer, and nothing that is neither function nor promise', async () => {
    const { sim } = await linked();
    const until = sim.until.bind(sim) as (what: unknown) => Promise<void>;
    await expect(until(() => Promise.resolve(false))).rejects.toThrow(/must return true or false at once/);
    await expect(until(5)).rejects.toThrow(/waits for a promise/);
    await until(() => 1);
  });
});

describe('a simulation', () => {
  it('runs the very class that applications use, in time of its own', async () => {
    const began = performance.now();
    const { sim, a, b, got } = await linked();
    expect(a).toBeInstanceOf(Server);
    expect(Object.getPrototypeOf(a)).toBe(Server.prototype);
    expect([a.info(), b.info()]).toEqual(['sim://a', 'sim://b']);
    await sim.until(a.deliver('b', 1));
    expect(got).toEqual([1]);
    expect(await sim.until(a.ping('b'))).toBeGreaterThan(0);
    const { now } = sim;
    await sim.run(3_600_000);
    expect(sim.now).toBe(now + 3_600_000);
    expect(a.connections()).toEqual(['b']);
    expect(performance.now() - began).toBeLessThan(3_600_000);
    expect(told(sim, /disconnect|reconnecting/)).toEqual([]);
  });

  it('is the same for the same seed, to the last number, and another for another', async () => {
    const story = async (seed: number) => {
      const { sim, a, got } = await linked(simulation({ seed }));
      const c = sim.server('c', { reconnect: true });
      await sim.until(Promise.all(['a', 'b'].map((id) => c.connect(`sim://${id}`))));
      for (let i = 0; i < 50; i++) {
        a.send('b', i);
        await sim.run(10);
        if (i === 20) sim.network.cut('a', ['b', 'c']);
      }
      sim.crash('c');
      sim.server('c');
      await sim.run(30_000);
      return { trace: sim.trace, counts: [...sim.counts], now: sim.now, got };
    };
    const first = await story(1);
    expect(first.trace.join('\n')).toMatch(/incarnation: '[0-9a-f]{16}'/);
    expect(first.got).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(await story(1)).toEqual(first);
    expect((await story(2)).trace).not.toEqual(first.trace);
  });

  it('takes the seed from the environment before any other, and else throws dice', () => {
    expect(new Simulation({ seed: 5 }).seed).toBe(5);
    const seeds = Array.from({ length: 20 }, () => new Simulation().seed);
    expect(new Set(seeds).size).toBeGreaterThan(15);
    vi.stubEnv('MASTERLESS_SEED', '77');
    expect(new Simulation({ seed: 5 }).seed).toBe(77);
    vi.stubEnv('MASTERLESS_SEED', 'seven');
    expect(() => new Simulation()).toThrow("MASTERLESS_SEED 'seven' is not a whole number");
  });

  it.each([
    [{ seed: -1 }, /seed -1/],
    [{ seed: 1.5 }, /seed 1.5/],
    [{ seed: 2 ** 32 }, /from 0 to 4294967295/],
    [{ latency: [5, 1] as const }, /latency: from 5 to 1 ms/],
    [{ latency: [Number.NaN, 1] as const }, /latency/],
  ])('refuses %j', (options, message) => {
    expect(() => new Simulation(options)).toThrow(RangeError);
    expect(() => new Simulation(options)).toThrow(message);
  });

  it('refuses options that are none, whatever they are given for', async () => {
    const sim = new Simulation({ seed: 1 });
    for (const id of ['a', 'b']) sim.server(id);
    const wrong: readonly (() => unknown)[] = [
      ...[null, 5, [], { seed: null }, { latency: 5 }, { latency: null }, { latncy: [1, 2] }].map(
        (options) => () => new Simulation(options as object),
      ),
      () => sim.crash('a', { silnt: true } as object),
      () => sim.network.partition('a', 'b', { oneway: true } as object),
      () => sim.network.halfOpen('a', 'b', { bothways: true } as object),
      () => sim.network.move('a', null as unknown as object),
    ];
    for (const call of wrong) expect(call).toThrow(RangeError);
    await expect(simulate(() => undefined, { sedes: 3 } as object)).rejects.toThrow(RangeError);
    await sim.close();
  });

  it('lets the application wait in virtual time, and settles its promises between any two things', async () => {
    const { sim, a, b } = await linked();
    const order: string[] = [];
    const work = (async () => {
      for await (const { packet } of b.messages()) {
        order.push(`${String(packet)} at ${Math.round(sim.now)}`);
        await sim.delay(100);
        if (packet === 2) return;
      }
    })();
    const begun = sim.now;
    for (const packet of [1, 2]) a.send('b', packet);
    await sim.until(work);
    expect(order).toHaveLength(2);
    expect(sim.now - begun).toBeGreaterThan(200);
    expect(sim.now - begun).toBeLessThan(300);
  });

  it('refuses ways out of it', () => {
    const sim = simulation();
    const a = sim.server('a');
    expect(() => a.connect('tcp://127.0.0.1:80')).toThrow(expect.objectContaining({ code: 'ERR_URI' }));
    expect(() => sim.server('b', { listen: 'memory://b' })).toThrow(expect.objectContaining({ code: 'ERR_URI' }));
    expect(() => sim.server('b', { port: 5000 })).toThrow(expect.objectContaining({ code: 'ERR_URI' }));
  });

  it('takes the options that the class takes, inherited ones and getters too', async () => {
    const sim = simulation();
    class Options {
      readonly #most = 100;
      get maxPacket(): number {
        return this.#most;
      }
    }
    const given = [Object.create({ maxPacket: 100 }), new Options(), Object.freeze({ maxPacket: 100, transports: [] })];
    const servers = given.map((options, index) => sim.server(`n${index}`, options));
    const large = 'x'.repeat(200);
    for (const each of servers) {
      expect(() => each.send('a', large)).toThrow(expect.objectContaining({ code: 'ERR_PACKET_TOO_LARGE' }));
    }
    const elsewhere = sim.server('elsewhere', Object.create({ listen: 'sim://x' }));
    await sim.run(10);
    expect([...servers, elsewhere].map((each) => each.info())).toEqual(['sim://n0', 'sim://n1', 'sim://n2', 'sim://x']);
  });

  it.each([
    ['a', null],
    ['a', []],
    ['a', new Map()],
    ['a', 5],
    ['a', { transports: null }],
    ['a', { transports: [{}] }],
    ['a', { platform: null }],
    ['a', { host: '' }],
    ['a', { secret: undefined }],
    ['a', { hearbeat: 100 }],
    ['a', Object.create({ hearbeat: 100 })],
    ['\ud800', {}],
    ['', {}],
    [Symbol('a'), {}],
    [5, null],
  ])('refuses a server of id %j with options %j as the class does', (id, options) => {
    const sim = simulation();
    const refusal = (make: (id: string, options: object) => unknown): unknown => {
      try {
        return make(id as string, options as object);
      } catch (error) {
        return error;
      }
    };
    const expected = refusal((...given) => new Server(...given));
    expect(expected).toBeInstanceOf(MasterlessError);
    expect(refusal((...given) => sim.server(...given))).toEqual(expected);
  });

  it('has servers with any id, at any address', async () => {
    const sim = simulation();
    const far = sim.server('ünd / so:weiter', { listen: ['sim://x', 'sim://y'] });
    const near = sim.server('near', { listen: [] });
    const usual = sim.server('usual', { listen: undefined, host: undefined });
    expect(await sim.until(near.connect('sim://usual'))).toBe(usual.id);
    expect(await sim.until(near.connect('sim://y'))).toBe('ünd / so:weiter');
    expect([near.info(), far.info()]).toEqual([null, 'sim://x']);
    sim.network.cut('near', 'ünd / so:weiter');
    await sim.run(1000);
    expect(sim.counts.get('reset')).toBe(1);
  });

  it('lets a second server of an id fail as it would elsewhere', async () => {
    const sim = simulation();
    sim.server('a');
    const errors: unknown[] = [];
    sim.server('a').on('error', (error) => errors.push(error.code));
    await sim.run(1000);
    expect(errors).toEqual(['ERR_LISTEN']);
    // At another address it is a second node with that id.
    const twin = sim.server('a', { listen: 'sim://other' });
    await expect(sim.until(twin.connect('sim://a'))).rejects.toMatchObject({ code: 'ERR_ID_IN_USE' });
  });
});

describe('waiting', () => {
  it('for a condition or a promise goes on as long as it must, and no longer', async () => {
    const sim = simulation();
    let done = false;
    void sim.delay(500).then(() => {
      done = true;
    });
    await sim.until(() => done);
    expect(sim.now).toBe(500);
    expect(
      await sim.until(
        sim.delay(250).then(() => 'value'),
        250,
      ),
    ).toBe('value');
    expect(sim.now).toBe(750);
    await sim.until(() => true, 0);
    await expect(sim.until(Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    expect(sim.now).toBe(750);
  });

  it('fails in the end, naming the condition, the seed, and what happened last', async () => {
    const { sim, a } = await linked();
    const failure = await sim.until(() => a.connections().includes('c'), 10_000).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SimulationError);
    const { message, seed, trace } = failure as SimulationError;
    expect(seed).toBe(7);
    expect(message).toContain('after 10000 virtual ms the condition did not hold');
    expect(message).toContain('a.connections().includes(');
    expect(message).toContain('seed 7: repeat it with MASTERLESS_SEED=7');
    expect(message).toContain('b connect a');
    expect(trace).toEqual(sim.trace);
    await expect(sim.until(new Promise(() => undefined), 5)).rejects.toThrow(
      'after 5 virtual ms the promise did not settle',
    );
  });

  it('that gets nowhere is bounded', async () => {
    const sim = simulation({ seed: 1, maxSteps: 5000 });
    const spin = async (): Promise<void> => {
      for (;;) await sim.delay(0);
    };
    void spin();
    await expect(sim.run(1)).rejects.toThrow(/5000 things happened, and it goes on \(maxSteps\), at 0.000 ms \(seed 1/);
    const idle = new Simulation({ seed: 1 });
    await expect(idle.until(() => false, Number.POSITIVE_INFINITY)).rejects.toThrow(
      'nothing is left that could happen',
    );
    open.pop();
  });

  it('twice at once is a mistake', async () => {
    const sim = simulation();
    const first = sim.run(10);
    await expect(sim.run(10)).rejects.toThrow('a run of this simulation has not ended');
    await first;
    await sim.run(10);
    expect(sim.now).toBe(20);
  });

  it.each(['run', 'delay', 'until'] as const)('%s takes no time that is none', async (name) => {
    const sim = simulation();
    const wait = async (ms: number): Promise<void> => {
      if (name === 'until') await sim.until(() => true, ms);
      else await sim[name](ms);
    };
    for (const ms of [-1, Number.NaN, '5' as unknown as number]) await expect(wait(ms)).rejects.toThrow(RangeError);
  });

  it('needs no timers of the platform', async () => {
    vi.useFakeTimers();
    try {
      const { sim, a, got } = await linked();
      await sim.until(a.deliver('b', 5));
      expect(got).toEqual([5]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('servers', () => {
  it.each([false, true])(
    'that crash (silently: %s) are gone without a goodbye, and come back as others',
    async (silent) => {
      const { sim, a, b, got } = await linked();
      const heardThere: string[] = [];
      for (const event of ['disconnect', 'undelivered', 'close'] as const) b.on(event, () => heardThere.push(event));
      await sim.until(a.deliver('b', 1));
      const lost = b.deliver('a', 5);
      const reasons: string[] = [];
      a.on('disconnect', (_id, reason) => reasons.push(reason));
      sim.crash('b', { silent });
      await expect(sim.until(lost)).rejects.toMatchObject({ code: 'ERR_UNDELIVERED' });
      await sim.until(b.close());
      expect(heardThere).toEqual([]);
      const again = sim.server<number>('b');
      again.on('message', (_sender, packet) => got.push(packet));
      await sim.until(() => reasons.length > 0);
      await sim.until(() => a.connections().includes('b'));
      await sim.until(a.deliver('b', 2));
      expect(reasons).toEqual(['restarted']);
      expect(got).toEqual([1, 2]);
      expect(sim.counts.get('crash')).toBe(1);
    },
  );

  it.each([false, true])(
    'that crash (silently: %s) are in the trace no more, but for those that come back',
    async (silent) => {
      const { sim } = await linked();
      const before = told(sim, /^b /).length;
      sim.crash('b', { silent });
      await sim.run(20_000);
      expect(told(sim, /^b /)).toHaveLength(before);
      const again = sim.server('b');
      await sim.until(() => again.connections().includes('a'));
      expect(told(sim, /^b /).slice(before)).toEqual(['b listening sim://b', expect.stringMatching(/^b connect a /)]);
    },
  );

  it('that crash while they are paused hold nobody up', async () => {
    const { sim, b } = await linked();
    sim.pause('b');
    const lost = b.deliver('a', 5);
    sim.crash('b');
    await expect(sim.until(lost)).rejects.toMatchObject({ code: 'ERR_UNDELIVERED' });
    await sim.until(b.close());
  });

  it('that are paused take nothing, and go on', async () => {
    const { sim, a, got } = await linked();
    sim.pause('b', 20_000);
    a.send('b', 1);
    await sim.run(19_000);
    expect(got).toEqual([]);
    await sim.run(2000);
    expect(got).toEqual([1]);
    sim.pause('b');
    a.send('b', 2);
    await sim.run(50_000);
    expect(got).toEqual([1]);
    sim.resume('b');
    await sim.run(1000);
    expect(got).toEqual([1, 2]);
    expect(told(sim, /disconnect/)).toEqual([]);
    expect(sim.counts.get('pause')).toBeGreaterThan(1);
  });

  it('whose clocks jump lose nobody', async () => {
    const { sim, a, got } = await linked();
    for (let i = 0; i < 10; i++) {
      sim.jump('b', 100_000);
      await sim.run(2000);
    }
    await sim.until(a.deliver('b', 1));
    expect(got).toEqual([1]);
    expect(told(sim, /disconnect/)).toEqual([]);
    expect(sim.counts.get('jump')).toBe(10);
  });

  it('are all closed with the simulation, also those that are paused, crashed or parted', async () => {
    const { sim, a, b } = await linked(new Simulation({ seed: 3 }));
    const closed: string[] = [];
    for (const each of [a, b]) each.on('close', () => closed.push(each.id));
    sim.server('c');
    await sim.run(100);
    sim.pause('a');
    sim.crash('c');
    sim.network.partition('a', 'b');
    a.send('b', 1);
    await sim.close();
    expect(closed.sort()).toEqual(['a', 'b']);
    await sim.close();
  });

  it('with listeners that throw behave as they do elsewhere', async () => {
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const errors: string[] = [];
    process.on('uncaughtException', (error) => errors.push(String(error)));
    try {
      const { sim, a, b, got } = await linked();
      b.on('message', (_sender, packet) => {
        throw new Error(`at ${packet}`);
      });
      for (const packet of [1, 2]) await sim.until(a.deliver('b', packet));
      expect(got).toEqual([1, 2]);
      expect(errors).toEqual(['Error: at 1', 'Error: at 2']);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of before) process.on('uncaughtException', listener);
    }
  });

  it('must be there', () => {
    const sim = simulation();
    expect(() => sim.crash('x')).toThrow("no server 'x' is in this simulation: there are none");
    sim.server('a');
    for (const use of [
      () => sim.pause('x'),
      () => sim.resume('x'),
      () => sim.jump('x', 1),
      () => sim.network.cut('a', 'x'),
      () => sim.network.partition(['a', 'x'], 'a'),
      () => sim.network.move('x'),
    ]) {
      expect(use).toThrow("no server 'x' is in this simulation: there are a");
    }
  });
});

it('notes what the test says and does', async () => {
  const { sim } = await linked();
  sim.note('here it begins');
  sim.network.partition('a', 'b', { oneWay: true });
  sim.network.heal();
  sim.crash('b', { silent: true });
  expect(told(sim, /^\*\*/)).toEqual([
    '** here it begins',
    '** partition a b one way',
    '** heal all',
    '** crash b silent',
  ]);
});

it.each([
  { maxSteps: Number.NaN },
  { maxSteps: 0 },
  { traceLines: -1 },
  { traceLines: 'x' },
  { latency: ['0', 5] },
  { latency: [5, 1] },
  { sed: 7 },
])('refuses the options %j', (options) => {
  expect(() => new Simulation(options as object)).toThrow(RangeError);
});
