/**
 * A stranger's end of a connection to the core: reads each frame that the core writes, which must be well-formed, and
 * remembers what an answer needs.
 */
import type { Connection } from '../../src/protocol/connection.js';
import * as control from '../../src/protocol/control.js';
import { Frame, FrameDecoder, MAX_DATA } from '../../src/protocol/frame.js';
import { must } from '../target.js';
import type { End } from './core.js';

export class Line implements End {
  readonly connection: Connection;
  over = false;
  /** What the core said last of each kind. */
  hello: control.Hello | null = null;
  state: control.State | null = null;
  adopt: control.Adopt | null = null;
  /** Of its last question. */
  question = 0;
  token = 0;
  /** Frames of packets that came and went, per lane. */
  readonly received: [number, number] = [0, 0];
  readonly sent: [number, number] = [0, 0];
  private readonly decoder = new FrameDecoder();

  constructor(connection: Connection) {
    this.connection = connection;
    this.decoder.maxData = MAX_DATA;
  }

  write(bytes: Uint8Array): void {
    must(!this.over, 'written after the end');
    this.decoder.push(bytes);
    while (this.decoder.next()) this.hear(this.decoder.buffer.subarray(this.decoder.start, this.decoder.end));
  }

  closed(): void {
    this.over = true;
  }

  private hear(payload: Uint8Array): void {
    switch (this.decoder.kind) {
      case Frame.Data:
      case Frame.Piece:
        this.received[0]++;
        break;
      case Frame.Urgent:
        this.received[1]++;
        break;
      case Frame.Hello:
        this.hello = control.decodeHello(payload);
        this.question = this.hello.nonce;
        break;
      case Frame.State:
        this.state = control.decodeState(payload);
        break;
      case Frame.Query:
        this.question = control.decodeQuery(payload);
        break;
      case Frame.Adopt:
        this.adopt = control.decodeAdopt(payload);
        must(this.adopt.session > 0 && this.adopt.epoch > 0, 'ADOPT without a session or an epoch');
        this.received[0] = this.adopt.start[0];
        this.received[1] = this.adopt.start[1];
        break;
      case Frame.Ping:
        this.token = control.decodePing(payload).token;
        break;
      default:
        DECODERS[this.decoder.kind]?.(payload);
    }
  }
}

const DECODERS: Readonly<Record<number, (payload: Uint8Array) => unknown>> = {
  [Frame.Accept]: control.decodeAccept,
  [Frame.Duplicate]: control.decodeDuplicate,
  [Frame.Reject]: control.decodeReject,
  [Frame.Ack]: control.decodeAck,
  [Frame.Keep]: control.decodeKeep,
  [Frame.Bye]: control.decodeBye,
  [Frame.Pong]: control.decodePong,
  [Frame.Extension]: control.decodeExtension,
};
