/**
 * Applications that send one packet after another: each when the one before was acknowledged, or as soon as there is room.
 * What they wait for must come, or the session must end.
 */
import type { Expired, Output } from '../../src/protocol/output.js';
import { NORMAL, type Session, URGENT } from '../../src/protocol/session.js';
import { stateOf } from './bounds.js';
import type { Letter, SimNode } from './node.js';
import { check } from './violation.js';

/** Waits for the acknowledgement of a packet, with more to send when it comes. */
interface Delivery {
  readonly node: SimNode;
  readonly letter: Letter;
  number: number;
  readonly left: number;
}

/** Was refused for want of room, with more to send when there is some. */
interface Flood {
  readonly node: SimNode;
  readonly letter: Letter;
  readonly left: number;
}

/** Packets that may be sent before the window must be full. */
const ENDLESS = 5000;

export class Couriers {
  private readonly deliveries = new Map<Session, Delivery[]>();
  private readonly floods = new Map<string, Flood>();

  /** Sends so many packets, each when the one before was acknowledged. Returns whether the first was accepted. */
  deliver(node: SimNode, letter: Letter, times: number): boolean {
    const session = node.mesh.session(letter.to);
    const number = node.post(letter);
    if (session !== null && number > 0) {
      const waiting = this.deliveries.get(session);
      const delivery = { node, letter, number, left: times - 1 };
      if (waiting === undefined) this.deliveries.set(session, [delivery]);
      else waiting.push(delivery);
      node.act((mesh) => mesh.ask(letter.to));
    }
    node.drain();
    return number > 0;
  }

  /** Sends until there is no room, so many times: again when there is some. Returns whether there was none. */
  flood(node: SimNode, letter: Letter, times: number): boolean {
    let sent = 0;
    while (node.post(letter) > 0) check(++sent < ENDLESS, `${node.label} sends to ${letter.to} without end`);
    if ([...stateOf(node.mesh).starved].some(({ id }) => id === letter.to)) {
      node.world.network.fired('full window');
      this.floods.set(`${node.label}>${letter.to}`, { node, letter, left: times - 1 });
    }
    node.drain();
    return sent > 0;
  }

  heard(node: SimNode, output: Output): void {
    if (output.kind === 'acknowledged') this.acknowledged(output.session);
    else if (output.kind === 'expired') this.expired(output);
    else if (output.kind === 'ended') this.deliveries.delete(output.session);
    else if (output.kind === 'drain') this.drained(node, output.id);
    else if (output.kind === 'disconnect') this.floods.delete(`${node.label}>${output.id}`);
  }

  crashed(node: SimNode): void {
    for (const [key, flood] of this.floods) if (flood.node === node) this.floods.delete(key);
    for (const [session, waiting] of this.deliveries) {
      if (waiting.some((delivery) => delivery.node === node)) this.deliveries.delete(session);
    }
  }

  /** At rest nobody waits. */
  settled(): void {
    for (const { node, letter } of this.floods.values()) {
      check(false, `${node.label} was never told of room for ${letter.to}`);
    }
    for (const waiting of this.deliveries.values()) {
      for (const { node, letter } of waiting) check(false, `${node.label} waits for ${letter.to} to acknowledge`);
    }
  }

  private acknowledged(session: Session): void {
    const waiting = this.deliveries.get(session);
    if (waiting === undefined) return;
    const acked = session.acked;
    const rest = waiting.filter(({ letter, number }) => number > acked[letter.urgent ? URGENT : NORMAL]);
    if (rest.length === waiting.length) return;
    if (rest.length > 0) this.deliveries.set(session, rest);
    else this.deliveries.delete(session);
    for (const delivery of waiting) {
      if (rest.includes(delivery)) continue;
      const { node, letter, left } = delivery;
      node.world.network.fired('acknowledged delivery');
      if (left > 0) node.after(0, () => this.deliver(node, letter, left));
    }
  }

  /** Packets before those that are waited for were not sent in time. */
  private expired({ session, lane, withdrawn }: Expired): void {
    for (const delivery of this.deliveries.get(session) ?? []) {
      if ((delivery.letter.urgent ? URGENT : NORMAL) !== lane) continue;
      const before = withdrawn.filter(({ end }) => end <= delivery.number);
      delivery.number -= before.reduce((sum, { frames }) => sum + frames, 0);
    }
  }

  private drained(node: SimNode, to: string): void {
    const key = `${node.label}>${to}`;
    const flood = this.floods.get(key);
    this.floods.delete(key);
    if (flood === undefined || flood.left === 0) return;
    node.after(0, () => this.flood(node, flood.letter, flood.left));
  }
}
