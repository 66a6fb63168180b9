/** What networks of several hosts do: packets lost one way or both, by kind, cables pulled, hosts that move. */
import { equal, match, ok } from 'node:assert/strict';
import type { ServerOptions } from '../../src/index.js';
import { pass } from '../support/events.js';
import { type Expected, type Figures, type Fleet, PERSISTENT, withFleet } from './fleet.js';
import type { Member, Pace } from './member.js';
import { type Host, Lab } from './namespaces.js';

const PORT = 7400;
const PACE: Pace = { every: 20, burst: 3, large: 0.02, most: 60_000 };
/** For networks that are slow and not broken: the defaults, but for a word when it is tried again. */
const PATIENT: ServerOptions = { reconnect: { attempts: 1e9, minDelay: 100, maxDelay: 500 }, window: 64 * 1024 * 1024 };

/** Two or three hosts with a node each. */
interface Stage {
  readonly lab: Lab;
  readonly fleet: Fleet;
  readonly hosts: readonly [Host, Host, Host?];
  readonly nodes: readonly [Member, Member, Member?];
}

interface Scenario extends Expected {
  /** @default 2 */
  readonly hosts?: 2 | 3;
  readonly options?: ServerOptions;
  /** Null for a scenario that sends by itself. */
  readonly pace?: Pace | null;
  /** Before the nodes start. */
  readonly prepare?: (stage: Stage) => void;
  /** Does it, and mends it. */
  readonly happens: (stage: Stage) => Promise<void>;
  /** Whether it had the effect that it is there for. */
  readonly took: (stage: Stage, figures: Figures) => void;
}

const between = (from: Host, to: Host): string => `ip saddr ${from.address} ip daddr ${to.address}`;
const both = (one: Host, other: Host): string[] => [between(one, other), between(other, one)];

/** Filters for so long. */
async function filtered({ lab }: Stage, time: number, matches: readonly string[], verdict?: string): Promise<void> {
  lab.filter(matches, verdict);
  await pass(time);
  lab.pass();
}

const caught = ({ lab }: Stage): void => ok(lab.caught > 0, 'the filter caught nothing');
const reconnected = (_stage: Stage, figures: Figures): void => {
  ok((figures.reconnects ?? 0) > 0, 'no link was won back, so none was lost');
};
const caughtAndReconnected = (stage: Stage, figures: Figures): void => {
  caught(stage);
  reconnected(stage, figures);
};

export const partitions: Readonly<Record<string, Scenario>> = {
  'one way and then the other': {
    async happens(stage) {
      const [a, b] = stage.hosts;
      await filtered(stage, 4000, [between(a, b)]);
      await pass(1000);
      await filtered(stage, 4000, [between(b, a)]);
    },
    took: caughtAndReconnected,
  },
  'both ways': {
    happens: (stage) => filtered(stage, 5000, both(stage.hosts[0], stage.hosts[1])),
    took: caughtAndReconnected,
  },
  'no new connections': {
    async happens(stage) {
      await filtered(stage, 2000, ['tcp flags & (syn | ack) == syn']);
      // The links go, and no other can be had.
      stage.lab.filter(['meta l4proto tcp'], 'reject with tcp reset');
      await pass(300);
      await filtered(stage, 3000, ['tcp flags & (syn | ack) == syn']);
    },
    took: caughtAndReconnected,
  },
  'nothing but new connections': {
    happens: (stage) => filtered(stage, 4000, ['ct state established']),
    took: caughtAndReconnected,
  },
  'a port that only one side reaches': {
    prepare: bothDial,
    async happens(stage) {
      const [a, b] = stage.hosts;
      await filtered(stage, 2000, both(a, b));
      // For good: the link must come from the other side.
      stage.lab.filter([`ip daddr ${b.address} tcp dport ${PORT}`]);
    },
    took(stage, figures) {
      stage.lab.pass();
      caughtAndReconnected(stage, figures);
    },
  },
  '64 kbit/s': {
    options: PATIENT,
    pace: { every: 300, burst: 2, large: 0, most: 0 },
    steady: true,
    async happens({ lab, nodes: [a] }) {
      lab.limit('64kbit', '2kb');
      await a.order('send', { peer: 'b', lane: 0, size: 50_000 });
      await pass(5000);
    },
    took: ({ lab }) => ok(lab.waited > 0, 'no packet had to wait'),
  },
  '1 Mbit/s and a packet of 16 MB': {
    options: PATIENT,
    pace: { every: 200, burst: 2, large: 0, most: 0 },
    steady: true,
    async happens({ lab, nodes: [a] }) {
      lab.limit('1mbit', '10kb');
      await a.order('send', { peer: 'b', lane: 0, size: 16_000_000 }, 400_000);
    },
    took: ({ lab }) => ok(lab.waited > 10_000, 'few packets had to wait'),
  },
  'a cable pulled and put back': {
    async happens({ lab, hosts: [, b] }) {
      lab.down(b);
      await pass(3000);
      lab.up(b);
    },
    took: reconnected,
  },
  'a cable that flaps': {
    async happens({ lab, hosts: [, b] }) {
      for (const end = performance.now() + 10_000; performance.now() < end; ) {
        lab.down(b);
        await pass(300);
        lab.up(b);
        await pass(300);
      }
    },
    took: () => undefined,
  },
  'a host that moves, and dials from there': {
    options: { ...PERSISTENT, listen: `tcp://0.0.0.0:${PORT}` },
    prepare: bothDial,
    happens: async ({ lab, hosts: [, b] }) => void lab.move(b),
    took: reconnected,
  },
  'a host that moves, and is found by its name': {
    options: { ...PERSISTENT, listen: `tcp://0.0.0.0:${PORT}` },
    prepare({ lab, hosts: [a, b], nodes: [first, second] }) {
      lab.name(a, 'b.chaos', b.address);
      second.place = { ...second.place, uri: `tcp://b.chaos:${PORT}` };
      first.dials = [second];
      second.dials = [];
    },
    async happens({ lab, hosts: [a, b] }) {
      const address = lab.move(b);
      await pass(1000);
      lab.name(a, 'b.chaos', address);
    },
    took: reconnected,
  },
  'packets of 576 bytes, and word of it': {
    options: PATIENT,
    steady: true,
    async happens({ lab, hosts: [, b] }) {
      lab.mtu(b, 576);
      await pass(5000);
    },
    took: ({ lab, hosts: [a, b] }) => match(lab.way(a, b), /mtu 576/),
  },
  'packets of 576 bytes, and no word of it': {
    async happens(stage) {
      const { lab, hosts } = stage;
      lab.filter(['icmp type destination-unreachable']);
      lab.mtu(hosts[1], 576);
      await pass(6000);
      lab.pass();
    },
    took: caughtAndReconnected,
  },
  'a route into nothing': {
    async happens({ lab, hosts: [, b] }) {
      lab.misroute(b, 'blackhole');
      await pass(4000);
      lab.route(b, 'blackhole');
    },
    took: reconnected,
  },
  'a route that refuses': {
    async happens({ lab, hosts: [, b] }) {
      lab.misroute(b, 'unreachable');
      await pass(4000);
      lab.route(b, 'unreachable');
    },
    took: reconnected,
  },
  'one of three does not hear another': {
    hosts: 3,
    happens: (stage) => filtered(stage, 5000, [between(stage.hosts[0], stage.hosts[1])]),
    took: caughtAndReconnected,
  },
  'one of three cut off': {
    hosts: 3,
    happens: (stage) => {
      const [a] = stage.hosts;
      return filtered(stage, 5000, [`ip saddr ${a.address}`, `ip daddr ${a.address}`]);
    },
    took: caughtAndReconnected,
  },
  'longer than the session is held': {
    options: { ...PERSISTENT, resumeWindow: 1000 },
    allowed: ['expired'],
    prepare({ nodes: [a, b] }) {
      // One side keeps, so that the other's patience is what ends it.
      a.dials = [b];
      b.dials = [];
    },
    happens: (stage) => filtered(stage, 5000, both(stage.hosts[0], stage.hosts[1])),
    took(stage, { disconnects, uncertain = 0, unsent = 0 }) {
      caught(stage);
      equal(disconnects, 2);
      // What was on the wire when it broke, and what was accepted when that was known.
      ok(uncertain > 0 && unsent > 0, `${uncertain} uncertain, ${unsent} unsent`);
    },
  },
  'resets forged on the way': {
    async happens(stage) {
      for (let i = 0; i < 10; i++) {
        await filtered(stage, 50 + stage.fleet.random.below(200), ['meta l4proto tcp'], 'reject with tcp reset');
        await pass(stage.fleet.random.below(600));
      }
    },
    took: caughtAndReconnected,
  },
  'a process that restarts unseen': {
    allowed: ['restarted'],
    async happens(stage) {
      const [a, b] = stage.hosts;
      stage.lab.filter(both(a, b));
      await stage.nodes[1].kill();
      await stage.nodes[1].start();
      await pass(1500);
      stage.lab.pass();
    },
    took(stage, { disconnects }) {
      caught(stage);
      equal(disconnects, 1);
    },
  },
};

/** Either wants the link, and wins it back from its side. */
function bothDial({ nodes: [a, b] }: Stage): void {
  a.dials = [b];
  b.dials = [a];
}

/** One of them by its name. */
export function partition({ name, seed }: { readonly name: string; readonly seed: number }): Promise<Figures> {
  const scenario = partitions[name];
  if (scenario === undefined) throw new Error(`there is no scenario '${name}'`);
  return withFleet(seed, async (fleet) => {
    const lab = new Lab(['a', 'b', 'c'].slice(0, scenario.hosts ?? 2));
    try {
      return await play(scenario, lab, fleet);
    } finally {
      await fleet.dispose();
      lab.dispose();
    }
  });
}

async function play(scenario: Scenario, lab: Lab, fleet: Fleet): Promise<Figures> {
  for (const { name, address, command } of lab.hosts) {
    const uri = `tcp://${address}:${PORT}`;
    const options = { listen: uri, insecure: true, ...(scenario.options ?? PERSISTENT) };
    fleet.add(name, { options, uri, host: command });
  }
  fleet.mesh();
  const stage = { lab, fleet, hosts: lab.hosts as Stage['hosts'], nodes: fleet.members as unknown as Stage['nodes'] };
  scenario.prepare?.(stage);
  await fleet.start();
  await fleet.settle();
  if (scenario.pace !== null) await fleet.pour(scenario.pace ?? PACE);
  await pass(500);
  await scenario.happens(stage);
  await pass(500);
  const figures = await fleet.finish(scenario);
  scenario.took(stage, figures);
  return { ...figures, scenarios: 1 };
}
