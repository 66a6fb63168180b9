/** The floor's framing: four bytes of length, then msgpack. Writing is gathered, once per turn of the event loop. */
import type { Socket } from 'node:net';

const HEADER = 4;
const BATCH = 64 * 1024;
/** From here on copying costs more than one write more. */
const LARGE = 16 * 1024;

/** Collects frames for one socket. */
export class FrameWriter {
  readonly #socket: Socket;
  #batch = Buffer.allocUnsafeSlow(BATCH);
  #used = 0;
  #scheduled = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  write(payload: Buffer): void {
    if (payload.length >= LARGE) {
      this.#writeLarge(payload);
      return;
    }
    if (this.#used + HEADER + payload.length > BATCH) this.#flush();
    this.#batch.writeUInt32BE(payload.length, this.#used);
    this.#batch.set(payload, this.#used + HEADER);
    this.#used += HEADER + payload.length;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #writeLarge(payload: Buffer): void {
    this.#flush();
    const header = Buffer.allocUnsafe(HEADER);
    header.writeUInt32BE(payload.length, 0);
    this.#socket.cork();
    this.#socket.write(header);
    this.#socket.write(payload);
    this.#socket.uncork();
  }

  #flush(): void {
    if (this.#used === 0) return;
    this.#socket.write(this.#batch.subarray(0, this.#used));
    this.#used = 0;
    // What the system took at once is copied; anything else still belongs to the socket.
    if (this.#socket.writableLength > 0) this.#batch = Buffer.allocUnsafeSlow(BATCH);
  }
}

/** Calls back for every whole frame in what comes. */
export function readFrames(hear: (payload: Buffer) => void): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let held = 0;
  let wanted = HEADER;
  return (chunk) => {
    let bytes = chunk;
    if (held > 0) {
      parts.push(chunk);
      held += chunk.length;
      if (held < wanted) return;
      bytes = Buffer.concat(parts, held);
      parts = [];
      held = 0;
    }
    let at = 0;
    wanted = HEADER;
    while (bytes.length - at >= HEADER) {
      const end = at + HEADER + bytes.readUInt32BE(at);
      if (end > bytes.length) {
        wanted = end - at;
        break;
      }
      hear(bytes.subarray(at + HEADER, end));
      at = end;
    }
    if (at === bytes.length) return;
    parts = [bytes.subarray(at)];
    held = bytes.length - at;
  };
}
