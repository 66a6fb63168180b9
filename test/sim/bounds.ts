/**
 * Invariant 6, seen from inside a core: every table and queue is bounded, the sums are right, and whatever waits has a
 * deadline for which the core will wake.
 */
import type { Connection } from '../../src/protocol/connection.js';
import type { Mesh } from '../../src/protocol/mesh.js';
import type { Peer } from '../../src/protocol/peer.js';
import { SendBuffer } from '../../src/protocol/send-buffer.js';
import { UNUSED } from '../../src/protocol/session.js';
import type { MeshState } from '../../src/protocol/state.js';
import { check } from './violation.js';

/** Handshakes whose dial was withdrawn go on to their end; no storm withdraws more than this many at a time. */
const WITHDRAWN = 40;

/** Frames that wait for a network that takes no more; no storm says more to one that does not read. */
const OUTBOX = 100;

/** The core's own record, which no application sees. */
export function stateOf(mesh: Mesh): MeshState {
  return (mesh as unknown as { readonly state: MeshState }).state;
}

/** What costs nothing to look at: after every step. */
export function checkSizes(label: string, { outputs, dirty, peers, handshakes, config }: MeshState): void {
  check(outputs.length === 0, `${label} holds outputs back`);
  check(dirty.length === 0, `${label} holds writes back`);
  check(peers.size <= config.maxPeers, `${label} has ${peers.size} peers`);
  const most = config.maxPeers + config.maxHandshakes + WITHDRAWN;
  let connections = handshakes.size;
  for (const { link, confirmed } of peers.values()) if (link !== null && confirmed) connections++;
  check(connections <= most, `${label} has ${connections} connections`);
}

/**
 * @param open - connections whose streams are open
 * @param ids - all that there are: a core can know no more peers; null where nobody keeps count
 */
export function checkBounds(
  label: string,
  state: MeshState,
  open: Iterable<Connection>,
  ids: readonly string[] | null,
  now: number,
): void {
  const { config, connections, peers, dials } = state;
  check(ids === null || peers.size < ids.length, `${label} knows ${peers.size} peers, more than there are`);
  checkConnections(label, state, open);
  let outstanding = 0;
  let own = 0;
  for (const peer of peers.values()) {
    outstanding += peer.session.outstanding;
    if (peer.redial !== null) own++;
    if (peer.probeDial !== null) own++;
    if (peer.renewal !== null) own++;
    checkPeer(label, state, peer);
  }
  const wishes = [...dials].filter(({ purpose }) => purpose === 'wish').length;
  check(dials.size - wishes <= own, `${label} has ${dials.size - wishes} dials of its own for ${own} reasons`);
  for (const { connection } of dials) {
    check(connection === null || connections.includes(connection), `${label} waits for a connection that is over`);
  }
  const { budget } = state;
  check(
    budget.outstanding === outstanding,
    `${label} counts ${budget.outstanding} bytes outstanding of ${outstanding}`,
  );
  const most = Math.max(config.totalWindow, SendBuffer.cost(config.maxPacket));
  check(outstanding <= most, `${label} has ${outstanding} bytes outstanding`);
  for (const [what, due] of waits(state, now)) {
    check(state.wakeAt <= Math.max(due, now), `${label} wakes at ${state.wakeAt} for its ${what} at ${due}`);
  }
}

/** Whether nothing is under way: each peer has a good link with nothing outstanding, or none and nobody waits for one. */
export function isResting({ connections, dials, peers, starved }: MeshState): boolean {
  if (dials.size + starved.size > 0) return false;
  for (const { phase } of connections) if (phase !== 'adopted') return false;
  for (const peer of peers.values()) {
    const { link, confirmed, suspect, connected, parting, probe, heldUntil, session } = peer;
    if (parting !== null || probe !== null || heldUntil > 0 || suspect || !session.settled) return false;
    if (link === null ? connected : !confirmed) return false;
  }
  return true;
}

function checkConnections(label: string, { config, handshakes }: MeshState, open: Iterable<Connection>): void {
  let [strangers, withdrawn] = [0, 0];
  for (const connection of open) {
    const { phase, peer } = connection;
    if (phase === 'closed') {
      check(peer?.fenced === connection, `${label} has closed a connection, and its stream is open`);
      continue;
    }
    check(handshakes.has(connection) || peer?.link === connection, `${label} has forgotten a connection`);
    if (phase === 'adopted') check(peer?.link === connection, `${label} has a link that is nobody's`);
    else if (connection.uri === null) strangers++;
    else if (connection.dial === null) withdrawn++;
    const frames = connection.outbox?.length ?? 0;
    check(frames <= OUTBOX, `${label} holds ${frames} frames for ${peer?.id}`);
  }
  check(strangers <= config.maxHandshakes, `${label} has ${strangers} handshakes`);
  check(withdrawn <= WITHDRAWN, `${label} has ${withdrawn} handshakes without a dial`);
}

function checkPeer(label: string, { config }: MeshState, peer: Peer): void {
  const { session, link, parked } = peer;
  check(link === null || link.phase === 'adopted', `${label} has a closed link to ${peer.id}`);
  check(parked === null || parked.phase === 'known', `${label} has parked what is over`);
  // A packet that is larger than the whole window goes alone, but for urgent ones, which have a window beside it.
  const most = Math.max(config.window, SendBuffer.cost(config.maxPacket));
  const large = session.normal.outgoing.cost > config.window;
  const urgent = large ? session.urgent.outgoing.cost : 0;
  check(urgent <= config.window, `${label} has ${urgent} urgent bytes outstanding for ${peer.id}`);
  const outstanding = session.outstanding - urgent;
  check(outstanding <= most, `${label} has ${outstanding} bytes outstanding for ${peer.id}`);
  const unhandled = session.receivedBytes - session.handledBytes;
  check(unhandled <= config.window + SendBuffer.cost(config.maxPacket), `${label} holds ${unhandled} bytes`);
  check(UNUSED.received + UNUSED.outgoing.total === 0, 'something went through the lane that is for nothing');
  for (const { assembly, acked, handled, received } of [session.normal, session.urgent]) {
    const held = assembly?.length ?? 0;
    check(held <= config.maxPacket, `${label} holds ${held} bytes of a packet`);
    check(acked <= handled && handled <= received, `${label} counts ${acked} <= ${handled} <= ${received}`);
  }
}

/** All that waits, and until when: not to wake by then is to wait without a deadline. */
function* waits(state: MeshState, now: number): Generator<readonly [string, number]> {
  for (const connection of state.connections) {
    const shaking = connection.phase !== 'adopted' || connection.peer?.confirmed === false;
    if (shaking) yield ['handshake', connection.deadline];
  }
  for (const { purpose, next, again, until } of state.dials) yield [purpose, Math.min(next, again, until)];
  for (const peer of state.peers.values()) {
    const { link, parting, heldUntil, session } = peer;
    if (parting !== null) yield ['parting', parting.deadline];
    // With a link that is not confirmed, that is waited for first.
    if (heldUntil > 0 && peer.redial === null && link === null) yield ['held session', heldUntil];
    for (const { expiries } of [session.normal, session.urgent]) {
      if (expiries !== null) yield ['time to live', expiries.next];
    }
    if (link !== null) yield* linkWaits(state, peer, link, now);
  }
}

function* linkWaits({ config }: MeshState, peer: Peer, link: Connection, now: number): Generator<[string, number]> {
  if (peer.probe !== null) yield ['probe', peer.probe.deadline];
  if (!peer.confirmed) return;
  const timeout = Math.max(config.timeout, peer.heartbeat * 3);
  yield ['silence', link.heardAt + (peer.suspect ? Math.max(timeout, config.stallTimeout) : timeout)];
  yield ['heartbeat', link.spokeAt + config.heartbeat];
  const { unacked, ackAt } = peer.session;
  // What is due at once waits for the network, not for the time.
  if (unacked && ackAt > now) yield ['acknowledgement', ackAt];
}
