/**
 * A storm: random actions of applications and random faults for a while, then calm, then everything must be at rest and
 * accounted for. Repeatable from its seed.
 */
import { check, Violation } from './oracle.js';
import { type SimNode, World } from './world.js';

export interface Storm {
  readonly seed: number;
  readonly nodes: number;
  /** Actions before calm. */
  readonly actions: number;
  /** Probabilities of faults, relative to one another. */
  readonly restarts: boolean;
  readonly trace?: (line: string) => void;
}

/** What one storm did. */
export interface StormResult {
  readonly steps: number;
  readonly virtualMs: number;
  readonly accepted: number;
  readonly delivered: number;
  readonly reported: number;
  readonly fired: ReadonlyMap<string, number>;
}

/** @throws Violation naming the seed */
export function storm(options: Storm): StormResult {
  const world = new World(options.seed);
  if (options.trace !== undefined) world.trace = options.trace;
  const fired = new Map<string, number>();
  const { random } = world;
  const ids = Array.from({ length: options.nodes }, (_, index) => String.fromCharCode(97 + index));
  const start = (id: string): SimNode => world.start(id);
  try {
    for (const id of ids) start(id);
    const node = (): SimNode => world.nodes.get(random.pick(ids)) ?? start(ids.find((id) => !world.nodes.has(id)) ?? 'a');
    const other = (than: SimNode): string => random.pick(ids.filter((id) => id !== than.id));
    const wire = () => {
      const open = world.openWires();
      return open.length > 0 ? random.pick(open) : null;
    };
    let wish = 0;
    const actions: [string, number, () => void][] = [
      ['connect', 6, () => {
        const from = node();
        const to = other(from);
        from.act((mesh, now) => mesh.connect(++wish, `sim://${to}`, null, now));
      }],
      ['connect both', 4, () => {
        const from = node();
        const to = other(from);
        from.act((mesh, now) => mesh.connect(++wish, `sim://${to}`, null, now));
        world.nodes.get(to)?.act((mesh, now) => mesh.connect(++wish, `sim://${from.id}`, from.id, now));
      }],
      ['send', 40, () => {
        const from = node();
        for (let i = random.below(20); i >= 0; i--) from.send(other(from), 4 + random.below(300), random.chance(0.1));
      }],
      ['send large', 3, () => {
        const from = node();
        from.send(other(from), random.below(400_000));
      }],
      ['keep', 2, () => {
        const from = node();
        from.act((mesh, now) => mesh.keep(other(from), random.chance(0.7), now));
      }],
      ['disconnect', 1, () => {
        const from = node();
        from.act((mesh, now) => mesh.disconnect(other(from), now));
      }],
      ['reset', 6, () => {
        const cut = wire();
        if (cut === null) return;
        for (const end of cut.ends) {
          end.flow.silent = true;
          world.agenda.at(world.now + random.below(30), () => end.finish(true));
        }
      }],
      ['half-open', 2, () => {
        const cut = wire();
        if (cut === null) return;
        const both = random.chance(0.5);
        for (const end of both ? cut.ends : [random.pick(cut.ends)]) end.flow.silent = true;
      }],
      ['orderly close', 1, () => {
        const cut = wire();
        if (cut === null) return;
        for (const end of cut.ends) end.flow.end();
      }],
      ['pause', 1, () => {
        node().pausedUntil = world.now + random.below(30_000);
      }],
      ['slow', 1, () => {
        node().slow = random.chance(0.5) ? 0 : random.below(2000);
      }],
      ['partition', 1, () => {
        const [a, b] = [random.pick(ids), random.pick(ids)];
        const pair = a < b ? `${a}|${b}` : `${b}|${a}`;
        world.partitions.add(pair);
        for (const open of world.openWires()) {
          if (open.ends.every((end) => [a, b].includes(end.owner[0] as string))) for (const end of open.ends) end.flow.silent = true;
        }
        world.agenda.at(world.now + random.below(20_000), () => world.partitions.delete(pair));
      }],
      ['weather', 1, () => {
        world.weather.maxDelay = random.chance(0.3) ? 400 : 20;
      }],
    ];
    if (options.restarts) {
      actions.push(['crash', 1, () => {
        const victim = node();
        world.crash(victim, random.chance(0.3));
        world.agenda.at(world.now + random.below(3000), () => {
          if (!world.nodes.has(victim.id)) start(victim.id);
        });
      }]);
    }
    const total = actions.reduce((sum, [, weight]) => sum + weight, 0);
    for (let i = 0; i < options.actions; i++) {
      let ticket = random.below(total);
      const [name, , run] = actions.find(([, weight]) => (ticket -= weight) < 0) as (typeof actions)[number];
      world.trace?.(`${world.now.toFixed(1)} ** ${name}`);
      run();
      fired.set(name, (fired.get(name) ?? 0) + 1);
      world.run(world.now + (random.chance(0.05) ? random.below(10_000) : random.below(60)));
    }
    world.trace?.(`${world.now.toFixed(1)} ** calm`);
    calm(world, ids, start);
  } catch (error) {
    if (error instanceof Error) error.message = `seed ${options.seed}: ${error.message}`;
    throw error;
  }
  const { oracle } = world;
  return {
    steps: world.steps,
    virtualMs: world.now,
    accepted: oracle.packets.length,
    delivered: oracle.delivered,
    reported: oracle.reported,
    fired,
  };
}

function calm(world: World, ids: readonly string[], start: (id: string) => SimNode): void {
  world.partitions.clear();
  world.weather.maxDelay = 20;
  for (const id of ids) if (!world.nodes.has(id)) start(id);
  for (const node of world.nodes.values()) {
    node.pausedUntil = Math.min(node.pausedUntil, world.now);
    node.slow = 0;
  }
  world.run(world.now + 100_000);
  // Somebody keeps every pair: both sides must come to hold one link.
  let wish = 1_000_000;
  for (const a of world.nodes.values()) {
    for (const b of world.nodes.values()) if (a.id < b.id) a.act((mesh, now) => mesh.connect(++wish, b.uri, b.id, now));
  }
  world.run(world.now + 30_000);
  const all = [...world.nodes.values()];
  for (const a of all) for (const b of all) if (a.id < b.id) world.checkPair(a, b);
  for (const a of all) {
    for (const b of all) if (a !== b) check(a.send(b.id, 100), `${a.label} can't send to ${b.label}`);
  }
  world.run(world.now + 5000);
  for (const a of all) {
    for (const b of all) {
      if (a !== b) check(a.mesh.session(b.id)?.settled === true, `${a.label} is not settled with ${b.label}`);
    }
  }
  for (const node of all) node.act((mesh, now) => mesh.close(now));
  world.run(world.now + 20_000);
  for (const node of all) check(node.closed, `${node.label} did not close`);
  check(world.openWires().length === 0, `${world.openWires().length} connections are left after close`);
  world.oracle.settled();
}

export { Violation };
