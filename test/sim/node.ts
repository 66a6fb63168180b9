/**
 * A node of the simulation: a real core, and what a runtime would do for it, with a clock of its own.
 */
import type { ReconnectPolicy } from '../../src/options.js';
import type { Connection } from '../../src/protocol/connection.js';
import { Mesh } from '../../src/protocol/mesh.js';
import type { Deliver, Output } from '../../src/protocol/output.js';
import { NORMAL, URGENT } from '../../src/protocol/session.js';
import type { MeshConfig } from '../../src/protocol/state.js';
import type { End } from '../../src/testing/network.js';
import { bytesOf } from './oracle.js';
import type { World } from './world.js';

const DEFAULTS = {
  codec: 'sim',
  heartbeat: 1000,
  timeout: 5000,
  stallTimeout: 60_000,
  handshakeTimeout: 5000,
  probeTimeout: 500,
  closeTimeout: 5000,
  reconnect: { attempts: 5, minDelay: 100, maxDelay: 5000 } as ReconnectPolicy,
  resumeWindow: 20_000,
  window: 64 * 1024,
  totalWindow: 1024 * 1024,
  maxPacket: 1024 * 1024,
  maxPeers: 64,
  maxHandshakes: 128,
  maxHandshakesPerAddress: 128,
};

/** A node of the simulation: its core and what a runtime would hold. */
export class SimNode {
  readonly id: string;
  readonly uri: string;
  /** `id#n`: which start of this id it is. */
  readonly label: string;
  readonly mesh: Mesh;
  readonly world: World;
  readonly ends = new Map<Connection, End>();
  alive = true;
  pausedUntil = 0;
  /** Packets are handled only so long after they arrive. */
  slow = 0;
  closed = false;
  readonly links = new Map<string, boolean>();
  /** Its timers do not ring before. */
  lateUntil = 0;
  /** How far its clock is ahead of the world's. */
  private ahead = 0;
  private wishes = 0;
  private alarmAt = Number.POSITIVE_INFINITY;

  constructor(world: World, id: string, count: number, config: Partial<MeshConfig>) {
    this.world = world;
    this.id = id;
    this.uri = `sim://${id}`;
    this.label = `${id}#${count}`;
    const digits = Array.from({ length: 16 }, () => world.random.below(16).toString(16)).join('');
    this.mesh = new Mesh({
      ...DEFAULTS,
      ...config,
      id,
      incarnation: digits.replace(/^0+$/, '1'),
      random: () => world.random.next(),
    });
    this.mesh.listening([this.uri]);
  }

  get paused(): boolean {
    return this.pausedUntil > this.world.now;
  }

  get clock(): number {
    return this.world.now + this.ahead;
  }

  /** Its clock jumps ahead, as after a machine was suspended. */
  jump(ms: number): void {
    this.ahead += ms;
  }

  /** Nothing holds it up any more. */
  wake(): void {
    this.pausedUntil = Math.min(this.pausedUntil, this.world.now);
    this.lateUntil = 0;
    this.slow = 0;
  }

  /** Wants the node with that id. Returns the number of the wish. */
  connect(to: string, expected: string | null = null): number {
    const wish = ++this.wishes;
    this.act((mesh, now) => mesh.connect(wish, `sim://${to}`, expected, now));
    return wish;
  }

  /** Does something with the core, then all that follows from it. */
  act(action: (mesh: Mesh, now: number) => void): void {
    if (!this.alive) return;
    action(this.mesh, this.clock);
    this.drain();
  }

  send(to: string, length: number, urgent = false): boolean {
    const { oracle } = this.world;
    const session = this.mesh.session(to);
    const number = this.mesh.send(to, bytesOf(oracle.nextNumber, length), urgent);
    if (number > 0 && session !== null) oracle.accepted(this.label, to, urgent ? URGENT : NORMAL, session);
    this.drain();
    return number > 0;
  }

  drain(): void {
    for (let output = this.mesh.poll(this.clock); output !== null; output = this.mesh.poll(this.clock)) {
      this.hear(output);
    }
    this.flush();
    this.setAlarm();
  }

  private flush(): void {
    for (let dirty = this.mesh.takeDirty(); dirty.length > 0; dirty = this.mesh.takeDirty()) {
      for (const connection of dirty) {
        const end = this.ends.get(connection);
        if (end === undefined) continue;
        for (const view of this.mesh.gather(connection, 256 * 1024, this.clock)) end.write(view.slice());
      }
    }
  }

  private setAlarm(): void {
    const at = this.mesh.wakeAt - this.ahead;
    if (at >= this.alarmAt || at === Number.POSITIVE_INFINITY) return;
    this.alarmAt = at;
    this.world.agenda.at(at, () => this.ring(at));
  }

  private ring(at: number): void {
    if (!this.alive || this.alarmAt !== at) return;
    this.alarmAt = Number.POSITIVE_INFINITY;
    if (this.paused || this.lateUntil > this.world.now) {
      // After a pause what has arrived is read first.
      this.alarmAt = Math.max(this.pausedUntil, this.lateUntil) + 20;
      const later = this.alarmAt;
      this.world.agenda.at(later, () => this.ring(later));
      return;
    }
    this.mesh.tick(this.clock);
    this.drain();
  }

  private hear(output: Output): void {
    const { oracle } = this.world;
    switch (output.kind) {
      case 'deliver':
        oracle.deliver(this.label, output.id, output.lane, output.bytes);
        this.handle(output);
        break;
      case 'dial':
        this.world.dial(this, output.connection, output.uri);
        break;
      case 'close': {
        const end = this.ends.get(output.connection);
        this.ends.delete(output.connection);
        if (end === undefined) break;
        for (const view of output.flush ? this.mesh.gather(output.connection, 0, this.clock) : [])
          end.write(view.slice());
        if (output.flush) end.close();
        else end.destroy();
        break;
      }
      case 'connect':
        oracle.connect(this.label, output.id);
        break;
      case 'disconnect':
        oracle.disconnect(this.label, output.id, output.reason);
        break;
      case 'undelivered':
        for (const bytes of output.leftover.uncertain) oracle.report(this.label, output.id, 'uncertain', bytes);
        for (const bytes of output.leftover.unsent) oracle.report(this.label, output.id, 'unsent', bytes);
        break;
      case 'closed':
        this.closed = true;
        break;
      default:
    }
    this.world.heard(this, output);
  }

  private handle({ id, session, lane, sequence, receivedBytes }: Deliver): void {
    const receipt = { id, session, lane, sequence, receivedBytes };
    if (this.slow === 0) {
      this.mesh.handled(receipt, this.clock);
      return;
    }
    this.world.agenda.at(this.world.now + this.slow, () => this.act((mesh, now) => mesh.handled(receipt, now)));
  }
}
