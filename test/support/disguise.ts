/**
 * A way between two real nodes on which the HELLO of one of them is exchanged for another: to the other it looks like a
 * node of a different version. All else passes as it is.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { encodeFrame, Frame, FrameDecoder } from '../../src/protocol/frame.js';
import { atEnd } from './nodes.js';

/** The payload of a HELLO made into that of another. */
export type Change = (payload: Uint8Array) => Uint8Array;

/** Whose HELLO is changed: of who dials through here, or of who is dialled. */
export type Whose = 'dialler' | 'acceptor';

export class Disguise {
  /** Connections that came in so far. */
  connections = 0;
  /** What the HELLOs that pass from now on become. */
  change: Change;
  uri = '';
  readonly #target: NetConnectOpts;
  readonly #whose: Whose;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: NetConnectOpts, whose: Whose, change: Change) {
    this.#target = target;
    this.#whose = whose;
    this.change = change;
    this.#server = createServer({ noDelay: true }, (outer) => this.#accept(outer));
  }

  /** A way to the node that listens there; it is shut at the end of the test. */
  static async before(target: NetConnectOpts, whose: Whose, change: Change): Promise<Disguise> {
    const made = new Disguise(target, whose, change);
    made.#server.listen(0, '127.0.0.1');
    await once(made.#server, 'listening');
    made.uri = `tcp://127.0.0.1:${(made.#server.address() as AddressInfo).port}`;
    atEnd(async () => {
      made.cut();
      made.#server.close();
      await once(made.#server, 'close');
    });
    return made;
  }

  /** Breaks all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(outer: Socket): void {
    this.connections++;
    const inner = connect({ noDelay: true, ...this.#target });
    this.#pass(outer, inner, this.#whose === 'dialler');
    this.#pass(inner, outer, this.#whose === 'acceptor');
  }

  #pass(from: Socket, to: Socket, changed: boolean): void {
    this.#sockets.add(from);
    let hello: Uint8Array | null = changed ? new Uint8Array() : null;
    from.on('data', (chunk: Buffer) => {
      if (hello === null) {
        to.write(chunk);
        return;
      }
      hello = new Uint8Array(Buffer.concat([hello, chunk]));
      const decoder = new FrameDecoder();
      decoder.push(hello);
      if (!decoder.next()) return;
      to.write(encodeFrame(Frame.Hello, this.change(hello.slice(decoder.start, decoder.end))));
      // The follower speaks on at once.
      to.write(hello.subarray(decoder.end));
      hello = null;
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
