/** Frames as an attacker writes them, right or wrong. */
import { encodeFrame, Frame, type FrameKind } from '../../src/protocol/frame.js';
import { PIECE } from '../../src/protocol/send-buffer.js';

export function hex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits.replaceAll(' ', ''), 'hex'));
}

/** A packet as it goes on a link, in pieces where it is large. */
export function packet(bytes: Uint8Array): Uint8Array {
  const frames: Uint8Array[] = [];
  let at = 0;
  for (; bytes.length - at > PIECE; at += PIECE) frames.push(encodeFrame(Frame.Piece, bytes.subarray(at, at + PIECE)));
  frames.push(encodeFrame(Frame.Data, bytes.subarray(at)));
  return joined(frames);
}

/** A frame of that kind with any payload. */
export function frame(kind: FrameKind, payload: Uint8Array | string): Uint8Array {
  return encodeFrame(kind, typeof payload === 'string' ? hex(payload) : payload);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function repeated(bytes: Uint8Array, times: number): Uint8Array {
  const all = new Uint8Array(bytes.length * times);
  for (let at = 0; at < all.length; at += bytes.length) all.set(bytes, at);
  return all;
}
