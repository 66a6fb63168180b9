/** Where an attack takes place: the attacked node's address, the ways to it, and what can be asked of it. */
import { ok } from 'node:assert/strict';
import type { ConnectionOptions } from 'node:tls';
import type * as control from '../../src/protocol/control.js';
import { pass } from '../support/events.js';
import { ARBITER, FOLLOWER, type Mode, membership } from './mode.js';
import type { Victim } from './victim.js';
import { Wire } from './wire.js';

export class Scene {
  readonly mode: Mode;
  readonly victim: Victim;
  /** Of the attacked node. */
  readonly uri: string;
  /** Those that are open. */
  readonly #wires = new Set<Wire>();

  constructor(mode: Mode, victim: Victim, uri: string) {
    this.mode = mode;
    this.victim = victim;
    this.uri = uri;
  }

  get port(): number {
    return Number(new URL(this.uri).port);
  }

  /** A connection in plain text, whatever the node asks for. */
  stranger(from?: string): Wire {
    return this.#wire({ port: this.port, tls: null, ...(from === undefined ? {} : { from }) });
  }

  /** A connection over TLS with these credentials, or none. */
  secured(tls: ConnectionOptions): Wire {
    return this.#wire({ port: this.port, tls });
  }

  /** A connection as a member has it: a node with the right credentials, under its own name. */
  member(name: string = FOLLOWER, from?: string): Wire {
    return this.#wire({ port: this.port, tls: membership(this.mode, name), ...(from === undefined ? {} : { from }) });
  }

  /** The same by a detour. */
  through(port: number): Wire {
    return this.#wire({ port, tls: membership(this.mode, FOLLOWER) });
  }

  /** A member that is linked, with the lesser id. */
  async follower(change: Partial<control.Hello> = {}): Promise<Wire> {
    const wire = this.member();
    await wire.follow(change);
    return wire;
  }

  /** A member that is linked, with the greater id. */
  async leader(change: Partial<control.Hello> = {}, verdict: Partial<control.Adopt> = {}): Promise<Wire> {
    const wire = this.member(ARBITER);
    await wire.lead({ id: ARBITER, ...change }, verdict);
    return wire;
  }

  /** The attacker goes. */
  leave(): void {
    for (const wire of this.#wires) wire.close();
  }

  /** All that the attacker had is gone at the attacked node too. */
  async left(sockets: number): Promise<void> {
    let left = 0;
    // What was told goodbye lingers for a second.
    for (const end = performance.now() + 10_000; performance.now() < end; await pass(5)) {
      left = await this.victim.sockets();
      if (left <= sockets && (await this.victim.peers()).length <= 1) return;
    }
    ok(false, `${left} sockets are left where there were ${sockets}`);
  }

  #wire(place: ConstructorParameters<typeof Wire>[0]): Wire {
    const wire = new Wire(place);
    this.#wires.add(wire);
    void wire.ended.then(() => this.#wires.delete(wire));
    return wire;
  }
}
