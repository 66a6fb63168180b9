/** What goes wrong with the network and with processes that live on. Each fault ends by itself. */
import type { Wire } from '../../src/testing/end.js';
import type { Random } from '../../src/testing/random.js';
import type { Action } from './actions.js';
import type { Effect } from './ledger.js';
import type { Stage } from './stage.js';

/** Bytes do not come, and nobody knows why. */
const SILENCE: readonly Effect[] = ['doubt', 'loss', 'obstacle'];

const LONGEST_HEARTBEAT = 2500;

export const faults: Readonly<Record<string, Action>> = {
  reset: onWire(6, (stage, wire) => stage.world.network.reset(wire)),
  'half-open': onWire(3, (stage, wire, dice) => {
    stage.world.network.halfOpen(...(dice.chance(0.4) ? wire.ends : [dice.pick(wire.ends)]));
  }),
  'orderly-close': onWire(2, (stage, wire) => stage.world.network.close(wire)),
  // Only the kind of a control frame: what the checksums of TCP let through elsewhere, nobody could notice.
  corrupt: onWire(4, (_, wire, dice) => dice.pick(wire.ends).out.corruptSoon()),
  refuse: onWays(2, 8000, ['obstacle'], ({ world: { network } }, from, to) => {
    network.route(from, to).refuses = true;
    return () => (network.route(from, to).refuses = false);
  }),
  'black-hole': onWays(1, 12_000, ['obstacle'], ({ world: { network } }, from, to) => {
    network.route(from, to).swallows = true;
    return () => (network.route(from, to).swallows = false);
  }),
  partition: onWays(1, 20_000, SILENCE, (stage, from, to, ms, dice) => {
    const { network, now } = stage.world;
    for (const route of [network.route(from, to), network.route(to, from)]) route.partition.shut(now + ms);
    // What keeps count of connections on the way has forgotten these.
    if (dice.chance(0.3)) {
      for (const wire of stage.world.wiresBetween(from, to)) {
        stage.sever(wire);
        network.halfOpen(...wire.ends);
      }
    }
  }),
  'one-way-partition': onWays(1, 20_000, SILENCE, ({ world: { network, now } }, from, to, ms) =>
    network.route(from, to).partition.shut(now + ms),
  ),
  clog: onWays(2, 10_000, SILENCE, ({ world: { network } }, from, to, ms) => network.clog(from, to, ms)),
  bandwidth: onWays(1, 20_000, SILENCE, ({ world: { network } }, from, to, _, dice) => {
    network.limit(from, to, 2000 + dice.below(60_000));
    return () => network.limit(from, to, Number.POSITIVE_INFINITY);
  }),
  delay: onWays(1, 20_000, SILENCE, ({ world: { network } }, from, to, _, dice) => {
    const min = dice.below(600);
    network.delay(from, to, { min, max: min + dice.below(900) });
    return () => network.delay(from, to, null);
  }),
  weather: onWays(1, 20_000, [], (stage, _, __, ms) => {
    const { weather, ledger, now } = stage.world;
    weather.maxDelay = 400;
    for (const id of stage.ids) ledger?.at(id, ['doubt', 'obstacle'], now, now + ms);
    return () => (weather.maxDelay = 20);
  }),
  pause: onNode(2, ({ world: { now, ledger } }, node, dice) => {
    const until = now + dice.below(30_000);
    ledger?.at(node.id, ['doubt', 'absence'], now, until);
    node.pausedUntil = until;
  }),
  'late-timer': onNode(2, ({ world: { now, ledger } }, node, dice) => {
    node.lateUntil = now + dice.below(15_000);
    ledger?.at(node.id, ['doubt', 'absence'], now, node.lateUntil);
  }),
  'clock-jump': onNode(1, ({ world: { now, ledger, network } }, node, dice) => {
    const ms = dice.below(90_000);
    // What is shorter than a heartbeat can't be told from time that passed.
    ledger?.at(node.id, ms > LONGEST_HEARTBEAT ? ['absence'] : ['absence', 'doubt'], now);
    if (node.mesh.connected().length > 0) network.fired('clock jump');
    node.jump(ms);
  }),
  slow: onNode(1, (_, node, dice) => {
    node.slow = dice.chance(0.4) ? 0 : dice.below(30);
  }),
  'late-acks': onNode(1, (_, node, dice) => {
    node.ackDelay = dice.chance(0.4) ? 0 : dice.below(2000);
  }),
  drip: onNode(2, (_, node, dice) => {
    node.drip = dice.chance(0.3) ? 0 : 1 + dice.below(150);
  }),
  'address-change': onNode(1, (stage, node, dice) => {
    const { world } = stage;
    const lag = dice.below(4000);
    world.ledger?.at(node.id, ['obstacle'], world.now, world.now + lag);
    for (const other of stage.ids) {
      if (other !== node.id) for (const wire of world.wiresBetween(node.id, other)) stage.sever(wire);
    }
    world.network.move(node.id, lag, dice.pick(['refuse', 'black hole']), dice.pick(['reset', 'silent']));
  }),
  'duplicate-id': {
    weight: 1,
    run(stage, dice) {
      const { world } = stage;
      const id = stage.id(dice);
      const lifetime = dice.below(4000);
      const silently = dice.chance(0.3);
      if (id === null) return false;
      world.ledger?.at(id, ['contest'], world.now, world.now + lifetime);
      const twin = world.twin(id);
      for (const other of stage.ids) if (other !== id) twin.connect(other);
      for (let at = 0; at < lifetime; at += 200) {
        const to = dice.pick(stage.ids);
        twin.after(at, () => twin.send(to, 40));
      }
      stage.after(lifetime, () => {
        if (!twin.alive) return;
        world.ledger?.at(id, ['end'], world.now);
        world.crash(twin, silently);
      });
      return true;
    },
  },
};

/** Something is done to one connection. */
function onWire(weight: number, run: (stage: Stage, wire: Wire, dice: Random) => void): Action {
  return {
    weight,
    run(stage, dice) {
      const wire = stage.wire(dice);
      if (wire === null) return false;
      stage.sever(wire);
      run(stage, wire, dice);
      return true;
    },
  };
}

/** Something is wrong with the way from one node to another for a while. A function that it returns puts it right. */
function onWays(
  weight: number,
  longest: number,
  effects: readonly Effect[],
  run: (stage: Stage, from: string, to: string, ms: number, dice: Random) => unknown,
): Action {
  return {
    weight,
    run(stage, dice) {
      const ways = stage.ways(dice);
      const ms = dice.below(longest);
      if (ways === null) return false;
      const { world } = stage;
      world.ledger?.between(...ways, effects, world.now, world.now + ms);
      world.tellAll(`${ways[0]} to ${ways[1]}, for ${ms} ms`);
      const mend = run(stage, ...ways, ms, dice);
      if (typeof mend === 'function') stage.after(ms, () => mend());
      return true;
    },
  };
}

/** Something is done to one node. */
function onNode(
  weight: number,
  run: (stage: Stage, node: NonNullable<ReturnType<Stage['node']>>, dice: Random) => void,
): Action {
  return {
    weight,
    run(stage, dice) {
      const node = stage.node(dice);
      if (node === null) return false;
      stage.world.tellAll(`at ${node.label}`);
      run(stage, node, dice);
      return true;
    },
  };
}
