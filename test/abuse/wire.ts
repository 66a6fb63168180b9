/**
 * An attacker's end of a connection: bytes of any kind go out, over TLS where that is needed, and what the attacked node
 * answers is taken apart into frames and kept. It knows the right handshake, so that an attack can begin behind it.
 */

import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import * as control from '../../src/protocol/control.js';
import { Frame, FrameDecoder, type FrameKind, MAX_DATA } from '../../src/protocol/frame.js';
import { within } from '../support/events.js';
import { FOLLOWER } from './mode.js';

export interface Place {
  readonly port: number;
  /** What TLS is agreed with; null for plain text. */
  readonly tls: ConnectionOptions | null;
  /** This end's address. */
  readonly from?: string;
}

/** What a hostile member says of itself, if nothing else is said. It keeps nothing, so that it leaves nothing behind. */
export function hello(change: Partial<control.Hello> = {}): control.Hello {
  return {
    ...{
      minVersion: 1,
      maxVersion: 1,
      offered: 0,
      required: 0,
      nonce: 77,
      incarnation: randomBytes(8).toString('hex'),
    },
    ...{ id: FOLLOWER, codec: 'msgpack', keep: true, heartbeat: 1000, resumeWindow: 0 },
    ...{ window: 16 * 2 ** 20, maxPacket: 64 * 2 ** 20, addresses: [] },
    ...change,
  };
}

export class Wire {
  readonly socket: Socket;
  readonly #tcp: Socket;
  /** TCP is there; over TLS, TLS has agreed too. */
  readonly open: Promise<void>;
  readonly ended: Promise<void>;
  isEnded = false;
  /** What ended it, where that was an error. */
  error: (Error & { readonly code?: string }) | null = null;
  /** Payloads of the frames that came, by their kind; packets are not kept. */
  readonly #came = new Map<FrameKind, Uint8Array[]>();
  readonly #decoder = new FrameDecoder();
  #wake: () => void = () => undefined;
  /** Bytes that came. */
  bytes = 0;

  constructor({ port, tls, from }: Place) {
    const where = { port, host: '127.0.0.1', noDelay: true, ...(from === undefined ? {} : { localAddress: from }) };
    this.#tcp = connect(where);
    const socket = tls === null ? this.#tcp : connectTls({ ...tls, socket: this.#tcp });
    this.socket = socket;
    this.#decoder.maxData = MAX_DATA;
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        this.isEnded = true;
        resolve();
        this.#wake();
      });
    });
    socket.on('error', (error) => {
      this.error = error;
    });
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    const ready = new Promise<void>((resolve) => socket.once(tls === null ? 'connect' : 'secureConnect', resolve));
    this.open = Promise.race([ready, this.ended]);
  }

  /** Takes frames, and bytes that are none. */
  say(...parts: readonly (Uint8Array | string)[]): void {
    if (!this.socket.writable) return;
    this.socket.cork();
    for (const part of parts) this.socket.write(part);
    this.socket.uncork();
  }

  /** The same, when the system has taken it. */
  async pour(bytes: Uint8Array): Promise<void> {
    if (this.socket.writable && !this.socket.write(bytes)) {
      const drained = new Promise<void>((resolve) => this.socket.once('drain', resolve));
      await within(Promise.race([drained, this.ended]), 'the attacked node reading');
    }
  }

  /** The payload of the next frame of that kind. */
  async next(kind: FrameKind): Promise<Uint8Array> {
    const heard = async (): Promise<Uint8Array> => {
      for (;;) {
        const payload = this.#came.get(kind)?.shift();
        if (payload !== undefined) return payload;
        if (this.isEnded)
          throw new Error(`the connection ended before a frame ${kind.toString(16)} came: ${this.told}`);
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    };
    return within(heard(), `a frame ${kind.toString(16)}`);
  }

  /** Frames of that kind that came and were not asked for. */
  count(kind: FrameKind): number {
    return this.#came.get(kind)?.length ?? 0;
  }

  /** What it was told at the end: a reason of REJECT or BYE, or what ended TLS. */
  get told(): string {
    const reject = this.#came.get(Frame.Reject)?.at(-1);
    if (reject !== undefined) return `REJECT ${control.decodeReject(reject).reason}`;
    const bye = this.#came.get(Frame.Bye)?.at(-1);
    if (bye !== undefined) return `BYE ${control.decodeBye(bye)}`;
    return this.error?.code ?? 'nothing';
  }

  /** Says HELLO, and hears the other one. */
  async greet(change: Partial<control.Hello> = {}): Promise<control.Hello> {
    await this.open;
    this.say(control.encodeHello(hello(change)));
    return control.decodeHello(await this.next(Frame.Hello));
  }

  /** As the follower up to the verdict: this connection was adopted. */
  async offer(change: Partial<control.Hello> = {}, knows: Partial<control.State> = {}): Promise<control.Adopt> {
    const { nonce } = await this.greet(change);
    const nothing = { incarnation: '', session: 0, epoch: 0, live: false, received: [0, 0] } as const;
    this.say(control.encodeState({ nonce, ...nothing, ...knows }));
    return control.decodeAdopt(await this.next(Frame.Adopt));
  }

  /** Becomes the link, as the follower. */
  async follow(change: Partial<control.Hello> = {}): Promise<control.Adopt> {
    const adopt = await this.offer(change);
    this.say(control.encodeAccept({ epoch: adopt.epoch, received: [0, 0] }));
    await this.alive();
    return adopt;
  }

  /** Becomes the link, as the arbiter; the id must be the greater one. */
  async lead(change: Partial<control.Hello>, verdict: Partial<control.Adopt> = {}): Promise<control.Hello> {
    const theirs = await this.greet(change);
    await this.next(Frame.State);
    const first = { nonce: theirs.nonce, epoch: 1, session: 1, received: [0, 0], start: [0, 0] } as const;
    this.say(control.encodeAdopt({ ...first, ...verdict }));
    await this.next(Frame.Accept);
    return theirs;
  }

  /** It is a link on which the attacked node answers: everything said before was taken. */
  async alive(): Promise<void> {
    const token = 1 + Math.floor(Math.random() * 2 ** 40);
    this.say(control.encodePing({ token, contested: false }));
    while (control.decodePong(await this.next(Frame.Pong)) !== token);
  }

  close(): void {
    this.socket.destroy();
    this.#tcp.destroy();
  }

  /** Ends it as a machine does that knows nothing of it. */
  reset(): void {
    this.#tcp.resetAndDestroy();
  }

  #read(chunk: Buffer): void {
    this.bytes += chunk.length;
    try {
      this.#decoder.push(new Uint8Array(chunk));
      while (this.#decoder.next()) {
        const { kind, buffer, start, end } = this.#decoder;
        if (kind === Frame.Data || kind === Frame.Urgent || kind === Frame.Piece) continue;
        const list = this.#came.get(kind) ?? [];
        // Nobody looks at so many.
        if (list.length < MOST_KEPT) list.push(buffer.slice(start, end));
        this.#came.set(kind, list);
      }
    } catch {
      // What a stranger without TLS is answered is no frame.
    }
    this.#wake();
  }
}

const MOST_KEPT = 1000;
