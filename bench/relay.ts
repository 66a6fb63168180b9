/** Stands between endpoints and hub: counts bytes of both directions, and cuts. Runs in the process of the command. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Address } from './peer.js';

export class Relay {
  /** Bytes that passed, both directions together. */
  bytes = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: Address) {
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (outer) => {
      const inner = connect({ ...target, noDelay: true, allowHalfOpen: true });
      this.#join(outer, inner);
      this.#join(inner, outer);
    });
  }

  static async to(target: Address, path: string | null): Promise<{ relay: Relay; address: Address }> {
    const relay = new Relay(target);
    if (path === null) relay.#server.listen(0, '127.0.0.1');
    else relay.#server.listen(path);
    await once(relay.#server, 'listening');
    if (path !== null) return { relay, address: { path } };
    return { relay, address: { host: '127.0.0.1', port: (relay.#server.address() as AddressInfo).port } };
  }

  /** Breaks all connections, as a cable would that is torn out and told of at once. */
  cut(): void {
    for (const socket of this.#sockets) {
      if (socket.remoteAddress === undefined) socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  close(): void {
    this.#server.close();
    this.cut();
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('data', (chunk) => {
      this.bytes += chunk.length;
      if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => from.resume());
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
