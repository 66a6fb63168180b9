/**
 * Reduces a state to a number, so that states which behave alike count as one. Every field counts unless it is named
 * here, with the reason why it can be left out: a new field of the core makes more states, never fewer.
 */
import { Connection } from '../../src/protocol/connection.js';
import { Dial } from '../../src/protocol/dial.js';
import { Exchange } from '../../src/protocol/exchange.js';
import { FrameDecoder } from '../../src/protocol/frame.js';
import type { Mesh } from '../../src/protocol/mesh.js';
import { Peer } from '../../src/protocol/peer.js';
import type { Segment } from '../../src/protocol/segment.js';
import { SendBuffer } from '../../src/protocol/send-buffer.js';
import { Session } from '../../src/protocol/session.js';
import { MeshState } from '../../src/protocol/state.js';
import { Traffic } from '../../src/protocol/traffic.js';

/** How the fields of a class count: those left out, and what stands for them. */
interface Rule<T> {
  readonly skip: ReadonlySet<string>;
  readonly instead?: (value: T, hash: Hash) => void;
}

function rule<T>(skip: readonly (keyof T & string)[], instead?: (value: T, hash: Hash) => void): Rule<never> {
  return { skip: new Set(skip), ...(instead === undefined ? {} : { instead }) } as Rule<never>;
}

/** Times matter only by whether they are set, but for signs of life. Ids of connections are names. */
const rules = new Map<object, Rule<never>>([
  [
    Connection.prototype,
    rule<Connection>(
      [
        'id',
        'deadline',
        'heardAt',
        'spokeAt',
        'remote',
        'dirty',
        'frames',
        'since',
        'progress',
        'contestedUntil',
        'mute',
      ],
      (value, hash) => {
        // Whether anything ever came.
        hash.number(value.frames > 0 ? 1 : 0);
        // Whether another claim would be told.
        hash.number(value.contestedUntil > hash.now ? 1 : 0);
        hash.number(hash.beats(value.heardAt));
        hash.number(hash.beats(value.spokeAt));
      },
    ),
  ],
  [
    Exchange.prototype,
    rule<Exchange>(['asked', 'greetedAt'], (value, hash) => {
      // Whether an answer would be fresh.
      hash.number(value.asked < 0 ? 0 : value.asked >= hash.changed ? 1 : 2);
      hash.number(value.greetedAt >= hash.changed ? 1 : 2);
    }),
  ],
  [
    Peer.prototype,
    // Where an address may lead is the transport's to ask, and here all lead to where they say.
    rule<Peer>(['changed', 'flaps', 'brief', 'heldUntil', 'given', 'near'], (value, hash) => {
      hash.number(value.heldUntil > 0 ? 1 : 0);
    }),
  ],
  [
    Dial.prototype,
    rule<Dial>(['wish', 'attempt', 'overtaken', 'next', 'until', 'again', 'refused'], (value, hash) => {
      hash.number(value.next < Number.POSITIVE_INFINITY ? 1 : 0);
      hash.number(value.until < Number.POSITIVE_INFINITY ? 1 : 0);
    }),
  ],
  [
    Session.prototype,
    rule<Session>(['ackAt'], ({ ackAt }, hash) => hash.number(Number.isFinite(ackAt) ? 1 : 2 + Math.sign(ackAt))),
  ],
  [
    MeshState.prototype,
    { skip: new Set(['config', 'connectionCount', 'changes', 'wakeAt', 'prompt', 'dirty', 'outputs']) },
  ],
  // Nothing of these lasts beyond a step, since everything is drained.
  [Traffic.prototype, { skip: new Set(['state', 'deliver', 'reservation']) }],
  [
    FrameDecoder.prototype,
    { skip: new Set(['kind', 'buffer', 'start', 'end', 'chunk', 'at', 'held', 'heldLength', 'header']) },
  ],
  [
    SendBuffer.prototype,
    // Where things lie in memory does not matter, only what lies there.
    {
      skip: new Set([
        ...['kind', 'before', 'segments', 'headSegment', 'head', 'cursorSegment', 'cursor', 'spares'],
        ...['reserved', 'reservedAt', 'contested', 'header'],
      ]),
      instead(value: SendBuffer, hash: Hash) {
        for (const { payload } of value.retained()) hash.bytes(payload);
        // Kept to be written again, though it is acknowledged.
        if (value.sent < value.acked) for (const bytes of unwritten(value)) hash.bytes(bytes);
      },
    },
  ],
]);

const everywhere: ReadonlySet<string> = new Set(['deadline', 'askedAt', 'token', 'bounds']);

function unwritten(buffer: SendBuffer): Uint8Array[] {
  const { segments, cursorSegment, cursor } = buffer as unknown as {
    readonly segments: readonly Segment[];
    readonly cursorSegment: number;
    readonly cursor: number;
  };
  return segments
    .slice(cursorSegment)
    .map(({ bytes, length }, index) => bytes.subarray(index === 0 ? cursor : 0, length));
}

/** 53 bits that are equal for cores that behave alike. There is one peer at most. */
export function fingerprint(mesh: Mesh, now: number): number {
  const { state } = mesh as unknown as { readonly state: MeshState };
  const [peer] = state.peers.values();
  const hash = new Hash(peer?.changed ?? 0, now, state.config.heartbeat);
  visit(mesh, hash, new Map<object, number>());
  return hash.value;
}

function visit(value: unknown, hash: Hash, seen: Map<object, number>): void {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'number' && Number.isInteger(value)) hash.number(value);
    else if (value === true) hash.number(1);
    else hash.add(String(value));
    return;
  }
  const known = seen.get(value);
  if (known !== undefined) {
    hash.number(known);
    return;
  }
  seen.set(value, seen.size);
  if (value instanceof Uint8Array) {
    hash.bytes(value);
  } else if (value instanceof Map) {
    hash.add(`m${value.size}`);
    for (const [key, item] of value) {
      // Numbers as keys are names; ids of nodes are not.
      if (typeof key === 'string') hash.add(key);
      visit(item, hash, seen);
    }
  } else if (Array.isArray(value) || value instanceof Set) {
    hash.add('l');
    for (const item of value) visit(item, hash, seen);
    hash.add('e');
  } else {
    visitObject(value, hash, seen);
  }
}

function visitObject(value: object, hash: Hash, seen: Map<object, number>): void {
  const special = rules.get(Object.getPrototypeOf(value) as object);
  let index = 0;
  for (const key in value) {
    index++;
    if (everywhere.has(key) || special?.skip.has(key)) continue;
    const field = (value as Record<string, unknown>)[key];
    // A default is worth its place only where it is not one.
    if (field === null || field === false || field === 0 || field === '' || typeof field === 'function') continue;
    hash.number(index);
    visit(field, hash, seen);
  }
  special?.instead?.(value as never, hash);
  hash.number(0x7d);
}

/** Two 32-bit multiplicative hashes side by side. */
class Hash {
  private a = 0x811c9dc5;
  private b = 0x1b873593;
  /** When the peer last changed: what is older may be outdated. */
  readonly changed: number;
  readonly now: number;
  private readonly heartbeat: number;

  constructor(changed: number, now: number, heartbeat: number) {
    this.changed = changed;
    this.now = now;
    this.heartbeat = heartbeat;
  }

  /** How long ago that was in heartbeats: more than any timeout is as good as for ever. */
  beats(time: number): number {
    return Math.min(4, Math.round((this.now - time) / this.heartbeat));
  }

  get value(): number {
    const a = Math.imul(this.a ^ (this.a >>> 15), 0x2c1b3c6d);
    const b = Math.imul(this.b ^ (this.b >>> 13), 0x297a2d39);
    return ((a ^ (a >>> 12)) >>> 0) * 0x200000 + (((b ^ (b >>> 15)) >>> 0) & 0x1fffff);
  }

  number(value: number): void {
    this.a = Math.imul(this.a ^ value, 0x01000193);
    this.b = Math.imul((this.b ^ value) + 0x9e3779b9, 0x5bd1e995);
    this.b ^= this.b >>> 15;
  }

  add(text: string): void {
    for (let i = 0; i < text.length; i++) this.number(text.charCodeAt(i));
    this.number(0x1f);
  }

  bytes(bytes: Uint8Array): void {
    for (const byte of bytes) this.number(byte);
    this.number(0x100);
  }
}
