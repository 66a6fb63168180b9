/** What actions act on: the world, who is in it, and what they all need to choose from it. */
import type { MeshConfig } from '../../src/protocol/state.js';
import type { Wire } from '../../src/testing/end.js';
import type { Random } from '../../src/testing/random.js';
import { DEFAULTS, type SimNode } from './node.js';
import { name } from './oracle.js';
import { crowdOf, type Script } from './script.js';
import type { World } from './world.js';

export class Stage {
  readonly world: World;
  /** Those who take part. */
  readonly ids: readonly string[];
  /** Those the dice choose from. */
  readonly crowd: readonly string[];
  /** The storm is over: nobody begins anything. */
  calm = false;
  private readonly varied: boolean;

  constructor(world: World, { ids, crowd, options }: Script) {
    this.world = world;
    this.ids = ids;
    this.crowd = crowdOf(crowd);
    this.varied = options !== null;
  }

  /** Starts the node with that id, with options of its own when they vary. */
  start(id: string, dice: Random): SimNode {
    const { world } = this;
    const options = this.varied ? variation(dice) : {};
    const { attempts } = options.reconnect ?? DEFAULTS.reconnect;
    if (attempts <= 1 || (options.resumeWindow ?? DEFAULTS.resumeWindow) < DEFAULTS.resumeWindow) {
      world.ledger?.weaken(id);
    }
    // One that starts with the world is nobody's successor.
    if (world.now > 0) world.ledger?.at(id, ['end'], world.now);
    return world.start(id, options);
  }

  /** One that runs; null when the dice choose one that does not take part, is stopped or not there at the moment. */
  node(dice: Random): SimNode | null {
    const node = this.world.nodes.get(dice.pick(this.crowd));
    return node === undefined || node.paused ? null : node;
  }

  id(dice: Random): string | null {
    const id = dice.pick(this.crowd);
    return this.ids.includes(id) ? id : null;
  }

  /** One that runs, and the id of another that takes part. */
  pair(dice: Random): readonly [SimNode, string] | null {
    const from = this.node(dice);
    const to = this.id(dice);
    return from === null || to === null || to === from.id ? null : [from, to];
  }

  /** Two that take part. */
  ways(dice: Random): readonly [string, string] | null {
    const from = this.id(dice);
    const to = this.id(dice);
    return from === null || to === null || from === to ? null : [from, to];
  }

  wire(dice: Random): Wire | null {
    const open = this.world.openWires();
    return open.length > 0 ? dice.pick(open) : null;
  }

  after(ms: number, run: () => void): void {
    this.world.agenda.at(this.world.now + ms, run);
  }

  /** What was done to this wire is a reason for its end. */
  sever(wire: Wire): void {
    const [near, far] = wire.ends;
    const { ledger, now } = this.world;
    ledger?.sever(wire, near.out.route.from, near.out.route.to, now);
    this.world.tellAll(`severs ${name(near.owner)} - ${name(far.owner)}`);
  }
}

function variation(dice: Random): Partial<MeshConfig> {
  const heartbeat = dice.pick([300, 1000, 2500]);
  return {
    heartbeat,
    timeout: heartbeat * dice.pick([2, 5]),
    closeTimeout: dice.pick([0, 300, 5000]),
    resumeWindow: dice.pick([0, 1000, 20_000]),
    window: dice.pick([2048, 64 * 1024]),
    totalWindow: dice.pick([100 * 1024, 1024 * 1024]),
    maxPacket: dice.pick([500_000, 1024 * 1024]),
    reconnect: { attempts: dice.pick([0, 1, 5, Number.POSITIVE_INFINITY]), minDelay: 50, maxDelay: 2000 },
  };
}
