/**
 * What happens in a storm: what applications do, and what goes wrong. Each action is a name, a weight, and a function
 * that returns false when there was nothing for it to act on.
 */
import type { MeshConfig } from '../../src/protocol/state.js';
import type { Wire } from '../../src/testing/end.js';
import type { SimNode } from './node.js';
import type { World } from './world.js';

export interface Action {
  readonly name: string;
  /** How often, relative to the others. */
  readonly weight: number;
  readonly run: () => boolean;
}

export interface Stage {
  readonly world: World;
  readonly ids: readonly string[];
  /** Nodes differ in their options. */
  readonly varied: boolean;
  readonly restarts: boolean;
}

/** Starts a node, with options of its own when the stage is varied. */
export function startNode({ world, varied }: Stage, id: string): SimNode {
  return world.start(id, varied ? variation(world) : {});
}

function variation({ random }: World): Partial<MeshConfig> {
  const heartbeat = random.pick([300, 1000, 2500]);
  return {
    heartbeat,
    timeout: heartbeat * random.pick([2, 5]),
    closeTimeout: random.pick([0, 300, 5000]),
    resumeWindow: random.pick([0, 1000, 20_000]),
    window: random.pick([2048, 64 * 1024]),
    maxPacket: random.pick([500_000, 1024 * 1024]),
    reconnect: { attempts: random.pick([0, 1, 5, Number.POSITIVE_INFINITY]), minDelay: 50, maxDelay: 2000 },
  };
}

export function actionsOf(stage: Stage): readonly Action[] {
  return [...wishes(stage), ...sends(stage), ...faults(stage), ...goodbyes(stage), ...clocks(stage)];
}

function action(name: string, weight: number, run: () => unknown): Action {
  return { name, weight, run: () => run() !== false };
}

function picks(stage: Stage) {
  const { world, ids } = stage;
  const { random } = world;
  return {
    node: (): SimNode =>
      world.nodes.get(random.pick(ids)) ?? startNode(stage, ids.find((id) => !world.nodes.has(id)) as string),
    other: (than: SimNode): string => random.pick(ids.filter((id) => id !== than.id)),
    wire: (): Wire | null => {
      const open = world.openWires();
      return open.length > 0 ? random.pick(open) : null;
    },
  };
}

function wishes(stage: Stage): Action[] {
  const { world } = stage;
  const { node, other } = picks(stage);
  return [
    action('connect', 6, () => {
      const from = node();
      const to = other(from);
      from.connect(to);
    }),
    action('connect both', 4, () => {
      const from = node();
      const to = other(from);
      from.connect(to);
      world.nodes.get(to)?.connect(from.id, from.id);
    }),
    action('connect and cancel', 1, () => {
      const from = node();
      const wish = from.connect(other(from));
      world.agenda.at(world.now + world.random.below(50), () => from.act((mesh) => mesh.cancelConnect(wish)));
    }),
    action('keep', 2, () => {
      const from = node();
      from.act((mesh, now) => mesh.keep(other(from), world.random.chance(0.7), now));
    }),
  ];
}

function sends(stage: Stage): Action[] {
  const { random } = stage.world;
  const { node, other } = picks(stage);
  return [
    action('send', 40, () => {
      const from = node();
      let taken = false;
      for (let i = random.below(20); i >= 0; i--) {
        taken = from.send(other(from), 4 + random.below(300), random.chance(0.1)) || taken;
      }
      return taken;
    }),
    action('send large', 3, () => {
      const from = node();
      return from.send(other(from), random.below(400_000));
    }),
    action('slow', 1, () => {
      node().slow = random.chance(0.5) ? 0 : random.below(2000);
    }),
  ];
}

function faults(stage: Stage): Action[] {
  const { world, ids } = stage;
  const { random } = world;
  const { node, wire } = picks(stage);
  const onWire = (name: string, weight: number, run: (cut: Wire) => unknown): Action =>
    action(name, weight, () => {
      const cut = wire();
      return cut === null ? false : run(cut);
    });
  return [
    onWire('reset', 6, (cut) => world.network.reset(cut)),
    onWire('half-open', 2, (cut) => {
      const both = random.chance(0.5);
      world.network.halfOpen(...(both ? cut.ends : [random.pick(cut.ends)]));
    }),
    onWire('orderly close', 1, (cut) => world.network.close(cut)),
    // Only the kind of a control frame: what the checksums of TCP let through elsewhere, nobody could notice.
    onWire('corrupt', 3, (cut) => random.pick(cut.ends).out.corruptSoon()),
    action('pause', 1, () => {
      node().pausedUntil = world.now + random.below(30_000);
    }),
    action('partition', 1, () => {
      const [a, b] = [random.pick(ids), random.pick(ids)];
      if (a === b) return false;
      world.part(a, b);
      world.agenda.at(world.now + random.below(20_000), () => world.join(a, b));
      return true;
    }),
    action('weather', 1, () => {
      world.weather.maxDelay = random.chance(0.3) ? 400 : 20;
    }),
    action('duplicate id', 1, () => {
      const twin = world.twin(random.pick(ids));
      for (const id of ids) if (id !== twin.id) twin.connect(id);
      const until = world.now + random.below(4000);
      for (let at = world.now; at < until; at += 200) {
        world.agenda.at(at, () => twin.alive && twin.send(random.pick(ids), 40));
      }
      world.agenda.at(until, () => world.crash(twin, random.chance(0.3)));
    }),
  ];
}

function goodbyes(stage: Stage): Action[] {
  const { world, restarts } = stage;
  const { random } = world;
  const { node, other } = picks(stage);
  const busy = (from: SimNode, to: string): void => {
    for (let i = random.below(4); i > 0; i--) from.send(to, 4 + random.below(3000), random.chance(0.3));
  };
  const disconnect = (from: SimNode | undefined, to: string): void =>
    from?.act((mesh, now) => mesh.disconnect(to, now));
  const always = [
    action('disconnect', 1, () => {
      const from = node();
      disconnect(from, other(from));
    }),
    action('crossing goodbyes', 1, () => {
      const from = node();
      const to = other(from);
      const there = world.nodes.get(to);
      busy(from, to);
      if (there !== undefined) busy(there, from.id);
      disconnect(from, to);
      world.agenda.at(world.now + random.below(25), () => disconnect(there, from.id));
    }),
    action('goodbye and reset', 1, () => {
      const from = node();
      const to = other(from);
      busy(from, to);
      disconnect(from, to);
      world.agenda.at(world.now + random.below(40), () => {
        for (const cut of world.wiresBetween(from.id, to)) world.network.reset(cut);
      });
      if (random.chance(0.5)) world.agenda.at(world.now + random.below(60), () => from.connect(to));
    }),
    action('unwanted', 1, () => {
      const from = node();
      const to = other(from);
      const there = world.nodes.get(to);
      from.act((mesh, now) => mesh.keep(to, false, now));
      there?.act((mesh, now) => mesh.keep(from.id, false, now));
      busy(from, to);
      world.agenda.at(world.now + random.below(60), () => from.act((mesh, now) => mesh.keep(to, true, now)));
    }),
  ];
  if (!restarts) return always;
  return [
    ...always,
    action('crash', 1, () => {
      const victim = node();
      world.crash(victim, random.chance(0.3));
      world.agenda.at(world.now + random.below(3000), () => {
        if (!world.nodes.has(victim.id)) startNode(stage, victim.id);
      });
    }),
    action('close and restart', 1, () => {
      const leaver = node();
      busy(leaver, other(leaver));
      world.leave(leaver);
      world.agenda.at(world.now + random.below(6000), () => {
        if (!world.nodes.has(leaver.id)) startNode(stage, leaver.id);
      });
    }),
  ];
}

function clocks(stage: Stage): Action[] {
  const { world } = stage;
  const { random } = world;
  const { node } = picks(stage);
  return [
    action('late tick', 1, () => {
      node().lateUntil = world.now + random.below(15_000);
    }),
    action('clock jump', 1, () => {
      node().jump(random.below(90_000));
    }),
  ];
}
