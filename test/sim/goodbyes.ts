/** How nodes part: in good order, at the worst moment, or without a word. */
import type { Random } from '../../src/testing/random.js';
import type { Action } from './actions.js';
import { ambush, type Moment } from './ambush.js';
import { stateOf } from './bounds.js';
import type { SimNode } from './node.js';
import type { Stage } from './stage.js';
import { busy, NOBODY } from './work.js';
import type { World } from './world.js';

/** What is done when the moment has come. */
type Deed = (stage: Stage, from: SimNode, to: string, dice: Random) => void;

export const goodbyes: Readonly<Record<'goodbyes' | 'restarts', Readonly<Record<string, Action>>>> = {
  goodbyes: {
    disconnect: between(1, (stage, from, to) => disconnect(stage, from, to)),
    'crossing-goodbyes': between(1, (stage, from, to, dice) => {
      const there = stage.world.nodes.get(to);
      busy(from, to, dice);
      if (there?.paused === false) busy(there, from.id, dice);
      disconnect(stage, from, to);
      there?.after(dice.below(25), () => disconnect(stage, there, from.id));
    }),
    'goodbye-and-reset': between(1, (stage, from, to, dice) => {
      busy(from, to, dice);
      disconnect(stage, from, to);
      stage.after(dice.below(40), () => cut(stage, from, to));
      if (dice.chance(0.5)) from.after(dice.below(60), () => from.connect(to));
    }),
    unwanted: between(1, (stage, from, to, dice) => {
      const there = stage.world.nodes.get(to);
      unkeep(stage, from, to);
      if (there?.paused === false) unkeep(stage, there, from.id);
      busy(from, to, dice);
      from.after(dice.below(60), () => from.act((mesh, now) => mesh.keep(to, true, now)));
    }),
    ...atMoments('goodbye', disconnect),
    ...atMoments('cut', cut),
  },
  restarts: {
    crash: {
      weight: 2,
      run(stage, dice) {
        const victim = stage.node(dice);
        if (victim === null) return false;
        crash(stage, victim, '', dice);
        return true;
      },
    },
    'close-and-restart': {
      weight: 2,
      run(stage, dice) {
        const leaver = stage.node(dice);
        const to = dice.pick(stage.ids);
        if (leaver === null) return false;
        if (to !== leaver.id) busy(leaver, to, dice);
        leave(stage, leaver, '', dice);
        return true;
      },
    },
    ...atMoments('crash', crash),
    ...atMoments('close', leave),
  },
};

function between(weight: number, run: Deed): Action {
  return {
    weight,
    run(stage, dice) {
      const [from, to] = stage.pair(dice) ?? NOBODY;
      if (from === null) return false;
      stage.world.tellAll(`${from.label} and ${to}`);
      run(stage, from, to, dice);
      return true;
    },
  };
}

/** The deed at each of the moments, which are brought about. */
function atMoments(what: string, deed: Deed): Readonly<Record<string, Action>> {
  const at = (moment: Moment, weight: number): Action =>
    between(weight, (stage, from, to, dice) => {
      const there = stage.world.nodes.get(to);
      from.send(to, 100);
      busy(from, to, dice);
      if (there?.paused === false) busy(there, from.id, dice);
      ambush(from, to, moment, () => {
        stage.world.network.fired(`${what} in ${moment}`);
        deed(stage, from, to, dice);
      });
      if (from.mesh.isConnected(to)) cut(stage, from, to);
      else from.connect(to);
    });
  return {
    [`${what}-in-handshake`]: at('handshake', 1),
    [`${what}-in-adoption`]: at('adoption', 1),
    // Only where there was a session before, and it goes on.
    [`${what}-in-replay`]: at('replay', 3),
  };
}

function disconnect({ world }: Stage, from: SimNode, to: string): void {
  withdrawn(world, from, to);
  from.act((mesh, now) => mesh.disconnect(to, now));
}

function unkeep({ world }: Stage, from: SimNode, to: string): void {
  withdrawn(world, from, to);
  from.act((mesh, now) => mesh.keep(to, false, now));
}

/** A handshake under way may still bring about a session that nobody wants by then. */
function withdrawn({ ledger, now }: World, from: SimNode, to: string): void {
  ledger?.between(from.id, to, ['end'], now);
  ledger?.unwanted(from.id, to, now);
}

function cut(stage: Stage, from: SimNode, to: string): void {
  for (const wire of stage.world.wiresBetween(from.id, to)) {
    stage.sever(wire);
    stage.world.network.reset(wire);
  }
}

function crash(stage: Stage, victim: SimNode, _: string, dice: Random): void {
  const { world } = stage;
  world.ledger?.at(victim.id, ['end'], world.now);
  world.crash(victim, dice.chance(0.3));
  comeBack(stage, victim.id, dice.below(3000), dice);
}

function leave(stage: Stage, leaver: SimNode, _: string, dice: Random): void {
  const { world } = stage;
  // It has left before the moment for that came, and another may have its id by now.
  if (world.nodes.get(leaver.id) !== leaver) return;
  world.ledger?.at(leaver.id, ['end'], world.now, world.now + stateOf(leaver.mesh).config.closeTimeout);
  world.leave(leaver);
  comeBack(stage, leaver.id, dice.below(6000), dice);
}

function comeBack(stage: Stage, id: string, ms: number, dice: Random): void {
  stage.after(ms, () => {
    if (stage.world.nodes.has(id)) return;
    stage.world.network.fired('restart');
    stage.start(id, dice);
  });
}
