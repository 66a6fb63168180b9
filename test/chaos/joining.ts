/** Nodes that meet all at once: pairs that dial each other at the same moment, and whole meshes that start cold. */
import { deepEqual, equal } from 'node:assert/strict';
import { pass, within } from '../support/events.js';
import { Program } from '../support/program.js';
import { type Figures, type Fleet, withFleet } from './fleet.js';
import type { State } from './member.js';

/** Pairs that are alive at the same time. */
const BATCH = 50;

/** What a process says of its nodes in a batch of races. */
interface Raced {
  readonly events: readonly (readonly string[])[];
  readonly got: readonly (readonly string[])[];
}

/** Two processes with a node each per race: the two dial each other at the same moment. */
export async function races({
  seed,
  races: count,
}: {
  readonly seed: number;
  readonly races: number;
}): Promise<Figures> {
  // Either process may have the node that decides.
  const sides = [new Program('racers.mjs', [`${seed}`]), new Program('racers.mjs', [`${seed + 1}`])] as const;
  const both = <T>(order: object): Promise<[T, T]> => {
    for (const side of sides) side.tell(order);
    return Promise.all([sides[0].says<T>(60_000), sides[1].says<T>(60_000)]);
  };
  try {
    for (let first = 0; first < count; first += BATCH) {
      const size = Math.min(BATCH, count - first);
      const [left, right] = await both<{ ids: string[]; uris: string[] }>({ order: 'make', first, size });
      sides[0].tell({ order: 'race', peers: right.ids, uris: right.uris });
      sides[1].tell({ order: 'race', peers: left.ids, uris: left.uris });
      const raced = await Promise.all(sides.map((side) => side.says<Raced>(60_000)));
      for (const { events, got } of raced) {
        deepEqual(events, Array(size).fill(['connect']));
        deepEqual(got, Array(size).fill(['hello']));
      }
      // One connection for each pair. Were it not the same for both sides, the other end of each would be closed.
      await both({ order: 'sockets', count: size });
      await both({ order: 'close' });
    }
    for (const side of sides) side.tell({ order: 'end' });
    for (const { code, stderr } of await Promise.all(sides.map((side) => side.ended))) equal(code, 0, stderr);
  } finally {
    await Promise.all(sides.map((side) => side.kill()));
  }
  return { races: count };
}

/** So many processes start with the addresses of all the others, and dial them all at once. */
export function joining({ seed, nodes }: { readonly seed: number; readonly nodes: number }): Promise<Figures> {
  return withFleet(seed, async (fleet) => {
    for (let i = 0; i < nodes; i++) fleet.addDirect(`n${i}`, { handshakeTimeout: 60_000, resumeWindow: 60_000 });
    for (const member of fleet.members) {
      member.dials = member.peers = fleet.members.filter((other) => other !== member);
    }
    await fleet.start();
    for (const member of fleet.members) {
      await member.order('settle', { peers: member.peers.map((peer) => peer.id) }, 120_000);
    }
    await within(oneEach(fleet), 'one connection for each pair', 60_000);
    return { ...(await fleet.finish({ steady: true })), joined: nodes };
  });
}

async function oneEach({ members }: Fleet): Promise<void> {
  for (;;) {
    const states = await Promise.all(members.map((member) => member.order<State>('state')));
    if (states.every(({ sockets }) => sockets === members.length - 1)) return;
    await pass(100);
  }
}
