/**
 * A network between two nodes: forwards TCP connections, and does to them what networks do. Bytes are counted, so that a
 * cut can fall on any of them.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';

/** Bytes that a direction holds before it stops reading. */
const HIGH_WATER = 64 * 1024;
/** A limited direction passes its bytes on so many times a second. */
const TICKS = 100;

/** Ways to break a connection: at once and for both ends to see, or unseen, nothing being forwarded any more. */
export type Break = 'reset' | 'freeze';

export class Network {
  /** Connections that came in so far. */
  connections = 0;
  /** Bytes forwarded so far, in both directions. */
  forwarded = 0;
  /** Milliseconds that each byte takes. */
  delay = 0;
  /** Bytes a second, in each direction of each connection. */
  rate: number = Number.POSITIVE_INFINITY;
  /** Bytes that are written at a time. */
  piece: number = Number.POSITIVE_INFINITY;
  /** Whether connections are reset as they come. */
  refuse = false;
  /** Called when a cut that was arranged has happened. */
  onCut: () => void = () => undefined;
  readonly target: NetConnectOpts;
  uri = '';
  readonly #server: Server;
  readonly #lines = new Set<Line>();
  #cut: { readonly at: number; readonly how: Break } | null = null;

  private constructor(target: NetConnectOpts) {
    this.target = target;
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (outer) => this.#accept(outer));
  }

  /** A proxy for one target, at an address of its own. */
  static async to(target: NetConnectOpts): Promise<Network> {
    const proxy = new Network(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    proxy.uri = `tcp://127.0.0.1:${(proxy.#server.address() as AddressInfo).port}`;
    return proxy;
  }

  /** Connections that are open and not frozen. */
  get open(): number {
    return [...this.#lines].filter((line) => !line.frozen).length;
  }

  /** Breaks all connections that are open. Returns how many. */
  break(how: Break): number {
    const lines = [...this.#lines].filter((line) => !line.frozen);
    for (const line of lines) line.break(how);
    return lines.length;
  }

  /** Breaks the connection on which the byte passes that is the so-manieth from now. */
  cutAfter(bytes: number, how: Break): void {
    this.#cut = { at: this.forwarded + bytes, how };
  }

  /** How many bytes may pass until a cut is due. */
  get allowance(): number {
    return this.#cut === null ? Number.POSITIVE_INFINITY : this.#cut.at - this.forwarded;
  }

  /** Counts bytes that passed. Returns whether the connection was cut behind them. */
  passed(line: Line, bytes: number): boolean {
    this.forwarded += bytes;
    if (this.#cut === null || this.forwarded < this.#cut.at) return false;
    const { how } = this.#cut;
    this.#cut = null;
    line.break(how);
    this.onCut();
    return true;
  }

  forget(line: Line): void {
    this.#lines.delete(line);
  }

  async close(): Promise<void> {
    for (const line of [...this.#lines]) line.break('reset');
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(outer: Socket): void {
    this.connections++;
    outer.on('error', () => undefined);
    if (this.refuse) {
      outer.resetAndDestroy();
      return;
    }
    this.#lines.add(new Line(this, outer));
  }
}

/** One connection through the proxy. */
class Line {
  frozen = false;
  readonly #proxy: Network;
  readonly #outer: Socket;
  readonly #inner: Socket;

  constructor(proxy: Network, outer: Socket) {
    this.#proxy = proxy;
    this.#outer = outer;
    this.#inner = connect({ noDelay: true, allowHalfOpen: true, ...proxy.target });
    for (const [from, to] of [
      [outer, this.#inner],
      [this.#inner, outer],
    ] as const) {
      const pipe = new Pipe(proxy, this, from, to);
      from.on('data', (chunk: Buffer) => pipe.push(chunk));
      from.on('end', () => pipe.end());
      from.on('error', () => this.#broken());
      from.on('close', () => this.#closed());
      to.on('drain', () => pipe.pump());
    }
  }

  break(how: Break): void {
    if (how === 'freeze') {
      this.frozen = true;
      return;
    }
    this.#proxy.forget(this);
    for (const socket of [this.#outer, this.#inner]) reset(socket);
  }

  /** The other end does not hear of it when the line is frozen. */
  #broken(): void {
    if (!this.frozen) this.break('reset');
  }

  #closed(): void {
    if (this.#outer.destroyed && this.#inner.destroyed) this.#proxy.forget(this);
  }
}

/** Unix sockets know no reset. One that was ended can't be reset: Node would leave it open for ever. */
function reset(socket: Socket): void {
  if (socket.remoteAddress === undefined || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** One direction of a connection. */
class Pipe {
  readonly #proxy: Network;
  readonly #line: Line;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #queue: { readonly chunk: Buffer; readonly due: number }[] = [];
  #queued = 0;
  #ended = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(proxy: Network, line: Line, from: Socket, to: Socket) {
    this.#proxy = proxy;
    this.#line = line;
    this.#from = from;
    this.#to = to;
  }

  push(chunk: Buffer): void {
    this.#queue.push({ chunk, due: performance.now() + this.#proxy.delay });
    this.#queued += chunk.length;
    if (this.#queued >= HIGH_WATER) this.#from.pause();
    this.pump();
  }

  end(): void {
    this.#ended = true;
    this.pump();
  }

  pump(): void {
    if (this.#timer !== null) return;
    for (;;) {
      if (this.#line.frozen || this.#to.destroyed) return;
      const first = this.#queue[0];
      if (first === undefined) break;
      if (this.#to.writableNeedDrain) return;
      const wait = first.due - performance.now();
      if (wait > 0) {
        this.#later(wait);
        return;
      }
      const { rate, piece, allowance } = this.#proxy;
      const part = first.chunk.subarray(0, Math.max(1, Math.min(rate / TICKS, piece, allowance)));
      this.#queued -= part.length;
      if (part.length === first.chunk.length) this.#queue.shift();
      else this.#queue[0] = { chunk: first.chunk.subarray(part.length), due: first.due };
      this.#to.write(part);
      if (this.#proxy.passed(this.#line, part.length)) return;
      if (rate !== Number.POSITIVE_INFINITY) {
        this.#later(1000 / TICKS);
        break;
      }
    }
    if (this.#queued < HIGH_WATER) this.#from.resume();
    if (this.#ended && this.#queue.length === 0) this.#to.end();
  }

  #later(wait: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.pump();
    }, wait);
  }
}
