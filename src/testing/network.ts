/**
 * A network with TCP's semantics in virtual time, and with faults: hosts that go by name, the ways between them,
 * processes that listen and dial, and their connections. All chance comes from one seed. Each fault is counted when it
 * had an effect, so that a run in which it was never felt can be told from one that withstood it.
 */
import { MasterlessError } from '../errors.js';
import type { Connection, ConnectionEvents } from '../transports/transport.js';
import type { Agenda } from './agenda.js';
import { End, type Wire, wire } from './end.js';
import { type Host, Process } from './process.js';
import type { Random } from './random.js';
import { type Latency, Route } from './route.js';

/** How the network is between all hosts. */
export interface Weather {
  minDelay: number;
  maxDelay: number;
  /** Dials fail at once. */
  refuse: boolean;
  /** Dials are never answered. */
  blackhole: boolean;
}

/** Who takes the connections that are dialled to a name. */
interface Taker {
  readonly process: Process;
  readonly accept: (connection: Connection) => ConnectionEvents;
}

/** A system that gets no answer asks again after so long, then after twice as long, and gives up at last. */
const FIRST_RETRY = 1000;
const LAST_RETRY = 64_000;
/** Unless it is told otherwise, bytes arrive within so many milliseconds. */
const USUAL_DELAY = 20;
/** So many wires are kept, over or not, before any is let go of. */
const LEAST_WIRES = 64;
/** After a reset both sides know of it within so many milliseconds. */
const RESET_WITHIN = 30;

export class Network {
  readonly agenda: Agenda;
  readonly random: Random;
  readonly weather: Weather;
  /** How often each fault had an effect. */
  readonly counts: Map<string, number> = new Map();
  readonly names: Map<string, Taker> = new Map();
  private readonly hosts = new Map<string, Host>();
  private readonly routes = new Map<string, Map<string, Route>>();
  private readonly wires = new Set<Wire>();
  /** With more wires than this, those that are over are let go of. */
  private most = LEAST_WIRES;
  /** What takes longer is delayed. */
  private readonly usualDelay: number;

  constructor(agenda: Agenda, random: Random, minDelay: number = 0, maxDelay: number = USUAL_DELAY) {
    this.agenda = agenda;
    this.random = random;
    this.weather = { minDelay, maxDelay, refuse: false, blackhole: false };
    this.usualDelay = maxDelay;
  }

  host(name: string): Host {
    let host = this.hosts.get(name);
    if (host === undefined) {
      host = { name, moves: 0, staleUntil: Number.NEGATIVE_INFINITY, stale: 'refuse' };
      this.hosts.set(name, host);
    }
    return host;
  }

  /** A new process on a host. */
  process(host: string, label: string = host): Process {
    return new Process(this, this.host(host), label, this.agenda);
  }

  route(from: string, to: string): Route {
    let routes = this.routes.get(from);
    if (routes === undefined) this.routes.set(from, (routes = new Map()));
    let route = routes.get(to);
    if (route === undefined) routes.set(to, (route = new Route(from, to, this.agenda)));
    return route;
  }

  /** Connections of which both ends are open. */
  openWires(): Wire[] {
    const open: Wire[] = [];
    for (const each of this.wires) {
      const [near, far] = each.ends;
      if (near.over && far.over) this.wires.delete(each);
      else if (!near.over && !far.over) open.push(each);
    }
    return open;
  }

  /** Those between two hosts. */
  wiresBetween(a: string, b: string): Wire[] {
    return this.openWires().filter(({ ends: [near] }) => {
      const { from, to } = near.out.route;
      return (from === a && to === b) || (from === b && to === a);
    });
  }

  // Faults of hosts and of the ways between them.

  /** Nothing gets through from one host to another. Systems go on trying: after `heal` what was written arrives. */
  partition(from: string, to: string): void {
    this.route(from, to).partition.shut(Number.POSITIVE_INFINITY);
  }

  /** Bytes from one host to another wait for so many milliseconds. */
  clog(from: string, to: string, ms: number): void {
    this.route(from, to).clog.shut(this.agenda.now + ms);
  }

  /** Bytes per second from one host to another; Infinity is no limit. */
  limit(from: string, to: string, rate: number): void {
    const route = this.route(from, to);
    route.rate = rate;
    route.bandwidth.open();
  }

  /** How long bytes are under way from one host to another; null is as in the whole network. */
  delay(from: string, to: string, latency: Latency | null): void {
    this.route(from, to).latency = latency;
  }

  /**
   * The host has another address. Its connections break, or fall silent; names lead to the old address for so many
   * milliseconds more, at which nobody is.
   */
  move(name: string, lag: number, stale: Host['stale'], connections: 'reset' | 'silent'): void {
    const host = this.host(name);
    host.moves++;
    host.stale = stale;
    host.staleUntil = this.agenda.now + lag;
    for (const each of this.openWires()) {
      if (!each.ends.some((end) => end.process?.host === host)) continue;
      this.fired('address change');
      if (connections === 'reset') this.reset(each, null);
      else for (const end of each.ends) end.out.silence();
    }
  }

  /** The ways between hosts are good again: those between two, or all. Connections that fell silent stay so. */
  heal(a?: string, b?: string): void {
    if (a !== undefined && b !== undefined) {
      for (const route of [this.route(a, b), this.route(b, a)]) route.heal();
      return;
    }
    for (const routes of this.routes.values()) for (const route of routes.values()) route.heal();
  }

  // Faults of connections.

  /**
   * Both ends hear of it, sooner or later; what was on its way is lost.
   * @param fault - as which it is counted once one of them did; null where it was counted already
   */
  reset(cut: Wire, fault: string | null = 'reset'): void {
    let uncounted = fault;
    for (const end of cut.ends) {
      end.out.clear();
      end.out.silence();
      this.agenda.at(this.agenda.now + this.random.below(RESET_WITHIN), () => {
        if (uncounted !== null && !end.over) this.fired(uncounted);
        uncounted = null;
        end.break();
      });
    }
  }

  /** Something between the two ends both ways in good order: each hears it after the last byte. */
  close(cut: Wire): void {
    this.fired('orderly close');
    for (const end of cut.ends) end.out.end();
  }

  /** What these ends write vanishes, and nobody is told. */
  halfOpen(...ends: readonly End[]): void {
    for (const end of ends) end.out.silence(ends.length > 1 ? 'half-open both ways' : 'half-open one way');
  }

  // What flows, ends and processes call.

  fired(fault: string): void {
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
  }

  /** How long something that sets out now is under way. */
  latency(route: Route): number {
    const min = route.latency?.min ?? this.weather.minDelay;
    const max = route.latency?.max ?? this.weather.maxDelay;
    const latency = min + this.random.next() * (max - min);
    if (route.latency !== null || latency > this.usualDelay) this.fired('delay');
    return latency;
  }

  dial(from: Process, name: string, uri: string, events: ConnectionEvents): End {
    const { host } = from;
    const to = this.names.get(name)?.process.host.name ?? name;
    const near = new End(this, from, uri);
    const far = new End(this, null, `sim://${host.name}${host.moves > 0 ? `~${host.moves}` : ''}`);
    const dialled = wire(this, near, far, this.route(host.name, to), this.route(to, host.name));
    near.events = events;
    from.ends.add(near);
    this.agenda.at(this.agenda.now + this.latency(near.out.route), () => this.knock(dialled, name, FIRST_RETRY));
    return near;
  }

  /** A dial reaches the other host, or does not. */
  private knock(dialled: Wire, name: string, retry: number): void {
    const [near] = dialled.ends;
    if (near.over) return;
    if (near.process?.alive === false) {
      near.fail(refusal(near));
      return;
    }
    const swallowed = this.swallowed(near, name);
    if (swallowed !== null) {
      if (retry === FIRST_RETRY) this.fired(swallowed);
      if (retry > LAST_RETRY) near.fail(unanswered(near));
      else this.agenda.at(this.agenda.now + retry, () => this.knock(dialled, name, retry * 2));
      return;
    }
    const taker = this.names.get(name);
    const refused = this.refused(near, taker);
    if (taker === undefined || refused !== null) {
      if (refused !== null) this.fired(refused);
      const fail = (): void => near.fail(refusal(near));
      this.agenda.at(this.agenda.now + this.latency(near.back.route), fail);
      return;
    }
    this.connect(dialled, name, taker);
  }

  private swallowed(near: End, name: string): string | null {
    const { route } = near.out;
    const there = route.partition.isShut;
    const back = near.back.route.partition.isShut;
    if (there || back) return there && back ? 'partition' : 'one-way partition';
    if (this.weather.blackhole || route.swallows) return 'black hole';
    const host = this.names.get(name)?.process.host;
    return host !== undefined && host.staleUntil > this.agenda.now && host.stale === 'black hole'
      ? 'address change'
      : null;
  }

  private refused(near: End, taker: Taker | undefined): string | null {
    if (this.weather.refuse || near.out.route.refuses) return 'refuse';
    return taker !== undefined && taker.process.host.staleUntil > this.agenda.now ? 'address change' : null;
  }

  /** Open for who dialled; the other process takes it a little later, and not while it is stopped. */
  private connect(dialled: Wire, name: string, taker: Taker): void {
    const [near, far] = dialled.ends;
    const { process } = taker;
    far.process = process;
    process.ends.add(far);
    this.wires.add(dialled);
    if (this.wires.size > this.most) this.most = 2 * this.openWires().length + LEAST_WIRES;
    near.opened();
    const accept = (): void => {
      if (!process.alive || process.pause.holds(accept)) return;
      // A connection that is over by now is accepted all the same, as systems do.
      if (this.names.get(name) === taker) far.accepted(taker.accept(far));
      else far.destroy();
    };
    this.agenda.at(this.agenda.now + this.latency(near.back.route), accept);
  }
}

function refusal({ remote }: End): MasterlessError {
  return new MasterlessError('ERR_REFUSED', `${remote}: nobody listens there`);
}

function unanswered({ remote }: End): MasterlessError {
  return new MasterlessError('ERR_TIMEOUT', `${remote} does not answer`);
}
