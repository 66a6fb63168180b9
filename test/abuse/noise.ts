/**
 * Hostile inputs by the thousand, over real sockets: bytes of strangers, handshakes of members gone wrong, and links on
 * which a member says what a fuzzer made. A link carries many inputs: those first that leave it standing, then one that may
 * not. Which are which the codec tells here; that every packet which is well-formed arrived is counted there.
 */
import { deepStrictEqual, ok } from 'node:assert/strict';
import { readCorpus } from '../../fuzz/corpus.js';
import { mutate } from '../../fuzz/mutate.js';
import type { Target } from '../../fuzz/target.js';
import { targetNamed } from '../../fuzz/targets.js';
import { msgpack } from '../../src/codec/msgpack.js';
import { errorCodes, MasterlessError } from '../../src/errors.js';
import { isArbiter } from '../../src/protocol/arbiter.js';
import * as control from '../../src/protocol/control.js';
import { encodeFrame, Frame, type FrameKind } from '../../src/protocol/frame.js';
import { Random } from '../../src/testing/random.js';
import { within } from '../support/events.js';
import { joined } from './frame.js';
import { Honest } from './honest.js';
import { ARBITER, FOLLOWER, type Mode, VICTIM } from './mode.js';
import { MOST_MEMORY } from './play.js';
import { Scene } from './scene.js';
import { Victim } from './victim.js';
import { hello, type Wire } from './wire.js';

export interface Noise {
  readonly mode: Mode;
  /** The same seed says the same on each connection; which of them come at one time is the machine's affair. */
  readonly seed: number;
  readonly inputs: number;
}

/** Connections at a time, each of another member: certificates have two names for them. */
const LANES: Readonly<Record<Mode, number>> = { plain: 6, secret: 6, tls: 2 };
/** Of all connections. */
const STRANGERS = 0.15;
const WRONG_HANDSHAKES = 0.15;
/** Inputs on one link at most: more where a handshake takes longer than all of them. */
const MOST_INPUTS: Readonly<Record<Mode, number>> = { plain: 120, secret: 120, tls: 240 };
const DEADLINE = 60_000;

const codec = msgpack();
const packets = mutations('msgpack');
const controls = mutations('control');
const frames = mutations('frames');
const KINDS = Object.values(Frame).filter((kind) => kind >= Frame.Hello && kind <= Frame.Extension);
/** What a stranger's bytes may lead to: everything that is not this side's mistake. */
const FAULTS: ReadonlySet<string> = new Set(
  errorCodes.filter((code) => new MasterlessError(code, '').side === 'remote'),
);

/** Figures of one run. @throws Error for whatever must not come of it */
export async function noise({ mode, seed, inputs }: Noise): Promise<Record<string, number>> {
  const victim = await Victim.start(mode);
  try {
    const honest = await Honest.start(mode, victim);
    const sockets = await victim.sockets();
    const rss = await victim.begin();
    const run = new Run(new Scene(mode, victim, victim.uri), seed, inputs);
    await Promise.all(Array.from({ length: LANES[mode] }, (_, lane) => run.lane(lane)));
    const exchanged = await honest.check();
    await run.scene.left(sockets);
    const harm = await victim.end();
    const { uncaught, polluted, counts, got, stall, rss: most } = harm;
    deepStrictEqual([uncaught, polluted], [[], false]);
    Honest.agrees(harm);
    const unknown = Object.keys(counts).filter((code) => !FAULTS.has(code) && code !== 'ERR_CLOSED');
    ok(unknown.length === 0, `faults of its own: ${unknown.join()}`);
    // What was damaged may hold some more.
    ok(got.others >= run.wellFormed, `${got.others} of ${run.wellFormed} packets that are well-formed arrived`);
    ok(most - rss <= MOST_MEMORY, `${most - rss} bytes more memory, and ${MOST_MEMORY} are the most`);
    await honest.close();
    await victim.close();
    const faults = Object.entries(counts).map(([code, count]) => [`fault ${code}`, count] as const);
    return {
      ...Object.fromEntries(faults),
      ...{ [`inputs ${mode}`]: run.done, [`links ${mode}`]: run.links, [`connections ${mode}`]: run.connections },
      ...{ [`memory ${mode}`]: most - rss, [`stall ${mode}`]: stall, [`exchanged ${mode}`]: exchanged },
    };
  } finally {
    await victim.kill();
  }
}

class Run {
  readonly scene: Scene;
  done = 0;
  connections = 0;
  links = 0;
  /** Packets among them that must arrive. */
  wellFormed = 0;
  readonly #seed: number;
  readonly #inputs: number;

  constructor(scene: Scene, seed: number, inputs: number) {
    this.scene = scene;
    this.#seed = seed;
    this.#inputs = inputs;
  }

  /** One connection after the other, until there were inputs enough. */
  async lane(lane: number): Promise<void> {
    while (this.done < this.#inputs) {
      const number = this.connections++;
      const random = new Random(this.#seed + number);
      try {
        await within(this.#connection(random, lane), 'the end of a connection', DEADLINE);
      } catch (error) {
        throw new Error(`connection ${number} of seed ${this.#seed}: ${String(error)}`, { cause: error });
      }
    }
  }

  async #connection(random: Random, lane: number): Promise<void> {
    const id = memberOf(this.scene.mode, lane);
    const chance = random.next();
    if (chance < STRANGERS) await this.#stranger(random);
    else if (chance < STRANGERS + WRONG_HANDSHAKES) await this.#handshake(random, id);
    else await this.#link(random, id);
  }

  async #stranger(random: Random): Promise<void> {
    const wire = this.scene.stranger();
    await wire.open;
    wire.say(random.pick(STRANGE)(random));
    this.done++;
    await left(wire);
  }

  /** A handshake that is damaged somewhere. */
  async #handshake(random: Random, id: string): Promise<void> {
    const wire = this.scene.member(id === ARBITER ? ARBITER : FOLLOWER);
    await wire.open;
    const said = joined([helloFrame(random, id), ...Array.from({ length: random.below(4) }, () => anyControl(random))]);
    wire.say(frames.damaged(random, said));
    this.done++;
    await left(wire);
  }

  /** A link with many inputs, of which the last may end it. */
  async #link(random: Random, id: string): Promise<void> {
    const wire = this.scene.member(id === ARBITER ? ARBITER : FOLLOWER);
    if (isArbiter(id, VICTIM)) await wire.lead({ id });
    else await wire.follow({ id });
    this.links++;
    const borne: Uint8Array[] = [];
    const last: Uint8Array[] = [];
    for (let count = random.below(MOST_INPUTS[this.scene.mode]); count > 0; count--) {
      if (random.chance(0.2)) {
        borne.push(harmless(random));
        continue;
      }
      const bytes = packets.any(random);
      if (decodes(bytes)) {
        borne.push(encodeFrame(random.chance(0.2) ? Frame.Urgent : Frame.Data, bytes));
        this.wellFormed++;
      } else if (last.length === 0) {
        last.push(encodeFrame(Frame.Data, bytes));
      }
    }
    if (last.length === 0 || random.chance(0.5)) last[0] = random.chance(0.7) ? anyControl(random) : frames.any(random);
    wire.say(joined([...borne, ...last]));
    this.done += borne.length + 1;
    await left(wire);
  }
}

/** Says no more, and waits for the other side to have read it all and to have gone. */
async function left(wire: Wire): Promise<void> {
  wire.socket.end();
  await wire.ended;
}

/** The member of a lane, each another: two connections under one name would be another attack. */
function memberOf(mode: Mode, lane: number): string {
  const id = lane % 2 === 0 ? FOLLOWER : ARBITER;
  return mode === 'tls' ? id : `${id}${lane}`;
}

function helloFrame(random: Random, id: string): Uint8Array {
  return control.encodeHello(hello({ id, nonce: random.below(1000), keep: random.chance(0.5) }));
}

/** What a member may say on a link at any time. */
function harmless(random: Random): Uint8Array {
  const token = random.below(2 ** 32);
  switch (random.below(5)) {
    case 0:
      return control.encodePing({ token, contested: false });
    case 1:
      return control.encodePong(token);
    case 2:
      return encodeFrame(Frame.Extension, joined([Uint8Array.of(2 + random.below(126)), randomBytes(random, 100)]));
    case 3:
      return control.encodeAckRequest();
    default:
      return control.encodeHeartbeat();
  }
}

/** A control frame of any kind, whose payload is mostly right for that kind. */
function anyControl(random: Random): Uint8Array {
  const payload = controls.any(random).subarray(0, 1024);
  return encodeFrame(random.pick(KINDS) as FrameKind, payload);
}

const CLIENT_HELLO = Buffer.from('16030100c4010000c00303', 'hex');
const STRANGE: readonly ((random: Random) => Uint8Array | string)[] = [
  (random) => randomBytes(random, 600),
  (random) => frames.any(random),
  (random) => frames.damaged(random, joined([helloFrame(random, FOLLOWER), anyControl(random)])),
  (random) => joined([CLIENT_HELLO.subarray(0, random.below(12)), randomBytes(random, 300)]),
  (random) =>
    joined([
      Uint8Array.of(0x14 + random.below(4), 3, random.below(5), random.below(80), random.below(256)),
      randomBytes(random, 300),
    ]),
  (random) =>
    `${random.pick(['GET', 'POST', 'PRI', 'CONNECT', 'get'])} /${random.next()} HTTP/1.${random.below(3)}\r\n\r\n`,
];

function randomBytes(random: Random, most: number): Uint8Array {
  return Uint8Array.from({ length: 1 + random.below(most) }, () => random.below(256));
}

function decodes(bytes: Uint8Array): boolean {
  try {
    codec.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Inputs of a fuzzer's target, without the bytes at their beginning that choose how it is run. */
function mutations(name: string): {
  any(random: Random): Uint8Array;
  damaged(random: Random, input: Uint8Array): Uint8Array;
} {
  const target: Target = targetNamed(name);
  const behind = name === 'frames' ? 2 : 1;
  const kept = readCorpus(name).map(({ input }) => input);
  const one = (random: Random): Uint8Array =>
    kept.length > 0 && random.chance(0.4) ? random.pick(kept) : target.make(random);
  return {
    any: (random) => mutate(random, target, one(random), one(random)).slice(behind, behind + 4000),
    damaged: (random, input) => mutate(random, target, input, one(random)),
  };
}
