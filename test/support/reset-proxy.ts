/**
 * A TCP proxy that resets the connection at given points of the traffic: after so many bytes forwarded in all, whatever
 * they are. The points come from a seed, so a run that fails can be looked at again.
 */
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';

export class ResetProxy {
  /** Resets so far. */
  resets = 0;
  /** Where connections go. */
  target: NetConnectOpts = { port: 0 };
  readonly #server: Server;
  readonly #points: number[];
  readonly #sockets = new Set<Socket>();
  #forwarded = 0;

  /** @param points - counts of forwarded bytes at which to reset, in any order */
  constructor(points: readonly number[]) {
    this.#points = [...points].sort((a, b) => a - b);
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (outer) => {
      const inner = connect({ noDelay: true, allowHalfOpen: true, ...this.target });
      const reset = (): void => {
        this.#sockets.delete(inner);
        this.#sockets.delete(outer);
        // One that was ended can't be reset: Node would leave it open for ever.
        if (outer.writableEnded) outer.destroy();
        else outer.resetAndDestroy();
        // May be a unix socket, which can't be reset.
        inner.destroy();
      };
      for (const [from, to] of [
        [inner, outer],
        [outer, inner],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', reset);
        from.on('close', () => to.destroySoon());
        from.on('drain', () => to.resume());
        from.on('end', () => to.end());
        from.on('data', (chunk: Buffer) => {
          if (!to.write(chunk)) from.pause();
          this.#forwarded += chunk.length;
          if (this.#forwarded < (this.#points[0] ?? Number.POSITIVE_INFINITY)) return;
          this.#points.shift();
          this.resets++;
          reset();
        });
      }
    });
  }

  /** Resolves to the address at which to dial. */
  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address();
        resolve(`tcp://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`);
      });
    });
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** `count` points below `end`, the same for the same seed (mulberry32). */
export function resetPoints(seed: number, count: number, end: number): number[] {
  let state = seed >>> 0;
  return Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  });
}
