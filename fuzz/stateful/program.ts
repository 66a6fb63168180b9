/**
 * A stranger's doings, read from bytes: each step is three bytes, which choose what is done and how, and for raw bytes
 * those. Any bytes are a program.
 */

import { MasterlessError } from '../../src/errors.js';
import type { Connection } from '../../src/protocol/connection.js';
import { encodeFrame, Frame } from '../../src/protocol/frame.js';
import type { Random } from '../../src/testing/random.js';
import { Choices } from '../choices.js';
import { Line } from './line.js';
import { type Memory, type Phrase, phrases } from './phrases.js';
import type { World } from './world.js';

/** Kinds of steps: the phrases come first. */
export const Step = {
  ...{ Hello: 0, State: 1, Accept: 2, Adopt: 3, Query: 4, Packet: 5, Ack: 6, Keep: 7, Bye: 8, Ping: 9, Pong: 10 },
  ...{ Reject: 11, Extension: 12, Duplicate: 13, Heartbeat: 14 },
  /** `b` bytes as they are. */
  Raw: 15,
  /** What was said before, again. */
  Replay: 16,
  /** A new connection to the core. */
  Dial: 17,
  /** Speak on another one. */
  Turn: 18,
  End: 19,
  Wait: 20,
  /** The application of the core does something. */
  Act: 21,
  Send: 22,
  /** The next frame is damaged. */
  Damage: 23,
  /** How bytes are cut into chunks. */
  Cut: 24,
  /** This stranger reads no more, or again. */
  Stall: 25,
  /** The next frame is said many times. */
  Repeat: 26,
  /** The application takes packets late, or what waits. */
  Handle: 27,
} as const;
const KINDS = 28;
/** Steps, connections and bytes of one program. */
const MOST_STEPS = 80;
const MOST_LINES = 8;
const MOST_BYTES = 80 * 1024;
const TIMES = [0, 1, 20, 100, 500, 1000, 2000, 5000, 6000, 7000, 11_000, 20_000] as const;
const SIZES = [1, 0, 100, 191, 192, 1000, 4000, 4096] as const;

export function stepsOf(input: Uint8Array): number[] {
  const starts: number[] = [];
  for (let at = 1; at < input.length; ) {
    starts.push(at);
    const raw = (input[at] as number) % KINDS === Step.Raw;
    at += 3 + (raw ? (input[at + 2] ?? 0) % 64 : 0);
  }
  return starts;
}

export function step(kind: number, a = 0, b = 0): number[] {
  return [kind, a, b];
}

export class Program {
  private readonly world: World;
  private readonly says: readonly Phrase[];
  private readonly ids: readonly string[];
  private readonly lines: Line[] = [];
  private line: Line | null = null;
  private readonly memory: Memory = { session: 0, epoch: 0 };
  private readonly said: Uint8Array[] = [];
  private damage: readonly [number, number] | null = null;
  private times = 1;
  private cut = 0;
  private bytes = 0;
  private wishes = 1;

  /** @param ids - that the stranger goes by; the first is the usual one */
  constructor(world: World, ids: readonly string[]) {
    this.world = world;
    this.ids = ids;
    this.says = phrases(ids);
    world.core.onDial = (connection) => this.dialled(connection);
  }

  /** Runs the steps; every few of them the world is looked over. */
  run(steps: Uint8Array): void {
    const choices = new Choices(steps);
    for (let count = 0; choices.more && count < MOST_STEPS; count++) {
      this.do(choices.byte() % KINDS, choices);
      this.world.core.mustBeBounded();
      if (count % 4 === 3) this.world.mustBeHonoured();
    }
  }

  /** All the stranger's connections end. */
  leave(): void {
    for (const line of this.lines) this.end(line);
    // Whoever is dialled from now on is not there.
    this.world.core.onDial = (connection) => this.refuse(connection);
  }

  private do(kind: number, choices: Choices): void {
    const { core } = this.world;
    const phrase = this.says[kind];
    if (phrase !== undefined) {
      const inner = new Choices(choices.take(2));
      if (this.line !== null) this.say(this.line, phrase(this.line, this.memory, inner));
      return;
    }
    const [a, b] = [choices.byte(), choices.byte()];
    const { line } = this;
    switch (kind) {
      case Step.Raw: {
        const bytes = choices.take(b % 64);
        if (line !== null) this.say(line, a < 128 ? bytes : encodeFrame(Frame.Data, bytes));
        break;
      }
      case Step.Replay:
        if (line !== null && this.said.length > 0) this.say(line, this.said[a % this.said.length] as Uint8Array);
        break;
      case Step.Dial:
        this.dial(`stranger ${a % 3}`, a < 128);
        break;
      case Step.Turn:
        this.line = this.lines[a % Math.max(1, this.lines.length)] ?? null;
        break;
      case Step.End:
        if (line !== null) this.end(line);
        break;
      case Step.Wait:
        this.world.wait(TIMES[a % TIMES.length] as number);
        break;
      case Step.Act:
        this.act(a, b);
        break;
      case Step.Send:
        for (let count = 1 + (a >> 4); count > 0; count--) {
          core.send(this.ids[0] as string, new Uint8Array(SIZES[b % SIZES.length] as number), a % 2 === 1);
        }
        break;
      case Step.Damage:
        this.damage = [a, b];
        break;
      case Step.Cut:
        this.cut = a % 3;
        break;
      case Step.Stall:
        if (line === null || line.over) break;
        if (core.blocked.delete(line.connection)) core.act((mesh) => mesh.drained(line.connection));
        else core.blocked.add(line.connection);
        break;
      case Step.Repeat:
        // Seldom very often: it takes as long as a hundred cases.
        this.times = 2 + (a < 250 ? a % 16 : b < 250 ? 200 : 100_000);
        break;
      case Step.Handle:
        core.handles = a % 2 === 0;
        if (core.handles) core.handleAll();
        break;
      default:
    }
  }

  /** What the core's application may do at any time. */
  private act(a: number, b: number): void {
    const { core } = this.world;
    const id = this.ids[b % 2] ?? (this.ids[0] as string);
    const actions: readonly (() => unknown)[] = [
      () => core.act((mesh, now) => mesh.connect(++this.wishes, 'test://hand', b < 128 ? null : id, now)),
      () => core.act((mesh, now) => mesh.keep(id, core.state.peers.has(id), now)),
      () => core.act((mesh, now) => mesh.keep(id, false, now)),
      () => core.act((mesh, now) => mesh.disconnect(id, now)),
      () => core.act((mesh) => mesh.ping(id)),
      () => core.act((mesh) => mesh.ask(id)),
      () => core.act((mesh) => mesh.attend(b % 2 === 0)),
      () => core.act((mesh, now) => mesh.cancelConnect(this.wishes, now)),
      () => core.mesh.writable(id, b * 64),
      () => core.act((mesh, now) => mesh.undecodable(id, new MasterlessError('ERR_BAD_PACKET', 'no packet'), now)),
    ];
    actions[a % actions.length]?.();
    // A dial is due at once.
    core.wait(core.now, 50);
  }

  private say(line: Line, frame: Uint8Array): void {
    const bytes = this.damaged(frame);
    const times = this.times;
    this.times = 1;
    if (this.said.length < 40) this.said.push(bytes);
    const portion = Math.max(1, Math.floor(65_536 / Math.max(1, bytes.length)));
    for (let left = times; left > 0 && !line.over && this.bytes < MOST_BYTES; left -= portion) {
      const chunk = new Uint8Array(bytes.length * Math.min(left, portion));
      for (let at = 0; at < chunk.length; at += bytes.length) chunk.set(bytes, at);
      this.bytes += chunk.length;
      this.feed(line, chunk);
    }
  }

  private feed(line: Line, chunk: Uint8Array): void {
    const { core } = this.world;
    // What comes byte by byte is short.
    const portion = this.cut === 0 || chunk.length > 500 ? chunk.length : this.cut === 1 ? 1 : 7;
    for (let at = 0; at < chunk.length && !line.over; at += portion) {
      // The chunk is nobody else's, and the core's once it is given.
      core.receive(line.connection, portion === chunk.length ? chunk : chunk.slice(at, at + portion));
    }
  }

  private damaged(frame: Uint8Array): Uint8Array {
    if (this.damage === null || frame.length === 0) return frame;
    const [how, where] = this.damage;
    this.damage = null;
    const bytes = frame.slice();
    const at = where % bytes.length;
    if (how < 32) return bytes.subarray(0, at);
    if (how < 64) return new Uint8Array([...bytes.subarray(0, at), how, ...bytes.subarray(at)]);
    if (how < 96) bytes[at] = [0x00, 0xff, 0x80, 0x7f][how % 4] as number;
    else if (how < 128) bytes[1] = ((bytes[1] ?? 0) + (how % 2 === 0 ? 1 : -1)) & 0xff;
    else bytes[at] = (bytes[at] as number) ^ (1 << (how % 8));
    return bytes;
  }

  private dial(remote: string, limited: boolean): void {
    if (this.lines.length >= MOST_LINES) return;
    const { core } = this.world;
    const connection = core.act((mesh, now) => mesh.accepted(remote, limited, now));
    if (connection !== null) core.ends.set(connection, this.open(connection));
  }

  private dialled(connection: Connection): Line | null {
    if (this.lines.length >= MOST_LINES) return this.refuse(connection);
    const line = this.open(connection);
    this.world.core.mesh.opened(connection);
    return line;
  }

  private refuse(connection: Connection): null {
    const error = new MasterlessError('ERR_UNREACHABLE', 'nobody is there');
    this.world.core.mesh.ended(connection, error, this.world.now);
    return null;
  }

  private open(connection: Connection): Line {
    const line = new Line(connection);
    this.lines.push(line);
    this.line = line;
    return line;
  }

  private end(line: Line): void {
    if (line.over) return;
    line.over = true;
    const { core } = this.world;
    core.ends.delete(line.connection);
    core.blocked.delete(line.connection);
    core.act((mesh, now) => mesh.ended(line.connection, null, now));
  }
}

/** Steps of a kind that may come at any moment, with chance in their bytes. */
export function anyStep(random: Random, kinds: readonly number[]): number[] {
  const kind = random.pick(kinds);
  const sane = random.chance(0.6);
  const [a, b] = [sane ? 0 : random.below(256), random.chance(0.5) ? 0 : random.below(256)];
  if (kind !== Step.Raw) return [kind, a, b];
  const length = random.below(12);
  return [kind, a, length, ...Array.from({ length }, () => random.below(256))];
}
