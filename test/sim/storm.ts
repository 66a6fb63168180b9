/**
 * A storm: random actions of applications and random faults for a while, then calm, then everything must be at rest and
 * accounted for. Repeatable from its seed.
 */
import { type Action, actionsOf, type Stage, startNode } from './actions.js';
import { check } from './oracle.js';
import { World } from './world.js';

export interface Storm {
  readonly seed: number;
  readonly nodes: number;
  /** Actions before calm. */
  readonly actions: number;
  readonly restarts: boolean;
  /** Nodes differ in their options. */
  readonly varied?: boolean;
  readonly trace?: (line: string) => void;
}

/** What one storm did. */
export interface StormResult {
  readonly steps: number;
  readonly virtualMs: number;
  readonly accepted: number;
  readonly delivered: number;
  readonly reported: number;
  /** How often each action found something to act on. */
  readonly fired: ReadonlyMap<string, number>;
}

/** @throws Violation naming the seed */
export function storm(options: Storm): StormResult {
  const { seed, restarts, varied = false } = options;
  const world = new World(seed);
  if (options.trace !== undefined) world.trace = options.trace;
  const ids = Array.from({ length: options.nodes }, (_, index) => String.fromCharCode(97 + index));
  const stage: Stage = { world, ids, restarts, varied };
  const fired = new Map<string, number>();
  try {
    for (const id of ids) startNode(stage, id);
    rage(world, actionsOf(stage), options.actions, fired);
    world.trace?.(`${world.now.toFixed(1)} ** calm`);
    calm(stage);
  } catch (error) {
    if (error instanceof Error) error.message = `seed ${seed}: ${error.message}`;
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

function rage(world: World, actions: readonly Action[], count: number, fired: Map<string, number>): void {
  const { random } = world;
  const total = actions.reduce((sum, { weight }) => sum + weight, 0);
  for (let i = 0; i < count; i++) {
    let ticket = random.below(total);
    const { name, run } = actions.find(({ weight }) => (ticket -= weight) < 0) as Action;
    world.trace?.(`${world.now.toFixed(1)} ** ${name}`);
    if (run()) fired.set(name, (fired.get(name) ?? 0) + 1);
    world.run(world.now + (random.chance(0.05) ? random.below(10_000) : random.below(60)));
  }
}

function calm(stage: Stage): void {
  const { world, ids } = stage;
  world.network.heal();
  world.weather.maxDelay = 20;
  for (const wire of world.openWires()) for (const end of wire.ends) end.out.corruptSoon(false);
  for (const twin of world.twins) world.crash(twin, false);
  for (const id of ids) if (!world.nodes.has(id)) startNode(stage, id);
  for (const node of [...world.nodes.values(), ...world.leavers]) node.wake();
  world.run(world.now + 150_000);
  for (const leaver of world.leavers) check(leaver.closed, `${leaver.label} did not close`);
  // Somebody keeps every pair: both sides must come to hold one link.
  const all = [...world.nodes.values()];
  for (const a of all) for (const b of all) if (a.id < b.id) a.connect(b.id, b.id);
  world.run(world.now + 30_000);
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
