/**
 * Reads `vectors.json`, and knows for each kind of frame how fields become a frame and how a payload becomes fields.
 */
import { readFileSync } from 'node:fs';
import * as control from '../../src/protocol/control.js';
import { encodeFrame, Frame } from '../../src/protocol/frame.js';

export type Kind = keyof typeof Frame;

export interface Valid {
  readonly name: string;
  readonly kind: Kind;
  readonly fields: unknown;
  readonly hex: string;
}

export interface Invalid {
  readonly name: string;
  readonly hex: string;
  readonly error: string;
  readonly maxData?: number;
}

const url = new URL('./vectors.json', import.meta.url);
export const vectors = JSON.parse(readFileSync(url, 'utf8')) as {
  readonly valid: Valid[];
  readonly invalid: Invalid[];
};

/** `xx*n` is the byte xx n times. */
export function bytesOf(hex: string): Uint8Array {
  const parts = hex.split(' ').map((part) => {
    const [digits, count] = part.split('*') as [string, string?];
    return Buffer.from(count === undefined ? digits : digits.repeat(Number(count)), 'hex');
  });
  return new Uint8Array(Buffer.concat(parts));
}

interface Form {
  encode(fields: unknown): Uint8Array;
  decode(payload: Uint8Array): unknown;
}

function form<T>(encode: (fields: T) => Uint8Array, decode: (payload: Uint8Array) => T): Form {
  return { encode: (fields) => encode(fields as T), decode };
}

/** DATA, URGENT, PIECE and EXTENSION: the payload is the field. */
function raw(kind: Kind): Form {
  return form<{ payload: string }>(
    ({ payload }) => encodeFrame(Frame[kind], bytesOf(payload)),
    (payload) => ({ payload: Buffer.from(payload).toString('hex') }),
  );
}

export const forms: Readonly<Record<Kind, Form>> = {
  Data: raw('Data'),
  Urgent: raw('Urgent'),
  Piece: raw('Piece'),
  Extension: form<{ payload: string }>(
    ({ payload }) => encodeFrame(Frame.Extension, bytesOf(payload)),
    (payload) => {
      control.decodeExtension(payload);
      return { payload: Buffer.from(payload).toString('hex') };
    },
  ),
  Heartbeat: form<object>(control.encodeHeartbeat, () => ({})),
  Hello: form(control.encodeHello, control.decodeHello),
  State: form(control.encodeState, control.decodeState),
  Query: form<{ nonce: number }>(
    ({ nonce }) => control.encodeQuery(nonce),
    (payload) => ({ nonce: control.decodeQuery(payload) }),
  ),
  Adopt: form(control.encodeAdopt, control.decodeAdopt),
  Accept: form(control.encodeAccept, control.decodeAccept),
  Duplicate: form<object>(control.encodeDuplicate, (payload) => {
    control.decodeDuplicate(payload);
    return {};
  }),
  Reject: form(control.encodeReject, control.decodeReject),
  Ack: form<{ handled: ReturnType<typeof control.decodeAck> }>(
    ({ handled }) => (handled === null ? control.encodeAckRequest() : control.encodeAck(handled)),
    (payload) => ({ handled: control.decodeAck(payload) }),
  ),
  Keep: form<{ keep: boolean }>(
    ({ keep }) => control.encodeKeep(keep),
    (payload) => ({ keep: control.decodeKeep(payload) }),
  ),
  Bye: form<{ reason: control.ByeReason }>(
    ({ reason }) => control.encodeBye(reason),
    (payload) => ({ reason: control.decodeBye(payload) }),
  ),
  Ping: form(control.encodePing, control.decodePing),
  Pong: form<{ token: number }>(
    ({ token }) => control.encodePong(token),
    (payload) => ({ token: control.decodePong(payload) }),
  ),
};

const kinds = new Map<number, Kind>(Object.entries(Frame).map(([kind, byte]) => [byte, kind as Kind]));

export function kindOf(byte: number): Kind {
  return kinds.get(byte) as Kind;
}
