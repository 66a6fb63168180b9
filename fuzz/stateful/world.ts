/**
 * A core that is fuzzed, and beside it an honest node with a link to it: whatever strangers say to the core, the two go on
 * exchanging packets over that same link.
 */
import { MasterlessError } from '../../src/errors.js';
import type { Connection } from '../../src/protocol/connection.js';
import type { MeshConfig } from '../../src/protocol/state.js';
import { Random } from '../../src/testing/random.js';
import { must } from '../target.js';
import { Core, type End } from './core.js';

const CONFIG: Omit<MeshConfig, 'random'> = {
  id: 'm',
  incarnation: '00000000000000aa',
  codec: 'test',
  heartbeat: 2000,
  timeout: 5000,
  // No longer than what else waits: all that happens meanwhile is the honest pair's heartbeats, which take most of the time.
  stallTimeout: 12_000,
  handshakeTimeout: 5000,
  probeTimeout: 500,
  closeTimeout: 5000,
  reconnect: { attempts: 2, minDelay: 100, maxDelay: 10_000 },
  resumeWindow: 10_000,
  window: 16 * 1024,
  totalWindow: 64 * 1024,
  maxPacket: 4096,
  maxPeers: 4,
  maxHandshakes: 5,
  maxHandshakesPerAddress: 3,
};

/** Ticks of a core within a span: heartbeats, acknowledgements, and what happens once. */
const ticksWithin = (ms: number): number => 200 + Math.ceil(ms / 100);
/** For all that waits to come to its end, each wait at most once after another. */
const LAST_TICKS = 500;

export class World {
  readonly core: Core;
  readonly honest: Core;
  readonly honestId: string;
  private readonly link: Connection;
  private exchanged = 0;
  private heardByHonest = 0;
  private heardByCore = 0;

  /** @param honestId - less or greater than `m`: the follower or the arbiter of the two */
  constructor(honestId: string, config: Partial<MeshConfig> = {}) {
    const random = new Random(1);
    this.core = new Core({ ...CONFIG, ...config, random: () => random.next() });
    this.core.mesh.listening(['test://m'], 0);
    this.honestId = honestId;
    const other = new Random(2);
    const own = { id: honestId, incarnation: '00000000000000ee', random: () => other.next() };
    this.honest = new Core({ ...CONFIG, ...own });
    this.honest.mesh.listening([], 0);
    this.honest.onDial = (connection) => this.join(connection);
    this.honest.act((mesh, now) => mesh.connect(1, 'test://m', 'm', now));
    // Dials are due at once; the clock of both stays at the beginning.
    this.honest.wait(this.honest.now, 10);
    const link = this.core.state.peers.get(honestId)?.link;
    must(link != null && this.honest.mesh.isConnected('m'), 'the honest node is not connected');
    this.link = link;
    this.core.onDeliver = ({ id, bytes }) => {
      if (id === honestId) must(numberIn(bytes) === ++this.heardByCore, 'a packet of the honest node is lost');
    };
    this.honest.onDeliver = ({ bytes }) => must(numberIn(bytes) === ++this.heardByHonest, 'a packet to it is lost');
  }

  get now(): number {
    return this.core.now;
  }

  /** The honest node is connected over the link that it had, and packets pass both ways. */
  mustBeHonoured(): void {
    const { core, honest, honestId } = this;
    must(core.state.peers.get(honestId)?.link === this.link, 'the honest link is not what it was');
    must(!honest.heard.has('disconnect') && !honest.heard.has('reconnect'), 'the honest link was disturbed');
    const bytes = Uint8Array.of(++this.exchanged >> 8, this.exchanged);
    // What strangers leave no room for is shared by all: then this packet is for another time.
    if (!core.send(honestId, bytes, this.exchanged % 3 === 0)) {
      must(core.state.budget.outstanding > 0, 'no room for the honest node, and nobody uses it');
      this.exchanged--;
      return;
    }
    must(honest.send('m', bytes, this.exchanged % 3 === 1), 'the honest node has no room');
    must(this.heardByHonest === this.exchanged, 'the honest node hears nothing');
    if (core.handles) must(this.heardByCore === this.exchanged, 'the honest node is not heard');
  }

  /** Time passes for both. */
  wait(ms: number): void {
    const end = this.now + ms;
    // In steps, so that neither is far behind the other.
    while (this.now < end) {
      const step = Math.min(end, this.now + 1000);
      this.core.wait(step, ticksWithin(1000));
      this.honest.wait(step, ticksWithin(1000));
    }
  }

  /** Strangers are gone and the honest node leaves: in the end nothing is left, and the node closes. */
  end(): void {
    const { core, honest } = this;
    core.handles = true;
    core.handleAll();
    this.wait(100);
    this.mustBeHonoured();
    for (const id of [...core.state.peers.keys()]) core.act((mesh, now) => mesh.keep(id, false, now));
    honest.act((mesh, now) => mesh.disconnect('m', now));
    honest.wait(honest.now, LAST_TICKS);
    must(honest.heard.has('parted') && !honest.mesh.isConnected('m'), 'the honest node can not part');
    for (const id of [...core.state.peers.keys()]) core.act((mesh, now) => mesh.keep(id, false, now));
    // However long that is: nothing else happens meanwhile.
    for (let left = LAST_TICKS; core.mesh.wakeAt < Number.POSITIVE_INFINITY; left--) {
      must(left > 0, 'it never comes to rest');
      core.wait(Math.max(core.now, core.mesh.wakeAt), LAST_TICKS);
    }
    core.mustBeBounded();
    core.mustBeEmpty();
    core.act((mesh, now) => mesh.close(now));
    must(core.heard.has('closed'), 'it does not close');
    honest.act((mesh, now) => mesh.close(now));
    honest.mustBeEmpty();
  }

  /** The honest node's connection, to the core; bytes pass at once. */
  private join(connection: Connection): End {
    const { core, honest } = this;
    const inner = core.mesh.accepted('honest', false, core.now);
    if (inner === null) throw new MasterlessError('ERR_LIMIT', 'the core takes no connection');
    core.ends.set(inner, end(honest, connection));
    const near = end(core, inner);
    honest.ends.set(connection, near);
    honest.mesh.opened(connection);
    return near;
  }
}

/** Where what is written comes to the other core, and what is closed ends there. */
function end(to: Core, connection: Connection): End {
  return {
    write: (bytes) => to.receive(connection, bytes),
    closed: () => to.act((mesh, now) => mesh.ended(connection, null, now)),
  };
}

function numberIn(bytes: Uint8Array): number {
  return ((bytes[0] as number) << 8) | (bytes[1] as number);
}
