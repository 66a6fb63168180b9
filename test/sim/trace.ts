/**
 * What people read of a storm: one line for each thing that happened, with virtual time and node, and the frames on the
 * wire by their names and the fields that matter.
 */
import {
  decodeAccept,
  decodeAck,
  decodeAdopt,
  decodeBye,
  decodeHello,
  decodeKeep,
  decodePing,
  decodePong,
  decodeQuery,
  decodeReject,
  decodeState,
} from '../../src/protocol/control.js';
import type { Counts } from '../../src/protocol/fields.js';
import { Frame, FrameDecoder, type FrameKind, MAX_DATA } from '../../src/protocol/frame.js';
import type { Output } from '../../src/protocol/output.js';

/** Names the frames that one direction of a connection carries. */
export class FrameReader {
  private readonly decoder = new FrameDecoder();

  constructor() {
    this.decoder.maxData = MAX_DATA;
  }

  /** The frames that these bytes complete, without signs of life; packets in a row as one. */
  read(bytes: Uint8Array): string {
    const { decoder } = this;
    const frames: string[] = [];
    decoder.push(bytes);
    try {
      while (decoder.next()) {
        if (decoder.kind === Frame.Heartbeat) continue;
        frames.push(describeFrame(decoder.kind, decoder.buffer.subarray(decoder.start, decoder.end)));
      }
    } catch {
      frames.push('something that is no frame');
    }
    return frames.join(', ');
  }
}

function describeFrame(kind: FrameKind, payload: Uint8Array): string {
  const name = Object.keys(Frame).find((each) => Frame[each as keyof typeof Frame] === kind) ?? '?';
  try {
    return `${name.toUpperCase()}${fieldsOf(kind, payload)}`;
  } catch {
    return `${name.toUpperCase()} with fields that can't be read`;
  }
}

function fieldsOf(kind: FrameKind, payload: Uint8Array): string {
  switch (kind) {
    case Frame.Data:
    case Frame.Urgent:
      return payload.length < 4 ? '' : ` of ${payload.length} bytes`;
    case Frame.Piece:
      return ` of ${payload.length} bytes`;
    case Frame.Hello: {
      const { id, incarnation, keep } = decodeHello(payload);
      return ` ${id} ${incarnation.slice(0, 4)}${keep ? ' keep' : ''}`;
    }
    case Frame.State: {
      const { incarnation, session, epoch, live, received } = decodeState(payload);
      const knows = incarnation === '' ? ' knows nothing' : ` of ${incarnation.slice(0, 4)}`;
      return `${knows} session ${session} epoch ${epoch}${live ? ' live' : ''} received ${counts(received)}`;
    }
    case Frame.Query:
      decodeQuery(payload);
      return '';
    case Frame.Adopt: {
      const { epoch, session, received, start } = decodeAdopt(payload);
      return ` epoch ${epoch} session ${session} received ${counts(received)} start ${counts(start)}`;
    }
    case Frame.Accept: {
      const { epoch, received } = decodeAccept(payload);
      return ` epoch ${epoch} received ${counts(received)}`;
    }
    case Frame.Reject: {
      const { reason, detail } = decodeReject(payload);
      return ` ${reason} (${detail})`;
    }
    case Frame.Ack: {
      const handled = decodeAck(payload);
      return handled === null ? '?' : ` ${counts(handled)}`;
    }
    case Frame.Keep:
      return ` ${decodeKeep(payload)}`;
    case Frame.Bye:
      return ` ${decodeBye(payload)}`;
    case Frame.Ping: {
      const { token, contested } = decodePing(payload);
      return ` ${token % 1000}${contested ? ' contested' : ''}`;
    }
    case Frame.Pong:
      return ` ${decodePong(payload) % 1000}`;
    default:
      return '';
  }
}

function counts([normal, urgent]: Counts): string {
  return urgent === 0 ? `${normal}` : `${normal}+${urgent}`;
}

/** What the application hears; '' for what only its runtime does. */
export function describeOutput(output: Output): string {
  const { kind } = output;
  switch (kind) {
    case 'acknowledged':
    case 'ended':
      return '';
    case 'dial':
      return `dials ${output.uri} as c${output.connection.id}`;
    case 'close':
      return `closes c${output.connection.id}${output.flush ? '' : ' at once'}`;
    case 'deliver':
      return `has a packet of ${output.bytes.length} bytes from ${output.id}`;
    case 'disconnect':
      return `hears disconnect ${output.id}: ${output.reason}`;
    case 'undelivered': {
      const { uncertain, unsent } = output.leftover;
      return `hears undelivered ${output.id}: ${uncertain.length} uncertain, ${unsent.length} unsent`;
    }
    case 'expired':
      return `hears expired ${output.id}: ${output.withdrawn.length} in lane ${output.lane}`;
    case 'unreachable':
      return `hears unreachable ${output.uri}: ${output.error.code}`;
    case 'wish':
      return `hears that wish ${output.wish} ${output.error === null ? `came true: ${output.id}` : `failed: ${output.error.code}`}`;
    case 'fault':
      return `faults ${output.remote}: ${output.error.code} ${output.error.message}`;
    case 'reconnecting':
      return `hears reconnecting ${output.id}, attempt ${output.attempt}`;
    case 'closed':
      return 'is closed';
    default:
      return `hears ${kind} ${output.id}`;
  }
}
