/**
 * A storm: random actions of applications and random faults for a while, then calm, then everything must be at rest and
 * accounted for. Repeatable from its script, which is drawn from a seed.
 */
import { Random } from '../../src/testing/random.js';
import { type Action, actionOf, actions, type Kind } from './actions.js';
import { isResting, stateOf } from './bounds.js';
import type { SimNode } from './node.js';
import { draw, type Pace, type Script } from './script.js';
import { Stage } from './stage.js';
import { check } from './violation.js';
import { World } from './world.js';

/** What a storm is drawn from. */
export interface Storm {
  readonly seed: number;
  readonly nodes: number;
  /** Actions before calm, at most. */
  readonly actions: number;
  readonly restarts: boolean;
  /** Nodes differ in their options. */
  readonly varied: boolean;
  readonly pace: Pace;
}

/** What one storm did. */
export interface Played {
  /** What went wrong, or null; and after how many actions. */
  readonly error: Error | null;
  readonly actions: number;
  /** Steps of the simulation, and virtual milliseconds, before calm. */
  readonly steps: number;
  readonly virtualMs: number;
  readonly accepted: number;
  readonly delivered: number;
  readonly reported: number;
  /** How often each action found something to act on. */
  readonly done: ReadonlyMap<string, number>;
  /** How often each fault was felt. */
  readonly fired: ReadonlyMap<string, number>;
}

/** How much of all that happens goes wrong, by weight: applications do the rest. */
const TROUBLE = 0.35;

/**
 * The storm of a seed. Most of them leave out many of the faults: what one fault alone does is not hidden by others, and
 * whatever ends without any reason for it stands out.
 */
export function drawStorm({ seed, nodes, actions: count, restarts, varied, pace }: Storm): Script {
  const random = new Random(seed ^ 0x5bd1e995);
  const kinds: Kind[] = restarts ? ['faults', 'goodbyes', 'restarts'] : ['faults', 'goodbyes'];
  const trouble = kinds.flatMap((kind) => Object.entries(actions[kind]));
  const chosen = choose(random, trouble);
  const weights = new Map(Object.entries(actions.work).map(([name, { weight }]) => [name, weight] as const));
  const share = (TROUBLE / (1 - TROUBLE)) * total(weights.values());
  const scale = share / total(chosen.map(([, { weight }]) => weight));
  for (const [name, { weight }] of chosen) weights.set(name, weight * scale);
  return draw({ seed, nodes, steps: count, pace, varied, weights });
}

function choose(random: Random, all: readonly [string, Action][]): readonly [string, Action][] {
  const ticket = random.next();
  if (ticket < 0.35) return all;
  const few = ticket < 0.6;
  const chosen = all.filter(() => random.chance(few ? 2 / all.length : 0.4));
  return chosen.length > 0 ? chosen : [random.pick(all)];
}

function total(weights: Iterable<number>): number {
  let sum = 0;
  for (const weight of weights) sum += weight;
  return sum;
}

/** @param most - steps of the simulation after which calm comes, whatever actions are left */
export function play(
  script: Script,
  most: number = Number.POSITIVE_INFINITY,
  trace: ((line: string) => void) | null = null,
): Played {
  const world = new World(script.seed, script.ids);
  world.trace = trace;
  const stage = new Stage(world, script);
  const done = new Map<string, number>();
  let [error, count, steps, virtualMs]: [Error | null, number, number, number] = [null, 0, 0, 0];
  try {
    for (const id of script.ids) stage.start(id, new Random((script.options ?? 0) ^ (id.charCodeAt(0) * 0x9e3779b9)));
    for (const { action, dice, wait } of script.steps) {
      if (world.steps >= most) break;
      count++;
      if (trace !== null) world.tellAll(`** ${action}`);
      if (actionOf(action).run(stage, new Random(dice))) done.set(action, (done.get(action) ?? 0) + 1);
      world.run(world.now + wait);
    }
    [steps, virtualMs] = [world.steps, world.now];
    world.tellAll('** calm');
    calm(stage);
  } catch (thrown) {
    error = thrown as Error;
    world.tellAll(`** ${error.message}`);
  }
  const { oracle, network } = world;
  return {
    error,
    actions: count,
    steps,
    virtualMs,
    accepted: oracle.packets.length,
    delivered: oracle.delivered,
    reported: oracle.reported,
    done,
    fired: network.counts,
  };
}

/** Within so long every node must have come to rest: every deadline there is, one after another. */
const RECOVERY = 150_000;
/** A link that is dead and not yet found to be looks like one at rest for so long. */
const SILENT = 20_000;

function calm(stage: Stage): void {
  const { world, ids } = stage;
  stage.calm = true;
  world.network.heal();
  world.weather.maxDelay = 20;
  for (const wire of world.openWires()) for (const end of wire.ends) end.out.corruptSoon(false);
  for (const twin of world.twins) {
    world.ledger?.at(twin.id, ['end'], world.now);
    world.crash(twin, false);
  }
  for (const id of ids) if (!world.nodes.has(id)) stage.start(id, new Random(1));
  for (const node of [...world.nodes.values(), ...world.leavers]) node.wake();
  world.run(world.now + SILENT);
  settle(world, RECOVERY);
  for (const leaver of world.leavers) check(leaver.closed, `${leaver.label} did not close`);
  world.couriers.settled();
  meet(stage);
  part(stage);
}

/** Until nobody waits for anything. */
function settle(world: World, most: number): void {
  const until = world.now + most;
  let busy = [...world.nodes.values(), ...world.leavers];
  while (world.now < until) {
    world.run(world.now + 1000);
    busy = busy.filter((node) => !node.closed && !isResting(stateOf(node.mesh)));
    if (busy.length === 0) return;
  }
  check(false, `${busy.map(({ label }) => label).join(' and ')} did not come to rest`);
}

/** Somebody keeps every pair: both sides must come to hold one link, over which packets go. */
function meet({ world }: Stage): void {
  const all = [...world.nodes.values()];
  for (const a of all) for (const b of all) if (a.id < b.id) a.connect(b.id, b.id);
  settle(world, 30_000);
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
}

/** One closes, and the others forget it; then all close, and nothing is left of them. */
function part({ world }: Stage): void {
  const all = [...world.nodes.values()];
  for (const node of all) world.ledger?.at(node.id, ['end'], world.now);
  const [first, ...others] = all as [SimNode, ...SimNode[]];
  first.act((mesh, now) => mesh.close(now));
  for (const node of others) node.act((mesh, now) => mesh.keep(first.id, false, now));
  settle(world, 60_000);
  for (const node of others) {
    check(node.mesh.view(first.id) === null, `${node.label} remembers ${first.label}, which is closed and not wanted`);
  }
  for (const node of others) node.act((mesh, now) => mesh.close(now));
  world.run(world.now + 20_000);
  for (const node of [...all, ...world.leavers]) {
    check(node.closed, `${node.label} did not close`);
    const { connections, dials, budget, wakeAt } = stateOf(node.mesh);
    const { outstanding } = budget;
    check(connections.length === 0, `${node.label} is closed and has ${connections.length} connections`);
    check(dials.size === 0, `${node.label} is closed and has ${dials.size} dials`);
    check(outstanding === 0, `${node.label} is closed and has ${outstanding} bytes outstanding`);
    check(wakeAt === Number.POSITIVE_INFINITY, `${node.label} is closed and wants to be woken`);
  }
  check(world.openWires().length === 0, `${world.openWires().length} connections are left after close`);
  check(world.agenda.next === Number.POSITIVE_INFINITY, `something is to happen after all are closed`);
  world.couriers.settled();
  world.oracle.settled();
}
