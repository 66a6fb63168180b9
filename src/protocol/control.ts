/**
 * The payloads of control frames, field by field. `docs/protocol.md` gives the same layout; `test/protocol/vectors.json`
 * holds both to it. A payload that is too short, too long or out of range is a protocol error: nothing is guessed.
 */
import { byteLength, type Counts, FieldReader, FieldWriter } from './fields.js';
import { Frame, MAX_CONTROL, protocolError } from './frame.js';

/** The one version there is. */
export const VERSION = 1;
/** Longest id in bytes of UTF-8; the shortest is 1. */
export const MAX_ID = 255;
/** Most addresses a node tells. */
export const MAX_ADDRESSES = 8;
/** Longest address in bytes. */
export const MAX_ADDRESS = 255;

/** HELLO: who is at this end, what it can and wants. */
export interface Hello {
  /** Lowest and highest version spoken. */
  readonly minVersion: number;
  readonly maxVersion: number;
  /** Features as bit sets; an unknown required one ends the handshake. */
  readonly offered: number;
  readonly required: number;
  /** Random per question: a STATE that answers this HELLO repeats it. */
  readonly nonce: number;
  /** 16 hexadecimal digits, random per node object. */
  readonly incarnation: string;
  readonly id: string;
  readonly codec: string;
  /** This side wants the link kept. */
  readonly keep: boolean;
  /** Milliseconds between signs of life. */
  readonly heartbeat: number;
  /** Milliseconds for which the other side is asked to hold a session whose link is lost. */
  readonly resumeWindow: number;
  /** Bytes that may be on their way to this side unacknowledged. */
  readonly window: number;
  /** Bytes of the largest packet taken. */
  readonly maxPacket: number;
  /** URIs at which this side can be dialled. */
  readonly addresses: readonly string[];
}

/** STATE: what the follower knows of the arbiter. */
export interface State {
  /** Of the HELLO or QUERY that this answers. */
  readonly nonce: number;
  /** The arbiter's incarnation it has dealt with, '' for none. */
  readonly incarnation: string;
  /** The session it holds, 0 for none. */
  readonly session: number;
  /** The highest epoch it has seen. */
  readonly epoch: number;
  /** Whether it holds the link of that epoch and believes it alive. */
  readonly live: boolean;
  readonly received: Counts;
}

/** ADOPT: this connection is the link. */
export interface Adopt {
  /** Of the follower's HELLO: binds the verdict to this connection. */
  readonly nonce: number;
  readonly epoch: number;
  readonly session: number;
  /** Frames the arbiter has received in this session: the follower sends from there. */
  readonly received: Counts;
  /** Where the arbiter's own sending starts. */
  readonly start: Counts;
}

/** ACCEPT: the follower has switched to this link. */
export interface Accept {
  readonly epoch: number;
  readonly received: Counts;
}

/** Why a connection was turned away; the number is the byte on the wire. */
export const RejectReason = {
  Protocol: 1,
  Version: 2,
  Feature: 3,
  Codec: 4,
  Self: 5,
  IdInUse: 6,
  WrongId: 7,
  Limit: 8,
  Closing: 9,
  /** Another connection overtook this handshake: dial again. */
  Overtaken: 10,
  /** The credentials or the rules of this node do not let it in, or not under that id. */
  Unauthorized: 11,
} as const;
export type RejectReason = (typeof RejectReason)[keyof typeof RejectReason];

/** REJECT: this connection is turned away. */
export interface Reject {
  readonly reason: RejectReason;
  readonly detail: string;
}

/** Why a session ends by agreement; the number is the byte on the wire. */
export const ByeReason = {
  /** The node closes. */
  Closed: 1,
  /** Its application called `disconnect`. */
  Disconnected: 2,
  /** Neither side keeps the link: a proposal, answered by BYE or by KEEP. */
  Unwanted: 3,
  /** A packet could not be decoded. */
  BadPacket: 4,
} as const;
export type ByeReason = (typeof ByeReason)[keyof typeof ByeReason];

/** PING: prove that you live. */
export interface Ping {
  readonly token: number;
  /** Another node claims the id of the one who is asked. */
  readonly contested: boolean;
}

export function encodeHello(hello: Hello): Uint8Array {
  const out = new FieldWriter();
  out.byte(MAGIC[0]).byte(MAGIC[1]).byte(hello.minVersion).byte(hello.maxVersion);
  out.varint(hello.offered).varint(hello.required).varint(hello.nonce).incarnation(hello.incarnation);
  out
    .string(hello.id)
    .string(hello.codec)
    .byte(hello.keep ? 1 : 0);
  out.varint(hello.heartbeat).varint(hello.resumeWindow).varint(hello.window).varint(hello.maxPacket);
  const addresses = fitting(hello.addresses, MAX_CONTROL - 1 - out.length);
  out.byte(addresses.length);
  for (const address of addresses) out.string(address);
  return out.frame(Frame.Hello);
}

/** As many of the addresses, the first first, as one HELLO has room for. */
function fitting(addresses: readonly string[], room: number): readonly string[] {
  if (addresses.length === 0) return addresses;
  let left = room;
  return addresses.slice(0, MAX_ADDRESSES).filter((address) => {
    const size = byteLength(address);
    if (size > MAX_ADDRESS || size + 2 > left) return false;
    left -= size + 2;
    return true;
  });
}

/** Two nodes with no version in common can still read each other's first four bytes, and say so. */
export function decodeVersions(payload: Uint8Array): { readonly min: number; readonly max: number } {
  const input = new FieldReader(payload);
  if (input.byte() !== MAGIC[0] || input.byte() !== MAGIC[1]) {
    throw protocolError('it does not begin like a masterless node');
  }
  return { min: input.byte(), max: input.byte() };
}

export function decodeHello(payload: Uint8Array): Hello {
  const { min, max } = decodeVersions(payload);
  const input = new FieldReader(payload.subarray(4));
  const hello = {
    minVersion: min,
    maxVersion: max,
    offered: input.varint(),
    required: input.varint(),
    nonce: input.varint(),
    incarnation: input.incarnation(),
    id: input.string(1, MAX_ID),
    codec: input.string(1, 32),
    keep: input.flag(),
    heartbeat: input.varint(),
    resumeWindow: input.varint(),
    window: input.varint(),
    maxPacket: input.varint(),
    addresses: Array.from({ length: input.upTo(MAX_ADDRESSES) }, () => input.string(1, MAX_ADDRESS)),
  };
  if (hello.incarnation === '') throw protocolError('HELLO has no incarnation');
  if (hello.heartbeat === 0 || hello.window === 0 || hello.maxPacket === 0) {
    throw protocolError('HELLO has a heartbeat, window or packet size of 0');
  }
  // Bytes behind the last known field are left to later minor additions.
  return hello;
}

export function encodeState(state: State): Uint8Array {
  const out = new FieldWriter().varint(state.nonce).incarnation(state.incarnation).varint(state.session);
  return out
    .varint(state.epoch)
    .byte(state.live ? 1 : 0)
    .counts(state.received)
    .frame(Frame.State);
}

export function decodeState(payload: Uint8Array): State {
  const input = new FieldReader(payload);
  return input.whole({
    nonce: input.varint(),
    incarnation: input.incarnation(),
    session: input.varint(),
    epoch: input.varint(),
    live: input.flag(),
    received: input.counts(),
  });
}

export function encodeQuery(nonce: number): Uint8Array {
  return new FieldWriter().varint(nonce).frame(Frame.Query);
}

export function decodeQuery(payload: Uint8Array): number {
  const input = new FieldReader(payload);
  return input.whole(input.varint());
}

export function encodeAdopt(adopt: Adopt): Uint8Array {
  const out = new FieldWriter().varint(adopt.nonce).varint(adopt.epoch).varint(adopt.session);
  return out.counts(adopt.received).counts(adopt.start).frame(Frame.Adopt);
}

export function decodeAdopt(payload: Uint8Array): Adopt {
  const input = new FieldReader(payload);
  return input.whole({
    nonce: input.varint(),
    epoch: input.varint(),
    session: input.varint(),
    received: input.counts(),
    start: input.counts(),
  });
}

export function encodeAccept(accept: Accept): Uint8Array {
  return new FieldWriter().varint(accept.epoch).counts(accept.received).frame(Frame.Accept);
}

export function decodeAccept(payload: Uint8Array): Accept {
  const input = new FieldReader(payload);
  return input.whole({ epoch: input.varint(), received: input.counts() });
}

export function encodeDuplicate(): Uint8Array {
  return new FieldWriter().frame(Frame.Duplicate);
}

/** DUPLICATE has nothing to say, and may not say more. */
export function decodeDuplicate(payload: Uint8Array): void {
  new FieldReader(payload).whole(undefined);
}

export function encodeReject(reject: Reject): Uint8Array {
  return new FieldWriter().byte(reject.reason).string(reject.detail.slice(0, 200)).frame(Frame.Reject);
}

export function decodeReject(payload: Uint8Array): Reject {
  const input = new FieldReader(payload);
  const reason = known('REJECT', RejectReason, input.byte());
  return input.whole({ reason, detail: input.string(0, MAX_CONTROL_STRING) });
}

export function encodeAck(handled: Counts): Uint8Array {
  return new FieldWriter().counts(handled).frame(Frame.Ack);
}

/** An ACK without counts asks the other side to acknowledge now. */
export function encodeAckRequest(): Uint8Array {
  return new FieldWriter().frame(Frame.Ack);
}

export function decodeAck(payload: Uint8Array): Counts | null {
  if (payload.length === 0) return null;
  const input = new FieldReader(payload);
  return input.whole(input.counts());
}

export function encodeKeep(keep: boolean): Uint8Array {
  return new FieldWriter().byte(keep ? 1 : 0).frame(Frame.Keep);
}

export function decodeKeep(payload: Uint8Array): boolean {
  const input = new FieldReader(payload);
  return input.whole(input.flag());
}

export function encodeBye(reason: ByeReason): Uint8Array {
  return new FieldWriter().byte(reason).frame(Frame.Bye);
}

export function decodeBye(payload: Uint8Array): ByeReason {
  const input = new FieldReader(payload);
  return input.whole(known('BYE', ByeReason, input.byte()));
}

export function encodePing(ping: Ping): Uint8Array {
  return new FieldWriter()
    .byte(ping.contested ? 1 : 0)
    .varint(ping.token)
    .frame(Frame.Ping);
}

export function decodePing(payload: Uint8Array): Ping {
  const input = new FieldReader(payload);
  return input.whole({ contested: input.flag(), token: input.varint() });
}

export function encodePong(token: number): Uint8Array {
  return new FieldWriter().varint(token).frame(Frame.Pong);
}

export function decodePong(payload: Uint8Array): number {
  const input = new FieldReader(payload);
  return input.whole(input.varint());
}

/** What EXTENSION frames can say; a receiver skips what it does not know. The number begins the payload, as a varint. */
export const Extension = {
  /** Packets wait here for an application that does not listen: whoever parts need not wait long. */
  Deaf: 1,
  /** What is little may be acknowledged with the next sign of life. */
  Crowded: 2,
  /** No longer. */
  Roomy: 3,
} as const;

export function encodeExtension(type: number): Uint8Array {
  return new FieldWriter().varint(type).frame(Frame.Extension);
}

export function decodeExtension(payload: Uint8Array): number {
  return new FieldReader(payload).varint();
}

/** The same bytes for everybody: nobody writes into a frame that is made. */
export function encodeHeartbeat(): Uint8Array {
  return HEARTBEAT;
}

const HEARTBEAT = Uint8Array.of(Frame.Heartbeat);

/** One of the reasons there are, or a protocol error: a reason without a meaning can't be told to anybody. */
function known<T extends number>(frame: string, reasons: Readonly<Record<string, T>>, byte: number): T {
  const reason = Object.values(reasons).find((each) => each === byte);
  if (reason === undefined) throw protocolError(`${frame} for reason ${byte}, which has no meaning`);
  return reason;
}

const MAGIC = [0x4d, 0x4c] as const;
const MAX_CONTROL_STRING = 800;
