/**
 * Nodes in processes of their own, and the verdict on all that they did: the ledger of their packets, the sessions that
 * ended, and whether every process ended by itself when it was told to.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DisconnectReason, ServerOptions } from '../../src/index.js';
import { Random } from '../../src/testing/random.js';
import { Network } from '../support/proxy.js';
import { type Disconnect, Ledger } from './ledger.js';
import { Member, type Pace, type Place } from './member.js';

/** What came of a scenario, for adding up. */
export type Figures = Readonly<Record<string, number>>;

/** How long it may take, on a busy machine, until all packets are where they belong. */
const SETTLING = 120_000;

/** What may have happened before all was well again. */
export interface Expected {
  /** Reasons for which sessions may have ended. @default none */
  readonly allowed?: readonly DisconnectReason[];
  /** No link may have been replaced. @default false */
  readonly steady?: boolean;
}

/** Quick to notice and to come back, slow to give up: faults here are many and short. */
export const PERSISTENT: ServerOptions = {
  heartbeat: 100,
  timeout: 600,
  handshakeTimeout: 1000,
  probeTimeout: 300,
  closeTimeout: 10_000,
  reconnect: { attempts: 1e9, minDelay: 5, maxDelay: 200 },
  resumeWindow: 120_000,
};

export class Fleet {
  readonly ledger: Ledger = new Ledger();
  readonly members: Member[] = [];
  readonly random: Random;
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'masterless-'));
  readonly #networks: Network[] = [];

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  /** A member at a place of its own; it is not started. */
  add(id: string, place: Place): Member {
    const member = new Member(id, place, this.#folder, this.ledger, () => this.random.below(2 ** 32));
    this.members.push(member);
    return member;
  }

  /** A member at a port of loopback. It has one life only: the port is another's then. */
  addDirect(id: string, options: ServerOptions): Member {
    return this.add(id, { options, uri: null, host: [] });
  }

  /** A member that others reach through a network and by no other way. */
  async addBehindNetwork(id: string, options: ServerOptions): Promise<{ member: Member; network: Network }> {
    const path = join(this.#folder, `${id}.sock`);
    const network = await Network.to({ path });
    this.#networks.push(network);
    const place = {
      options: { ...options, listen: `unix://${path}`, advertise: network.uri },
      uri: network.uri,
      host: [],
    };
    return { member: this.add(id, place), network };
  }

  /** Each pair has a wish, some have two. */
  mesh(): void {
    for (const [at, member] of this.members.entries()) {
      member.peers = this.members.filter((other) => other !== member);
      member.dials = member.peers.filter((other) => this.members.indexOf(other) > at || this.random.chance(0.3));
    }
  }

  /** Starts all: first their processes, then what they do. */
  async start(): Promise<void> {
    await Promise.all(this.members.map((member) => member.launch()));
    await Promise.all(this.members.map((member) => member.begin()));
  }

  /** The same packets from all to all, until something else is said. */
  async pour(pace: Pace): Promise<void> {
    await Promise.all(this.members.map((member) => member.pour(pace)));
  }

  /** Sends no more, until each has had all that was accepted for it. */
  async settle(deadline: number = SETTLING): Promise<void> {
    const { members } = this;
    await Promise.all(members.map((member) => member.order('hold')));
    await Promise.all(
      members.map((member) => member.order('settle', { peers: member.peers.map((peer) => peer.id) }, deadline)),
    );
  }

  /**
   * Nothing is wrong any more: waits until each has had all, and lets the nodes part.
   *
   * @param expected - what may have happened to sessions and links
   * @returns what was counted; throws when a promise was broken
   */
  async finish(expected: Expected = {}, deadline: number = SETTLING): Promise<Figures> {
    const { members } = this;
    try {
      await this.settle(deadline);
      await Promise.all(members.map((member) => member.order('end')));
      await Promise.all(members.map((member) => member.close()));
    } catch (error) {
      // What the journals tell is the likely reason.
      await Promise.all(members.map((member) => member.kill()));
      throw new Error([String(error), ...this.#wrong(expected)].join('\n'), { cause: error });
    }
    const wrong = this.#wrong(expected);
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
    return { ...this.ledger.sums(), disconnects: this.ledger.disconnects.length };
  }

  #wrong({ allowed = [], steady = false }: Expected): string[] {
    const undue = this.ledger.disconnects.filter(({ reason }) => !allowed.includes(reason as DisconnectReason));
    const crashes = this.members.flatMap(({ crash }) => crash ?? []);
    const wrong = [...crashes, ...this.ledger.complaints(), ...undue.slice(0, 20).map(told)];
    const { reconnects } = this.ledger.sums();
    if (steady && reconnects > 0) wrong.push(`links were replaced ${reconnects} times, and nothing called for that`);
    return wrong;
  }

  /** Ends everything, whatever its state. */
  async dispose(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    await Promise.all(this.#networks.map((network) => network.close()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Runs a scenario with a fleet, of which nothing is left behind. */
export async function withFleet(seed: number, scenario: (fleet: Fleet) => Promise<Figures>): Promise<Figures> {
  const fleet = new Fleet(seed);
  try {
    return await scenario(fleet);
  } finally {
    await fleet.dispose();
  }
}

function told({ node, peer, reason }: Disconnect): string {
  return `${node} lost ${peer} (${reason}), and nothing called for that`;
}
