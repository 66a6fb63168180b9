/**
 * A TCP proxy whose connections can be reset: a bad network, for the demo. Node A dials B at the address of B's proxy.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

interface Relay {
  readonly inner: Socket;
  readonly outer: Socket;
}

export class ResettingProxy {
  readonly #server: Server;
  readonly #relays = new Set<Relay>();
  #target: number | null = null;

  constructor() {
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (outer) => this.#relay(outer));
  }

  /** Binds a free port on loopback; resolves to the address at which to dial. */
  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address();
        resolve(`tcp://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`);
      });
    });
  }

  /** Where connections go from now on; null turns them away. */
  set target(port: number | null) {
    this.#target = port;
  }

  /** Connections that are open. */
  get size(): number {
    return this.#relays.size;
  }

  /** Resets the connection of this number, from 0 to `size` - 1. */
  cut(index: number): void {
    const relay = [...this.#relays][index];
    if (relay !== undefined) this.#reset(relay);
  }

  cutAll(): void {
    for (const relay of [...this.#relays]) this.#reset(relay);
  }

  close(): void {
    this.#server.close();
    this.cutAll();
  }

  #relay(outer: Socket): void {
    if (this.#target === null) {
      outer.on('error', () => undefined);
      outer.resetAndDestroy();
      return;
    }
    const inner = connect({ host: '127.0.0.1', port: this.#target, noDelay: true, allowHalfOpen: true });
    const relay = { inner, outer };
    this.#relays.add(relay);
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      from.on('error', () => this.#reset(relay));
      from.on('close', () => this.#reset(relay, false));
      // Half of a connection can end before the other: what is on its way still gets through.
      from.pipe(to);
    }
  }

  #reset(relay: Relay, hard = true): void {
    if (!this.#relays.delete(relay)) return;
    for (const socket of [relay.inner, relay.outer]) {
      if (!hard) socket.destroySoon();
      // One that was ended can't be reset: Node would leave it open for ever.
      else if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  }
}
