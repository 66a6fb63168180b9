/** One real core in virtual time, driven by inputs; its answers go to whoever listens, as they come. */
import { MasterlessError } from '../../src/errors.js';
import { Mesh } from '../../src/protocol/mesh.js';
import type { Output } from '../../src/protocol/output.js';
import { URGENT } from '../../src/protocol/session.js';
import { Random } from '../../src/testing/random.js';
import { CONFIG } from '../protocol/scripted.js';
import { bytesOf } from '../protocol/vectors.js';
import { type Answer, framesOf, hexOf, type Input, type Node } from './conversation.js';

/** The world around a core. */
export interface Around {
  /** The number of the line that the core is about to dial. */
  lineFor(uri: string): number;
  /** The number of the next write. */
  writeNumber(): number;
  /** The bytes that arrive. */
  bytesOf(write: number): Uint8Array;
  hear(at: number, answer: Answer): void;
}

type Connection = Parameters<Mesh['opened']>[0];

export class Actor {
  readonly node: Node;
  private readonly mesh: Mesh;
  private readonly around: Around;
  private readonly connections = new Map<number, Connection>();
  private attentive = true;
  private now = 0;

  constructor(node: Node, around: Around) {
    const chance = new Random(node.seed);
    const { id, incarnation, options } = node;
    this.node = node;
    this.around = around;
    this.mesh = new Mesh({ ...CONFIG, ...options, id, incarnation, random: () => chance.next() });
    this.mesh.listening([node.uri], 0);
  }

  get wakeAt(): number {
    return this.mesh.wakeAt;
  }

  /** Time passes: the core is woken whenever it wants to be. */
  advance(until: number): void {
    while (this.mesh.wakeAt <= until) {
      this.now = Math.max(this.now, this.mesh.wakeAt);
      this.mesh.tick(this.now);
      this.settle();
    }
    this.now = until;
  }

  /** Whether what happens on that line still counts here. */
  feels(input: Input): boolean {
    return !('line' in input) || input.does === 'takes' || this.connections.has(input.line);
  }

  take(input: Input, at: number): void {
    this.advance(at);
    const { mesh, now } = this;
    switch (input.does) {
      case 'connect':
        mesh.connect(input.wish, input.uri, input.expected, now);
        break;
      case 'keep':
        mesh.keep(input.id, input.keep, now);
        break;
      case 'disconnect':
        mesh.disconnect(input.id, now);
        break;
      case 'ping':
        mesh.ping(input.id);
        break;
      case 'undecodable':
        mesh.undecodable(input.id, new MasterlessError('ERR_BAD_PACKET', 'no packet'), now);
        break;
      case 'close':
        mesh.close(now);
        break;
      case 'stops':
        throw new Error('who stops takes no inputs');
      case 'send':
        if (mesh.send(input.id, bytesOf(input.packet), input.urgent) === 0) throw new Error('no room for the packet');
        break;
      case 'attend':
        this.attentive = input.attentive;
        mesh.attend(input.attentive);
        break;
      default:
        this.feel(input);
    }
    this.settle();
  }

  private feel(input: Extract<Input, { readonly line: number }>): void {
    const { mesh, now } = this;
    if (input.does === 'takes') {
      const connection = mesh.accepted('there', false, now);
      if (connection === null) this.around.hear(now, { closes: 'at once', line: input.line });
      else this.connections.set(input.line, connection);
      return;
    }
    const connection = this.connections.get(input.line);
    if (connection === undefined) throw new Error(`line ${input.line} is not held here`);
    if (input.does === 'opens') mesh.opened(connection);
    else if (input.does === 'loses') mesh.ended(connection, null, now);
    else if (input.does === 'reads') mesh.received(connection, this.around.bytesOf(input.write), now);
  }

  private settle(): void {
    const { mesh, now } = this;
    for (let output = mesh.poll(now); output !== null; output = mesh.poll(now)) this.on(output);
    for (let dirty = mesh.takeDirty(); dirty.length > 0; dirty = mesh.takeDirty()) {
      for (const connection of dirty) this.write(connection, 65_536);
    }
  }

  private on(output: Output): void {
    const { around, now } = this;
    if (output.kind === 'dial') {
      const line = around.lineFor(output.uri);
      this.connections.set(line, output.connection);
      around.hear(now, { dials: output.uri, line });
    } else if (output.kind === 'close') {
      const line = this.lineOf(output.connection);
      if (line === null) return;
      if (output.flush) this.write(output.connection, 0);
      this.connections.delete(line);
      around.hear(now, { closes: output.flush ? 'after all is written' : 'at once', line });
    } else {
      around.hear(now, { tells: told(output) });
      if (output.kind === 'deliver' && this.attentive) this.mesh.handled(output, now);
    }
  }

  private write(connection: Connection, budget: number): void {
    const line = this.lineOf(connection);
    if (line === null) return;
    const views = this.mesh.gather(connection, budget, this.now);
    if (views.length === 0) return;
    const writes = framesOf(new Uint8Array(Buffer.concat(views)));
    this.around.hear(this.now, { writes, line, write: this.around.writeNumber() });
  }

  private lineOf(connection: Connection): number | null {
    for (const [line, each] of this.connections) if (each === connection) return line;
    return null;
  }
}

function told(output: Exclude<Output, { readonly kind: 'dial' | 'close' }>): string {
  switch (output.kind) {
    case 'deliver':
      return `deliver ${output.id}: ${hexOf(output.bytes)}${output.lane === URGENT ? ', urgent' : ''}`;
    case 'connect':
      return `connect ${output.id}, ${output.info.incarnation}, at ${output.info.addresses.join(' ')}`;
    case 'disconnect':
      return `disconnect ${output.id}: ${output.reason}`;
    case 'reconnecting':
      return `reconnecting ${output.id}: attempt ${output.attempt}`;
    case 'undelivered': {
      const { uncertain, unsent } = output.leftover;
      return `undelivered ${output.id}: ${uncertain.length} uncertain, ${unsent.length} unsent`;
    }
    case 'unreachable':
      return `unreachable ${output.uri}: ${output.error.code}`;
    case 'wish':
      return `wish ${output.wish}: ${output.error?.code ?? output.id}`;
    case 'fault':
      return `fault ${output.error.code}`;
    case 'closed':
      return 'closed';
    default:
      return `${output.kind} ${output.id}`;
  }
}
