/** A process on a host: what sockets belong to, what can be stopped, and what can be gone at once. */
import type { Connection, ConnectionEvents } from '../transports/transport.js';
import type { Agenda } from './agenda.js';
import type { End } from './end.js';
import { Gate } from './gate.js';
import type { Network } from './network.js';

/** A machine with an address of its own; faults of the network are between two of them. */
export interface Host {
  readonly name: string;
  /** How often its address changed. */
  moves: number;
  /** Who dials it before this time still tries the address that it had. */
  staleUntil: number;
  /** What happens there. */
  stale: 'refuse' | 'black hole';
}

export class Process {
  readonly host: Host;
  /** Tells it from others on its host. */
  readonly label: string;
  readonly ends: Set<End> = new Set();
  /** While it is stopped nothing is told to it; its system still takes what its buffers hold. */
  readonly pause: Gate;
  alive = true;
  private readonly network: Network;

  constructor(network: Network, host: Host, label: string, agenda: Agenda) {
    this.network = network;
    this.host = host;
    this.label = label;
    this.pause = new Gate(agenda);
  }

  /** Takes connections that are dialled to a name; false when another process does. */
  listen(name: string, accept: (connection: Connection) => ConnectionEvents): boolean {
    if (!this.alive || this.network.names.has(name)) return false;
    this.network.names.set(name, { process: this, accept });
    return true;
  }

  /** Takes no more. */
  unlisten(name: string): void {
    if (this.network.names.get(name)?.process === this) this.network.names.delete(name);
  }

  /** @param uri - what to call it in errors */
  dial(name: string, uri: string, events: ConnectionEvents): End {
    return this.network.dial(this, name, uri, events);
  }

  /**
   * It is gone: its sockets are reset by its system, or (the machine is gone as well) fall silent. What holds its ends
   * hears that they are closed.
   */
  crash(silently: boolean): void {
    if (!this.alive) return;
    this.alive = false;
    this.pause.open();
    this.network.fired('crash');
    for (const [name, { process }] of this.network.names) if (process === this) this.network.names.delete(name);
    for (const end of [...this.ends]) {
      if (silently) end.vanish();
      else end.destroy();
    }
    this.ends.clear();
  }
}
