/**
 * A real core in virtual time, and everything that must hold of it whatever is said to it: `poll` and `tick` come to an
 * end, tables and queues stay within their bounds, what it hears and says makes sense. The world around it decides what
 * becomes of its connections.
 */
import { type ErrorCode, errorCodes, MasterlessError } from '../../src/errors.js';
import type { Connection } from '../../src/protocol/connection.js';
import { MAX_CONTROL, MAX_DATA, MAX_HEADER } from '../../src/protocol/frame.js';
import { MAX_OUTBOX } from '../../src/protocol/inbound.js';
import { Mesh } from '../../src/protocol/mesh.js';
import type { Deliver, Output } from '../../src/protocol/output.js';
import { type Session, UNUSED } from '../../src/protocol/session.js';
import type { MeshConfig, MeshState } from '../../src/protocol/state.js';
import { must } from '../target.js';

/** Where a connection leads. */
export interface End {
  /** Bytes that the core wrote; copies. */
  write(bytes: Uint8Array): void;
  closed(): void;
}

export type Receipt = Pick<Deliver, 'id' | 'session' | 'lane' | 'sequence' | 'receivedBytes'>;

/** What a stranger's frame may lead to: a documented error, and none that says this program made a mistake. */
const FAULTS: ReadonlySet<ErrorCode> = new Set(
  errorCodes.filter((code) => new MasterlessError(code, '').side === 'remote'),
);
/** Outputs for each byte that came, and in any case. */
const OUTPUTS_A_BYTE = 8;
const OUTPUTS = 500;
/** Ticks in a row that let no time pass. */
const IDLE_TICKS = 50;

export class Core {
  readonly mesh: Mesh;
  readonly state: MeshState;
  now = 1000;
  readonly ends = new Map<Connection, End>();
  /** Connections that do not take bytes at present. */
  readonly blocked = new Set<Connection>();
  /** What the application has not had yet. */
  readonly waiting: Receipt[] = [];
  /** Whether the application takes each packet at once. */
  handles = true;
  /** Kinds of outputs that there were, and codes of faults. */
  readonly heard = new Set<string>();
  /** Called with each output that is neither about connections nor a packet. */
  onOutput: (output: Output) => void = () => undefined;
  onDeliver: (deliver: Deliver) => void = () => undefined;
  onDial: (connection: Connection, uri: string) => End | null = () => null;
  /** Packets accepted for sending and not yet accounted for. */
  private accepted = 0;
  private reported = 0;
  private readonly present = new Set<string>();
  private readonly sequences = new WeakMap<Session, [number, number]>();
  private came = 0;

  constructor(config: MeshConfig) {
    this.mesh = new Mesh(config);
    this.state = Reflect.get(this.mesh, 'state') as MeshState;
  }

  /** Does something with the core, then all that follows from it. */
  act<T>(action: (mesh: Mesh, now: number) => T): T {
    const result = action(this.mesh, this.now);
    this.settle();
    return result;
  }

  send(id: string, bytes: Uint8Array, urgent: boolean): boolean {
    const taken = this.mesh.send(id, bytes, urgent) > 0;
    if (taken) this.accepted++;
    this.settle();
    return taken;
  }

  /** Bytes came. The memory is used again afterwards, as a socket's is. */
  receive(connection: Connection, chunk: Uint8Array): void {
    this.came += chunk.length;
    this.mesh.received(connection, chunk, this.now);
    this.settle();
    chunk.fill(0xee);
  }

  /** The clock goes on to `time`; the core is woken whenever it wants to be, but not more than `ticks` times. */
  wait(time: number, ticks: number): void {
    let idle = 0;
    for (let count = 0; this.mesh.wakeAt <= time; count++) {
      must(count < ticks, `it woke ${count} times within ${time - this.now} ms`);
      idle = this.mesh.wakeAt > this.now ? 0 : idle + 1;
      must(idle < IDLE_TICKS, 'it wants to be woken at once, for ever');
      this.now = Math.max(this.now, this.mesh.wakeAt);
      this.act((mesh, now) => mesh.tick(now));
    }
    this.now = Math.max(this.now, time);
  }

  settle(): void {
    let steps = 0;
    const most = OUTPUTS + OUTPUTS_A_BYTE * this.came;
    for (let output = this.mesh.poll(this.now); output !== null; output = this.mesh.poll(this.now)) {
      must(++steps <= most, `poll gave ${steps} outputs`);
      this.take(output);
    }
    this.came = 0;
    let rounds = 0;
    for (let dirty = this.mesh.takeDirty(); dirty.length > 0; dirty = this.mesh.takeDirty()) {
      must(++rounds <= OUTPUTS, `${rounds} rounds of writing`);
      for (const connection of dirty) if (!this.blocked.has(connection)) this.write(connection, 65_536);
    }
  }

  /** The application has what waited. */
  handleAll(): void {
    for (const receipt of this.waiting.splice(0)) this.mesh.handled(receipt, this.now);
    this.settle();
  }

  /** Everything is within its bounds. */
  mustBeBounded(): void {
    const { config, handshakes, peers, budget, outputs } = this.state;
    const { outstanding } = budget;
    const known = new Set(this.state.connections);
    const connections = this.open();
    must(
      connections.every((connection) => known.has(connection)),
      'a connection that is open was forgotten',
    );
    must(outputs.length === 0, `${outputs.length} outputs are left`);
    must(peers.size <= config.maxPeers, `${peers.size} peers`);
    let incoming = 0;
    for (const { uri } of connections) if (uri === null) incoming++;
    must(incoming <= config.maxHandshakes + peers.size, `${incoming} connections that came in`);
    // Of those that it dialled itself, one whose wish was withdrawn is left to its own end.
    must(connections.length - incoming <= MOST_DIALLED, `${connections.length - incoming} connections that it dialled`);
    let sum = 0;
    for (const { session, handshakes: own } of peers.values()) {
      sum += session.outstanding;
      must(session.outstanding <= config.window + config.maxPacket, `${session.outstanding} bytes for one peer`);
      must(
        own.every((connection) => handshakes.has(connection)),
        'a peer has handshakes that are over',
      );
      for (const lane of [session.normal, session.urgent]) {
        const held = lane.assembly?.length ?? 0;
        must(held <= config.maxPacket, `${held} bytes in pieces`);
        must(lane.acked <= lane.handled && lane.handled <= lane.received, 'counts that make no sense');
      }
      const unhandled = session.receivedBytes - session.handledBytes;
      must(unhandled <= config.window + 2 * (config.maxPacket + 1024), `${unhandled} bytes unhandled`);
    }
    must(UNUSED.received + UNUSED.outgoing.total === 0, 'something went through the lane that is for nothing');
    must(sum === outstanding, `${outstanding} bytes are said to be on their way, and it is ${sum}`);
    for (const { decoder, outbox } of connections) {
      const waiting = outbox?.length ?? 0;
      must(waiting <= MAX_OUTBOX + 8, `${waiting} frames wait to be written`);
      const held = Reflect.get(decoder, 'held') as Uint8Array;
      must(
        held.length <= Math.max(MAX_CONTROL, decoder.maxData, 4096) + MAX_HEADER + MAX_DATA,
        'a decoder that hoards',
      );
    }
  }

  /** Connections that are not over, as the world around knows them. */
  private open(): Connection[] {
    return [...this.ends.keys()].filter(({ phase }) => phase !== 'closed');
  }

  /** After everybody has gone: nothing is left. */
  mustBeEmpty(): void {
    const { peers, dials, budget, starved } = this.state;
    const { outstanding } = budget;
    const connections = [...this.state.connections, ...this.open()];
    must(connections.length === 0, `${connections.length} connections are left`);
    must(dials.size === 0, `${dials.size} dials are left`);
    must(peers.size === 0, `peers are left: ${[...peers.keys()].join(', ').slice(0, 100)}`);
    must(starved.size === 0, `${starved.size} peers wait for room`);
    must(outstanding === 0, `${outstanding} bytes are still on their way`);
    must(this.accepted === this.reported, `of ${this.accepted} packets ${this.reported} were accounted for`);
    must(this.present.size === 0, `the application thinks it is connected to ${[...this.present].join(', ')}`);
  }

  private take(output: Output): void {
    if (output.kind !== 'deliver') this.heard.add(output.kind);
    switch (output.kind) {
      case 'deliver':
        this.deliver(output);
        return;
      case 'dial': {
        const end = this.onDial(output.connection, output.uri);
        if (end !== null) this.ends.set(output.connection, end);
        return;
      }
      case 'close':
        if (output.flush) this.write(output.connection, 0);
        this.ends.get(output.connection)?.closed();
        this.ends.delete(output.connection);
        this.blocked.delete(output.connection);
        return;
      case 'connect':
        must(!this.present.has(output.id), `${output.id} connects twice`);
        this.present.add(output.id);
        break;
      case 'disconnect':
        must(this.present.delete(output.id), `${output.id} disconnects and was not connected`);
        break;
      case 'fault':
        must(FAULTS.has(output.error.code), `a fault ${output.error.code}`);
        this.heard.add(output.error.code);
        break;
      case 'ended':
        this.account(output.session);
        break;
      case 'wish':
        must((output.id === null) !== (output.error === null), 'a wish that came true and not');
        break;
      default:
    }
    this.onOutput(output);
  }

  private deliver(deliver: Deliver): void {
    const { id, session, lane, sequence, receivedBytes } = deliver;
    must(this.present.has(id), `a packet of ${id}, which is not connected`);
    const last = this.sequences.get(session) ?? [0, 0];
    must(sequence > last[lane], `packet ${sequence} of lane ${lane} after ${last[lane]}`);
    last[lane] = sequence;
    this.sequences.set(session, last);
    this.heard.add('deliver');
    this.onDeliver(deliver);
    if (this.handles) this.mesh.handled(deliver, this.now);
    else this.waiting.push({ id, session, lane, sequence, receivedBytes });
  }

  /** Packets here are of one frame each: every one was acknowledged, or is reported as left over. */
  private account(session: Session): void {
    for (const { outgoing } of [session.normal, session.urgent]) this.reported += outgoing.total;
    const left = session.leftover();
    const unacknowledged = [session.normal, session.urgent].reduce(
      (sum, { outgoing }) => sum + outgoing.total - outgoing.acked,
      0,
    );
    must(
      left.uncertain.length + left.unsent.length === unacknowledged,
      'packets are neither acknowledged nor reported',
    );
  }

  private write(connection: Connection, budget: number): void {
    const end = this.ends.get(connection);
    if (end === undefined) return;
    for (const view of this.mesh.gather(connection, budget, this.now)) end.write(view.slice());
  }
}

/** Connections of a program, those refused included. */
const MOST_DIALLED = 16;
