/**
 * Real cores that talk to each other in virtual time, over lines on which every byte takes a while. All that comes to them
 * and all that they answer is written down.
 */
import { FrameDecoder } from '../../src/protocol/frame.js';
import { forms, type Kind } from '../protocol/vectors.js';
import { Actor } from './actor.js';
import {
  type Answer,
  bytesOfFrames,
  type Conversation,
  framesOf,
  type Input,
  type Node,
  type Options,
  type Step,
} from './conversation.js';

/** Milliseconds from one end of a line to the other. */
const LATENCY = 5;
const BEGIN = 1000;
/** Written into each recording, so that other defaults than these do not change it. */
const USUAL: Options = {
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

interface Line {
  /** Who dialled, and who was dialled. */
  readonly ends: readonly [string, string];
  /** Bytes pass and its end is felt. */
  whole: boolean;
}

interface Arrival {
  readonly at: number;
  readonly node: string;
  readonly input: Input;
}

export class Recorder {
  now: number = BEGIN;
  private readonly nodes: Record<string, Node> = {};
  private readonly actors = new Map<string, Actor>();
  /** Who takes connections at which URI. */
  private readonly listeners = new Map<string, string>();
  private readonly lines: Line[] = [];
  private readonly steps: Step[] = [];
  /** By number; the order is that of `at`, since every byte takes as long. */
  private readonly writes: Uint8Array[] = [];
  private arrivals: Arrival[] = [];
  private wishes = 0;

  /** A real core, dialled at `test://` and its name. */
  node(name: string, given: Options & { readonly id?: string; readonly incarnation?: string } = {}): string {
    const { id = name, incarnation, ...options } = given;
    const seed = Object.keys(this.nodes).length + 1;
    const node: Node = {
      ...{ id, incarnation: incarnation ?? `${'0'.repeat(14)}${seed}a`, seed, uri: `test://${name}` },
      options: { ...USUAL, ...options },
    };
    this.nodes[name] = node;
    this.listeners.set(node.uri, name);
    this.actors.set(
      name,
      new Actor(node, {
        lineFor: (uri) => this.lineFrom(name, uri),
        writeNumber: () => this.writes.length,
        bytesOf: (write) => this.writes[write] as Uint8Array,
        hear: (at, answer) => this.heard(name, at, answer),
      }),
    );
    return name;
  }

  /** Whoever dials the node is refused from now on. */
  hide(name: string): void {
    this.listeners.delete(`test://${name}`);
  }

  /** The node is also reached at `test://` and this name. */
  alias(name: string, other: string): void {
    this.listeners.set(`test://${other}`, name);
  }

  /** A hand that plays a node: it takes every connection at `test://` and its name, and says only what it is told to. */
  hand(name: string): string {
    this.listeners.set(`test://${name}`, name);
    return name;
  }

  /** The node is gone without a word, and whoever dials it is refused. Its lines stay as they are. */
  crash(name: string): void {
    this.steps.push({ at: this.now, node: name, does: 'stops' });
    this.actors.delete(name);
    this.hide(name);
    this.arrivals = this.arrivals.filter(({ node }) => node !== name);
  }

  do(name: string, input: Input): void {
    this.steps.push({ at: this.now, node: name, ...input });
    const actor = this.actors.get(name);
    if (actor === undefined) throw new Error(`${name} is no real node`);
    actor.take(input, this.now);
  }

  connect(name: string, other: string, expected: string | null = null): void {
    this.do(name, { does: 'connect', wish: ++this.wishes, uri: `test://${other}`, expected });
  }

  /** @param packet - as `bytesOf` reads it */
  send(name: string, id: string, packet: string, urgent = false): void {
    this.do(name, { does: 'send', id, packet, urgent });
  }

  /** The hand dials. Returns the line. */
  dial(hand: string, other: string): number {
    return this.lineFrom(hand, `test://${other}`);
  }

  /** The hand says frames. */
  say(hand: string, line: number, ...frames: readonly Uint8Array[]): void {
    const writes = framesOf(new Uint8Array(Buffer.concat(frames)));
    this.heard(hand, this.now, { writes, line, write: this.writes.length });
  }

  /** Lines on which bytes pass. */
  get whole(): number[] {
    return this.lines.flatMap(({ whole }, index) => (whole ? [index + 1] : []));
  }

  /** Both ends feel the end of the line, now; what was on its way is gone. */
  cut(line: number): void {
    this.freeze(line);
    for (const name of this.line(line).ends) {
      const input: Input = { does: 'loses', line };
      if (this.actors.get(name)?.feels(input)) this.do(name, input);
    }
  }

  /** Nothing passes any more, and nobody is told. */
  freeze(line: number): void {
    this.line(line).whole = false;
    this.arrivals = this.arrivals.filter(({ input }) => !('line' in input && input.line === line));
  }

  pass(ms: number): void {
    this.run(this.now + ms, Number.POSITIVE_INFINITY);
  }

  /** Time passes until so many things more have arrived. */
  receive(arrivals: number): void {
    this.run(Number.POSITIVE_INFINITY, arrivals);
  }

  conversation(says: string): Conversation {
    return { says, nodes: this.nodes, steps: this.steps, until: this.now };
  }

  /** The fields of the last frame of that kind that a node wrote: what a hand must repeat. */
  last<T>(name: string, kind: Kind): T {
    const frames = this.steps.flatMap((step) => (step.node === name && 'writes' in step ? step.writes : []));
    const frame = frames.findLast(([each]) => each === kind);
    if (frame === undefined) throw new Error(`${name} said no ${kind}`);
    const decoder = new FrameDecoder();
    decoder.push(bytesOfFrames([frame]));
    decoder.next();
    return forms[kind].decode(decoder.buffer.subarray(decoder.start, decoder.end)) as T;
  }

  private run(until: number, most: number): void {
    for (let left = most; left > 0; ) {
      const wake = Math.min(...[...this.actors.values()].map(({ wakeAt }) => wakeAt));
      const next = Math.min(wake, this.arrivals[0]?.at ?? Number.POSITIVE_INFINITY);
      if (next > until) break;
      this.now = Math.max(this.now, next);
      for (const actor of this.actors.values()) actor.advance(this.now);
      for (; left > 0 && (this.arrivals[0]?.at ?? Number.POSITIVE_INFINITY) <= this.now; left--) {
        const { node, input } = this.arrivals.shift() as Arrival;
        // What a node let go of, and what only a hand gets, is no input.
        if (this.actors.get(node)?.feels(input)) this.do(node, input);
      }
    }
    if (until !== Number.POSITIVE_INFINITY) this.now = until;
  }

  private heard(name: string, at: number, answer: Answer): void {
    this.steps.push({ at, node: name, ...answer });
    if ('writes' in answer) {
      this.writes.push(bytesOfFrames(answer.writes));
      this.arrive(name, answer.line, { does: 'reads', line: answer.line, write: answer.write });
    } else if ('closes' in answer) {
      this.arrive(name, answer.line, { does: 'loses', line: answer.line });
    }
  }

  private arrive(from: string, number: number, input: Input): void {
    const line = this.line(number);
    const node = line.ends[0] === from ? line.ends[1] : line.ends[0];
    if (line.whole) this.arrivals.push({ at: this.now + LATENCY, node, input });
  }

  private lineFrom(name: string, uri: string): number {
    const other = this.listeners.get(uri);
    const number = this.lines.push({ ends: [name, other ?? ''], whole: other !== undefined });
    const at = this.now + LATENCY;
    if (other === undefined) {
      this.arrivals.push({ at, node: name, input: { does: 'loses', line: number } });
    } else {
      this.arrivals.push({ at, node: other, input: { does: 'takes', line: number } });
      this.arrivals.push({ at, node: name, input: { does: 'opens', line: number } });
    }
    return number;
  }

  private line(number: number): Line {
    return this.lines[number - 1] as Line;
  }
}
