/** The sender's part of each kind of traffic. Packets are made while sending, as applications do; every peer pays for that. */
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { type Maker, maker, type Packet, weight } from '../packets.js';
import type { Hub } from '../peer.js';
import { moment, type Spec, type Sum } from './spec.js';
import { Tally } from './tally.js';

/** Sent in one turn of the event loop before asking for room: enough to gather, little enough to react. */
const BURST = 256;
const BURST_BYTES = 256 * 1024;

export interface Driven extends Sum {
  readonly begun: number;
  /** When the last answer came, for echoes; else when the last packet was given away. */
  readonly ended: number;
}

/** @param listen - says who hears from now on what comes back */
export async function drive(hub: Hub, spec: Spec, listen: (hear: Tally['hear']) => void): Promise<Driven> {
  const make = maker(spec.kind, spec.size);
  const begun = moment();
  const sum = await (spec.mode === 'echo' ? echo(hub, spec, make, listen) : send(hub, spec, make));
  return { ...sum, begun, ended: moment() };
}

function send(hub: Hub, spec: Spec, make: Maker): Promise<Sum> {
  switch (spec.mode) {
    case 'broadcast':
      return broadcast(hub, spec, make);
    case 'paced':
      return paced(hub, spec, make);
    default:
      return stream(hub, spec, make);
  }
}

function burstOf({ size }: Spec): number {
  return Math.max(1, Math.min(BURST, Math.floor(BURST_BYTES / Math.max(1, size))));
}

async function stream(hub: Hub, spec: Spec, make: Maker): Promise<Sum> {
  const { links, count, first } = spec;
  const burst = burstOf(spec);
  let sum = 0;
  for (let sent = 0; sent < count; ) {
    for (const end = Math.min(count, sent + burst); sent < end; sent++) {
      const packet = make(first + sent);
      if (!hub.send(sent % links, packet)) break;
      sum += weight(packet);
    }
    if (sent < count) await hub.room();
  }
  return { packets: count, weight: sum };
}

async function broadcast(hub: Hub, spec: Spec, make: Maker): Promise<Sum> {
  const burst = Math.max(1, Math.floor(burstOf(spec) / 4));
  let sum = 0;
  for (let sent = 0; sent < spec.count; ) {
    for (const end = Math.min(spec.count, sent + burst); sent < end; sent++) {
      const packet = make(spec.first + sent);
      hub.broadcast(packet);
      sum += weight(packet);
    }
    if (sent < spec.count) await hub.room();
  }
  return { packets: spec.count, weight: sum };
}

async function paced(hub: Hub, { links, count, first, rate }: Spec, make: Maker): Promise<Sum> {
  const start = performance.now();
  let sum = 0;
  for (let sent = 0; sent < count; ) {
    if (sent >= (performance.now() - start) * (rate / 1000)) {
      await wait(1);
      continue;
    }
    const packet = make(first + sent);
    if (hub.send(sent % links, packet)) {
      sum += weight(packet);
      sent++;
      await turn();
    } else await hub.room();
  }
  return { packets: count, weight: sum };
}

async function echo(hub: Hub, spec: Spec, make: Maker, listen: (hear: Tally['hear']) => void): Promise<Sum> {
  const tally = new Tally(spec, false);
  let sent = 0;
  let sum = 0;
  const next = (): void => {
    const packet = make(spec.first + sent);
    if (!hub.send(sent++ % spec.links, packet)) throw new Error('no room for a request, though few are under way');
    sum += weight(packet);
  };
  listen((link: number, packet: Packet) => {
    tally.hear(link, packet);
    if (sent < spec.count) next();
  });
  while (sent < Math.min(spec.inFlight, spec.count)) next();
  await tally.complete;
  const back = tally.sum;
  if (back.packets !== spec.count || back.weight !== sum)
    throw new Error('what came back does not add up to what was sent');
  return { packets: spec.count, weight: sum };
}
