/** What applications do: wish for peers, and send. */
import { PIECE } from '../../src/protocol/send-buffer.js';
import type { Random } from '../../src/testing/random.js';
import type { Action } from './actions.js';
import type { Letter, SimNode } from './node.js';

/** Most packets are small; a large one travels in pieces. */
const LARGEST = 400_000;

export const work: Readonly<Record<string, Action>> = {
  connect: {
    weight: 6,
    run(stage, dice) {
      const [from, to] = stage.pair(dice) ?? NOBODY;
      from?.connect(to);
      return from !== null;
    },
  },
  'connect-both': {
    weight: 4,
    run(stage, dice) {
      const [from, to] = stage.pair(dice) ?? NOBODY;
      if (from === null) return false;
      from.connect(to);
      const there = stage.world.nodes.get(to);
      if (there?.paused === false) there.connect(from.id, from.id);
      return true;
    },
  },
  'connect-and-cancel': {
    weight: 1,
    run(stage, dice) {
      const [from, to] = stage.pair(dice) ?? NOBODY;
      if (from === null) return false;
      const wish = from.connect(to);
      from.after(dice.below(50), () => {
        // The link may be there by then, and nobody wants it.
        stage.world.ledger?.between(from.id, to, ['end'], stage.world.now);
        stage.world.ledger?.unwanted(from.id, to, stage.world.now);
        from.act((mesh, now) => mesh.cancelConnect(wish, now));
      });
      return true;
    },
  },
  keep: {
    weight: 2,
    run(stage, dice) {
      const [from, to] = stage.pair(dice) ?? NOBODY;
      if (from === null) return false;
      const keep = dice.chance(0.7);
      if (!keep) {
        stage.world.ledger?.between(from.id, to, ['end'], stage.world.now);
        stage.world.ledger?.unwanted(from.id, to, stage.world.now);
      }
      from.act((mesh, now) => mesh.keep(to, keep, now));
      return true;
    },
  },
  send: {
    weight: 24,
    run(stage, dice) {
      const [from, to] = stage.pair(dice) ?? NOBODY;
      const letters = Array.from({ length: 1 + dice.below(20) }, () => small(to, dice));
      if (from === null) return false;
      let accepted = false;
      for (const { length, urgent } of letters) accepted = from.send(to, length, urgent) || accepted;
      return accepted;
    },
  },
  // Of use for a while only, which a lost link may well outlast.
  'send-for-a-while': {
    weight: 6,
    run(stage, dice) {
      const [from, to] = stage.pair(dice) ?? NOBODY;
      const letters = Array.from({ length: 1 + dice.below(12) }, () => ({
        ...small(to, dice),
        ...(dice.chance(0.7) ? { ttl: 1 + dice.below(3000) } : {}),
        ...(dice.chance(0.05) ? { length: PIECE + dice.below(LARGEST - PIECE), urgent: false } : {}),
      }));
      return from !== null && from.sendAll(letters) > 0;
    },
  },
  'send-to-all': {
    weight: 6,
    run(stage, dice) {
      const from = stage.node(dice);
      if (from === null) return false;
      const letters: Letter[] = [];
      for (let i = dice.below(6); i >= 0; i--) {
        for (const to of stage.ids) if (to !== from.id) letters.push(small(to, dice));
      }
      return from.sendAll(letters) > 1;
    },
  },
  'send-large': {
    weight: 3,
    run(stage, dice) {
      const [from, to] = stage.pair(dice) ?? NOBODY;
      const length = dice.chance(0.3) ? PIECE + dice.below(LARGEST - PIECE) : 10_000 + dice.below(50_000);
      // Small ones, and urgent ones, pass between its pieces.
      const letters = [{ to, length, urgent: false }, ...[1, 2, 3].map(() => small(to, dice))];
      if (from === null) return false;
      const [large, ...others] = letters as [Letter, ...Letter[]];
      const accepted = from.post(large) > 0;
      if (accepted && length > PIECE) stage.world.network.fired('packet in pieces');
      return from.sendAll(others) > 0 || accepted;
    },
  },
  // One packet after another for a while: a quiet time is not an idle one.
  stream: {
    weight: 6,
    run(stage, dice) {
      const [from, to] = stage.pair(dice) ?? NOBODY;
      const every = 20 + dice.below(400);
      const length = 4 + dice.below(100);
      let left = 10 + dice.below(90);
      if (from === null || !from.mesh.isConnected(to)) return false;
      const next = (): void => {
        from.send(to, length, left % 8 === 0);
        if (--left > 0 && !stage.calm) from.after(every, next);
      };
      next();
      return true;
    },
  },
  deliver: {
    weight: 6,
    run(stage, dice) {
      const [from, to] = stage.pair(dice) ?? NOBODY;
      const letter = small(to, dice);
      return from !== null && stage.world.couriers.deliver(from, letter, 1 + dice.below(8));
    },
  },
  flood: {
    weight: 1,
    run(stage, dice) {
      const [from, to] = stage.pair(dice) ?? NOBODY;
      const letter = { to, length: 500 + dice.below(4000), urgent: dice.chance(0.2) };
      return from !== null && stage.world.couriers.flood(from, letter, 1 + dice.below(3));
    },
  },
};

/** Nobody was chosen who could do it. */
export const NOBODY: readonly [null, string] = [null, ''];

function small(to: string, dice: Random): Letter {
  return { to, length: 4 + dice.below(300), urgent: dice.chance(0.1) };
}

/** Has something under way. */
export function busy(from: SimNode, to: string, dice: Random): void {
  for (let i = dice.below(4); i > 0; i--) from.send(to, 4 + dice.below(3000), dice.chance(0.3));
}
