/**
 * One real core, and at the other end of its connections a hand: a test says frame by frame what the other node says, and
 * reads frame by frame what the core answers.
 */
import type { Connection } from '../../src/protocol/connection.js';
import {
  type Adopt,
  encodeAccept,
  encodeAdopt,
  encodeHeartbeat,
  encodeHello,
  encodeState,
  type Hello,
  type Reject,
  type RejectReason,
  type State,
} from '../../src/protocol/control.js';
import { encodeFrame, Frame, FrameDecoder, type FrameKind, MAX_DATA } from '../../src/protocol/frame.js';
import { Mesh } from '../../src/protocol/mesh.js';
import { Deliver, type Output } from '../../src/protocol/output.js';
import type { MeshConfig } from '../../src/protocol/state.js';
import { Random } from '../../src/testing/random.js';
import { forms, type Kind, kindOf } from './vectors.js';

export const CONFIG: Omit<MeshConfig, 'random'> = {
  id: 'm',
  incarnation: '00000000000000aa',
  codec: 'test',
  heartbeat: 1000,
  timeout: 5000,
  stallTimeout: 60_000,
  handshakeTimeout: 5000,
  probeTimeout: 500,
  closeTimeout: 5000,
  reconnect: { attempts: 1, minDelay: 100, maxDelay: 10_000 },
  resumeWindow: 10_000,
  window: 64 * 1024,
  totalWindow: 1024 * 1024,
  maxPacket: 1024 * 1024,
  maxPeers: 8,
  maxHandshakes: 8,
  maxHandshakesPerAddress: 4,
};

/** The hand's own HELLO. `a` is less than `m`: the core is the arbiter; with `z` it is the follower. */
export function hello(fields: Partial<Hello> = {}): Hello {
  return {
    ...{ minVersion: 1, maxVersion: 1, offered: 0, required: 0, nonce: 77, incarnation: '00000000000000bb', id: 'a' },
    ...{ codec: 'test', keep: false, heartbeat: 1000, resumeWindow: 10_000, window: 64 * 1024, maxPacket: 1024 * 1024 },
    addresses: [],
    ...fields,
  };
}

/** A frame the core wrote. */
export interface Said {
  readonly kind: Kind;
  readonly fields: unknown;
}

export class Scripted {
  readonly mesh: Mesh;
  now = 1000;
  readonly outputs: Output[] = [];
  /** Copies of the packets delivered, as text. */
  readonly packets: string[] = [];
  /** Whether packets are handled as soon as they arrive. */
  handles = true;
  readonly unhandled: Pick<Deliver, 'id' | 'session' | 'lane' | 'sequence' | 'receivedBytes'>[] = [];
  private dialled: Connection | null = null;
  private readonly lines = new Map<Connection, Line>();

  constructor(config: Partial<MeshConfig> = {}) {
    const chance = new Random(1);
    this.mesh = new Mesh({ ...CONFIG, random: () => chance.next(), ...config });
    this.mesh.listening(['test://m'], this.now);
  }

  /** The hand dials the core. */
  dial(remote = 'there', limited = false): Line {
    const connection = this.mesh.accepted(remote, limited, this.now);
    if (connection === null) throw new Error('the core takes no connection');
    return this.line(connection);
  }

  /** The connection that the core is dialling, opened. */
  taken(): Line {
    const line = this.dialling();
    this.mesh.opened(line.connection);
    this.settle();
    return line;
  }

  /** The connection that the core dialled last. */
  dialling(): Line {
    this.settle();
    return this.line(this.lastDialled());
  }

  lastDialled(): Connection {
    if (this.dialled === null) throw new Error('the core dials nobody');
    return this.dialled;
  }

  act<T>(action: (mesh: Mesh, now: number) => T): T {
    const result = action(this.mesh, this.now);
    this.settle();
    return result;
  }

  /** Time passes; the core is woken whenever it wants to be. */
  wait(ms: number): void {
    const until = this.now + ms;
    while (this.mesh.wakeAt <= until) {
      this.now = Math.max(this.now, this.mesh.wakeAt);
      this.act((mesh, now) => mesh.tick(now));
    }
    this.now = until;
  }

  /** Kinds of outputs since the last call, without dials and closes. */
  heard(): string[] {
    const kinds = this.outputs.filter(
      ({ kind }) => !['dial', 'close', 'acknowledged', 'ended', 'parted'].includes(kind),
    );
    const texts = kinds.map((output) => {
      if (output.kind === 'disconnect') return `disconnect ${output.id} ${output.reason}`;
      if (output.kind === 'fault') return `fault ${output.error.code}`;
      if (output.kind === 'wish') return `wish ${output.error?.code ?? output.id}`;
      if (output.kind === 'unreachable') return `unreachable ${output.error.code}`;
      return 'id' in output ? `${output.kind} ${output.id}` : output.kind;
    });
    this.outputs.length = 0;
    return texts;
  }

  settle(): void {
    do this.step();
    while (this.mesh.talks);
  }

  private step(): void {
    for (let output = this.mesh.poll(this.now); output !== null; output = this.mesh.poll(this.now)) this.take(output);
    for (let dirty = this.mesh.takeDirty(); dirty.length > 0; dirty = this.mesh.takeDirty()) {
      for (const connection of dirty)
        this.lines.get(connection)?.collect(this.mesh.gather(connection, 65_536, this.now));
    }
  }

  private take(output: Output): void {
    if (output.kind === 'deliver') {
      this.packets.push(Buffer.from(output.bytes).toString());
      const { id, session, lane, sequence, receivedBytes } = output;
      if (this.handles) this.mesh.handled(output, this.now);
      else this.unhandled.push({ id, session, lane, sequence, receivedBytes });
      this.outputs.push(Object.assign(new Deliver(session), output));
      return;
    }
    if (output.kind === 'dial') {
      this.dialled = output.connection;
      this.lines.set(output.connection, new Line(this, output.connection));
    }
    if (output.kind === 'close') {
      if (output.connection.phase !== 'closed') throw new Error('the core goes on with a connection that it closes');
      const line = this.lines.get(output.connection);
      if (line !== undefined) {
        if (output.flush) line.collect(this.mesh.gather(output.connection, 0, this.now));
        line.closed = output.flush ? 'flushed' : 'cut';
      }
    }
    this.outputs.push(output);
  }

  private line(connection: Connection): Line {
    const line = this.lines.get(connection) ?? new Line(this, connection);
    this.lines.set(connection, line);
    return line;
  }
}

/** One connection, seen from the hand. */
export class Line {
  closed: 'flushed' | 'cut' | null = null;
  readonly connection: Connection;
  /** Bytes the core wrote. */
  bytes = 0;
  private readonly scripted: Scripted;
  private readonly decoder = new FrameDecoder();
  private frames: Said[] = [];

  constructor(scripted: Scripted, connection: Connection) {
    this.scripted = scripted;
    this.connection = connection;
    this.decoder.maxData = MAX_DATA;
  }

  /** Says frames, in one chunk. */
  say(...frames: Uint8Array[]): this {
    const { scripted } = this;
    scripted.mesh.received(this.connection, new Uint8Array(Buffer.concat(frames)), scripted.now);
    scripted.settle();
    return this;
  }

  /** The stream ends. */
  end(): void {
    this.scripted.act((mesh, now) => mesh.ended(this.connection, null, now));
  }

  collect(views: readonly Uint8Array[]): void {
    for (const view of views) {
      this.bytes += view.length;
      this.decoder.push(view);
      while (this.decoder.next()) {
        const kind = kindOf(this.decoder.kind);
        const payload = this.decoder.buffer.subarray(this.decoder.start, this.decoder.end);
        this.frames.push({ kind, fields: forms[kind].decode(payload) });
      }
    }
  }

  /** What the core said since the last call. */
  said(): Said[] {
    const { frames } = this;
    this.frames = [];
    return frames;
  }

  kinds(): Kind[] {
    return this.said().map(({ kind }) => kind);
  }

  /** The fields of the one frame of that kind since the last call. */
  one<T>(kind: Kind): T {
    const found = this.said().filter((frame) => frame.kind === kind);
    if (found.length !== 1) throw new Error(`${found.length} frames of kind ${kind}`);
    return found[0]?.fields as T;
  }

  /** The core's HELLO; the hand says its own first when it dialled. */
  greet(fields: Partial<Hello> = {}): Hello {
    this.say(encodeHello(hello(fields)));
    return this.take<Hello>('Hello');
  }

  /** A HELLO that the core is to turn away. */
  greetRejected(fields: Partial<Hello>): RejectReason {
    this.say(encodeHello(hello(fields)));
    return this.take<Reject>('Reject').reason;
  }

  /** The same as `one`, and the others stay for `said`. */
  take<T>(kind: Kind): T {
    const said = this.said();
    const own = said.find((frame) => frame.kind === kind);
    if (own === undefined) throw new Error(`no ${kind} but ${JSON.stringify(said)}`);
    this.frames = said.filter((frame) => frame !== own);
    return own.fields as T;
  }
}

export interface Joined {
  readonly line: Line;
  /** The core's HELLO on it. */
  readonly theirs: Hello;
}

export interface JoinedAsFollower extends Joined {
  readonly adopt: Adopt;
}

/** The hand (`a`) is the follower: dials, and takes the link that the core adopts. */
export function follow(scripted: Scripted, fields: Partial<Hello> = {}, state: Partial<State> = {}): JoinedAsFollower {
  const { line, theirs, adopt } = propose(scripted, fields, state);
  line.say(encodeAccept({ epoch: adopt.epoch, received: adopt.start }));
  return { line, theirs, adopt };
}

/** A core that has a link to the hand, of which nothing that was said or heard so far is left to be looked at. */
export function linked(
  config: Partial<MeshConfig> = {},
  fields: Partial<Hello> = {},
): { scripted: Scripted; line: Line } {
  const scripted = new Scripted(config);
  const { line } = follow(scripted, fields);
  line.said();
  scripted.heard();
  return { scripted, line };
}

/** The same up to ADOPT, which is not answered. */
export function propose(scripted: Scripted, fields: Partial<Hello> = {}, state: Partial<State> = {}): JoinedAsFollower {
  const line = scripted.dial();
  const theirs = line.greet({ keep: true, ...fields });
  line.say(knows(theirs.nonce, state));
  return { line, theirs, adopt: line.take<Adopt>('Adopt') };
}

/** A STATE that knows nothing, but for what is given. */
export function knows(nonce: number, state: Partial<State> = {}): Uint8Array {
  const nothing = { incarnation: '', session: 0, epoch: 0, live: false, received: [0, 0] as const };
  return encodeState({ nonce, ...nothing, ...state });
}

/** The hand (`z`) is the arbiter: dials, and makes the connection the link. */
export function lead(scripted: Scripted, fields: Partial<Hello> = {}, adopt: Partial<Adopt> = {}): Joined {
  const line = scripted.dial();
  const theirs = line.greet({ id: 'z', keep: true, ...fields });
  line.say(adopts(theirs.nonce, adopt));
  return { line, theirs };
}

export function adopts(nonce: number, adopt: Partial<Adopt> = {}): Uint8Array {
  return encodeAdopt({ nonce, epoch: 1, session: 1, received: [0, 0], start: [0, 0], ...adopt });
}

/** DATA with a text. */
export function data(text: string, kind: FrameKind = Frame.Data): Uint8Array {
  return encodeFrame(kind, Buffer.from(text));
}

/** The hand shows signs of life for so long. */
export function alive(scripted: Scripted, line: Line, ms: number): void {
  for (let waited = 0; waited < ms; waited += 1000) {
    line.say(encodeHeartbeat());
    scripted.wait(1000);
  }
}

/** How often the core has dialled since outputs were looked at. */
export function dials(scripted: Scripted): number {
  return scripted.outputs.filter(({ kind }) => kind === 'dial').length;
}
